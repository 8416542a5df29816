/* detect_sources.c: what detections know beside the logs: indicators, where addresses are, and what is usual. */
#include "cli/cli_parts.h"
#include "cli/detect_parts.h"

enum { LARGEST_LIST = 1 << 30 };

/* ---- indicators -------------------------------------------------------------------------------------------------------- */

/* A list is called as its file: `tor-exit-nodes`; a number is of its folder: `ipsum/levels/3.txt` is `ipsum-3`. */
static vg_str list_name(vg_arena *arena, vg_str path)
{
    vg_str name = vg_path_name(path), folder = vg_path_folder(path);
    size_t dot = vg_str_rfind_char(name, '.');
    name = dot == VG_NPOS || dot == 0 ? name : vg_str_sub(name, 0, dot);
    bool is_number = name.len > 0;
    for (size_t i = 0; i < name.len; i++)
        is_number &= name.ptr[i] >= '0' && name.ptr[i] <= '9';
    if (!is_number && !vg_str_is(name, "list"))
        return name;
    vg_str around = vg_path_name(folder);
    if (vg_str_is(around, "levels"))
        around = vg_path_name(vg_path_folder(folder));
    return is_number ? vg_arena_printf(arena, "%.*s-%.*s", VG_ARG(around), VG_ARG(name)) : around;
}

static bool is_about_lists(vg_str path)
{
    static const char *const names[] = {"SOURCE.txt", "LICENSE", "License.md", "README.md", "LICENSE.md"};
    for (size_t i = 0; i < VG_COUNT(names); i++)
        if (vg_str_is(vg_path_name(path), names[i]))
            return true;
    return false;
}

static void on_skipped(void *cli, const vg_error *err)
{
    vg_cli_error(cli, err);
}

static vg_status add_file(vg_cli *cli, vg_intel_builder *builder, vg_str name, vg_str path, bool allow,
                          vg_error *err)
{
    vg_arena *arena = vg_arena_new(0);
    vg_str bytes, text;
    size_t added = 0, skipped = 0;
    vg_status status = arena ? vg_file_read(arena, path, LARGEST_LIST, &bytes, err)
                             : vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading indicators");
    if (status == VG_OK)
        status = vg_decompress(arena, bytes, LARGEST_LIST, &text, err);
    if (status == VG_OK)
        status = vg_intel_add(builder, name, text, allow, &added, &skipped, err);
    if (status != VG_OK)
        vg_error_locate(err, (vg_place){.file = path});
    else if (added == 0 || skipped > added)
        vg_cli_say(cli, "%.*s: %zu indicators, %zu lines that are none", VG_ARG(path), added, skipped);
    vg_arena_free(arena);
    return status;
}

/* NAME=PATH, or a path; a folder's files are lists each. */
static vg_status add_lists(vg_cli *cli, vg_intel_builder *builder, const char *option, bool allow,
                           vg_error *err)
{
    const vg_str *values;
    size_t count = vg_cli_values(cli, option, &values);
    for (size_t i = 0; i < count; i++) {
        vg_str name, path;
        bool named = vg_str_split(values[i], '=', &name, &path);
        vg_vec files = vg_vec_in(cli->arena, sizeof(vg_dir_entry));
        VG_TRY(vg_dir_walk(cli->arena, named ? path : values[i], &files, on_skipped, cli, err));
        for (size_t k = 0; k < files.len; k++) {
            vg_str file = ((vg_dir_entry *)vg_vec_at(&files, k))->path;
            if (is_about_lists(file))
                continue;
            VG_TRY(add_file(cli, builder, named ? name : list_name(cli->arena, file), file, allow, err));
        }
    }
    return VG_OK;
}

static vg_status load_intel(vg_cli *cli, vg_vec *sources, vg_error *err)
{
    const vg_str *values;
    vg_intel *intel;
    vg_str block;
    if (vg_cli_values(cli, "intel", &values) == 0)
        return VG_OK;
    vg_intel_builder *builder = vg_intel_builder_new();
    if (!builder)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading indicators");
    vg_status status = add_lists(cli, builder, "intel", false, err);
    if (status == VG_OK)
        status = add_lists(cli, builder, "allow", true, err);
    if (status == VG_OK)
        status = vg_intel_compile(cli->arena, builder, &block, err);
    vg_intel_builder_free(builder);
    VG_TRY(status);
    VG_TRY(vg_intel_open(cli->arena, block, &intel, err));
    vg_detect_source *source = vg_vec_push(sources);
    if (!source)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading indicators");
    *source = (vg_detect_source){vg_intel_ask, intel};
    vg_cli_say(cli, "%zu indicators", vg_intel_count(intel));
    return VG_OK;
}

/* ---- places and habits -------------------------------------------------------------------------------------------------- */

static vg_status load_baseline(vg_cli *cli, vg_detect_known *known, vg_error *err)
{
    vg_str path = vg_cli_value(cli, "baseline");
    if (!path.len)
        return VG_OK;
    VG_TRY(vg_file_map(path, &known->file, err));
    vg_status status = vg_baseline_open(cli->arena, known->file.bytes, &known->baseline, err);
    if (status != VG_OK)
        vg_error_locate(err, (vg_place){.file = path});
    return status;
}

vg_status vg_detect_known_load(vg_cli *cli, vg_detect_known *out, vg_error *err)
{
    const vg_str *databases;
    size_t count = vg_cli_values(cli, "geo", &databases);
    *out = (vg_detect_known){0};
    if (count)
        VG_TRY(vg_geo_open(databases, count, &out->geo, err));
    VG_TRY(load_baseline(cli, out, err));
    out->view = (vg_baseline_view){out->baseline, out->geo};
    return VG_OK;
}

void vg_detect_known_free(vg_detect_known *known)
{
    vg_geo_close(known->geo);
    vg_file_unmap(&known->file);
}

/* ---- all ---------------------------------------------------------------------------------------------------------------- */

static vg_status add_source(vg_vec *sources, vg_detect_source source, vg_error *err)
{
    vg_detect_source *slot = vg_vec_push(sources);
    if (!slot)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while detecting");
    *slot = source;
    return VG_OK;
}

vg_status vg_detect_sources_load(vg_cli *cli, vg_detect_known *known, vg_vec *sources, vg_error *err)
{
    *sources = vg_vec_in(cli->arena, sizeof(vg_detect_source));
    if (known->geo)
        VG_TRY(add_source(sources, (vg_detect_source){vg_geo_ask, known->geo}, err));
    if (known->baseline)
        VG_TRY(add_source(sources, (vg_detect_source){vg_baseline_ask, &known->view}, err));
    return load_intel(cli, sources, err);
}
