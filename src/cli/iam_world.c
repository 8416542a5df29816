/* iam_world.c: opens the workspace and reads the world out of it, and says in words what is missing in it. */
#include "cli/iam_world.h"

#include "cli/content_parts.h"
#include "report/report.h"

static vg_status read_world(vg_cli *cli, vg_evidence *evidence, const vg_access_options *options,
                            const vg_world **out, vg_error *err)
{
    const vg_catalogue *catalogue;
    VG_TRY(vg_iam_catalogue(cli, &catalogue, err));
    VG_TRY(vg_evidence_read_begin(evidence, err));
    vg_status status = vg_access_world_read(evidence, cli->arena, catalogue, options, out, err);
    vg_evidence_read_end(evidence);
    return status;
}

vg_status vg_iam_world(vg_cli *cli, const vg_str *resources, size_t count, const vg_world **out,
                       vg_error *err)
{
    vg_evidence *evidence = NULL;
    const vg_evidence_options open = {.now = cli->now, .who = vg_cli_user(cli), .command = VG_STR("vigil")};
    vg_access_options options = {.at = VG_TIME_NONE, .resources = resources, .resource_count = count};
    options.content = vg_cli_content_file(cli, VG_STR("access/resources.yaml"));
    if (!options.content.ptr)
        return vg_fail(err, VG_ERR_NOT_FOUND, "access/resources.yaml is missing from the content");
    if (!vg_cli_time(cli, "at", &options.at))
        options.at = VG_TIME_NONE;
    VG_TRY(vg_iam_rcp_services(cli, &options.rcp_services, &options.rcp_service_count, err));
    VG_TRY(vg_evidence_open(cli->workspace, &open, &evidence, err));
    vg_status status = read_world(cli, evidence, &options, out, err);
    vg_evidence_close(evidence);
    return status;
}

void vg_iam_print(vg_cli *cli, const char *label, vg_str text)
{
    vg_buf safe = {0};
    if (text.len == 0)
        return;
    vg_report_safe(&safe, text);
    fprintf(cli->out, "%-10s %.*s\n", label, VG_ARG(vg_buf_str(&safe)));
    vg_buf_free(&safe);
}

/* ---- layers ------------------------------------------------------------------------------------------------------------- */

vg_str vg_iam_layer_names(vg_arena *arena, unsigned bits)
{
    vg_str names = VG_STR("");
    for (unsigned bit = 1; bit && bit <= bits; bit <<= 1)
        if (bits & bit)
            names = vg_arena_printf(arena, "%.*s%s%s", VG_ARG(names), names.len ? ", " : "",
                                    vg_layer_bit_name(bit));
    return names;
}

void vg_iam_write_layers(vg_json_writer *w, const char *key, unsigned bits)
{
    vg_json_key(w, key);
    vg_json_array(w);
    for (unsigned bit = 1; bit && bit <= bits; bit <<= 1)
        if (bits & bit)
            vg_json_string(w, vg_str_from(vg_layer_bit_name(bit)));
    vg_json_end_array(w);
}

static vg_str add_uncollected(vg_arena *arena, vg_str list, const char *what, const vg_layer *layer,
                              vg_str which)
{
    if (layer->state != VG_LAYER_UNKNOWN)
        return list;
    return vg_arena_printf(arena, "%.*s%s%s%s%.*s%s", VG_ARG(list), list.len ? ", " : "", what,
                           which.len ? " (" : "", VG_ARG(which), which.len ? ")" : "");
}

/* Whether some policy of the levels denies anything. */
static bool may_deny(const vg_layer *levels, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < levels[i].count; k++) {
            const vg_policy_document *document = vg_policy_document_of(levels[i].policies[k]);
            for (size_t s = 0; s < document->statement_count; s++)
                if (document->statements[s].effect == VG_EFFECT_DENY)
                    return true;
        }
    return false;
}

vg_str vg_iam_uncollected(vg_arena *arena, const vg_world_caller *caller, const vg_layers *l)
{
    vg_str missing = caller->principal ? caller->principal->missing : VG_STR("");
    const struct {
        const char *what;
        const vg_layer *layer;
        vg_str which;
    } single[] = {{"identity policies", &l->identity, missing},
                  {"the permissions boundary", &l->boundary, l->boundary.name},
                  {"the resource's policy", &l->resource, VG_STR("")},
                  {"the access point's policy", &l->access_point, VG_STR("")}};
    vg_str list = VG_STR("");
    for (size_t i = 0; i < VG_COUNT(single); i++)
        list = add_uncollected(arena, list, single[i].what, single[i].layer, single[i].which);
    for (size_t i = 0; i < l->scp_count; i++)
        list = add_uncollected(arena, list, "SCPs", &l->scps[i], l->scps[i].name);
    for (size_t i = 0; i < l->rcp_count; i++)
        list = add_uncollected(arena, list, "RCPs", &l->rcps[i], l->rcps[i].name);
    if (l->key_manager_unknown && may_deny(l->rcps, l->rcp_count))
        list =
            vg_arena_printf(arena, "%.*s%swhether AWS manages the key", VG_ARG(list), list.len ? ", " : "");
    if (l->s3 && l->s3->unknown)
        list = vg_arena_printf(arena, "%.*s%sS3 Block Public Access", VG_ARG(list), list.len ? ", " : "");
    if (l->s3 && l->s3->acls_unknown)
        list = vg_arena_printf(arena, "%.*s%sS3 access control lists", VG_ARG(list), list.len ? ", " : "");
    return list;
}

static void assume(vg_layer *layer)
{
    if (layer->state == VG_LAYER_UNKNOWN)
        layer->state = VG_LAYER_KNOWN;
}

/* Levels without anything known bind nobody, where all that is known is assumed to be all. */
static size_t assume_levels(const vg_layer *levels, size_t count, vg_layer out[32])
{
    size_t kept = 0;
    for (size_t i = 0; i < count && kept < 32; i++) {
        if (levels[i].state == VG_LAYER_UNKNOWN && levels[i].count == 0)
            continue;
        out[kept] = levels[i];
        assume(&out[kept++]);
    }
    return kept;
}

const vg_layers *vg_iam_assume(const vg_layers *layers, vg_iam_assumed *out)
{
    out->layers = *layers;
    vg_layer *boundary = &out->layers.boundary;
    assume(&out->layers.identity);
    assume(&out->layers.resource);
    assume(&out->layers.access_point);
    if (layers->s3) {
        out->s3 = *layers->s3;
        out->s3.unknown = out->s3.acls_unknown = out->s3.blocks_unknown = false;
        out->layers.s3 = &out->s3;
    }
    if (boundary->state == VG_LAYER_UNKNOWN)
        boundary->state = boundary->count ? VG_LAYER_KNOWN : VG_LAYER_NONE;
    out->layers.scp_count = assume_levels(layers->scps, layers->scp_count, out->scps);
    out->layers.rcp_count = assume_levels(layers->rcps, layers->rcp_count, out->rcps);
    out->layers.scps = out->scps;
    out->layers.rcps = out->rcps;
    return &out->layers;
}

vg_str vg_iam_residual(const vg_explanation *why)
{
    vg_str lead = VG_STR("allowed if ");
    return vg_str_starts(why->residual, lead) ? vg_str_sub(why->residual, lead.len, VG_NPOS) : why->residual;
}

vg_status vg_iam_check_words(vg_str action, vg_str resource, vg_error *err)
{
    enum { LONGEST_ACTION = 1024, LONGEST_RESOURCE = 8192 };
    if (vg_str_find_char(action, ':') == VG_NPOS || vg_str_find_char(action, '*') != VG_NPOS ||
        vg_str_find_char(action, '?') != VG_NPOS)
        return vg_fail(err, VG_ERR_USAGE,
                       "'%.*s' is no action: a service, a colon and a name, without wildcards: s3:GetObject",
                       VG_ARG(vg_str_sub(action, 0, 100)));
    if (action.len > LONGEST_ACTION || resource.len > LONGEST_RESOURCE)
        return vg_fail(err, VG_ERR_USAGE, "an action has at most %d bytes, and a resource %d", LONGEST_ACTION,
                       LONGEST_RESOURCE);
    return VG_OK;
}

void vg_iam_warn_action(vg_cli *cli, const vg_world *world, vg_str action)
{
    vg_error err = {0};
    if (vg_catalogue_find_action(world->catalogue, action) != VG_CATALOGUE_NONE)
        return;
    vg_fail(&err, VG_ERR_VALUE, "the catalogue has no action %.*s; policies are matched by its name",
            VG_ARG(vg_str_sub(action, 0, 100)));
    vg_cli_warn(cli, &err);
}
