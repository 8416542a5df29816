/* cmd_iam.c: `vigil iam`: who can do what. */
#include "cli/content_parts.h"
#include "cli/iam_parts.h"

/* ---- content that the commands stand on ------------------------------------------------------------------------- */

static vg_status content_of(vg_cli *cli, const char *path, vg_str *out, vg_error *err)
{
    *out = vg_cli_content_file(cli, vg_str_from(path));
    return out->ptr ? VG_OK : vg_fail(err, VG_ERR_NOT_FOUND, "%s is missing from the content", path);
}

vg_status vg_iam_catalogue(vg_cli *cli, const vg_catalogue **out, vg_error *err)
{
    vg_str text;
    VG_TRY(content_of(cli, "catalogue/actions.txt", &text, err));
    return vg_catalogue_open(cli->arena, text, out, err);
}

vg_status vg_iam_rcp_services(vg_cli *cli, const vg_str **names, size_t *count, vg_error *err)
{
    vg_str text;
    vg_doc doc;
    VG_TRY(content_of(cli, "policy/services.yaml", &text, err));
    VG_TRY(vg_yaml_read(cli->arena, text, VG_STR("services.yaml"), NULL, &doc, err));
    const vg_value *services = vg_get(doc.root, VG_STR("rcp"));
    vg_str *list = VG_NEW_N(cli->arena, vg_str, services ? vg_value_count(services) + 1 : 1);
    if (!list)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    *count = 0;
    for (vg_items it = vg_items_of(services); vg_items_next(&it);)
        list[(*count)++] = vg_value_str(it.value);
    *names = list;
    return VG_OK;
}

/* ---- the commands ------------------------------------------------------------------------------------------------- */

static const vg_command *const nested[] = {
    &vg_iam_can,  &vg_iam_who_can, &vg_iam_what_can, &vg_iam_exposed,  &vg_iam_paths, &vg_iam_compare,
    &vg_iam_lint, &vg_iam_minify,  &vg_iam_unused,   &vg_iam_generate, NULL};

static const vg_example examples[] = {
    {"vigil iam can deploy-bot s3:PutObject arn:aws:s3:::bucket/key --explain",
     "May it, and which statements decide?"},
    {"vigil iam exposed --reach anyone", "What is public, with the requests that prove it."},
    {"vigil iam compare old.json new.json", "Does a change grant anything new?"},
    {0},
};

const vg_command vg_command_iam = {
    .name = "iam",
    .summary = "Ask who can do what",
    .description =
        "Decides what AWS would decide, for every type of policy: identity policies, permissions "
        "boundaries, session policies, resource policies, VPC endpoint policies, service control policies "
        "and resource control policies. docs/reference/policy.md sets the rules beside AWS's own pages.",
    .examples = examples,
    .nested = nested,
};
