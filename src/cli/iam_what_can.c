/* iam_what_can.c: `vigil iam what-can PRINCIPAL`: what a principal can do, by access level and service.
 *
 * A row of the matrix: by the principal's own side, so policies of resources are not looked at. What of that side was not
 * collected is said, and what is listed then is what the rest of it gives. */
#include "cli/cli_listing.h"
#include "cli/iam_problem.h"

enum { CELLS = 3 }; /* conditional, some, all */

typedef struct {
    vg_cli *cli;
    const vg_world *world;
    vg_world_caller caller;
    vg_action_set sets[CELLS];
    vg_str service; /* --service, lower case as given; empty: all */
    const char *level;
    vg_listing listing;
    size_t counts[CELLS];
    vg_str missing;  /* what was not collected of the principal's side; empty: nothing */
    vg_str problems; /* that stand in the way of knowing, as JSON */
    vg_iam_problems all;
} asking;

static const char *const level_keys[VG_ACCESS_LEVELS] = {"list", "read", "write", "permissions", "tagging"};

/* The most telling first. */
static const vg_access_level level_order[VG_ACCESS_LEVELS] = {
    VG_ACCESS_PERMISSIONS, VG_ACCESS_WRITE, VG_ACCESS_TAGGING, VG_ACCESS_READ, VG_ACCESS_LIST};

static bool is_asked(const asking *a, vg_access_level level, const vg_catalogue_service *service)
{
    return (!a->level || strcmp(a->level, level_keys[level]) == 0) &&
           (a->service.len == 0 || vg_str_eq_icase(a->service, service->prefix));
}

/* ---- counts --------------------------------------------------------------------------------------------------------------------- */

static const vg_listing_column count_columns[] = {
    {"Access level", "level", VG_LIST_FIXED},
    {"Service", "service", VG_LIST_TEXT},
    {"All", "all", VG_LIST_NUMBER},
    {"Some", "some", VG_LIST_NUMBER},
    {"Conditional", "conditional", VG_LIST_NUMBER},
    {"Of", "of", VG_LIST_NUMBER},
    {"", "actions", VG_LIST_HIDDEN_NUMBER},
    {"", "problems", VG_LIST_HIDDEN_NUMBER},
};

/* {"all": [...], "some": [...], "conditional": [...]}, which only JSON shows. */
static vg_status list_actions(asking *a, const vg_catalogue_service *s, vg_access_level level, vg_str *out,
                              vg_error *err)
{
    vg_buf text = {0};
    vg_json_writer w = vg_json_writer_to(&text, 0);
    vg_json_object(&w);
    for (int cell = CELLS - 1; cell >= 0; cell--) {
        vg_json_key(&w, vg_cell_name((vg_cell)(cell + VG_CELL_CONDITIONAL)));
        vg_json_array(&w);
        for (uint32_t i = s->first_action; i < s->first_action + s->action_count; i++)
            if (vg_catalogue_action_at(a->world->catalogue, i)->level == level &&
                vg_action_set_has(&a->sets[cell], i))
                vg_json_string(&w, vg_catalogue_action_at(a->world->catalogue, i)->name);
        vg_json_end_array(&w);
    }
    vg_json_end_object(&w);
    *out = vg_arena_str(a->listing.scratch, vg_buf_str(&text));
    bool failed = text.failed || !out->ptr;
    vg_buf_free(&text);
    return failed ? vg_fail(err, VG_ERR_MEMORY, "out of memory") : VG_OK;
}

static vg_status count_service(asking *a, const vg_catalogue_service *s, vg_access_level level, vg_error *err)
{
    size_t counts[CELLS] = {0}, of = 0;
    for (uint32_t i = s->first_action; i < s->first_action + s->action_count; i++) {
        if (vg_catalogue_action_at(a->world->catalogue, i)->level != level)
            continue;
        of++;
        for (int cell = 0; cell < CELLS; cell++)
            counts[cell] += vg_action_set_has(&a->sets[cell], i);
    }
    if (counts[0] + counts[1] + counts[2] == 0)
        return VG_OK;
    vg_arena *arena = a->listing.scratch;
    vg_str actions = VG_STR("null");
    if (!arena)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    if (a->listing.is_json)
        VG_TRY(list_actions(a, s, level, &actions, err));
    for (int cell = 0; cell < CELLS; cell++)
        a->counts[cell] += counts[cell];
    const vg_str cells[] = {vg_str_from(vg_access_level_name(level)),
                            s->prefix,
                            vg_arena_printf(arena, "%zu", counts[2]),
                            vg_arena_printf(arena, "%zu", counts[1]),
                            vg_arena_printf(arena, "%zu", counts[0]),
                            vg_arena_printf(arena, "%zu", of),
                            actions,
                            a->problems};
    return vg_listing_row(&a->listing, cells, err);
}

static vg_status count_all(asking *a, vg_error *err)
{
    size_t services = vg_catalogue_origin_of(a->world->catalogue)->service_count;
    for (size_t l = 0; l < VG_ACCESS_LEVELS; l++)
        for (uint32_t s = 0; s < services; s++) {
            const vg_catalogue_service *service = vg_catalogue_service_at(a->world->catalogue, s);
            if (is_asked(a, level_order[l], service))
                VG_TRY(count_service(a, service, level_order[l], err));
        }
    return VG_OK;
}

/* ---- single actions -------------------------------------------------------------------------------------------------------------- */

static const vg_listing_column action_columns[] = {{"Access level", "level", VG_LIST_FIXED},
                                                   {"Action", "action", VG_LIST_TEXT},
                                                   {"Resources", "resources", VG_LIST_FIXED},
                                                   {"", "problems", VG_LIST_HIDDEN_NUMBER}};

static vg_status list_action(asking *a, uint32_t action, vg_access_level level, vg_error *err)
{
    for (int cell = CELLS - 1; cell >= 0; cell--) {
        if (!vg_action_set_has(&a->sets[cell], action))
            continue;
        a->counts[cell]++;
        const vg_str cells[] = {vg_str_from(vg_access_level_name(level)),
                                vg_catalogue_action_at(a->world->catalogue, action)->name,
                                vg_str_from(vg_cell_name((vg_cell)(cell + VG_CELL_CONDITIONAL))),
                                a->problems};
        return vg_listing_row(&a->listing, cells, err);
    }
    return VG_OK;
}

static vg_status list_all(asking *a, vg_error *err)
{
    uint32_t count = (uint32_t)vg_catalogue_origin_of(a->world->catalogue)->action_count;
    for (size_t l = 0; l < VG_ACCESS_LEVELS; l++)
        for (uint32_t i = 0; i < count; i++) {
            const vg_catalogue_action *action = vg_catalogue_action_at(a->world->catalogue, i);
            const vg_catalogue_service *service =
                vg_catalogue_service_at(a->world->catalogue, action->service);
            if (action->level == level_order[l] && is_asked(a, level_order[l], service))
                VG_TRY(list_action(a, i, level_order[l], err));
        }
    return VG_OK;
}

/* ---- the command ------------------------------------------------------------------------------------------------------------------ */

/* What of the principal's side is not known, and what stands in the way. */
static vg_status look_for_gaps(asking *a, vg_error *err)
{
    vg_layers layers;
    vg_world_target none = vg_world_target_of(a->world, VG_STR("*"));
    vg_world_layers(a->world, &a->caller, &none, &layers);
    layers.rcp_count = 0;
    a->missing = vg_iam_uncollected(a->cli->arena, &a->caller, &layers);
    VG_TRY(vg_iam_problems_open(a->cli->arena, a->world, &a->all, err));
    unsigned unknown = 0;
    for (size_t i = 0; i < layers.scp_count; i++)
        unknown |= layers.scps[i].state == VG_LAYER_UNKNOWN ? VG_BY_SCP : 0U;
    const vg_iam_answer answer = {&a->caller, NULL, unknown};
    a->problems = vg_iam_problems_json(&a->all, a->missing.len ? &answer : NULL, a->cli->arena);
    return a->problems.ptr ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "out of memory");
}

static vg_status ask(asking *a, vg_str who, vg_error *err)
{
    const vg_matrix *matrix;
    VG_TRY(vg_iam_world(a->cli, NULL, 0, &a->world, err));
    VG_TRY(vg_access_find_caller(a->world, a->cli->arena, who, &a->caller, err));
    if (!a->caller.principal)
        return vg_fail(err, VG_ERR_NOT_FOUND, "no policies of %.*s are in the evidence",
                       VG_ARG(vg_str_sub(who, 0, 150)));
    if (a->service.len > 0 && vg_catalogue_find_service(a->world->catalogue, a->service) == VG_CATALOGUE_NONE)
        return vg_fail(err, VG_ERR_NOT_FOUND, "the catalogue has no service %.*s",
                       VG_ARG(vg_str_sub(a->service, 0, 100)));
    uint32_t principal = (uint32_t)(a->caller.principal - a->world->principals);
    VG_TRY(vg_matrix_build_for(a->cli->arena, a->world, &principal, 1, true, &matrix, err));
    for (int cell = 0; cell < CELLS; cell++)
        a->sets[cell] = vg_matrix_actions(matrix, 0, (vg_cell)(cell + VG_CELL_CONDITIONAL));
    return look_for_gaps(a, err);
}

static vg_status print(asking *a, vg_error *err)
{
    bool single = vg_cli_flag(a->cli, "actions"), is_json = vg_cli_choice(a->cli, "format") == 1;
    if (single)
        vg_listing_begin(&a->listing, a->cli, action_columns, VG_COUNT(action_columns) - !a->missing.len,
                         is_json); /* thousands of rows need no empty list each */
    else
        vg_listing_begin(&a->listing, a->cli, count_columns, VG_COUNT(count_columns), is_json);
    vg_status status = single ? list_all(a, err) : count_all(a, err);
    return vg_listing_end(&a->listing, status, "Nothing.", err);
}

static int run_what_can(vg_cli *cli)
{
    const vg_str *words;
    vg_error err = {0};
    asking a = {.cli = cli, .service = vg_cli_value(cli, "service")};
    vg_cli_arguments(cli, &words);
    if (vg_cli_flag(cli, "level"))
        a.level = level_keys[vg_cli_choice(cli, "level")];
    if (ask(&a, words[0], &err) != VG_OK || print(&a, &err) != VG_OK)
        return vg_cli_error(cli, &err);
    vg_cli_say(cli, "%.*s: %zu actions on all resources, %zu on some, %zu conditional",
               VG_ARG(a.caller.principal->arn), a.counts[2], a.counts[1], a.counts[0]);
    if (a.missing.len == 0)
        return VG_EXIT_OK;
    vg_fail(&err, VG_ERR_NOT_FOUND, "not known, so there may be more or less: %.*s", VG_ARG(a.missing));
    vg_cli_warn(cli, &err);
    vg_iam_problems_say(&a.all, cli);
    return VG_EXIT_PARTIAL;
}

static const vg_positional positionals[] = {
    {.name = "PRINCIPAL",
     .help = "An ARN, a unique id, user/alice@123456789012, or a name that only one has."},
    {0},
};

static const vg_option options[] = {
    {.name = "level",
     .argument = "LEVEL",
     .choices = "list|read|write|permissions|tagging",
     .help = "Only actions of this access level."},
    {.name = "service", .argument = "PREFIX", .help = "Only actions of this service: s3."},
    {.name = "actions", .help = "List every action, not numbers."},
    VG_IAM_AT,
    VG_IAM_FORMAT,
    VG_IAM_CONTENT,
    {0},
};

static const vg_example examples[] = {
    {"vigil iam what-can deploy-bot", "What a user can do, by access level and service."},
    {"vigil iam what-can role/ci@111122223333 --level permissions --actions",
     "Every action that changes permissions."},
    {0},
};

static const vg_exit_note exit_notes[] = {
    {VG_EXIT_PARTIAL, "Some of the principal's policies or SCPs were not collected, or AWS would refuse "
                      "them; a warning says which and where."},
    {0},
};

const vg_command vg_iam_what_can = {
    .name = "what-can",
    .summary = "Show what a principal can do, by access level",
    .description = "Counts the actions that a user, role or root user is allowed, by the access levels and "
                   "services of the catalogue. "
                   "Identity policies, permissions boundary and SCPs are taken together; policies of "
                   "resources, which may allow more "
                   "or deny, are not looked at: `vigil iam who-can` and `can` do.\n\n"
                   "All: on every resource of its account. Some: on some resources. Conditional: only if "
                   "something holds that no "
                   "evidence tells, such as MFA or the address of the request. Of: how many actions the "
                   "service has at that level.",
    .options = options,
    .positionals = positionals,
    .examples = examples,
    .exit_notes = exit_notes,
    .run = run_what_can,
};
