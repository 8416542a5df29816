/* store_part.h: what the files of store/ share: the open store, and the few calls through which they speak SQL. */
#ifndef VIGIL_STORE_PART_H
#define VIGIL_STORE_PART_H

#include "store/store.h"

#include <sqlite3.h>

enum {
    STATEMENTS = 128,   /* slots of the statement cache; a power of two, at least twice what we use */
    BATCH_ROWS = 10000, /* a transaction commits when it holds so many puts ... */
    BATCH_BYTES = 32 * 1024 * 1024 /* ... or so many bytes of them */
};

/* A prepared statement stays prepared as long as the store is open; it is found by the address of its SQL text, which
 * is therefore a static array in the file of its noun. */
typedef struct {
    const char *sql;
    sqlite3_stmt *statement;
} vg_prepared;

struct vg_store {
    sqlite3 *db;
    vg_prepared prepared[STATEMENTS];
    char *folder;        /* the workspace's path */
    char *who, *command; /* who opened it, with what: for the lock file and the audit log */
    vg_time now;
    int lock_fd; /* -1 for a reader */
    bool writable;
    bool in_batch;
    unsigned reading; /* depth of read_begin */
    uint64_t batch_rows, batch_bytes;
    int64_t last_resource; /* the greatest number given to a resource; 0: not yet asked */
    int64_t last_finding;  /* and to a finding */
    vg_error failure;      /* the write that failed; code VG_OK while there is none */
    /* store_wording.c: texts of findings that were met, and the numbers of those that are stored for all. */
    vg_arena *wording_arena;
    vg_map *wordings;
    vg_buf wording_key;
};

/* ---- store_statement.c ---------------------------------------------------------------------------------------- */

/* The prepared form of `sql` (a static text), reset and ready to be bound. */
vg_status sql_get(vg_store *store, const char *sql, sqlite3_stmt **out, vg_error *err);
void sql_finalize_all(vg_store *store);
/* A statement of the caller's own, for reads that call a sink (which may read the same noun again); ended by
 * sqlite3_finalize. */
vg_status sql_new(vg_store *store, const char *sql, sqlite3_stmt **out, vg_error *err);

/* Parameters count from 1. Bytes are borrowed until the statement is reset. */
void sql_bind_text(sqlite3_stmt *statement, int at, vg_str text);
void sql_bind_blob(sqlite3_stmt *statement, int at, const void *bytes, size_t len);
void sql_bind_time(sqlite3_stmt *statement, int at, vg_time time); /* VG_TIME_NONE is NULL */
static inline void sql_bind_int(sqlite3_stmt *statement, int at, int64_t value)
{
    sqlite3_bind_int64(statement, at, value);
}
/* Columns count from 0. Slices hold until the next step or reset. */
vg_str sql_text(sqlite3_stmt *statement, int at);
vg_time sql_time(sqlite3_stmt *statement, int at);
void sql_blob(sqlite3_stmt *statement, int at, uint8_t *out, size_t len); /* shorter ones are zero-padded */
static inline int64_t sql_int(sqlite3_stmt *statement, int at)
{
    return sqlite3_column_int64(statement, at);
}

/* One step: *row tells whether there is a row. At the end, or on an error, the statement is reset. */
vg_status sql_step(vg_store *store, sqlite3_stmt *statement, bool *row, vg_error *err);
/* Runs a statement that gives no rows, to its end. */
vg_status sql_run(vg_store *store, sqlite3_stmt *statement, vg_error *err);
/* Runs SQL text that is not worth keeping. */
vg_status sql_exec(vg_store *store, const char *sql, vg_error *err);
/* The vg_status and the clear line for a result code of SQLite; a failure within a batch ends it (store->failure). */
vg_status sql_fail(vg_store *store, int code, vg_error *err);

/* ---- store_lock.c --------------------------------------------------------------------------------------------- */

/* Takes the writer's lock of the workspace, waiting at most wait_ms for another writer; *fd keeps it. */
vg_status store_lock(const char *folder, const vg_store_options *options, int *fd, vg_error *err);

/* ---- store_wording.c ------------------------------------------------------------------------------------------ */

/* The number of the finding's place, which is stored if it was not met before. */
vg_status store_place(vg_store *store, const vg_finding *texts, int64_t *number, vg_error *err);
/* The number of the finding's wording, or 0 when it shall be stored with the finding. */
vg_status store_wording(vg_store *store, const vg_finding *texts, int64_t *number, vg_error *err);
void store_wordings_forget(vg_store *store);

/* ---- store_schema.c ------------------------------------------------------------------------------------------- */

/* The version of the store, 0 when it is empty. */
vg_status store_schema_read(vg_store *store, int *version, vg_error *err);
/* Brings it to VG_STORE_SCHEMA, each version in a transaction of its own. */
vg_status store_migrate(vg_store *store, vg_error *err);

#endif
