/* detect_ours.c: which accounts are ours, so that sharing with them is not told as sharing with outside.
 *
 * They are told by --ours: an id, or a file of them, which is JSON (the answer of `aws organizations list-accounts`, bare or in
 * an envelope of ours, or a list of ids) or text with an id a line. Beside, the members of the organisation that a workspace
 * holds, where one was named: not accounts that it knows by their resources alone, for nobody said that these are of it. */
#include "cli/cli_parts.h"
#include "cli/detect_parts.h"
#include "evidence/evidence.h"

enum { LARGEST_FILE = 64 << 20, MOST_SHOWN = 40 };

typedef struct {
    vg_cli *cli;
    vg_map *accounts; /* ids */
} listing;

static vg_status add(listing *l, vg_str id, vg_error *err)
{
    return vg_map_put(l->accounts, id, NULL)
               ? VG_OK
               : vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading accounts");
}

static vg_status add_at(listing *l, vg_str id, vg_place place, vg_error *err)
{
    if (!vg_is_account_id(id))
        return vg_fail_at(err, VG_ERR_VALUE, place, "'%.*s' is no account id, which has 12 digits",
                          VG_ARG(vg_str_sub(id, 0, MOST_SHOWN)));
    return add(l, id, err);
}

/* ---- files -------------------------------------------------------------------------------------------------------------- */

/* A line an id; what stands behind # is for people. */
static vg_status read_text(listing *l, vg_str text, vg_str path, vg_error *err)
{
    vg_place place = {.file = path};
    vg_str line, id, remark;
    while (vg_str_next(&text, '\n', &line)) {
        place.line++;
        if (!vg_str_split(line, '#', &id, &remark))
            id = line;
        vg_str trimmed = vg_str_trim(id);
        place.column = (uint32_t)(trimmed.ptr - line.ptr) + 1;
        if (trimmed.len)
            VG_TRY(add_at(l, trimmed, place, err));
    }
    return VG_OK;
}

/* The list of accounts in an answer, in an envelope of one, or by itself; NULL: there is none. */
static const vg_value *accounts_in(const vg_value *root)
{
    const vg_value *output = vg_get(root, VG_STR("vigil")) ? vg_get(root, VG_STR("output")) : root;
    const vg_value *found = output && output->kind == VG_OBJECT ? vg_get(output, VG_STR("Accounts")) : output;
    return found && found->kind == VG_ARRAY ? found : NULL;
}

static void warn_of_more(listing *l, const vg_value *root, vg_str path)
{
    vg_error err = {0};
    const vg_value *output = vg_get(root, VG_STR("output"));
    if (!vg_get_str(output ? output : root, "NextToken").len)
        return;
    vg_fail_at(&err, VG_ERR_VALUE, (vg_place){.file = path},
               "there are more accounts than this page of the answer lists (NextToken)");
    vg_cli_warn(l->cli, &err);
}

static vg_status read_json(listing *l, vg_str text, vg_str path, vg_error *err)
{
    vg_doc doc;
    VG_TRY(vg_json_read(l->cli->arena, text, path, NULL, &doc, err));
    const vg_value *accounts = accounts_in(doc.root);
    if (!accounts)
        return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(&doc, doc.root),
                          "no list of accounts stands here: `aws organizations list-accounts` gives one");
    for (vg_items it = vg_items_of(accounts); vg_items_next(&it);) {
        vg_str id = it.value->kind == VG_OBJECT ? vg_get_str(it.value, "Id") : vg_value_str(it.value);
        VG_TRY(add_at(l, id, vg_doc_place(&doc, it.value), err));
    }
    warn_of_more(l, doc.root, path);
    return VG_OK;
}

static vg_status read_file(listing *l, vg_str path, vg_error *err)
{
    vg_str bytes, text;
    vg_status status = vg_file_read(l->cli->arena, path, LARGEST_FILE, &bytes, err);
    if (status == VG_OK)
        status = vg_text_to_utf8(l->cli->arena, bytes, &text, err);
    if (status != VG_OK) {
        vg_error_locate(err, (vg_place){.file = path});
        return status;
    }
    vg_str head = vg_str_trim(text);
    bool is_json = head.len && (head.ptr[0] == '{' || head.ptr[0] == '[');
    return is_json ? read_json(l, text, path, err) : read_text(l, text, path, err);
}

/* ---- what is given ------------------------------------------------------------------------------------------------------ */

static bool is_number(vg_str text)
{
    uint64_t number;
    return vg_str_to_u64(text, &number);
}

static vg_status read_option(listing *l, vg_str value, vg_error *err)
{
    if (vg_is_account_id(value))
        return add(l, value, err);
    if (is_number(value) && !vg_file_exists(value))
        return vg_fail(err, VG_ERR_USAGE, "--ours: '%.*s' is no account id, which has 12 digits, and no file",
                       VG_ARG(vg_str_sub(value, 0, MOST_SHOWN)));
    return read_file(l, value, err);
}

static vg_status read_options(listing *l, vg_error *err)
{
    const vg_str *values;
    size_t count = vg_cli_values(l->cli, "ours", &values);
    for (size_t i = 0; i < count; i++)
        VG_TRY(read_option(l, values[i], err));
    return VG_OK;
}

/* ---- a workspace -------------------------------------------------------------------------------------------------------- */

/* Whether the organisation lists the account; of others resources are known, and nothing else. */
static bool is_member(const vg_account *account)
{
    return account->arn.len || account->parent.len;
}

static vg_status take_organization(listing *l, const vg_organization *org, vg_error *err)
{
    for (size_t i = 0; i < org->account_count; i++)
        if (is_member(&org->accounts[i]))
            VG_TRY(add(l, org->accounts[i].id, err));
    return vg_is_account_id(org->management_account) ? add(l, org->management_account, err) : VG_OK;
}

static vg_status read_workspace(listing *l, vg_error *err)
{
    vg_evidence *evidence = NULL;
    vg_organization organization;
    vg_cli *cli = l->cli;
    const vg_evidence_options options = {
        .now = cli->now, .who = vg_cli_user(cli), .command = VG_STR("vigil detect")};
    VG_TRY(vg_evidence_open(cli->workspace, &options, &evidence, err));
    vg_status status = vg_evidence_organization(evidence, cli->arena, VG_TIME_NONE, &organization, err);
    vg_evidence_close(evidence);
    return status == VG_OK ? take_organization(l, &organization, err) : status;
}

/* ---- all ---------------------------------------------------------------------------------------------------------------- */

vg_status vg_detect_ours_load(vg_cli *cli, const vg_map **out, vg_error *err)
{
    listing l = {cli, vg_map_new(cli->arena, 0x6f)};
    vg_error bad = {0};
    if (!l.accounts)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading accounts");
    VG_TRY(read_options(&l, err));
    if (cli->workspace_given && read_workspace(&l, &bad) != VG_OK)
        vg_cli_warn(cli, &bad);
    size_t count = vg_map_len(l.accounts);
    *out = count ? l.accounts : NULL;
    if (count)
        vg_cli_say(cli, "%zu account%s ours: sharing with %s is not told as outside", count,
                   count == 1 ? " is" : "s are", count == 1 ? "it" : "them");
    return VG_OK;
}
