/* store_check.c: what `vigil doctor` asks of a store: is it whole, who can read it, how large is it. */
#include "store/store_part.h"

#include <limits.h>
#include <sys/stat.h>

static void say(vg_store_check_sink *sink, void *context, const char *check, bool ok, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static void say(vg_store_check_sink *sink, void *context, const char *check, bool ok, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sink(context, check, ok, vg_str_from(text));
}

static void check_mode(vg_store *store, const char *name, unsigned wanted, vg_store_check_sink *sink,
                       void *context)
{
    char path[PATH_MAX];
    struct stat about;
    int len = snprintf(path, sizeof path, "%s%s%s", store->folder, *name ? "/" : "", name);
    if (len < 0 || (size_t)len >= sizeof path || stat(path, &about) != 0)
        return; /* the log files come and go */
    unsigned mode = about.st_mode & 0777;
    if (mode & 077)
        say(sink, context, "permissions", false, "%s has mode %04o: others may look in; `chmod %04o %s`",
            path, mode, wanted, path);
    else
        say(sink, context, "permissions", true, "%s has mode %04o", path, mode);
}

static void check_size(vg_store *store, const char *name, vg_store_check_sink *sink, void *context)
{
    char path[PATH_MAX];
    struct stat about;
    int len = snprintf(path, sizeof path, "%s/%s", store->folder, name);
    if (len < 0 || (size_t)len >= sizeof path || stat(path, &about) != 0)
        return;
    say(sink, context, "size", true, "%s is %lld bytes", path, (long long)about.st_size);
}

static vg_status check_integrity(vg_store *store, vg_store_check_sink *sink, void *context, vg_error *err)
{
    static const char SQL[] = "PRAGMA integrity_check(20)";
    sqlite3_stmt *statement;
    VG_TRY(sql_new(store, SQL, &statement, err));
    vg_status status;
    bool row;
    while ((status = sql_step(store, statement, &row, err)) == VG_OK && row) {
        vg_str text = sql_text(statement, 0);
        if (vg_str_is(text, "ok"))
            say(sink, context, "integrity", true, "every page and index of the store is whole");
        else
            say(sink, context, "integrity", false, "%.*s", VG_ARG(text));
    }
    sqlite3_finalize(statement);
    return status;
}

vg_status vg_store_check(vg_store *store, vg_store_check_sink *sink, void *context, vg_error *err)
{
    static const char *const files[] = {"vigil.db", "vigil.db-wal", "vigil.db-shm", "vigil.lock"};
    int version;
    VG_TRY(store_schema_read(store, &version, err));
    say(sink, context, "schema", version == VG_STORE_SCHEMA, "schema %d (this program writes %d), SQLite %s",
        version, (int)VG_STORE_SCHEMA, sqlite3_libversion());
    check_mode(store, "", 0700, sink, context);
    for (size_t i = 0; i < VG_COUNT(files); i++)
        check_mode(store, files[i], 0600, sink, context);
    for (size_t i = 0; i < VG_COUNT(files); i++)
        check_size(store, files[i], sink, context);
    vg_status status = check_integrity(store, sink, context, err);
    if (status == VG_ERR_CORRUPT) {
        say(sink, context, "integrity", false, "%s", err ? err->message : "the store is damaged");
        return VG_OK;
    }
    return status;
}
