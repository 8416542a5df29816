/* Archives: what is walked, which names are refused, and limits. Made with libarchive's writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/format.h"

#include <archive.h>
#include <archive_entry.h>

typedef enum { TAR_USTAR, TAR_PAX, TAR_GNU, ZIP, FORMATS } made_format;

typedef struct {
    struct archive *writer;
    char bytes[1 << 20];
    size_t len;
} made;

static made *make_begin(made_format format)
{
    static int (*const SET[])(struct archive *) = {
        archive_write_set_format_ustar, archive_write_set_format_pax, archive_write_set_format_gnutar,
        archive_write_set_format_zip};
    made *m = test_malloc(sizeof *m);
    m->writer = archive_write_new();
    assert_int_equal(SET[format](m->writer), ARCHIVE_OK);
    assert_int_equal(archive_write_open_memory(m->writer, m->bytes, sizeof m->bytes, &m->len), ARCHIVE_OK);
    return m;
}

static void make_entry(made *m, const char *path, vg_str bytes, unsigned type, const char *link)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, path);
    archive_entry_set_size(entry, (la_int64_t)bytes.len);
    archive_entry_set_filetype(entry, type);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_mtime(entry, 1700000000, 0);
    if (link && type == AE_IFLNK)
        archive_entry_set_symlink(entry, link);
    else if (link)
        archive_entry_set_hardlink(entry, link);
    int result = archive_write_header(m->writer, entry); /* warns that the C locale cannot say a name */
    assert_true(result == ARCHIVE_OK || result == ARCHIVE_WARN);
    if (bytes.len > 0)
        assert_int_equal(archive_write_data(m->writer, bytes.ptr, bytes.len), bytes.len);
    archive_entry_free(entry);
}

static vg_str make_end(made *m)
{
    assert_int_equal(archive_write_close(m->writer), ARCHIVE_OK);
    archive_write_free(m->writer);
    return vg_str_of(m->bytes, m->len);
}

static vg_status each(void *context, const vg_archive_entry *entry, vg_error *err)
{
    vg_buf *seen = context;
    if (vg_str_is(entry->bytes, "stop"))
        return vg_fail(err, VG_ERR_CANCELLED, "stopped");
    char time[VG_TIME_TEXT] = "none";
    if (entry->modified != VG_TIME_NONE)
        vg_time_format(entry->modified, time);
    vg_buf_addf(seen, "%.*s=%.*s@%s\n", VG_ARG(entry->path), VG_ARG(vg_str_sub(entry->bytes, 0, 10)), time);
    return VG_OK;
}

static void bad(void *context, const vg_error *err)
{
    char text[900];
    vg_error_format(err, text, sizeof text);
    vg_buf_addf(context, "%s: %s\n", vg_status_name(err->code), text);
}

static vg_status walk(vg_str archive, size_t max_entry, size_t max_total, vg_buf *seen, vg_error *err)
{
    vg_status status = vg_archive_walk(archive, VG_STR("t.tar"), max_entry, max_total, each, bad, seen, err);
    vg_buf_add_char(seen, '\0');
    return status;
}

static void regular_files_are_walked_in_order(void **state)
{
    (void)state;
    for (int format = 0; format < FORMATS; format++) {
        made *m = make_begin((made_format)format);
        make_entry(m, "b.json", VG_STR("{}"), AE_IFREG, NULL);
        make_entry(m, "folder", VG_STR(""), AE_IFDIR, NULL);
        make_entry(m, "folder/a.json", VG_STR("[1]"), AE_IFREG, NULL);
        make_entry(m, "link", VG_STR(""), AE_IFLNK, "/etc/passwd");
        make_entry(m, "empty", VG_STR(""), AE_IFREG, NULL);
        make_entry(m, "..double..dots..", VG_STR("d"), AE_IFREG, NULL);
        make_entry(m, "caf\xc3\xa9.json", VG_STR("e"), AE_IFREG, NULL);
        if (format != ZIP)
            make_entry(m, "hard", VG_STR(""), AE_IFREG, "b.json");
        vg_str archive = make_end(m);
        vg_buf seen = {0};
        vg_error err = {0};
        assert_true(vg_is_archive(archive));
        assert_int_equal(walk(archive, 1000, 1000, &seen, &err), VG_OK);
        assert_string_equal(seen.ptr,
                            "b.json={}@2023-11-14T22:13:20Z\nfolder/a.json=[1]@2023-11-14T22:13:20Z\n"
                            "empty=@2023-11-14T22:13:20Z\n..double..dots..=d@2023-11-14T22:13:20Z\n"
                            "caf\xc3\xa9.json=e@2023-11-14T22:13:20Z\n");
        vg_buf_free(&seen);
        test_free(m);
    }
}

static void names_that_leave_the_folder_are_reported_and_skipped(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"/etc/passwd", "../x",         "a/../../x",   "a/..",  "..",
                                        "..\\x",       "a\\..\\..\\x", "\\\\host\\x", "C:\\x", "C:x"};
    for (int format = 0; format < FORMATS; format++) {
        made *m = make_begin((made_format)format);
        for (size_t i = 0; i < VG_COUNT(NAMES); i++)
            make_entry(m, NAMES[i], VG_STR("evil"), AE_IFREG, NULL);
        make_entry(m, "a/./good", VG_STR("x"), AE_IFREG, NULL);
        vg_buf seen = {0};
        assert_int_equal(walk(make_end(m), 1000, 1000, &seen, NULL), VG_OK);
        for (size_t i = 0; i < VG_COUNT(NAMES); i++) {
            vg_buf line = {0};
            vg_buf_addf(&line, "value: t.tar: a name that leaves the archive's folder: '%s'; skipped\n",
                        NAMES[i]);
            for (size_t c = 0; format == ZIP && c < line.len; c++) /* as libarchive's zip reader does */
                line.ptr[c] = line.ptr[c] == '\\' ? '/' : line.ptr[c];
            if (vg_str_find(vg_buf_str(&seen), vg_buf_str(&line)) == VG_NPOS)
                fail_msg("format %d: no report for %s in\n%s", format, NAMES[i], seen.ptr);
            vg_buf_free(&line);
        }
        assert_null(strstr(seen.ptr, "evil"));
        assert_non_null(strstr(seen.ptr, "a/./good=x@"));
        vg_buf_free(&seen);
        test_free(m);
    }
}

static void hostile_names_cannot_drive_a_terminal(void **state)
{
    (void)state;
    made *m = make_begin(TAR_PAX);
    make_entry(m, "../\x1b[2J\nx", VG_STR("evil"), AE_IFREG, NULL);
    vg_buf seen = {0};
    assert_int_equal(walk(make_end(m), 1000, 1000, &seen, NULL), VG_OK);
    assert_non_null(strstr(seen.ptr, "skipped"));
    assert_null(strchr(seen.ptr, 0x1b));
    vg_buf_free(&seen);
    test_free(m);
}

static void sizes_are_bounded_by_entry_and_in_all(void **state)
{
    (void)state;
    static char zeros[200000];
    for (int format = 0; format < FORMATS; format++) {
        made *m = make_begin((made_format)format);
        make_entry(m, "big", vg_str_of(zeros, sizeof zeros), AE_IFREG, NULL);
        make_entry(m, "small", VG_STR("s"), AE_IFREG, NULL);
        vg_str archive = make_end(m);
        vg_buf seen = {0};
        vg_error err = {0};
        assert_int_equal(walk(archive, 199999, 1000000, &seen, &err), VG_OK);
        assert_string_equal(seen.ptr, "limit: t.tar: larger than the limit for one file: 'big'; skipped\n"
                                      "small=s@2023-11-14T22:13:20Z\n");
        vg_buf_clear(&seen);
        assert_int_equal(walk(archive, 200000, 200000, &seen, &err), VG_ERR_LIMIT);
        assert_string_equal(err.message, "an archive that holds more than the limit of 200000 bytes");
        vg_buf_free(&seen);
        test_free(m);
    }
}

static void the_walk_stops_when_told(void **state)
{
    (void)state;
    made *m = make_begin(TAR_USTAR);
    make_entry(m, "a", VG_STR("stop"), AE_IFREG, NULL);
    make_entry(m, "b", VG_STR("x"), AE_IFREG, NULL);
    vg_buf seen = {0};
    vg_error err = {0};
    assert_int_equal(walk(make_end(m), 100, 100, &seen, &err), VG_ERR_CANCELLED);
    assert_string_equal(err.message, "stopped");
    assert_string_equal(seen.ptr, "");
    vg_buf_free(&seen);
    test_free(m);
}

/* Every prefix of an archive, and every archive with one byte changed, ends in a status. */
static void cut_and_changed_archives_end_in_a_status(void **state)
{
    (void)state;
    for (int format = 0; format < FORMATS; format++) {
        made *m = make_begin((made_format)format);
        make_entry(m, "a.json", VG_STR("{\"a\": 1}"), AE_IFREG, NULL);
        make_entry(m, "b/c.json", VG_STR("[2]"), AE_IFREG, NULL);
        vg_str archive = make_end(m);
        size_t errors = 0, end = archive.len < 3000 ? archive.len : 3000;
        for (size_t len = 0; len < end; len++) {
            char *copy = test_malloc(len + 1);
            memcpy(copy, archive.ptr, len);
            vg_buf seen = {0};
            errors += walk(vg_str_of(copy, len), 100, 1000, &seen, NULL) != VG_OK;
            vg_buf_free(&seen);
            test_free(copy);
        }
        for (size_t i = 0; i < end; i++) {
            m->bytes[i] = (char)(m->bytes[i] ^ 0x55);
            vg_buf seen = {0};
            walk(archive, 100, 1000, &seen, NULL);
            vg_buf_free(&seen);
            m->bytes[i] = (char)(m->bytes[i] ^ 0x55);
        }
        if (errors < 20)
            fail_msg("format %d: only %zu of %zu prefixes are errors", format, errors, end);
        test_free(m);
    }
}

/* A header whose checksum is wrong ends the walk with an error: what stands behind it was not read. */
static void a_damaged_header_is_told(void **state)
{
    (void)state;
    size_t tried = 0;
    for (int format = 0; format < FORMATS; format++) {
        made *m = make_begin((made_format)format);
        make_entry(m, "a.json", VG_STR("{\"a\": 1}"), AE_IFREG, NULL);
        make_entry(m, "c.json", VG_STR("[2]"), AE_IFREG, NULL);
        vg_str archive = make_end(m);
        vg_buf seen = {0};
        if (archive.len > 1536 && vg_str_is(vg_str_sub(archive, 1024 + 257, 5), "ustar") &&
            vg_str_starts(archive, VG_STR("a.json"))) {
            m->bytes[1024 + 150] = (char)(m->bytes[1024 + 150] ^ 1);
            assert_int_equal(walk(archive, 100, 1000, &seen, NULL), VG_ERR_SYNTAX);
            tried++;
        }
        vg_buf_free(&seen);
        test_free(m);
    }
    assert_true(tried > 0);
}

static void what_is_no_archive_is_told(void **state)
{
    (void)state;
    vg_error err = {0};
    vg_buf seen = {0};
    assert_false(vg_is_archive(VG_STR("")));
    assert_false(vg_is_archive(VG_STR("{\"a\": 1}")));
    assert_int_equal(walk(VG_STR("{\"a\": 1}"), 10, 10, &seen, &err), VG_ERR_SYNTAX);
    assert_true(vg_str_starts(vg_str_from(err.message), VG_STR("archive that is damaged or cut off")));
    vg_buf_free(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regular_files_are_walked_in_order),
        cmocka_unit_test(names_that_leave_the_folder_are_reported_and_skipped),
        cmocka_unit_test(hostile_names_cannot_drive_a_terminal),
        cmocka_unit_test(sizes_are_bounded_by_entry_and_in_all),
        cmocka_unit_test(the_walk_stops_when_told),
        cmocka_unit_test(cut_and_changed_archives_end_in_a_status),
        cmocka_unit_test(a_damaged_header_is_told),
        cmocka_unit_test(what_is_no_archive_is_told),
    };
    return cmocka_run_group_tests_name("archive", tests, NULL, NULL);
}
