/* power_vfs.h: a file system for SQLite that lives in memory and can lose its power, or fail at any call.
 *
 * Every file has two images: what was written, and what was synced. When the power goes (at the n-th write, truncation
 * or sync from the start), every later call fails; power_restore then makes a new start from what was synced, plus, for
 * each 512-byte sector that was written and not synced, either the old or the new bytes, as a seed decides: a disk may
 * write what it holds in any order, or not at all. Failing calls (fail_at) fail once and go on, as a flaky disk does.
 * One connection, one thread. */
#ifndef VIGIL_TEST_POWER_VFS_H
#define VIGIL_TEST_POWER_VFS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { POWER_FILES = 8, POWER_SECTOR = 512, POWER_REGIONS = 16 };

typedef struct {
    char name[512];
    bool exists;        /* now */
    bool exists_synced; /* after a loss of power */
    uint8_t *bytes, *synced;
    sqlite3_int64 size, cap, synced_size, synced_cap;
    void *regions[POWER_REGIONS]; /* the log's index: memory, gone with the process */
} power_file;

typedef struct {
    power_file files[POWER_FILES];
    uint64_t calls;            /* writes, truncations and syncs so far */
    uint64_t lose_at, fail_at; /* 0: never */
    int fail_with;
    bool lost;
    uint64_t all_calls, fail_any_at; /* reads and opens too */
} power_disk;

typedef struct {
    sqlite3_file base;
    power_file *file;
} power_handle;

static power_disk power;
static sqlite3_vfs power_vfs;

/* Whether the call may go on: counts it. */
static int power_step(bool changes)
{
    if (power.lost)
        return SQLITE_IOERR;
    power.all_calls++;
    if (power.fail_any_at && power.all_calls == power.fail_any_at)
        return power.fail_with;
    if (!changes)
        return SQLITE_OK;
    power.calls++;
    if (power.lose_at && power.calls >= power.lose_at) {
        power.lost = true;
        return SQLITE_IOERR;
    }
    return power.fail_at && power.calls == power.fail_at ? power.fail_with : SQLITE_OK;
}

static void power_grow(uint8_t **bytes, sqlite3_int64 *cap, sqlite3_int64 size)
{
    if (size <= *cap)
        return;
    sqlite3_int64 wanted = size * 2 + 65536;
    *bytes = realloc(*bytes, (size_t)wanted);
    memset(*bytes + *cap, 0, (size_t)(wanted - *cap));
    *cap = wanted;
}

static int power_close(sqlite3_file *handle)
{
    (void)handle;
    return SQLITE_OK;
}

static int power_read(sqlite3_file *handle, void *out, int len, sqlite3_int64 at)
{
    power_file *file = ((power_handle *)handle)->file;
    int code = power_step(false);
    if (code != SQLITE_OK)
        return code;
    sqlite3_int64 have = at >= file->size ? 0 : file->size - at < len ? file->size - at : len;
    memset(out, 0, (size_t)len);
    if (have)
        memcpy(out, file->bytes + at, (size_t)have);
    return have == len ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int power_write(sqlite3_file *handle, const void *bytes, int len, sqlite3_int64 at)
{
    power_file *file = ((power_handle *)handle)->file;
    bool was_lost = power.lost;
    int code = power_step(true);
    if (code != SQLITE_OK && (was_lost || !power.lost))
        return code;
    /* The write during which the power goes is one of those that may have come through in part. */
    power_grow(&file->bytes, &file->cap, at + len);
    memcpy(file->bytes + at, bytes, (size_t)len);
    if (at + len > file->size)
        file->size = at + len;
    return code;
}

static int power_truncate(sqlite3_file *handle, sqlite3_int64 size)
{
    power_file *file = ((power_handle *)handle)->file;
    int code = power_step(true);
    if (code != SQLITE_OK)
        return code;
    if (size < file->size) {
        memset(file->bytes + size, 0, (size_t)(file->size - size));
        file->size = size;
    }
    return SQLITE_OK;
}

/* What SQLite's own file system does with the first sync of a new file: its folder's entries are on the disk, and so
 * are all deletions before. */
static void power_sync_folder(void)
{
    for (int i = 0; i < POWER_FILES; i++)
        power.files[i].exists_synced = power.files[i].exists;
}

static int power_sync(sqlite3_file *handle, int flags)
{
    (void)flags;
    power_file *file = ((power_handle *)handle)->file;
    int code = power_step(true);
    if (code != SQLITE_OK)
        return code;
    power_grow(&file->synced, &file->synced_cap, file->size);
    if (file->size)
        memcpy(file->synced, file->bytes, (size_t)file->size);
    file->synced_size = file->size;
    if (!file->exists_synced)
        power_sync_folder();
    return SQLITE_OK;
}

static int power_size(sqlite3_file *handle, sqlite3_int64 *out)
{
    *out = ((power_handle *)handle)->file->size;
    return SQLITE_OK;
}

static int power_lock(sqlite3_file *handle, int level)
{
    (void)handle, (void)level;
    return SQLITE_OK;
}

static int power_check_lock(sqlite3_file *handle, int *out)
{
    (void)handle;
    *out = 0;
    return SQLITE_OK;
}

static int power_control(sqlite3_file *handle, int what, void *argument)
{
    (void)handle, (void)what, (void)argument;
    return SQLITE_NOTFOUND;
}

static int power_sector(sqlite3_file *handle)
{
    (void)handle;
    return POWER_SECTOR;
}

static int power_traits(sqlite3_file *handle)
{
    (void)handle;
    return 0; /* promises nothing: not even that a sector is written whole */
}

static int power_shm_map(sqlite3_file *handle, int region, int size, int extend, void volatile **out)
{
    power_file *file = ((power_handle *)handle)->file;
    *out = NULL;
    if (region >= POWER_REGIONS)
        return SQLITE_NOMEM;
    if (!file->regions[region] && extend)
        file->regions[region] = calloc(1, (size_t)size);
    *out = file->regions[region];
    return SQLITE_OK;
}

static int power_shm_lock(sqlite3_file *handle, int offset, int n, int flags)
{
    (void)handle, (void)offset, (void)n, (void)flags;
    return SQLITE_OK;
}

static void power_shm_barrier(sqlite3_file *handle)
{
    (void)handle;
}

static void power_forget_regions(power_file *file)
{
    for (int i = 0; i < POWER_REGIONS; i++) {
        free(file->regions[i]);
        file->regions[i] = NULL;
    }
}

static int power_shm_unmap(sqlite3_file *handle, int remove)
{
    (void)remove;
    power_forget_regions(((power_handle *)handle)->file);
    return SQLITE_OK;
}

static const sqlite3_io_methods power_methods = {.iVersion = 2,
                                                 .xClose = power_close,
                                                 .xRead = power_read,
                                                 .xWrite = power_write,
                                                 .xTruncate = power_truncate,
                                                 .xSync = power_sync,
                                                 .xFileSize = power_size,
                                                 .xLock = power_lock,
                                                 .xUnlock = power_lock,
                                                 .xCheckReservedLock = power_check_lock,
                                                 .xFileControl = power_control,
                                                 .xSectorSize = power_sector,
                                                 .xDeviceCharacteristics = power_traits,
                                                 .xShmMap = power_shm_map,
                                                 .xShmLock = power_shm_lock,
                                                 .xShmBarrier = power_shm_barrier,
                                                 .xShmUnmap = power_shm_unmap};

static power_file *power_named(const char *name, bool make)
{
    power_file *unused = NULL;
    for (int i = 0; i < POWER_FILES; i++) {
        if (power.files[i].name[0] && strcmp(power.files[i].name, name) == 0)
            return &power.files[i];
        if (!unused && !power.files[i].name[0])
            unused = &power.files[i];
    }
    if (!make || !unused)
        return NULL;
    strncpy(unused->name, name, sizeof unused->name - 1);
    return unused;
}

static int power_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *handle, int flags,
                      int *out_flags)
{
    (void)vfs;
    power_handle *opened = (power_handle *)handle;
    opened->base.pMethods = NULL;
    int code = power_step(false);
    power_file *file = code == SQLITE_OK ? power_named(name ? name : "temporary", true) : NULL;
    if (!file || (!file->exists && !(flags & SQLITE_OPEN_CREATE)))
        return code == SQLITE_OK ? SQLITE_CANTOPEN : code;
    if (!file->exists) { /* another file of the same name: nothing of the old one can come through in it */
        if (file->cap)
            memset(file->bytes, 0, (size_t)file->cap);
        file->size = file->synced_size = 0;
        file->exists_synced = false;
    }
    file->exists = true;
    opened->file = file;
    opened->base.pMethods = &power_methods;
    if (out_flags)
        *out_flags = flags;
    return SQLITE_OK;
}

static int power_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    int code = power_step(true);
    power_file *file = power_named(name, false);
    if (code != SQLITE_OK)
        return code;
    if (!file || !file->exists)
        return SQLITE_IOERR_DELETE_NOENT;
    file->exists = false;
    if (sync_folder)
        power_sync_folder();
    return SQLITE_OK;
}

static int power_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs, (void)flags;
    power_file *file = power_named(name, false);
    *out = file && file->exists;
    return SQLITE_OK;
}

static int power_full_name(sqlite3_vfs *vfs, const char *name, int len, char *out)
{
    (void)vfs;
    strncpy(out, name, (size_t)len);
    return SQLITE_OK;
}

static int power_randomness(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs;
    memset(out, 7, (size_t)len);
    return len;
}

static int power_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int power_time(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    (void)vfs;
    *out = INT64_C(212000000000000);
    return SQLITE_OK;
}

static void power_install(void)
{
    power_vfs = (sqlite3_vfs){.iVersion = 2,
                              .szOsFile = sizeof(power_handle),
                              .mxPathname = 500,
                              .zName = "power",
                              .xOpen = power_open,
                              .xDelete = power_delete,
                              .xAccess = power_access,
                              .xFullPathname = power_full_name,
                              .xRandomness = power_randomness,
                              .xSleep = power_sleep,
                              .xCurrentTimeInt64 = power_time};
    sqlite3_vfs_register(&power_vfs, 0);
}

/* A new, empty disk. */
static void power_new_disk(void)
{
    for (int i = 0; i < POWER_FILES; i++) {
        power_forget_regions(&power.files[i]);
        free(power.files[i].bytes);
        free(power.files[i].synced);
    }
    memset(&power, 0, sizeof power);
    power.fail_with = SQLITE_IOERR;
}

/* A copy of a disk that is at rest (nothing open), to begin from again. */
static power_disk power_saved;

static void power_copy_image(uint8_t **to, const uint8_t *from, sqlite3_int64 cap)
{
    *to = NULL;
    if (!cap)
        return;
    *to = malloc((size_t)cap);
    memcpy(*to, from, (size_t)cap);
}

static void power_copy_files(power_disk *to, const power_disk *from)
{
    for (int i = 0; i < POWER_FILES; i++) {
        to->files[i] = from->files[i];
        power_copy_image(&to->files[i].bytes, from->files[i].bytes, from->files[i].cap);
        power_copy_image(&to->files[i].synced, from->files[i].synced, from->files[i].synced_cap);
    }
}

static void power_forget_saved(void)
{
    for (int i = 0; i < POWER_FILES; i++) {
        free(power_saved.files[i].bytes);
        free(power_saved.files[i].synced);
    }
    memset(&power_saved, 0, sizeof power_saved);
}

static void power_save(void)
{
    power_forget_saved();
    power_copy_files(&power_saved, &power);
}

static void power_begin_from_saved(void)
{
    power_new_disk();
    power_copy_files(&power, &power_saved);
}

static uint64_t power_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

/* What a sector holds after the loss: what was synced, or, by chance, what was written since. */
static void power_settle(power_file *file, uint64_t *seed)
{
    uint64_t mode = power_random(seed) % 3; /* nothing came through, all of it, or some */
    if (!file->exists)
        mode = 0; /* deleted, and perhaps back: then whole */
    sqlite3_int64 length = mode && power_random(seed) % 2 ? file->size : file->synced_size;
    power_grow(&file->synced, &file->synced_cap,
               file->size > file->synced_size ? file->size : file->synced_size);
    power_grow(&file->bytes, &file->cap, file->synced_cap);
    for (sqlite3_int64 at = 0; at < length; at += POWER_SECTOR) {
        bool came_through = mode == 1 || (mode == 2 && power_random(seed) % 2);
        if (!came_through)
            memcpy(file->bytes + at, file->synced + at, POWER_SECTOR);
    }
    file->size = length;
    if (file->cap > length)
        memset(file->bytes + length, 0, (size_t)(file->cap - length));
    file->exists = file->exists_synced;
    power_grow(&file->synced, &file->synced_cap, file->cap);
    if (file->size)
        memcpy(file->synced, file->bytes, (size_t)file->size);
    file->synced_size = file->size;
}

/* The machine starts again. */
static void power_restore(uint64_t seed)
{
    for (int i = 0; i < POWER_FILES; i++) {
        power_forget_regions(&power.files[i]);
        if (power.files[i].name[0])
            power_settle(&power.files[i], &seed);
    }
    power.lost = false;
    power.calls = power.all_calls = power.lose_at = power.fail_at = power.fail_any_at = 0;
}

#endif
