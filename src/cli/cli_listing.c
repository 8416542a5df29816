/* cli_listing.c: see cli_listing.h. A table needs all rows to fit its columns; JSON goes out in pieces. */
#include "cli/cli_listing.h"
#include "cli/cli_parts.h"

#include "report/report.h"

enum { PIECE = 65536 };

void vg_listing_begin(vg_listing *listing, vg_cli *cli, const vg_listing_column *columns, size_t column_count,
                      bool is_json)
{
    *listing = (vg_listing){.cli = cli, .columns = columns, .column_count = column_count, .is_json = is_json};
    listing->cells = vg_vec_in(cli->arena, sizeof(vg_str));
    listing->scratch = vg_arena_new(0);
    listing->json = vg_json_writer_to(&listing->text, 2);
    if (is_json)
        vg_json_array(&listing->json);
}

static bool is_hidden(const vg_listing_column *column)
{
    return column->kind == VG_LIST_HIDDEN || column->kind == VG_LIST_HIDDEN_NUMBER;
}

static void print_text(vg_listing *listing)
{
    if (listing->text.len)
        vg_cli_print(listing->cli, vg_buf_str(&listing->text));
    vg_buf_clear(&listing->text);
}

static vg_status write_cell(vg_listing *listing, const vg_listing_column *column, vg_str cell, vg_error *err)
{
    vg_doc doc;
    vg_json_key(&listing->json, column->key);
    bool is_value = column->kind == VG_LIST_JSON || column->kind == VG_LIST_NUMBER ||
                    column->kind == VG_LIST_HIDDEN_NUMBER;
    if (!is_value) {
        vg_json_string(&listing->json, cell);
    } else if (!cell.len) {
        vg_json_null(&listing->json);
    } else {
        VG_TRY(vg_json_read(listing->scratch, cell, VG_STR("workspace"), NULL, &doc, err));
        vg_json_value(&listing->json, doc.root);
    }
    return VG_OK;
}

static vg_status write_object(vg_listing *listing, const vg_str *cells, vg_error *err)
{
    vg_json_object(&listing->json);
    for (size_t i = 0; i < listing->column_count; i++)
        VG_TRY(write_cell(listing, &listing->columns[i], cells[i], err));
    vg_json_end_object(&listing->json);
    if (listing->text.failed)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    if (listing->text.len > PIECE)
        print_text(listing);
    return VG_OK;
}

static vg_status keep_cells(vg_listing *listing, const vg_str *cells, vg_error *err)
{
    for (size_t i = 0; i < listing->column_count; i++) {
        if (is_hidden(&listing->columns[i]))
            continue;
        vg_str *cell = vg_vec_push(&listing->cells);
        vg_str copy = cell ? vg_arena_str(listing->cli->arena, cells[i]) : (vg_str){0};
        if (!copy.ptr)
            return vg_fail(err, VG_ERR_MEMORY, "out of memory");
        *cell = copy;
    }
    return VG_OK;
}

vg_status vg_listing_row(vg_listing *listing, const vg_str *cells, vg_error *err)
{
    listing->rows++;
    if (!listing->scratch)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    vg_status status = listing->is_json ? write_object(listing, cells, err) : keep_cells(listing, cells, err);
    vg_arena_reset(listing->scratch); /* what the caller made for this row, too */
    return status;
}

static vg_status write_table(vg_listing *listing, vg_error *err)
{
    vg_report_column columns[32];
    size_t count = 0;
    for (size_t i = 0; i < listing->column_count && count < VG_COUNT(columns); i++)
        if (!is_hidden(&listing->columns[i]))
            columns[count++] = (vg_report_column){.title = listing->columns[i].title,
                                                  .right = listing->columns[i].kind == VG_LIST_NUMBER,
                                                  .fixed = listing->columns[i].kind == VG_LIST_FIXED};
    const vg_report_options options = {.colour = listing->cli->colour, .width = listing->cli->width};
    return vg_report_table(columns, count, listing->cells.items, listing->rows, &options, &listing->text,
                           err);
}

vg_status vg_listing_end(vg_listing *listing, vg_status status, const char *empty, vg_error *err)
{
    if (listing->is_json && status == VG_OK) {
        vg_json_end_array(&listing->json);
        vg_buf_add_char(&listing->text, '\n');
    } else if (status == VG_OK && listing->rows) {
        status = write_table(listing, err);
    } else if (status == VG_OK) {
        vg_cli_say(listing->cli, "%s", empty);
    }
    if (status == VG_OK)
        print_text(listing);
    vg_buf_free(&listing->text);
    vg_arena_free(listing->scratch);
    return status;
}

vg_str vg_listing_time(vg_arena *arena, vg_time time)
{
    char text[VG_TIME_TEXT] = "";
    if (time != VG_TIME_NONE)
        vg_time_format(time, text);
    return vg_arena_str(arena, vg_str_from(text));
}

vg_str vg_listing_when(const vg_listing *listing, vg_time time)
{
    char text[VG_TIME_TEXT];
    if (listing->is_json || time == VG_TIME_NONE)
        return vg_listing_time(listing->scratch, time);
    vg_time_format_date(time, text);
    return vg_arena_str(listing->scratch, vg_str_from(text));
}
