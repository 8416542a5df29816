/* iam_minify.c: `vigil iam minify`: a policy in fewer characters that means the same. */
#include "cli/cli_parts.h"
#include "cli/content_parts.h"
#include "cli/iam_parts.h"

enum { LARGEST = 64 << 20 };

/* How many characters a policy of the kind may have (content/policy/quotas.yaml). */
static vg_status quota_of(vg_cli *cli, vg_policy_kind kind, int64_t *out, vg_error *err)
{
    vg_doc doc;
    vg_str text = vg_cli_content_file(cli, VG_STR("policy/quotas.yaml"));
    VG_TRY(vg_yaml_read(cli->arena, text, VG_STR("quotas.yaml"), NULL, &doc, err));
    const char *path = kind == VG_POLICY_RESOURCE ? "resources/default" : "policies/";
    char whole[64];
    snprintf(whole, sizeof whole, "%s%s", path, kind == VG_POLICY_RESOURCE ? "" : vg_policy_kind_name(kind));
    return vg_get_i64(doc.root, whole, out)
               ? VG_OK
               : vg_fail(err, VG_ERR_NOT_FOUND, "quotas.yaml has no number at %s", whole);
}

static bool refuse(vg_cli *cli, const vg_policy_document *policy)
{
    enum { SHOWN = 20 };
    size_t count = policy->issue_count;
    for (size_t i = 0; i < count && i < SHOWN; i++) {
        vg_error err = {0};
        vg_fail_at(&err, VG_ERR_VALUE, policy->issues[i].place, "AWS would refuse this policy: %s: %s",
                   policy->issues[i].code, policy->issues[i].message);
        vg_cli_error(cli, &err);
    }
    if (count > SHOWN)
        vg_cli_say(cli, "%.*s: %zu more like these; 'vigil iam lint' lists them", VG_ARG(policy->name),
                   count - SHOWN);
    return count > 0;
}

static vg_status minify(vg_cli *cli, vg_policy_kind kind, vg_minified *out, bool *refused, vg_error *err)
{
    const vg_str *words;
    vg_str text;
    vg_policy_document policy;
    vg_minify_options options = {.keep_sids = vg_cli_flag(cli, "keep-sids")};
    vg_cli_arguments(cli, &words);
    VG_TRY(vg_file_read(cli->arena, words[0], LARGEST, &text, err));
    VG_TRY(vg_policy_read_text(cli->arena, text, kind, words[0], &policy, err));
    *refused = refuse(cli, &policy);
    return *refused ? VG_OK : vg_policy_minify(cli->arena, &policy, &options, out, err);
}

static int run_minify(vg_cli *cli)
{
    vg_policy_kind kind;
    vg_minified result;
    int64_t quota;
    bool refused;
    vg_error err = {0};
    vg_policy_kind_parse(vg_cli_value(cli, "kind"), &kind);
    if (quota_of(cli, kind, &quota, &err) != VG_OK || minify(cli, kind, &result, &refused, &err) != VG_OK)
        return vg_cli_error(cli, &err);
    if (refused)
        return VG_EXIT_PARTIAL;
    vg_cli_print(cli, result.text);
    fputc('\n', cli->out);
    bool fits = (uint64_t)quota >= result.after;
    vg_cli_say(cli, "%zu characters, %zu without white space, now %zu of %lld: %s", result.source,
               result.before, result.after, (long long)quota, fits ? "it fits" : "it does not fit");
    return fits ? VG_EXIT_OK : VG_EXIT_FINDINGS;
}

static const vg_positional words[] = {
    {.name = "FILE", .help = "The policy: a JSON file; - reads standard input.", .kind = VG_ARG_PATH},
    {0},
};

static const vg_option options[] = {
    {.name = "kind",
     .argument = "KIND",
     .choices = "identity|boundary|session|resource|trust|endpoint|scp|rcp",
     .fallback = "scp",
     .help = "What the policy is attached as; it decides the quota."},
    {.name = "keep-sids",
     .help = "Keep the statements' Sids; a statement with one is then merged with no other."},
    VG_IAM_CONTENT,
    {0},
};

static const vg_example examples[] = {
    {"vigil iam minify guardrails.json > guardrails.min.json", "Shorten a service control policy."},
    {0},
};

static const vg_exit_note exit_notes[] = {
    {VG_EXIT_FINDINGS, "The shorter policy is still larger than its quota; it was printed all the same."},
    {VG_EXIT_PARTIAL, "The policy could not be read, or AWS would refuse it."},
    {0},
};

const vg_command vg_iam_minify = {
    .name = "minify",
    .summary = "Write a policy in fewer characters that means the same",
    .description = "Prints the policy without white space, Sids and Id, with equal statements and those that "
                   "differ in one list "
                   "alone merged, and without values and statements that others cover. The result is read "
                   "again and compared "
                   "with the original both ways, as 'vigil iam compare' does: it is printed only when it is "
                   "proven to allow and "
                   "to deny exactly the same. Actions are never folded into a wildcard: it would match "
                   "actions to come.\n\n"
                   "How many characters there were, are and may be is said on stderr.",
    .options = options,
    .positionals = words,
    .examples = examples,
    .exit_notes = exit_notes,
    .run = run_minify,
};
