/* engine.c: the policy engine, as facts ask it.
 *
 * The organisation is told to it once (access/); each account then gets a world of its own, in the arena of its work, and
 * what in it is exposed. Facts ask these; none of them reads a policy document. */
#include "assess/assess_part.h"

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading policies");
}

/* ---- what all accounts share ------------------------------------------------------------------------------------------------ */

/* The services that RCPs bind; without the list they bind every service. */
static vg_status read_rcp_services(vg_arena *arena, const vg_content *content, vg_access_options *options,
                                   vg_error *err)
{
    vg_doc doc;
    vg_str text = vg_content_text(content, VG_STR("policy/services.yaml"));
    if (!text.ptr)
        return VG_OK;
    VG_TRY(vg_yaml_read(arena, text, VG_STR("policy/services.yaml"), NULL, &doc, err));
    const vg_value *list = vg_get(doc.root, VG_STR("rcp"));
    vg_str *services = VG_NEW_N(arena, vg_str, list ? vg_value_count(list) + 1 : 1);
    if (!services)
        return no_memory(err);
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        services[options->rcp_service_count++] = vg_value_str(it.value);
    options->rcp_services = services;
    return VG_OK;
}

static vg_status read_escalations(vg_arena *arena, const vg_content *content, vg_engine *engine,
                                  vg_error *err)
{
    vg_vec files = vg_vec_in(arena, sizeof(vg_escalation_file));
    for (size_t i = 0; i < content->file_count; i++) {
        if (!vg_str_starts(content->files[i].path, VG_STR("escalations/")))
            continue;
        vg_escalation_file *file = vg_vec_push(&files);
        if (!file)
            return no_memory(err);
        *file = (vg_escalation_file){content->files[i].path, content->files[i].bytes};
    }
    return files.len == 0 ? VG_OK
                          : vg_escalations_read(arena, engine->catalogue, files.items, files.len,
                                                &engine->escalations, err);
}

static vg_status open_linter(vg_arena *arena, const vg_content *content, vg_engine *engine, vg_error *err)
{
    static const char *const paths[] = {"policy/quotas.yaml", "policy/regions.yaml",
                                        "policy/condition-keys.yaml", "policy/services.yaml"};
    vg_lint_content files[VG_COUNT(paths)];
    for (size_t i = 0; i < VG_COUNT(paths); i++) {
        vg_str path = vg_str_from(paths[i]);
        files[i] = (vg_lint_content){path, vg_content_text(content, path)};
        if (!files[i].text.ptr)
            return VG_OK;
    }
    return vg_linter_open(arena, engine->catalogue, files, VG_COUNT(files), &engine->linter, err);
}

static vg_status open_catalogue(vg_arena *arena, const vg_content *content, vg_str catalogue,
                                vg_engine *engine, vg_error *err)
{
    vg_str events = vg_content_text(content, VG_STR("policy/events.yaml"));
    VG_TRY(vg_catalogue_open(arena, catalogue, &engine->catalogue, err));
    VG_TRY(read_escalations(arena, content, engine, err));
    if (events.ptr)
        VG_TRY(vg_event_map_read(arena, events, engine->catalogue, &engine->events, err));
    return open_linter(arena, content, engine, err);
}

vg_status vg_engine_open(vg_arena *arena, const vg_content *content, vg_engine *out, vg_error *err)
{
    *out = (vg_engine){0};
    if (!content)
        return VG_OK;
    vg_access_options options = {.at = VG_TIME_NONE,
                                 .content = vg_content_text(content, VG_STR("access/resources.yaml"))};
    vg_str catalogue = vg_content_text(content, VG_STR("catalogue/actions.txt"));
    out->strangers = (vg_exposure_content){vg_content_text(content, VG_STR("policy/federation.yaml")),
                                           vg_content_text(content, VG_STR("policy/strangers.yaml"))};
    VG_TRY(read_rcp_services(arena, content, &options, err));
    if (catalogue.ptr)
        VG_TRY(open_catalogue(arena, content, catalogue, out, err));
    return vg_access_base_new(arena, out->catalogue, &options, &out->base, err);
}

/* The tree in the words of evidence. */
static vg_status organization_of(vg_arena *arena, const vg_org *org, vg_organization *out, vg_error *err)
{
    vg_account *accounts = VG_NEW_N(arena, vg_account, org->node_count + 1);
    vg_unit *units = VG_NEW_N(arena, vg_unit, org->node_count + 1);
    if (!accounts || !units)
        return no_memory(err);
    *out = (vg_organization){
        .id = org->id, .management_account = org->management, .accounts = accounts, .units = units};
    for (size_t i = 0; i < org->node_count; i++) {
        const vg_node *node = &org->nodes[i];
        vg_str parent = node->parent == VG_NO_NODE ? VG_STR("") : org->nodes[node->parent].id;
        if (node->is_account)
            accounts[out->account_count++] =
                (vg_account){.id = node->id,
                             .name = node->name,
                             .email = node->email,
                             .status = node->status,
                             .parent = parent,
                             .is_management = vg_str_eq(node->id, org->management)};
        else
            units[out->unit_count++] =
                (vg_unit){.id = node->id, .name = node->name, .parent = parent, .is_root = node->is_root};
    }
    return VG_OK;
}

static vg_status given_of(vg_arena *arena, vg_sightings all, const vg_access_given **out, vg_error *err)
{
    vg_access_given *given = VG_NEW_N(arena, vg_access_given, all.count + 1);
    if (!given)
        return no_memory(err);
    for (size_t i = 0; i < all.count; i++)
        given[i] = (vg_access_given){all.items[i].resource, all.items[i].properties};
    *out = given;
    return VG_OK;
}

vg_status vg_engine_organization(vg_engine *engine, vg_arena *arena, const vg_org *org, vg_error *err)
{
    vg_organization organization;
    const vg_access_given *given;
    if (!engine->base)
        return VG_OK;
    VG_TRY(organization_of(arena, org, &organization, err));
    VG_TRY(given_of(arena, org->all, &given, err));
    return vg_access_base_organization(engine->base, &organization, given, org->all.count, err);
}

/* ---- one account ---------------------------------------------------------------------------------------------------------------- */

vg_time vg_view_time(const vg_view *view)
{
    vg_time newest = view->now;
    for (size_t i = 0; i < view->all.count && view->now == VG_TIME_NONE; i++)
        if (newest == VG_TIME_NONE || view->all.items[i].seen > newest)
            newest = view->all.items[i].seen;
    return newest == VG_TIME_NONE ? 0 : newest;
}

static vg_status look_outside(const vg_engine *engine, vg_arena *arena, vg_view *view, vg_error *err)
{
    vg_exposures *exposures = VG_NEW(arena, vg_exposures);
    if (!exposures)
        return no_memory(err);
    view->exposures = exposures;
    return vg_world_exposures(arena, view->world, &engine->strangers, vg_view_time(view), exposures, err);
}

vg_status vg_engine_look(const vg_engine *engine, vg_arena *arena, vg_view *view, vg_error *err)
{
    const vg_access_given *given;
    vg_error own = {0};
    view->engine = engine;
    if (!engine->base)
        return VG_OK;
    VG_TRY(given_of(arena, view->all, &given, err));
    vg_status status = vg_access_account_world(engine->base, arena, view->account, given, view->all.count,
                                               &view->world, &own);
    if (status == VG_ERR_VALUE) {
        view->world = NULL;
        return VG_OK;
    }
    if (status != VG_OK) {
        vg_error_copy(err, &own);
        return status;
    }
    if (engine->catalogue && engine->strangers.federation.ptr)
        VG_TRY(look_outside(engine, arena, view, err));
    return engine->escalations ? vg_graph_build(arena, view->world, engine->escalations, &view->graph, err)
                               : VG_OK;
}

/* ---- parts of statements -------------------------------------------------------------------------------------------------------- */

bool vg_statement_takes_in(const vg_statement *statement, vg_str action)
{
    for (size_t i = 0; i < statement->action_count; i++)
        if (vg_action_matches(statement->actions[i], action))
            return !statement->not_action;
    return statement->not_action;
}

vg_str vg_text_like(vg_arena *arena, vg_str pattern)
{
    char *text = vg_arena_alloc(arena, pattern.len + 1);
    for (size_t i = 0; text && i < pattern.len; i++)
        text[i] = pattern.ptr[i] == '*' || pattern.ptr[i] == '?' ? 'x' : pattern.ptr[i];
    return (vg_str){text, text ? pattern.len : 0};
}
