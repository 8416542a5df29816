/* Stores of signals: what goes in comes out in order, each once, whatever the budget, the folder, the order and the number of
 * stores; what does not fit is evicted by age and counted; a full disk says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "detect/detect_part.h"
#include "detect/signal_part.h"

/* ---- signals of numbers ---------------------------------------------------------------------------------------------------- */

typedef struct {
    char id[40], group[24], actor[64], file[64], above[8];
} texts;

/* The signal of a number: the same number is the same signal. */
static vg_signal make(uint32_t n, texts *t)
{
    uint64_t h = vg_hash64(vg_str_of((const char *)&n, sizeof n), 7),
             k = vg_hash64(vg_str_of((const char *)&n, sizeof n), 8);
    if (n % 5)
        snprintf(t->id, sizeof t->id, "%08x-%04x-%04x-%04x-%012llx", (uint32_t)h,
                 (uint32_t)(h >> 32) & 0xffff, (uint32_t)(h >> 48), (uint32_t)k & 0xffff,
                 (unsigned long long)(k >> 16));
    else
        snprintf(t->id, sizeof t->id, "%032llx", (unsigned long long)h);
    snprintf(t->group, sizeof t->group, "g%u", (unsigned)(h % 97));
    snprintf(t->actor, sizeof t->actor, "arn:aws:iam::111122223333:role/r%u", (unsigned)(h % 97));
    snprintf(t->file, sizeof t->file, "logs/%u.json.gz", n / 100);
    snprintf(t->above, sizeof t->above, "%s", n % 3 ? "" : "\x01\x02");
    return (vg_signal){.stream = (uint32_t)(h >> 8) % 3,
                       .rule = (uint32_t)(h >> 16) % 4,
                       .group = vg_str_from(t->group),
                       .time = (vg_time)(h >> 20) % 100000 * VG_TIME_SECOND,
                       .id = vg_str_from(t->id),
                       .value = n % 2 ? vg_str_from(t->group) : (vg_str){0},
                       .has_value = n % 2,
                       .above = vg_str_from(t->above),
                       .brief = {.principal = vg_str_from(t->actor),
                                 .actor = vg_str_from(t->group),
                                 .source_ip = vg_str_from(t->group + 1),
                                 .region = vg_str_sub(vg_str_from(t->group), 0, 2),
                                 .key = vg_str_sub(vg_str_from(t->actor), 30, 40),
                                 .account = VG_STR("111122223333"),
                                 .name = VG_STR("s3:GetObject"),
                                 .file = vg_str_from(t->file),
                                 .offset = h % 1000003,
                                 .succeeded = h & 1}};
}

static vg_signals *store_of(size_t bytes, const char *folder)
{
    vg_signals *s = vg_signals_new(bytes, vg_str_from(folder));
    assert_non_null(s);
    return s;
}

static void put(vg_signals *s, uint32_t n)
{
    texts t;
    vg_error err = {0};
    vg_signal signal = make(n, &t);
    if (vg_signals_add(s, &signal, &err) != VG_OK)
        fail_msg("%s", err.message);
}

/* All that comes out, as one hash; and whether it is in order, each once. */
typedef struct {
    uint64_t hash;
    size_t count;
    bool ordered;
    vg_signal last;
    vg_buf group, id, account;
} outcome;

static void keep(vg_buf *buf, vg_str text, vg_str *kept)
{
    vg_buf_clear(buf);
    vg_buf_add_str(buf, text);
    *kept = vg_buf_str(buf);
}

static vg_status look(void *context, const vg_signal *s, vg_error *err)
{
    (void)err;
    outcome *o = context;
    const vg_brief *b = &s->brief;
    vg_str parts[] = {s->group,     s->id,      s->value,  s->above, b->principal, b->actor,
                      b->source_ip, b->account, b->region, b->key,   b->name,      b->file};
    uint64_t numbers[] = {s->stream, s->rule, (uint64_t)s->time, s->has_value, b->succeeded,
                          b->offset, o->hash};
    o->hash = vg_hash64(vg_str_of((const char *)numbers, sizeof numbers), 1);
    for (size_t i = 0; i < VG_COUNT(parts); i++)
        o->hash = vg_hash64(parts[i], o->hash);
    if (o->count++ && vg_signal_compare(&o->last, s) >= 0)
        o->ordered = false;
    if (o->count > 1 && vg_signal_is_same(&o->last, s))
        o->ordered = false;
    o->last = (vg_signal){.stream = s->stream, .rule = s->rule, .time = s->time};
    keep(&o->group, s->group, &o->last.group);
    keep(&o->id, s->id, &o->last.id);
    keep(&o->account, b->account, &o->last.brief.account);
    return VG_OK;
}

static outcome merge(vg_signals **stores, size_t count)
{
    outcome o = {.ordered = true};
    vg_error err = {0};
    if (vg_signals_merge(stores, count, look, &o, &err) != VG_OK)
        fail_msg("%s", err.message);
    vg_buf_free(&o.group);
    vg_buf_free(&o.id);
    vg_buf_free(&o.account);
    for (size_t i = 0; i < count; i++)
        vg_signals_free(stores[i]);
    return o;
}

enum { MANY = 20000 };

static outcome plain(void)
{
    vg_signals *one = store_of(1u << 30, "");
    for (uint32_t n = 0; n < MANY; n++)
        put(one, n);
    return merge(&one, 1);
}

static void the_same_comes_out_of_any_stores(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t stores, bytes;
        uint32_t times, step; /* how often each comes; in which order: n * step */
        bool spills;
    } cases[] = {
        {"backwards", 1, 1u << 30, 1, MANY - 1, false},
        {"each twice in one store", 1, 1u << 30, 2, 7919, false},
        {"each in three stores", 3, 1u << 30, 3, 7919, false},
        {"spilled to many runs", 1, 0, 1, 1, true},
        {"spilled, backwards and twice", 2, 0, 2, MANY - 1, true},
        {"spilled from four stores", 4, 200000, 3, 7919, true},
    };
    outcome expected = plain();
    assert_true(expected.ordered);
    assert_int_equal(expected.count, MANY);
    for (size_t c = 0; c < VG_COUNT(cases); c++) {
        vg_signals *stores[4];
        for (size_t i = 0; i < cases[c].stores; i++)
            stores[i] = store_of(cases[c].bytes, cases[c].spills ? "/tmp" : "");
        for (uint32_t i = 0; i < MANY * cases[c].times; i++)
            put(stores[i / 3 % cases[c].stores], (uint32_t)((uint64_t)i * cases[c].step % MANY));
        bool spilled = stores[0]->run_count > 1;
        outcome found = merge(stores, cases[c].stores);
        if (found.hash != expected.hash || found.count != expected.count || !found.ordered ||
            spilled != cases[c].spills)
            fail_msg("%s: %zu signals, %s", cases[c].name, found.count,
                     found.ordered ? "ordered" : "not ordered");
    }
}

/* ---- copies ------------------------------------------------------------------------------------------------------------------ */

typedef struct {
    char text[64], id[64]; /* of the last one: its file and id */
    size_t count;
} first_copy;

static vg_status take_copy(void *context, const vg_signal *signal, vg_error *err)
{
    (void)err;
    first_copy *f = context;
    f->count++;
    snprintf(f->text, sizeof f->text, "%.*s", VG_ARG(signal->brief.file));
    snprintf(f->id, sizeof f->id, "%.*s", VG_ARG(signal->id));
    return VG_OK;
}

static void of_two_copies_the_same_one_is_kept(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        texts t;
        vg_error err;
        first_copy f = {0};
        vg_signals *stores[2] = {store_of(0, ""), store_of(0, "")};
        vg_signal signal = make(1, &t);
        for (int copy = 0; copy < 2; copy++) {
            signal.brief.file = copy == way % 2 ? VG_STR("second.json") : VG_STR("first.json");
            assert_int_equal(vg_signals_add(stores[way < 2 ? 0 : copy], &signal, &err), VG_OK);
        }
        assert_int_equal(vg_signals_merge(stores, 2, take_copy, &f, &err), VG_OK);
        assert_int_equal(f.count, 1);
        assert_string_equal(f.text, "first.json");
        vg_signals_free(stores[0]);
        vg_signals_free(stores[1]);
    }
}

static void signals_differ_by_each_part_of_what_they_are(void **state)
{
    (void)state;
    for (int part = 0; part < 7; part++) {
        texts t;
        vg_error err;
        first_copy f = {0};
        vg_signals *s = store_of(0, "");
        vg_signal signal = make(1, &t), other = signal;
        other.stream += part == 0;
        other.rule += part == 1;
        other.group = part == 2 ? VG_STR("h") : signal.group;
        other.time += part == 3;
        other.id = part == 4 ? VG_STR("0") : signal.id;
        other.brief.account = part == 5 ? VG_STR("444455556666") : signal.brief.account;
        other.brief.offset += part == 6; /* no part of it */
        assert_int_equal(vg_signals_add(s, &signal, &err), VG_OK);
        assert_int_equal(vg_signals_add(s, &other, &err), VG_OK);
        assert_int_equal(vg_signals_merge(&s, 1, take_copy, &f, &err), VG_OK);
        if (f.count != (part == 6 ? 1 : 2))
            fail_msg("part %d: %zu signals", part, f.count);
        vg_signals_free(s);
    }
}

/* ---- texts ------------------------------------------------------------------------------------------------------------------- */

static void ids_come_out_as_they_went_in(void **state)
{
    (void)state;
    static const char *const ids[] = {"",
                                      "01234567-89ab-cdef-0123-456789abcdef",
                                      "01234567-89AB-cdef-0123-456789abcdef",
                                      "01234567089ab-cdef-0123-456789abcdef",
                                      "01234567-89ab-cdef-0123-456789abcde",
                                      "01234567-89ab-cdef-0123-456789abcdefg",
                                      "g1234567-89ab-cdef-0123-456789abcdef",
                                      "ffffffff-ffff-ffff-ffff-ffffffffffff"};
    for (size_t i = 0; i < VG_COUNT(ids); i++)
        for (int spilled = 0; spilled < 2; spilled++) {
            vg_error err;
            vg_signals *s = store_of(0, spilled ? "/tmp" : "");
            vg_signal signal = {.id = vg_str_from(ids[i])};
            first_copy f = {0};
            assert_int_equal(vg_signals_add(s, &signal, &err), VG_OK);
            if (spilled)
                assert_int_equal(vg_signals_spill(s, &err), VG_OK);
            assert_int_equal(vg_signals_merge(&s, 1, take_copy, &f, &err), VG_OK);
            assert_int_equal(f.count, 1);
            assert_string_equal(f.id, ids[i]);
            vg_signals_free(s);
        }
}

/* ---- eviction ---------------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_time oldest;
    size_t count;
} ages;

static vg_status take_age(void *context, const vg_signal *signal, vg_error *err)
{
    (void)err;
    ages *a = context;
    a->oldest = a->count++ == 0 || signal->time < a->oldest ? signal->time : a->oldest;
    return VG_OK;
}

static void without_a_folder_the_oldest_are_evicted_and_counted(void **state)
{
    (void)state;
    static const uint32_t steps[] = {1, MANY - 1, 7919};
    for (size_t i = 0; i < VG_COUNT(steps); i++) {
        vg_error err;
        ages a = {0};
        vg_signals *s = store_of(1 << 20, "");
        size_t most = 0;
        for (uint32_t n = 0; n < MANY; n++) {
            put(s, (uint32_t)((uint64_t)n * steps[i] % MANY));
            most = s->count > most ? s->count : most;
            assert_true(s->count >= most / 2); /* a quarter of what fits goes at once */
        }
        uint64_t evicted = vg_signals_evicted(s);
        assert_int_equal(vg_signals_merge(&s, 1, take_age, &a, &err), VG_OK);
        size_t younger = 0;
        for (uint32_t n = 0; n < MANY; n++) {
            texts t;
            younger += make(n, &t).time >= a.oldest;
        }
        assert_true(evicted > MANY / 2);
        assert_int_equal(evicted + a.count, MANY);
        assert_true(younger <= a.count + 1); /* all that are younger than the oldest are there */
        vg_signals_free(s);
    }
}

static void copies_of_one_signal_evict_nothing(void **state)
{
    (void)state;
    vg_signals *s = store_of(0, "");
    for (uint32_t n = 0; n < 100; n++)
        put(s, n);
    for (uint32_t n = 0; n < MANY; n++)
        put(s, 100);
    assert_int_equal(vg_signals_evicted(s), 0);
    outcome o = merge(&s, 1);
    assert_int_equal(o.count, 101);
}

static void of_signals_of_one_second_not_all_are_evicted(void **state)
{
    (void)state;
    vg_signals *s = store_of(0, "");
    for (uint32_t n = 0; n < 4000; n++) {
        texts t;
        vg_error err;
        vg_signal signal = make(n, &t);
        signal.time = 5;
        assert_int_equal(vg_signals_add(s, &signal, &err), VG_OK);
    }
    uint64_t evicted = vg_signals_evicted(s);
    assert_true(evicted > 0 && evicted < 4000);
    outcome o = merge(&s, 1);
    assert_int_equal(o.count + evicted, 4000);
}

/* ---- files ------------------------------------------------------------------------------------------------------------------- */

static size_t files_in(const char *path)
{
    size_t count = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void nothing_is_left_in_the_folder(void **state)
{
    (void)state;
    char path[] = "/tmp/vigil-signals-XXXXXX";
    assert_non_null(mkdtemp(path));
    vg_signals *s = store_of(0, path);
    for (uint32_t n = 0; n < 3000; n++)
        put(s, n);
    assert_true(s->run_count > 1);
    assert_int_equal(files_in(path), 2);
    outcome o = merge(&s, 1);
    assert_int_equal(o.count, 3000);
    assert_int_equal(files_in(path), 2);
    rmdir(path);
}

static vg_status fill_until(vg_signals *s, vg_error *err)
{
    for (uint32_t n = 0; n < MANY; n++) {
        texts t;
        vg_signal signal = make(n, &t);
        VG_TRY(vg_signals_add(s, &signal, err));
    }
    return VG_OK;
}

static void a_folder_that_is_not_there_is_named(void **state)
{
    (void)state;
    vg_error err = {0};
    vg_signals *s = store_of(0, "/nowhere/at/all");
    assert_int_not_equal(fill_until(s, &err), VG_OK);
    assert_non_null(strstr(err.message, "/nowhere/at/all"));
    vg_signals_free(s);
}

/* A limit on the size of files stands for a disk that is full: both fail the write. */
static void a_disk_that_is_full_says_so(void **state)
{
    (void)state;
    struct rlimit before, small;
    vg_error err = {0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 100000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    vg_signals *s = store_of(0, "/tmp");
    vg_status status = fill_until(s, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    vg_signals_free(s);
    assert_int_not_equal(status, VG_OK);
    assert_non_null(strstr(err.message, "cannot keep signals in /tmp: free space there"));
}

static void a_run_that_is_broken_is_an_error(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        vg_error err = {0};
        outcome o = {.ordered = true};
        vg_signals *s = store_of(0, "/tmp");
        for (uint32_t n = 0; n < 3000; n++)
            put(s, n);
        if (way == 0) {
            assert_int_equal(ftruncate(s->file, (off_t)s->file_bytes / 2), 0);
        } else {
            char bad[64];
            memset(bad, 0xff, sizeof bad);
            assert_int_equal(pwrite(s->file, bad, sizeof bad, (off_t)s->runs[1].offset), (ssize_t)sizeof bad);
        }
        assert_int_equal(vg_signals_merge(&s, 1, look, &o, &err), VG_ERR_CORRUPT);
        vg_buf_free(&o.group);
        vg_buf_free(&o.id);
        vg_buf_free(&o.account);
        vg_signals_free(s);
    }
}

static vg_status stop(void *context, const vg_signal *signal, vg_error *err)
{
    (void)signal;
    size_t *count = context;
    return ++*count == 3 ? vg_fail(err, VG_ERR_CANCELLED, "enough") : VG_OK;
}

static void who_takes_may_stop(void **state)
{
    (void)state;
    vg_error err = {0};
    size_t count = 0;
    vg_signals *s = store_of(0, "");
    for (uint32_t n = 0; n < 10; n++)
        put(s, n);
    assert_int_equal(vg_signals_merge(&s, 1, stop, &count, &err), VG_ERR_CANCELLED);
    assert_int_equal(count, 3);
    vg_signals_free(s);
}

static void empty_stores_give_nothing(void **state)
{
    (void)state;
    vg_signals *stores[2] = {store_of(0, ""), store_of(0, "/tmp")};
    outcome o = merge(stores, 2);
    assert_int_equal(o.count, 0);
    vg_signals_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_comes_out_of_any_stores),
        cmocka_unit_test(of_two_copies_the_same_one_is_kept),
        cmocka_unit_test(signals_differ_by_each_part_of_what_they_are),
        cmocka_unit_test(ids_come_out_as_they_went_in),
        cmocka_unit_test(without_a_folder_the_oldest_are_evicted_and_counted),
        cmocka_unit_test(copies_of_one_signal_evict_nothing),
        cmocka_unit_test(of_signals_of_one_second_not_all_are_evicted),
        cmocka_unit_test(nothing_is_left_in_the_folder),
        cmocka_unit_test(a_folder_that_is_not_there_is_named),
        cmocka_unit_test(a_disk_that_is_full_says_so),
        cmocka_unit_test(a_run_that_is_broken_is_an_error),
        cmocka_unit_test(who_takes_may_stop),
        cmocka_unit_test(empty_stores_give_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
