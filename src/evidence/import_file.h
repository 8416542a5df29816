/* import_file.h: a file on its way in, from bytes to parts. Private to import. */
#ifndef VIGIL_IMPORT_FILE_H
#define VIGIL_IMPORT_FILE_H

#include "evidence/import_call.h"

typedef struct {
    vg_str path;
    vg_str bytes; /* of an archive's entry; ptr NULL: to be read from `path` */
    uint64_t size;
    vg_time modified;
    vg_arena *arena;  /* owns all below; NULL until read */
    vg_vec parts;     /* import_part */
    vg_str content;   /* decompressed */
    vg_sha256 sha256; /* of the bytes as offered */
    bool is_archive;  /* `content` is an archive, whose entries are files of their own */
    bool keep;        /* the original is to be kept */
    bool failed;      /* memory ran out: nothing of it can be used */
} import_file;

/* Reads the file and all that is in it. Never fails but for memory (`failed`): what is wrong is told in a part. */
void import_file_read(const import_world *world, import_file *file);
void import_file_free(import_file *file);

/* Keeps the bytes of a file in `folder` by their hash: FOLDER/ab/abcd....json.gz, 0600. Known ones cost nothing. Not yet
 * on disk when it returns: import_originals_sync makes it so. */
vg_status import_original_keep(vg_str folder, const import_file *file, vg_error *err);
vg_status import_originals_sync(vg_str folder, vg_error *err);

#endif
