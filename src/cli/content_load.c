/* content_load.c: which content a command works with: the files that are built in, under those of the user's folder. */
#include "cli/cli_parts.h"
#include "cli/content_parts.h"
#include "content.h"

/* --content, VIGIL_CONTENT, or the workspace's own; *named: somebody asked for it. */
static vg_str folder_of(vg_cli *cli, bool *named)
{
    vg_str given = vg_cli_value(cli, "content");
    const char *variable = vg_cli_env(cli, "VIGIL_CONTENT");
    *named = given.len > 0 || (variable && *variable);
    if (given.len)
        return given;
    return *named ? vg_str_from(variable) : vg_path_join(cli->arena, cli->workspace, VG_STR("content"));
}

static vg_status read_overlay(vg_cli *cli, void (*bad)(void *cli, const vg_error *err),
                              const vg_content_source **out, size_t *count, vg_error *err)
{
    bool named;
    vg_str folder = folder_of(cli, &named);
    if (named && !vg_dir_exists(folder))
        return vg_fail(err, VG_ERR_NOT_FOUND, "no folder of content at %.*s", VG_ARG(folder));
    return vg_content_read_folder(cli->arena, folder, bad, cli, out, count, err);
}

vg_status vg_cli_content_load(vg_cli *cli, void (*bad)(void *cli, const vg_error *err), vg_content **out,
                              vg_error *err)
{
    const vg_content_source *overlay;
    size_t count;
    vg_content_source *built_in = VG_NEW_N(cli->arena, vg_content_source, vg_content_count + 1);
    if (!built_in)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    for (size_t i = 0; i < vg_content_count; i++)
        built_in[i] = (vg_content_source){vg_content_files[i].path, vg_content_files[i].bytes};
    VG_TRY(read_overlay(cli, bad, &overlay, &count, err));
    return vg_content_load(cli->arena, built_in, vg_content_count, overlay, count, bad, cli, out, err);
}

static void warn(void *cli, const vg_error *err)
{
    vg_cli_warn(cli, err);
}

vg_status vg_cli_content_overlay(vg_cli *cli, const vg_content_source **out, size_t *count, vg_error *err)
{
    return read_overlay(cli, warn, out, count, err);
}

vg_str vg_cli_content_file(vg_cli *cli, vg_str path)
{
    enum { LARGEST = 8 * 1024 * 1024 };
    bool named;
    vg_error err = {0};
    vg_str own = vg_path_join(cli->arena, folder_of(cli, &named), path), bytes;
    if (vg_file_exists(own)) {
        if (vg_file_read(cli->arena, own, LARGEST, &bytes, &err) == VG_OK)
            return bytes;
        vg_cli_warn(cli, &err);
    }
    for (size_t i = 0; i < vg_content_count; i++)
        if (vg_str_eq(vg_content_files[i].path, path))
            return vg_content_files[i].bytes;
    return (vg_str){0};
}
