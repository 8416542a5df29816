/* detect_rules.c: which detections a command works with: built in, a user's own
 * over them, or only those of --rules. */
#include <sys/mman.h>
#include <unistd.h>

#include "cli/cli_parts.h"
#include "cli/content_parts.h"
#include "cli/detect_parts.h"
#include "content.h"

enum { LARGEST_RULE_FILE = 4 << 20, LARGEST_PLACEHOLDERS = 16 << 20 };

static const char detections[] = "detections/";

static bool is_rule_file(vg_str path)
{
    return (vg_str_ends(path, VG_STR(".yml")) || vg_str_ends(path, VG_STR(".yaml"))) &&
           !vg_str_ends(path, VG_STR("_tests.yml")) && vg_str_find(path, VG_STR("/tests/")) == VG_NPOS;
}

static void on_skipped(void *cli, const vg_error *err)
{
    vg_cli_error(cli, err);
}

static vg_status add_file(vg_detect_set *set, vg_str name, vg_str bytes, vg_error *err)
{
    vg_rule_file *file = vg_vec_push(&set->files);
    if (!file)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading rules");
    *file = (vg_rule_file){name, bytes};
    return VG_OK;
}

/* A file named is read whatever its name; in a folder, those named *.yml and
 * *.yaml. */
static vg_status add_path(vg_detect_set *set, vg_str path, vg_error *err)
{
    vg_vec entries = vg_vec_in(set->cli->arena, sizeof(vg_dir_entry));
    bool is_folder = vg_dir_exists(path);
    VG_TRY(vg_dir_walk(set->cli->arena, path, &entries, on_skipped, set->cli, err));
    for (size_t i = 0; i < entries.len; i++) {
        const vg_dir_entry *entry = vg_vec_at(&entries, i);
        vg_str bytes;
        vg_error bad = {0};
        if (is_folder && !is_rule_file(entry->path))
            continue;
        if (vg_file_read(set->cli->arena, entry->path, LARGEST_RULE_FILE, &bytes, &bad) != VG_OK) {
            vg_cli_error(set->cli, &bad);
            continue;
        }
        VG_TRY(add_file(set, entry->path, bytes, err));
    }
    return VG_OK;
}

static bool is_replaced(const vg_content_source *own, size_t count, vg_str path)
{
    for (size_t i = 0; i < count; i++)
        if (vg_str_eq(own[i].path, path))
            return true;
    return false;
}

/* Reading the built-in ones maps most of the program's content. Its pages are the program file's own, unchanged: they are
 * given back, and come again where a finding tells a rule's words. */
static void give_back_content(void)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = UINTPTR_MAX, last = 0;
    for (size_t i = 0; i < vg_content_count; i++) {
        uintptr_t from = (uintptr_t)vg_content_files[i].bytes.ptr, to = from + vg_content_files[i].bytes.len;
        first = from < first ? from : first;
        last = to > last ? to : last;
    }
    first = (first + page - 1) / page * page;
    last = last / page * page;
    if (first < last)
        (void)madvise((void *)first, last - first, MADV_DONTNEED);
}

/* The built-in ones, under those of the user's content folder. */
static vg_status add_content(vg_detect_set *set, vg_error *err)
{
    const vg_content_source *own;
    size_t own_count;
    vg_str prefix = vg_str_from(detections);
    VG_TRY(vg_cli_content_overlay(set->cli, &own, &own_count, err));
    for (size_t i = 0; i < vg_content_count; i++) {
        vg_str path = vg_content_files[i].path;
        if (vg_str_starts(path, prefix) && is_rule_file(path) && !is_replaced(own, own_count, path))
            VG_TRY(add_file(set, path, vg_content_files[i].bytes, err));
    }
    for (size_t i = 0; i < own_count; i++)
        if (vg_str_starts(own[i].path, prefix) && is_rule_file(own[i].path))
            VG_TRY(add_file(set, own[i].path, own[i].bytes, err));
    return VG_OK;
}

/* ---- placeholders
 * -----------------------------------------------------------------------------------------------------
 */

static vg_str scalar_text(vg_arena *arena, const vg_value *value)
{
    if (value->kind == VG_STRING)
        return vg_value_str(value);
    vg_buf text = {0};
    vg_json_write(&text, value, 0);
    vg_str copy = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return copy;
}

static vg_status add_placeholder(vg_cli *cli, vg_vec *placeholders, const vg_items *it, vg_error *err)
{
    vg_vec values = vg_vec_in(cli->arena, sizeof(vg_str));
    vg_placeholder *placeholder = vg_vec_push(placeholders);
    bool is_list = it->value->kind == VG_ARRAY;
    const vg_value *one = is_list ? NULL : it->value;
    for (vg_items inner = vg_items_of(it->value); is_list && vg_items_next(&inner);) {
        vg_str *slot = vg_vec_push(&values);
        if (!slot)
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading placeholders");
        *slot = scalar_text(cli->arena, inner.value);
    }
    vg_str *slot = one ? vg_vec_push(&values) : NULL;
    if (slot)
        *slot = scalar_text(cli->arena, one);
    if (!placeholder || (one && !slot))
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading placeholders");
    *placeholder = (vg_placeholder){it->key, {values.items, values.len}};
    return VG_OK;
}

static vg_status read_placeholders(vg_cli *cli, vg_vec *placeholders, vg_error *err)
{
    const vg_str *paths;
    size_t count = vg_cli_values(cli, "placeholders", &paths);
    for (size_t i = 0; i < count; i++) {
        vg_str text;
        vg_doc doc;
        VG_TRY(vg_file_read(cli->arena, paths[i], LARGEST_PLACEHOLDERS, &text, err));
        VG_TRY(vg_yaml_read(cli->arena, text, paths[i], NULL, &doc, err));
        if (doc.root->kind != VG_OBJECT)
            return vg_fail_at(err, VG_ERR_VALUE, (vg_place){.file = paths[i], .line = 1},
                              "placeholders are a map: name: [value, ...]");
        for (vg_items it = vg_items_of(doc.root); vg_items_next(&it);)
            VG_TRY(add_placeholder(cli, placeholders, &it, err));
    }
    return VG_OK;
}

/* ---- compiling
 * --------------------------------------------------------------------------------------------------------
 */

const char *vg_detect_level(vg_severity level)
{
    return vg_severity_name(level);
}

/* Whether --status wants a rule. */
static bool has_status(const vg_str *statuses, size_t count, vg_rule_status status)
{
    bool found = count == 0;
    for (size_t i = 0; i < count; i++)
        found |= status < VG_RULE_STATUS_COUNT && vg_str_is(statuses[i], vg_rule_status_names[status]);
    return found;
}

static vg_status mark_wanted(vg_detect_set *set, vg_error *err)
{
    const vg_str *statuses;
    size_t status_count = vg_cli_values(set->cli, "status", &statuses), count = vg_rules_count(set->rules);
    vg_severity least = (vg_severity)vg_cli_choice(set->cli, "level");
    set->wanted = VG_NEW_N(set->cli->arena, bool, count + 1);
    if (!set->wanted)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading rules");
    for (size_t i = 0; i < count; i++) {
        const vg_rule *rule = vg_rules_at(set->rules, i);
        set->wanted[i] = rule->level >= least && has_status(statuses, status_count, rule->status);
        set->unassessed += rule->unassessed.len > 0;
    }
    return VG_OK;
}

static vg_status compile(vg_detect_set *set, vg_error *err)
{
    vg_vec placeholders = vg_vec_in(set->cli->arena, sizeof(vg_placeholder));
    VG_TRY(read_placeholders(set->cli, &placeholders, err));
    const vg_rules_options options = {
        .placeholders = placeholders.items, .placeholder_count = placeholders.len, .now = set->cli->now};
    VG_TRY(vg_rules_compile(set->cli->arena, set->files.items, set->files.len, &options, &set->rules,
                            &set->problems, err));
    give_back_content();
    for (size_t i = 0; i < set->problems.len; i++)
        set->unread += ((const vg_rule_problem *)vg_vec_at(&set->problems, i))->unread;
    return mark_wanted(set, err);
}

static void start(vg_cli *cli, vg_detect_set *out)
{
    *out = (vg_detect_set){.cli = cli};
    out->files = vg_vec_in(cli->arena, sizeof(vg_rule_file));
    out->problems = vg_vec_in(cli->arena, sizeof(vg_rule_problem));
}

vg_status vg_detect_set_load_paths(vg_cli *cli, const vg_str *paths, size_t count, vg_detect_set *out,
                                   vg_error *err)
{
    start(cli, out);
    for (size_t i = 0; i < count; i++)
        VG_TRY(add_path(out, paths[i], err));
    return compile(out, err);
}

vg_status vg_detect_set_of_file(vg_cli *cli, const vg_rule_file *file, vg_detect_set *out, vg_error *err)
{
    start(cli, out);
    VG_TRY(add_file(out, file->name, file->bytes, err));
    return compile(out, err);
}

vg_status vg_detect_set_load(vg_cli *cli, vg_detect_set *out, vg_error *err)
{
    const vg_str *paths;
    size_t count = vg_cli_values(cli, "rules", &paths);
    start(cli, out);
    if (count == 0)
        VG_TRY(add_content(out, err));
    for (size_t i = 0; i < count; i++)
        VG_TRY(add_path(out, paths[i], err));
    if (out->files.len == 0 && count > 0)
        return vg_fail(err, VG_ERR_NOT_FOUND, "no rules (*.yml) in %.*s", VG_ARG(paths[0]));
    return compile(out, err);
}

void vg_detect_set_tell(vg_detect_set *set)
{
    for (size_t i = 0; i < set->problems.len; i++) {
        const vg_rule_problem *problem = vg_vec_at(&set->problems, i);
        vg_error err = {0};
        if (!problem->unread)
            continue;
        vg_fail_at(&err, VG_ERR_SYNTAX, problem->place, "%.*s", VG_ARG(problem->text));
        vg_cli_error(set->cli, &err);
    }
    for (size_t i = 0; i < vg_rules_count(set->rules); i++) {
        const vg_rule *rule = vg_rules_at(set->rules, i);
        vg_error err = {0};
        if (!rule->unassessed.len)
            continue;
        vg_fail_at(&err, VG_ERR_VALUE, rule->place, "not assessed: %.*s: %.*s", VG_ARG(rule->title),
                   VG_ARG(rule->unassessed));
        vg_cli_warn(set->cli, &err);
    }
}
