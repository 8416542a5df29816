/* iam_paths.c: `vigil iam paths`: by which steps a principal becomes another, or an administrator. */
#include "cli/cli_parts.h"
#include "cli/iam_paths_parts.h"
#include "cli/iam_place.h"

#include "cli/content_parts.h"
#include "content.h"

/* ---- techniques ---------------------------------------------------------------------------------------------------------------- */

static const vg_str folder = VG_STR("escalations/");

static bool is_technique_file(vg_str path)
{
    return vg_str_starts(path, folder) && vg_str_ends(path, VG_STR(".yaml"));
}

static bool has_file(const vg_vec *files, vg_str name)
{
    for (size_t i = 0; i < files->len; i++)
        if (vg_str_eq(((const vg_escalation_file *)vg_vec_at(files, i))->name, name))
            return true;
    return false;
}

static vg_status add_file(vg_vec *files, vg_str name, vg_str text, vg_error *err)
{
    vg_escalation_file *file = vg_vec_push(files);
    if (!file)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    *file = (vg_escalation_file){name, text};
    return VG_OK;
}

/* Ours, each one replaced by the user's of the same name, and then the user's others. */
static vg_status read_techniques(vg_cli *cli, const vg_catalogue *catalogue, const vg_escalations **out,
                                 vg_error *err)
{
    vg_vec files = vg_vec_in(cli->arena, sizeof(vg_escalation_file));
    const vg_content_source *own;
    size_t own_count;
    for (size_t i = 0; i < vg_content_count; i++)
        if (is_technique_file(vg_content_files[i].path))
            VG_TRY(add_file(&files, vg_content_files[i].path,
                            vg_cli_content_file(cli, vg_content_files[i].path), err));
    VG_TRY(vg_cli_content_overlay(cli, &own, &own_count, err));
    for (size_t i = 0; i < own_count; i++)
        if (is_technique_file(own[i].path) && !has_file(&files, own[i].path))
            VG_TRY(add_file(&files, own[i].path, own[i].bytes, err));
    return vg_escalations_read(cli->arena, catalogue, files.items, files.len, out, err);
}

/* ---- the question ---------------------------------------------------------------------------------------------------------------- */

static vg_status find_principal(vg_paths_found *f, vg_str text, uint32_t *out, vg_error *err)
{
    vg_world_caller caller;
    VG_TRY(vg_access_find_caller(f->world, f->cli->arena, text, &caller, err));
    if (!caller.principal)
        return vg_fail(err, VG_ERR_NOT_FOUND,
                       "no evidence of %.*s: import the account's authorization details", VG_ARG(text));
    *out = (uint32_t)(caller.principal - f->world->principals);
    return VG_OK;
}

static bool is_resource(vg_str text)
{
    vg_arn arn;
    return vg_arn_parse(text, &arn) && !vg_str_is(arn.service, "iam") && !vg_str_is(arn.service, "sts");
}

/* "admin", "admin@111122223333", an ARN of a resource, or a principal. */
static vg_status read_target(vg_paths_found *f, vg_str to, vg_error *err)
{
    vg_str word, account;
    vg_graph_question *q = &f->question;
    if (vg_str_is(to, "admin"))
        return VG_OK;
    if (vg_str_split(to, '@', &word, &account) && vg_str_is(word, "admin")) {
        q->to_account = account;
        return vg_world_account_of(f->world, account)
                   ? VG_OK
                   : vg_fail(err, VG_ERR_NOT_FOUND, "no evidence of account %.*s", VG_ARG(account));
    }
    q->action = vg_cli_value(f->cli, "action");
    if (!is_resource(to))
        return find_principal(f, to, &q->to, err);
    q->resource = to;
    return VG_OK;
}

static vg_status find(vg_paths_found *f, vg_error *err)
{
    uint64_t most = 0;
    vg_cli *cli = f->cli;
    const vg_escalations *techniques;
    vg_str from = vg_cli_value(cli, "from"), to = vg_cli_value(cli, "to");
    f->question = (vg_graph_question){.from = VG_WORLD_NONE, .to = VG_WORLD_NONE};
    vg_cli_number(cli, "most", &most);
    VG_TRY(vg_iam_world(cli, &to, is_resource(to) ? 1 : 0, &f->world, err));
    if (f->world->principal_count == 0)
        return vg_fail(
            err, VG_ERR_NOT_FOUND,
            "no evidence of any principal: import what aws iam get-account-authorization-details writes");
    VG_TRY(read_techniques(cli, f->world->catalogue, &techniques, err));
    if (from.len > 0)
        VG_TRY(find_principal(f, from, &f->question.from, err));
    VG_TRY(read_target(f, to, err));
    VG_TRY(vg_graph_build(cli->arena, f->world, techniques, &f->graph, err));
    VG_TRY(vg_graph_paths(cli->arena, f->graph, &f->question, &f->paths, &f->total, err));
    f->count = most > 0 && most < f->total ? (size_t)most : f->total;
    return VG_OK;
}

/* ---- answers -------------------------------------------------------------------------------------------------------------------------- */

vg_str vg_paths_end(const vg_paths_found *f, const vg_graph_path *path)
{
    const vg_world_principal *to = &f->world->principals[path->to];
    if (path->administrator)
        return vg_arena_printf(f->cli->arena, "administrator of %.*s", VG_ARG(to->account_id));
    return vg_access_short_name(f->cli->arena, to->arn);
}

const vg_escalation *vg_paths_technique(const vg_paths_found *f, const vg_graph_step *step)
{
    size_t count;
    const vg_graph_edge *edges = vg_graph_edges(f->graph, &count);
    return step->edge == VG_WORLD_NONE
               ? NULL
               : &vg_graph_escalations(f->graph)->techniques[edges[step->edge].technique];
}

static size_t count_certain(const vg_paths_found *f)
{
    size_t count = 0;
    for (size_t i = 0; i < f->total; i++)
        count += f->paths[i].certain;
    return count;
}

static void say_what_to_know(const vg_paths_found *f)
{
    size_t certain = count_certain(f);
    vg_cli_say(f->cli, "%zu path%s: %zu for certain, %zu under conditions", f->total,
               f->total == 1 ? "" : "s", certain, f->total - certain);
    if (f->count < f->total)
        vg_cli_say(f->cli, "the first %zu are shown: --most 0 shows all", f->count);
    vg_iam_places places = {.arena = f->cli->arena};
    for (size_t i = 0; i < f->world->problem_count && i < 5; i++)
        vg_cli_say(f->cli, "not known: %.*s", VG_ARG(vg_iam_problem_text(&places, &f->world->problems[i])));
    if (f->world->problem_count > 5)
        vg_cli_say(f->cli, "and %zu more that is not known; paths that need it are not found",
                   f->world->problem_count - 5);
}

static vg_status write_paths(const vg_paths_found *f, vg_error *err)
{
    static vg_status (*const writers[])(const vg_paths_found *, vg_buf *, vg_error *) = {
        vg_paths_write_tree, vg_paths_write_json, vg_paths_write_graphml, vg_paths_write_dot};
    vg_buf out = {0};
    vg_status status = writers[vg_cli_choice(f->cli, "format")](f, &out, err);
    if (status == VG_OK && !out.failed && out.len > 0)
        out.failed = !vg_cli_print(f->cli, vg_buf_str(&out));
    bool failed = out.failed;
    vg_buf_free(&out);
    return status != VG_OK || !failed ? status : vg_fail(err, VG_ERR_MEMORY, "memory ran out while printing");
}

static int run(vg_cli *cli)
{
    vg_error err = {0};
    vg_paths_found found = {.cli = cli};
    if (find(&found, &err) != VG_OK || write_paths(&found, &err) != VG_OK)
        return (int)vg_cli_error(cli, &err);
    say_what_to_know(&found);
    size_t certain = count_certain(&found), gate = vg_cli_choice(cli, "fail-on");
    return (gate == 1 && certain > 0) || (gate == 2 && found.total > 0) ? VG_EXIT_FINDINGS : VG_EXIT_OK;
}

/* ---- the table ------------------------------------------------------------------------------------------------------------------------ */

static const vg_option options[] = {
    {.name = "from",
     .argument = "PRINCIPAL",
     .help =
         "Paths of this user or role alone: its ARN, user/alice@111122223333, or a name that only one has."},
    {.name = "to",
     .argument = "WHOM|WHAT",
     .fallback = "admin",
     .help = "'admin' for administrators of any account, 'admin@111122223333' of that one, a principal, or "
             "the ARN of "
             "a resource: who comes to read, write or share it."},
    {.name = "action", .argument = "ACTION", .help = "With a resource: who comes to do this there."},
    {.name = "most",
     .argument = "N",
     .kind = VG_ARG_NUMBER,
     .fallback = "20",
     .help = "Show N paths; 0 shows all."},
    {.name = "format",
     .argument = "FORMAT",
     .choices = "tree|json|graphml|dot",
     .fallback = "tree",
     .help = "How to print; graphml and dot have the steps of the paths as one graph."},
    {.name = "fail-on",
     .argument = "WHAT",
     .choices = "none|certain|conditional",
     .fallback = "none",
     .help = "Exit with 1 when there is a path for certain, or any path."},
    VG_IAM_AT,
    VG_IAM_CONTENT,
    {0},
};
static const vg_example examples[] = {
    {"vigil iam paths", "Who is no administrator and can become one, and by which steps."},
    {"vigil iam paths --from user/alice --to role/admin@111122223333",
     "The shortest way from one to another."},
    {"vigil iam paths --to arn:aws:s3:::books --format json", "Who comes to the data of a bucket."},
    {"vigil iam paths --fail-on certain --format dot", "Gate a change of policies, and draw what is left."},
    {0},
};
static const vg_exit_note notes[] = {
    {1, "There is a path that --fail-on asks for."},
    {3, "There is no evidence of the principal, or of any."},
    {0},
};
const vg_command vg_iam_paths = {
    .name = "paths",
    .summary = "Find the steps by which somebody becomes an administrator",
    .description = "Builds the access graph over all accounts: who can assume which role, pass a role to a "
                   "service that runs code, "
                   "change what runs as a role, or write policies, credentials and trust. A step counts only "
                   "when everything that it "
                   "needs is allowed after denies, boundaries and SCPs. For each start the shortest path is "
                   "shown, with the "
                   "statements that make it possible and the smallest change that removes a step, which has "
                   "been decided again.\n\n"
                   "A path is certain, or it depends on what evidence does not tell: conditions on the "
                   "request, policies that were "
                   "not collected, what runs as a role. Then the condition is printed.\n\n"
                   "The techniques are content: docs/reference/escalations.md says how to add one.",
    .options = options,
    .examples = examples,
    .exit_notes = notes,
    .run = run,
};
