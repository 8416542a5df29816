/* content_actions.c: `vigil content actions`: what the catalogue says of the actions that a pattern matches. */
#include "cli/cli_listing.h"
#include "cli/content_parts.h"
#include "policy/policy.h"

/* The last only for a single action: for some, AWS lists a hundred keys. */
static const vg_listing_column columns[] = {
    {"Action", "action", VG_LIST_FIXED},
    {"Level", "level", VG_LIST_TEXT},
    {"Resource types (* always named)", "resourceTypes", VG_LIST_TEXT},
    {"Condition keys", "conditionKeys", VG_LIST_TEXT},
};

/* ---- as a table ---------------------------------------------------------------------------------------------------- */

static void add_name(vg_buf *out, vg_str name)
{
    if (out->len > 0)
        vg_buf_add_c(out, ", ");
    vg_buf_add_str(out, name);
}

static void add_types(vg_buf *out, const vg_catalogue *catalogue, const vg_catalogue_action *action)
{
    for (size_t i = 0; i < action->use_count; i++) {
        add_name(out, vg_catalogue_resource_at(catalogue, action->uses[i].resource)->name);
        if (action->uses[i].required)
            vg_buf_add_char(out, '*');
    }
    if (action->wildcard_only)
        vg_buf_add_c(out, "none, so * alone");
}

/* Those of the action itself, with one of its types and of one; each once. */
static void add_keys(vg_buf *out, const vg_catalogue *catalogue, uint32_t action)
{
    size_t count = vg_catalogue_origin_of(catalogue)->key_count;
    for (uint32_t key = 0; key < count; key++)
        if (vg_catalogue_action_has_key(catalogue, action, key))
            add_name(out, vg_catalogue_key_at(catalogue, key)->name);
}

static vg_status list_action(vg_listing *listing, const vg_catalogue *catalogue, uint32_t id, vg_error *err)
{
    vg_buf types = {0}, keys = {0};
    const vg_catalogue_action *action = vg_catalogue_action_at(catalogue, id);
    add_types(&types, catalogue, action);
    if (listing->column_count == VG_COUNT(columns))
        add_keys(&keys, catalogue, id);
    const vg_str cells[] = {action->name, vg_str_from(vg_access_level_name((vg_access_level)action->level)),
                            vg_buf_str(&types), vg_buf_str(&keys)};
    vg_status status = types.failed || keys.failed ? vg_fail(err, VG_ERR_MEMORY, "memory ran out")
                                                   : vg_listing_row(listing, cells, err);
    vg_buf_free(&types);
    vg_buf_free(&keys);
    return status;
}

static vg_status print_table(vg_cli *cli, const vg_catalogue *catalogue, const vg_action_set *set,
                             vg_error *err)
{
    vg_listing listing;
    vg_status status = VG_OK;
    bool single = vg_action_set_count(set) == 1;
    vg_listing_begin(&listing, cli, columns, VG_COUNT(columns) - !single, false);
    for (uint32_t a = vg_action_set_next(set, 0); a != VG_CATALOGUE_NONE && status == VG_OK;
         a = vg_action_set_next(set, a + 1))
        status = list_action(&listing, catalogue, a, err);
    return vg_listing_end(&listing, status, "", err);
}

/* ---- as JSON --------------------------------------------------------------------------------------------------------- */

static void write_keys(vg_json_writer *json, const vg_catalogue *catalogue, const char *name,
                       const uint16_t *keys, size_t count)
{
    vg_json_key(json, name);
    vg_json_array(json);
    for (size_t i = 0; i < count; i++)
        vg_json_string(json, vg_catalogue_key_at(catalogue, keys[i])->name);
    vg_json_end_array(json);
}

/* A resource type of an action; its keys are those of any resource of the type and those of the action with it. */
static void write_use(vg_json_writer *json, const vg_catalogue *catalogue, const vg_catalogue_use *use)
{
    const vg_catalogue_resource *resource = vg_catalogue_resource_at(catalogue, use->resource);
    vg_json_object(json);
    vg_json_put_str(json, "name", resource->name);
    vg_json_put_bool(json, "required", use->required);
    vg_json_key(json, "arns");
    vg_json_array(json);
    for (size_t i = 0; i < resource->arn_count; i++)
        vg_json_string(json, resource->arns[i]);
    vg_json_end_array(json);
    write_keys(json, catalogue, "resourceConditionKeys", resource->keys, resource->key_count);
    write_keys(json, catalogue, "conditionKeys", use->keys, use->key_count);
    vg_json_end_object(json);
}

static void write_action(vg_json_writer *json, const vg_catalogue *catalogue, uint32_t id)
{
    const vg_catalogue_action *action = vg_catalogue_action_at(catalogue, id);
    vg_json_object(json);
    vg_json_put_str(json, "action", action->name);
    vg_json_put_str(json, "level", vg_str_from(vg_access_level_name((vg_access_level)action->level)));
    vg_json_key(json, "resourceTypes");
    vg_json_array(json);
    for (size_t i = 0; i < action->use_count; i++)
        write_use(json, catalogue, &action->uses[i]);
    vg_json_end_array(json);
    write_keys(json, catalogue, "conditionKeys", action->keys, action->key_count);
    vg_json_key(json, "dependentActions");
    vg_json_array(json);
    for (size_t i = 0; i < action->dependent_count; i++)
        vg_json_string(json, vg_catalogue_action_at(catalogue, action->dependents[i])->name);
    vg_json_end_array(json);
    vg_json_end_object(json);
}

static vg_status print_json(vg_cli *cli, const vg_catalogue *catalogue, const vg_action_set *set,
                            vg_error *err)
{
    vg_buf text = {0};
    vg_json_writer json = vg_json_writer_to(&text, 2);
    vg_json_array(&json);
    for (uint32_t a = vg_action_set_next(set, 0); a != VG_CATALOGUE_NONE; a = vg_action_set_next(set, a + 1))
        write_action(&json, catalogue, a);
    vg_json_end_array(&json);
    vg_buf_add_char(&text, '\n');
    bool failed = text.failed;
    if (!failed)
        fwrite(text.ptr, 1, text.len, cli->out);
    vg_buf_free(&text);
    return failed ? vg_fail(err, VG_ERR_MEMORY, "memory ran out") : VG_OK;
}

/* ---- the command ----------------------------------------------------------------------------------------------------- */

static int run_actions(vg_cli *cli)
{
    vg_error err = {0};
    const vg_str *words;
    const vg_catalogue *catalogue;
    vg_cli_arguments(cli, &words);
    vg_str pattern = words[0], text = vg_cli_content_file(cli, VG_STR("catalogue/actions.txt"));
    if (vg_str_find_char(pattern, ':') == VG_NPOS && !vg_str_is(pattern, "*"))
        pattern = vg_arena_printf(cli->arena, "%.*s:*", VG_ARG(pattern));
    if (vg_catalogue_open(cli->arena, text, &catalogue, &err) != VG_OK)
        return vg_cli_error(cli, &err);
    vg_action_set set = vg_action_set_new(cli->arena, catalogue);
    if (!set.words)
        return vg_cli_error(cli, (vg_fail(&err, VG_ERR_MEMORY, "memory ran out"), &err));
    if (vg_catalogue_expand(catalogue, pattern, &set) == 0) {
        vg_fail(&err, VG_ERR_NOT_FOUND, "no action of the catalogue matches '%.*s'; AWS may know newer ones",
                VG_ARG(pattern));
        return vg_cli_error(cli, &err);
    }
    bool is_json = vg_cli_choice(cli, "format") == 1;
    vg_status status = (is_json ? print_json : print_table)(cli, catalogue, &set, &err);
    return status == VG_OK ? VG_EXIT_OK : vg_cli_error(cli, &err);
}

static const vg_positional words[] = {
    {.name = "PATTERN",
     .help = "An action, a pattern of actions as policies have them, or a service's prefix."},
    {0},
};
static const vg_option options[] = {
    {.name = "format",
     .argument = "FORMAT",
     .choices = "table|json",
     .fallback = "table",
     .help = "How to print."},
    {.name = "content",
     .argument = "DIR",
     .kind = VG_ARG_FOLDER,
     .help = "A folder of content that replaces or adds to what is built in. Also named by VIGIL_CONTENT; "
             "else the "
             "folder content of the workspace."},
    {0},
};
static const vg_example examples[] = {
    {"vigil content actions s3:GetObject", "Show what an action can act on and what can limit it."},
    {"vigil content actions 'ec2:Describe*Tags'", "Show which actions a pattern of a policy stands for."},
    {"vigil content actions kms --format json", "List all of a service for a program."},
    {0},
};

const vg_command vg_content_actions = {
    .name = "actions",
    .summary = "Show which actions a pattern stands for, and what AWS says of them",
    .description = "Prints access level and resource types of each action of the catalogue that the pattern "
                   "matches; of a single "
                   "action its condition keys as well; all of it in JSON. A policy may name actions that the "
                   "catalogue lacks: AWS "
                   "adds some every week.",
    .positionals = words,
    .options = options,
    .examples = examples,
    .run = run_actions,
};
