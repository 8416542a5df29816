/* control_files.c: rule files and documents for `vigil control`, found and read. */
#include "cli/control_parts.h"

#define RULE_FILE_MAX ((size_t)16 << 20)

static bool has_suffix(vg_str path, const char *const *suffixes)
{
    for (; *suffixes; suffixes++) {
        vg_str suffix = vg_str_from(*suffixes);
        if (path.len > suffix.len &&
            vg_str_eq_icase(vg_str_sub(path, path.len - suffix.len, suffix.len), suffix))
            return true;
    }
    return false;
}

bool control_is_rule_file(vg_str path)
{
    static const char *const suffixes[] = {".guard", ".ruleset", NULL};
    return has_suffix(path, suffixes);
}

bool control_is_document(vg_str path)
{
    static const char *const suffixes[] = {".json", ".jsn", ".yaml", ".yml", ".template", NULL};
    return has_suffix(path, suffixes);
}

static void note_skipped(void *context, const vg_error *err)
{
    vg_cli_error(context, err);
}

vg_vec control_find(vg_cli *cli, const vg_str *paths, size_t count, bool (*wanted)(vg_str path))
{
    vg_vec found = vg_vec_in(cli->arena, sizeof(vg_str));
    for (size_t i = 0; i < count; i++) {
        vg_error err = {0};
        vg_vec entries = vg_vec_in(cli->arena, sizeof(vg_dir_entry));
        bool is_folder = vg_dir_exists(paths[i]), is_standard_input = vg_str_is(paths[i], "-");
        vg_dir_entry *input = is_standard_input ? vg_vec_push(&entries) : NULL;
        if (input)
            *input = (vg_dir_entry){.path = paths[i]};
        if (!is_standard_input &&
            vg_dir_walk(cli->arena, paths[i], &entries, note_skipped, cli, &err) != VG_OK)
            vg_cli_error(cli, &err);
        for (size_t k = 0; k < entries.len; k++) {
            const vg_dir_entry *entry = vg_vec_at(&entries, k);
            vg_str *slot = !is_folder || wanted(entry->path) ? vg_vec_push(&found) : NULL;
            if (slot)
                *slot = entry->path;
        }
    }
    return found;
}

/* Says which of several files do not parse, and leaves the others in sources. */
static size_t drop_bad(vg_cli *cli, vg_rule_source *sources, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        vg_error err = {0};
        vg_ruleset *one = NULL;
        if (vg_ruleset_compile(&sources[i], 1, &one, &err) == VG_OK)
            sources[kept++] = sources[i];
        else
            vg_cli_error(cli, &err);
        vg_ruleset_free(one);
    }
    return kept;
}

static size_t read_sources(vg_cli *cli, const vg_vec *paths, vg_rule_source *sources)
{
    size_t count = 0;
    for (size_t i = 0; i < paths->len; i++) {
        vg_error err = {0};
        vg_rule_source *source = &sources[count];
        source->name = *(const vg_str *)vg_vec_at(paths, i);
        source->borrowed = true;
        if (vg_file_read(cli->arena, source->name, RULE_FILE_MAX, &source->text, &err) == VG_OK)
            count++;
        else
            vg_cli_error(cli, &err);
    }
    return count;
}

vg_ruleset *control_compile(vg_cli *cli, const vg_vec *paths)
{
    vg_error err = {0};
    vg_ruleset *rules = NULL;
    vg_rule_source *sources = VG_NEW_N(cli->arena, vg_rule_source, paths->len + 1);
    if (!sources) {
        vg_fail(&err, VG_ERR_MEMORY, "out of memory while reading rules");
        vg_cli_error(cli, &err);
        return NULL;
    }
    size_t count = read_sources(cli, paths, sources);
    if (count > 0 && vg_ruleset_compile(sources, count, &rules, &err) == VG_OK)
        return rules;
    count = drop_bad(cli, sources, count);
    if (count > 0 && vg_ruleset_compile(sources, count, &rules, &err) == VG_OK)
        return rules;
    vg_fail(&err, VG_ERR_NOT_FOUND, "no rules to evaluate; --rules takes .guard files and folders of them");
    vg_cli_error(cli, &err);
    return NULL;
}

void control_print_clean(vg_buf *out, vg_str text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x20 && c != 0x7F)
            continue;
        vg_buf_add(out, text.ptr + from, i - from);
        vg_buf_add_char(out, ' ');
        from = i + 1;
    }
    if (text.len > from)
        vg_buf_add(out, text.ptr + from, text.len - from);
}
