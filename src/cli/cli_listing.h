/* cli_listing.h: lists that commands print: a table for people, or JSON for programs, from the same rows. */
#ifndef VIGIL_CLI_LISTING_H
#define VIGIL_CLI_LISTING_H

#include "cli/cli.h"
#include "format/format.h"

typedef enum {
    VG_LIST_TEXT,
    VG_LIST_FIXED,  /* text that the table does not break */
    VG_LIST_NUMBER, /* decimal text */
    VG_LIST_JSON,   /* JSON text; in the table as it is */
    VG_LIST_HIDDEN, /* text that only JSON shows */
    VG_LIST_HIDDEN_NUMBER
} vg_listing_kind;

typedef struct {
    const char *title, *key; /* of the table, of JSON */
    vg_listing_kind kind;
} vg_listing_column;

typedef struct {
    vg_cli *cli;
    const vg_listing_column *columns;
    size_t column_count;
    bool is_json;
    vg_vec cells;      /* of the table: vg_str */
    vg_arena *scratch; /* for what one row takes; emptied by vg_listing_row; NULL when memory is out */
    vg_buf text;
    vg_json_writer json;
    uint64_t rows;
} vg_listing;

/* Begins a list; JSON (an array of objects) is written as rows come, a table at the end. */
void vg_listing_begin(vg_listing *listing, vg_cli *cli, const vg_listing_column *columns, size_t column_count,
                      bool is_json);
/* A row: a cell for each column, borrowed until it returns. */
vg_status vg_listing_row(vg_listing *listing, const vg_str *cells, vg_error *err);
/* Prints what is left, or `empty` (for people) when there were no rows; to be called even after a row failed, with the
 * status so far, which it returns unless its own is worse. */
vg_status vg_listing_end(vg_listing *listing, vg_status status, const char *empty, vg_error *err);

/* A time as text in the arena; "" for none. */
vg_str vg_listing_time(vg_arena *arena, vg_time time);
/* The same for a cell of the list: in the table, the day is enough. */
vg_str vg_listing_when(const vg_listing *listing, vg_time time);

#endif
