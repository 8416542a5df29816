/* The index of log files: what goes in comes out, merged or not, and what is broken is never believed. */

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "trail/index_part.h"

#include <stdlib.h>
#include <unistd.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        vg_error e_ = {0}, *err = &e_;                                                                       \
        if ((call) != VG_OK)                                                                                 \
            fail_msg("%s: %s", #call, e_.message);                                                           \
    } while (0)

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/vigil-index-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    char command[96];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static vg_str in_folder(vg_arena *arena, const char *name)
{
    return vg_arena_printf(arena, "%s/%s", folder, name);
}

/* The summary of a made-up file number `n`: a key of its own, one of three, and a common one. */
static vg_trail_summary made_up(vg_arena *arena, unsigned n)
{
    enum { TERMS = 8 };
    vg_trail_term *terms = VG_NEW_N(arena, vg_trail_term, TERMS);
    vg_trail_hour *hour = VG_NEW(arena, vg_trail_hour);
    terms[0] = (vg_trail_term){VG_TRAIL_KEY, vg_arena_printf(arena, "asia%08u", n)};
    terms[1] = (vg_trail_term){VG_TRAIL_KEY, vg_arena_printf(arena, "akia%u", n % 3)};
    terms[2] = (vg_trail_term){VG_TRAIL_NAME, VG_STR("getobject")};
    terms[3] = (vg_trail_term){VG_TRAIL_NAME, vg_arena_printf(arena, "put%u", n % 100)};
    terms[4] = (vg_trail_term){
        VG_TRAIL_PRINCIPAL, vg_arena_printf(arena, "arn:aws:iam::111122223333:role/application-%u/x", n / 7)};
    terms[5] = (vg_trail_term){VG_TRAIL_ACCOUNT, VG_STR("111122223333")};
    terms[6] = (vg_trail_term){VG_TRAIL_REGION, n % 2 ? VG_STR("eu-west-1") : VG_STR("us-east-1")};
    terms[7] = (vg_trail_term){VG_TRAIL_IP, VG_STR("t")};
    *hour = (vg_trail_hour){
        VG_COVER_MANAGEMENT, VG_STR("111122223333"), VG_STR("eu-west-1"), VG_STR(""), n / 4, 1};
    return (vg_trail_summary){.object = {.key = vg_arena_printf(arena, "/logs/%u.json.gz", n),
                                         .size = n + 1,
                                         .modified = n,
                                         .raw = 10 * (uint64_t)n,
                                         .events = 5,
                                         .bad = n % 2,
                                         .first = (vg_time)n * 1000,
                                         .last = (vg_time)n * 1000 + 500,
                                         .logs = 1U << VG_LOG_CLOUDTRAIL},
                              .terms = terms,
                              .term_count = TERMS,
                              .hours = hour,
                              .hour_count = 1};
}

/* An index of files from..to-1, added in steps of `step` (coprime to their number). */
static vg_trail_index *index_of(vg_arena *arena, const char *name, unsigned from, unsigned to, unsigned step)
{
    vg_trail_gather *gather = vg_trail_gather_new();
    vg_trail_index *index;
    vg_str path = in_folder(arena, name);
    for (unsigned i = 0; i < to - from; i++) {
        vg_trail_summary summary = made_up(arena, from + (i * step) % (to - from));
        OK(vg_trail_gather_add(gather, &summary, err));
    }
    OK(vg_trail_gather_write(gather, path, 7, err));
    vg_trail_gather_free(gather);
    OK(vg_trail_index_open(path, &index, err));
    return index;
}

/* The numbers of made-up files that hold the term, as text. */
static void told(const vg_trail_index *index, vg_trail_field field, const char *term, vg_buf *out)
{
    vg_arena *arena = vg_arena_new(0);
    vg_vec objects = vg_vec_in(arena, sizeof(uint32_t));
    vg_buf_clear(out);
    OK(vg_trail_index_find(index, field, vg_str_from(term), &objects, err));
    for (size_t i = 0; i < objects.len; i++) {
        vg_trail_object object;
        OK(vg_trail_index_object(index, arena, *(uint32_t *)vg_vec_at(&objects, i), &object, err));
        vg_buf_addf(out, "%llu ", (unsigned long long)object.modified);
    }
    vg_arena_free(arena);
}

static void assert_told(const vg_trail_index *index, vg_trail_field field, const char *term,
                        const char *expected)
{
    vg_buf got = {0};
    told(index, field, term, &got);
    if (!vg_str_is(vg_buf_str(&got), expected))
        fail_msg("%s: '%.*s', not '%s'", term, VG_ARG(vg_buf_str(&got)), expected);
    vg_buf_free(&got);
}

/* ---- what goes in comes out ---------------------------------------------------------------------------------------------- */

static void every_term_gives_the_files_that_hold_it(void **state)
{
    (void)state;
    enum { FILES = 20000 };
    vg_arena *arena = vg_arena_new(0);
    vg_trail_index *index = index_of(arena, "all", 0, FILES, 7919);
    vg_trail_index_info info;
    vg_trail_index_describe(index, &info);
    assert_int_equal(info.objects, FILES);
    assert_int_equal(info.events, FILES * 5);
    assert_int_equal(info.terms[VG_TRAIL_KEY], FILES + 3);
    assert_true(index->head.trees[VG_TRAIL_KEY].leaves > 20); /* so that there are pages above pages */
    for (unsigned n = 0; n < FILES; n += 37) {
        char key[32], number[32];
        snprintf(key, sizeof key, "asia%08u", n);
        snprintf(number, sizeof number, "%u ", n);
        assert_told(index, VG_TRAIL_KEY, key, number);
    }
    assert_told(index, VG_TRAIL_KEY, "asia", "");
    assert_told(index, VG_TRAIL_KEY, "zzzz", "");
    assert_told(index, VG_TRAIL_KEY, "", "");
    assert_told(index, VG_TRAIL_SHARED, "asia00000000", "");
    vg_buf got = {0};
    told(index, VG_TRAIL_NAME, "put42", &got);
    size_t count = 0;
    for (size_t i = 0; i < got.len; i++)
        count += got.ptr[i] == ' ';
    assert_int_equal(count, FILES / 100);
    told(index, VG_TRAIL_NAME, "getobject", &got); /* a list of several pages */
    count = 0;
    for (size_t i = 0; i < got.len; i++)
        count += got.ptr[i] == ' ';
    assert_int_equal(count, FILES);
    OK(vg_trail_index_check(index, err));
    vg_buf_free(&got);
    vg_trail_index_close(index);
    vg_arena_free(arena);
}

static vg_str random_term(vg_arena *arena, uint64_t n)
{
    char hex[65];
    vg_sha256 hash = vg_sha256_bytes(vg_str_of((const char *)&n, sizeof n));
    vg_hex(hash.bytes, sizeof hash.bytes, hex);
    return vg_arena_str(arena, vg_str_of(hex, 64));
}

static void a_tree_of_three_levels_finds_each_term(void **state)
{
    (void)state;
    enum { TERMS = 60000 };
    vg_arena *arena = vg_arena_new(0);
    vg_trail_gather *gather = vg_trail_gather_new();
    vg_trail_index *index;
    vg_trail_term *terms = VG_NEW_N(arena, vg_trail_term, TERMS);
    for (uint64_t i = 0; i < TERMS; i++)
        terms[i] = (vg_trail_term){VG_TRAIL_PRINCIPAL, random_term(arena, i)};
    const vg_trail_summary summary = {
        .object = {.key = VG_STR("/a"), .events = 1}, .terms = terms, .term_count = TERMS};
    OK(vg_trail_gather_add(gather, &summary, err));
    OK(vg_trail_gather_write(gather, in_folder(arena, "deep"), 1, err));
    OK(vg_trail_index_open(in_folder(arena, "deep"), &index, err));
    const index_tree *tree = &index->head.trees[VG_TRAIL_PRINCIPAL];
    assert_true(tree->root > tree->leaf + tree->leaves + 1); /* the root's children are no leaves */
    for (uint64_t i = 0; i < TERMS; i += 7) {
        vg_vec objects = vg_vec_in(arena, sizeof(uint32_t));
        OK(vg_trail_index_find(index, VG_TRAIL_PRINCIPAL, terms[i].text, &objects, err));
        if (objects.len != 1)
            fail_msg("term %u is in %zu files", (unsigned)i, objects.len);
    }
    for (uint64_t i = TERMS; i < TERMS + 1000; i++) {
        vg_vec objects = vg_vec_in(arena, sizeof(uint32_t));
        OK(vg_trail_index_find(index, VG_TRAIL_PRINCIPAL, random_term(arena, i), &objects, err));
        assert_int_equal(objects.len, 0);
    }
    vg_trail_index_close(index);
    vg_trail_gather_free(gather);
    vg_arena_free(arena);
}

/* What a look-up reads can be told by breaking all the rest. */
static void a_look_up_reads_one_page_a_level(void **state)
{
    (void)state;
    enum { FILES = 20000 };
    vg_arena *arena = vg_arena_new(0);
    vg_trail_index *index = index_of(arena, "few", 0, FILES, 1);
    const index_tree tree = index->head.trees[VG_TRAIL_KEY];
    vg_str bytes;
    vg_trail_index_close(index);
    OK(vg_file_read(arena, in_folder(arena, "few"), 1 << 26, &bytes, err));
    char *broken = malloc(bytes.len);
    static const unsigned asked[] = {0, FILES / 3, FILES - 1};
    for (size_t i = 0; i < VG_COUNT(asked); i++) {
        char key[32];
        size_t found_in = 0;
        snprintf(key, sizeof key, "asia%08u", asked[i]);
        for (uint64_t leaf = 0; leaf < tree.leaves; leaf++) { /* all leaves but this one are broken */
            vg_vec objects = vg_vec_in(arena, sizeof(uint32_t));
            vg_error why;
            memcpy(broken, bytes.ptr, bytes.len);
            for (uint64_t other = 0; other < tree.leaves; other++)
                if (other != leaf)
                    broken[(tree.leaf + other) * INDEX_PAGE + 7] ^= 1;
            OK(vg_trail_index_over(vg_str_of(broken, bytes.len), VG_STR("few"), &index, err));
            found_in += vg_trail_index_find(index, VG_TRAIL_KEY, vg_str_from(key), &objects, &why) == VG_OK &&
                        objects.len == 1;
            vg_trail_index_close(index);
        }
        if (found_in != 1)
            fail_msg("%s: found by one leaf alone in %zu of %u", key, found_in, (unsigned)tree.leaves);
    }
    free(broken);
    vg_arena_free(arena);
}

static vg_status count_terms(void *context, vg_str term, uint64_t objects, vg_error *err)
{
    vg_buf *out = context;
    (void)err;
    vg_buf_addf(out, "%.*s:%llu ", VG_ARG(term), (unsigned long long)objects);
    return vg_str_is(term, "asia00000004") ? VG_ERR_CANCELLED : VG_OK;
}

static void terms_come_in_order_from_anywhere(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_trail_index *index = index_of(arena, "order", 0, 50, 1);
    vg_buf got = {0};
    OK(vg_trail_index_terms(index, VG_TRAIL_KEY, VG_STR("akia1x"), count_terms, &got, err));
    assert_true(
        vg_str_is(vg_buf_str(&got),
                  "akia2:16 asia00000000:1 asia00000001:1 asia00000002:1 asia00000003:1 asia00000004:1 "));
    vg_buf_free(&got);
    vg_trail_index_close(index);
    vg_arena_free(arena);
}

static void objects_keep_what_is_known_of_them(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_trail_gather *gather = vg_trail_gather_new();
    vg_trail_index *index;
    vg_trail_object got;
    vg_trail_summary summary = {.object = {.key = VG_STR("/logs/\xc3\xa4 b"),
                                           .size = UINT64_C(1) << 40,
                                           .modified = -5,
                                           .sha256 = vg_sha256_bytes(VG_STR("x")),
                                           .raw = UINT64_MAX,
                                           .events = 3,
                                           .bad = 2,
                                           .first = VG_TIME_NONE,
                                           .last = VG_TIME_NONE,
                                           .logs = 1U << VG_LOG_DNS | 1U << VG_LOG_UNKNOWN,
                                           .timeless = true,
                                           .copied = true}};
    OK(vg_trail_gather_add(gather, &summary, err));
    OK(vg_trail_gather_write(gather, in_folder(arena, "one"), 1, err));
    OK(vg_trail_index_open(in_folder(arena, "one"), &index, err));
    OK(vg_trail_index_object(index, arena, 0, &got, err));
    const vg_trail_object *was = &summary.object;
    assert_true(vg_str_eq(got.key, was->key));
    assert_true(got.size == was->size && got.modified == was->modified && got.raw == was->raw &&
                got.events == was->events && got.bad == was->bad && got.first == was->first &&
                got.last == was->last && got.logs == was->logs && got.timeless && got.copied);
    assert_memory_equal(&got.sha256, &was->sha256, sizeof got.sha256);
    vg_error bad;
    assert_int_equal(vg_trail_index_object(index, arena, 1, &got, &bad), VG_ERR_CORRUPT);
    vg_trail_index_close(index);
    vg_trail_gather_free(gather);
    vg_arena_free(arena);
}

static void equal_summaries_give_equal_bytes_in_any_order(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str a, b;
    vg_trail_index_close(index_of(arena, "a", 0, 500, 1));
    vg_trail_index_close(index_of(arena, "b", 0, 500, 77));
    OK(vg_file_read(arena, in_folder(arena, "a"), 1 << 26, &a, err));
    OK(vg_file_read(arena, in_folder(arena, "b"), 1 << 26, &b, err));
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.ptr, b.ptr, a.len);
    vg_arena_free(arena);
}

/* ---- forms of terms ---------------------------------------------------------------------------------------------------------- */

static void terms_are_kept_in_a_form_that_finds_them(void **state)
{
    (void)state;
    static const struct {
        vg_trail_field field;
        const char *a, *b;
        bool same;
    } cases[] = {
        {VG_TRAIL_KEY, "AKIAX", "akiax", true},
        {VG_TRAIL_KEY, "AKIAX", "akiay", false},
        {VG_TRAIL_IP, "10.0.0.1", "::ffff:10.0.0.1", true},
        {VG_TRAIL_IP, "2001:DB8::1", "2001:db8:0:0::1", true},
        {VG_TRAIL_IP, "10.0.0.1", "10.0.0.2", false},
        {VG_TRAIL_IP, "S3.amazonaws.com", "s3.amazonaws.com", true},
        {VG_TRAIL_RESOURCE, "arn:aws:s3:::A", "arn:aws:s3:::a", true},
        {VG_TRAIL_RESOURCE, "arn:aws:s3:::a", "arn:aws:s3:::b", false},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        char a[VG_TRAIL_TERM], b[VG_TRAIL_TERM];
        bool same = vg_str_eq(vg_trail_term_of(cases[i].field, vg_str_from(cases[i].a), a),
                              vg_trail_term_of(cases[i].field, vg_str_from(cases[i].b), b));
        if (same != cases[i].same)
            fail_msg("%s and %s: %s", cases[i].a, cases[i].b, same ? "the same" : "not the same");
    }
    char long_a[2000], long_b[2000], a[VG_TRAIL_TERM], b[VG_TRAIL_TERM];
    memset(long_a, 'a', sizeof long_a);
    memset(long_b, 'a', sizeof long_b);
    long_b[1999] = 'b';
    vg_str of_a = vg_trail_term_of(VG_TRAIL_PRINCIPAL, vg_str_of(long_a, 2000), a),
           of_b = vg_trail_term_of(VG_TRAIL_PRINCIPAL, vg_str_of(long_b, 2000), b);
    assert_int_equal(of_a.len, VG_TRAIL_TERM);
    assert_false(vg_str_eq(of_a, of_b)); /* what was cut off still tells them apart */
}

/* ---- merging -------------------------------------------------------------------------------------------------------------------- */

static void merged_indexes_say_what_one_says(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_trail_index *parts[] = {index_of(arena, "m1", 0, 1000, 3), index_of(arena, "m2", 1000, 1001, 1),
                               index_of(arena, "m3", 1001, 3000, 5)};
    vg_trail_index_close(index_of(arena, "whole", 0, 3000, 1));
    OK(vg_trail_index_merge(parts, 3, in_folder(arena, "merged"), 7, err));
    vg_str merged, whole;
    OK(vg_file_read(arena, in_folder(arena, "merged"), 1 << 26, &merged, err));
    OK(vg_file_read(arena, in_folder(arena, "whole"), 1 << 26, &whole, err));
    assert_int_equal(merged.len, whole.len);
    assert_memory_equal(merged.ptr, whole.ptr, merged.len);
    for (size_t i = 0; i < VG_COUNT(parts); i++)
        vg_trail_index_close(parts[i]);
    vg_arena_free(arena);
}

static void of_a_file_that_was_read_again_the_newest_counts(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_trail_index *old = index_of(arena, "old", 0, 10, 1), *merged;
    vg_trail_gather *gather = vg_trail_gather_new();
    vg_trail_summary again = made_up(arena, 4);
    const vg_trail_term term = {VG_TRAIL_KEY, VG_STR("new")};
    again.terms = &term;
    again.term_count = 1;
    again.object.size = 99;
    OK(vg_trail_gather_add(gather, &again, err));
    OK(vg_trail_gather_write(gather, in_folder(arena, "new"), 8, err));
    vg_trail_gather_free(gather);
    vg_trail_index *both[2] = {old, NULL};
    OK(vg_trail_index_open(in_folder(arena, "new"), &both[1], err));
    OK(vg_trail_index_merge(both, 2, in_folder(arena, "both"), 9, err));
    OK(vg_trail_index_open(in_folder(arena, "both"), &merged, err));
    assert_told(merged, VG_TRAIL_KEY, "new", "4 ");
    assert_told(merged, VG_TRAIL_KEY, "asia00000004", "");
    assert_told(merged, VG_TRAIL_KEY, "asia00000005", "5 ");
    assert_told(merged, VG_TRAIL_KEY, "akia1", "1 7 ");
    assert_int_equal(merged->head.objects, 10);
    vg_trail_index_close(merged);
    vg_trail_index_close(both[0]);
    vg_trail_index_close(both[1]);
    vg_arena_free(arena);
}

static void hours_are_kept_as_runs_and_merged(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_trail_index *parts[] = {index_of(arena, "h1", 0, 40, 1), index_of(arena, "h2", 60, 100, 1)};
    vg_vec covers = vg_vec_in(arena, sizeof(vg_trail_cover));
    for (size_t i = 0; i < 2; i++) {
        OK(vg_trail_index_covers(parts[i], arena, &covers, err));
        vg_trail_index_close(parts[i]);
    }
    assert_int_equal(covers.len, 2);
    OK(vg_trail_covers_merge(arena, &covers, err));
    const vg_trail_cover *cover = vg_vec_at(&covers, 0);
    assert_int_equal(covers.len, 1);
    assert_int_equal(cover->count, 80);
    assert_int_equal(cover->run_count, 2);
    assert_true(cover->runs[0].from == 0 && cover->runs[0].to == 10);
    assert_true(cover->runs[1].from == 15 && cover->runs[1].to == 25);
    vg_arena_free(arena);
}

/* ---- what is broken ---------------------------------------------------------------------------------------------------------------- */

/* Everything that can be asked, as far as it goes. */
static vg_status ask_all(const vg_trail_index *index, vg_arena *arena, vg_error *err)
{
    vg_vec covers = vg_vec_in(arena, sizeof(vg_trail_cover));
    for (int field = 0; field < VG_TRAIL_FIELD_COUNT; field++) {
        index_walk walk;
        bool more = true;
        VG_TRY(index_walk_open(&walk, index, (vg_trail_field)field, (vg_str){0}, err));
        while (more) {
            vg_vec objects = vg_vec_in(arena, sizeof(uint32_t));
            VG_TRY(index_walk_next(&walk, &more, err));
            if (more)
                VG_TRY(index_walk_objects(&walk, &objects, err));
        }
        vg_vec found = vg_vec_in(arena, sizeof(uint32_t));
        VG_TRY(vg_trail_index_find(index, (vg_trail_field)field, VG_STR("asia00000077"), &found, err));
    }
    for (uint64_t i = 0; i < index->head.objects; i++) {
        vg_trail_object object;
        VG_TRY(vg_trail_index_object(index, arena, (uint32_t)i, &object, err));
    }
    return vg_trail_index_covers(index, arena, &covers, err);
}

static void a_bit_flipped_anywhere_is_never_believed(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0), *scratch = vg_arena_new(0);
    vg_str bytes;
    vg_trail_index_close(index_of(arena, "flip", 0, 300, 1));
    OK(vg_file_read(arena, in_folder(arena, "flip"), 1 << 26, &bytes, err));
    char *broken = malloc(bytes.len);
    for (size_t at = 0; at < bytes.len; at += 61) {
        vg_trail_index *index;
        vg_error why = {0};
        memcpy(broken, bytes.ptr, bytes.len);
        broken[at] = (char)(broken[at] ^ (1 << at % 8));
        vg_arena_reset(scratch);
        vg_status status =
            vg_trail_index_over(vg_str_of(broken, bytes.len), VG_STR("broken.index"), &index, &why);
        if (status == VG_OK) {
            status = vg_trail_index_check(index, &why);
            vg_status asked = ask_all(index, scratch, &why);
            if (asked != VG_OK && asked != VG_ERR_CORRUPT)
                fail_msg("bit of byte %zu: %s", at, vg_status_name(asked));
            vg_trail_index_close(index);
        }
        if (status != VG_ERR_CORRUPT && status != VG_ERR_VERSION)
            fail_msg("bit of byte %zu: %s", at, vg_status_name(status));
        if (!vg_str_is(why.place.file, "broken.index"))
            fail_msg("bit of byte %zu: the file is not named", at);
    }
    free(broken);
    vg_arena_free(scratch);
    vg_arena_free(arena);
}

static void a_truncated_index_is_broken(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str bytes;
    vg_trail_index_close(index_of(arena, "cut", 0, 300, 1));
    OK(vg_file_read(arena, in_folder(arena, "cut"), 1 << 26, &bytes, err));
    for (size_t len = 0; len < bytes.len; len += len < 5000 ? 97 : 4096) {
        vg_trail_index *index;
        vg_error why;
        vg_status status = vg_trail_index_over(vg_str_sub(bytes, 0, len), VG_STR("cut"), &index, &why);
        if (status != VG_ERR_CORRUPT)
            fail_msg("%zu bytes: %s", len, vg_status_name(status));
    }
    vg_arena_free(arena);
}

/* A page of another file, or of another place in it, has a right checksum there, and none here. */
static void a_page_of_another_place_is_broken(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str bytes;
    vg_trail_index *index;
    vg_error why;
    vg_trail_index_close(index_of(arena, "swap", 0, 300, 1));
    OK(vg_file_read(arena, in_folder(arena, "swap"), 1 << 26, &bytes, err));
    char *swapped = malloc(bytes.len);
    memcpy(swapped, bytes.ptr, bytes.len);
    memcpy(swapped + 2 * INDEX_PAGE, bytes.ptr + INDEX_PAGE, INDEX_PAGE);
    OK(vg_trail_index_over(vg_str_of(swapped, bytes.len), VG_STR("swap"), &index, err));
    assert_int_equal(vg_trail_index_check(index, &why), VG_ERR_CORRUPT);
    vg_trail_index_close(index);
    free(swapped);
    vg_arena_free(arena);
}

static void an_index_of_a_newer_vigil_says_so(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_str bytes;
    vg_trail_index *index;
    vg_error why;
    vg_trail_index_close(index_of(arena, "newer", 0, 3, 1));
    OK(vg_file_read(arena, in_folder(arena, "newer"), 1 << 26, &bytes, err));
    char *newer = malloc(bytes.len);
    memcpy(newer, bytes.ptr, bytes.len);
    newer[8]++;
    assert_int_equal(vg_trail_index_over(vg_str_of(newer, bytes.len), VG_STR("newer"), &index, &why),
                     VG_ERR_VERSION);
    free(newer);
    vg_arena_free(arena);
}

static void an_index_that_cannot_be_written_leaves_nothing(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_trail_gather *gather = vg_trail_gather_new();
    vg_error why;
    vg_trail_summary summary = made_up(arena, 1);
    OK(vg_trail_gather_add(gather, &summary, err));
    assert_int_equal(vg_trail_gather_write(gather, in_folder(arena, "no/such/folder"), 1, &why),
                     VG_ERR_NOT_FOUND);
    assert_true(vg_str_ends(why.place.file, VG_STR("no/such/folder")));
    vg_trail_gather_free(gather);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_term_gives_the_files_that_hold_it),
        cmocka_unit_test(a_tree_of_three_levels_finds_each_term),
        cmocka_unit_test(a_look_up_reads_one_page_a_level),
        cmocka_unit_test(terms_come_in_order_from_anywhere),
        cmocka_unit_test(objects_keep_what_is_known_of_them),
        cmocka_unit_test(equal_summaries_give_equal_bytes_in_any_order),
        cmocka_unit_test(terms_are_kept_in_a_form_that_finds_them),
        cmocka_unit_test(merged_indexes_say_what_one_says),
        cmocka_unit_test(of_a_file_that_was_read_again_the_newest_counts),
        cmocka_unit_test(hours_are_kept_as_runs_and_merged),
        cmocka_unit_test(a_bit_flipped_anywhere_is_never_believed),
        cmocka_unit_test(a_truncated_index_is_broken),
        cmocka_unit_test(a_page_of_another_place_is_broken),
        cmocka_unit_test(an_index_of_a_newer_vigil_says_so),
        cmocka_unit_test(an_index_that_cannot_be_written_leaves_nothing),
    };
    return cmocka_run_group_tests_name("index", tests, make_folder, drop_folder);
}
