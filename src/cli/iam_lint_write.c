/* iam_lint_write.c: what `vigil iam lint` says: a line a finding for people and editors, JSON in the form of ValidatePolicy's
 * answer, SARIF 2.1.0 for code scanning; and the table of checks itself. */
#include "cli/cli_parts.h"
#include "cli/iam_lint_parts.h"

#include <stdlib.h>

static const char *const level_words[] = {"suggestion", "warning", "security warning", "error"};
static const char *const level_colours[] = {"\x1b[36m", "\x1b[33m", "\x1b[35m", "\x1b[1;31m"};

/* Lines of a policy that stands in a line or string of its file are counted on from there. */
static uint32_t line_of(const iam_lint_policy *policy, vg_place place)
{
    uint32_t first = policy->first_line;
    if (place.line == 0)
        return first;
    return policy->inside.len && first
               ? first + place.line - 1 + (vg_str_starts(policy->inside, VG_STR("line ")))
               : place.line;
}

static vg_str path_text(vg_arena *arena, const vg_lint_location *location)
{
    vg_buf text = {0};
    vg_lint_path_write(&text, location);
    vg_str out = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out;
}

/* ---- lines -------------------------------------------------------------------------------------------------------------- */

static void print_finding(iam_lint_writer *w, const iam_lint_policy *policy, const vg_lint_finding *f)
{
    vg_cli *cli = w->cli;
    vg_place at = f->locations[0].start;
    vg_cli_print_safe(cli->out, policy->file);
    fprintf(cli->out, ":%u:%u: ", line_of(policy, at), at.column);
    if (cli->colour)
        fputs(level_colours[f->check->type], cli->out);
    fputs(level_words[f->check->type], cli->out);
    if (cli->colour)
        fputs("\x1b[0m", cli->out);
    fputs(": ", cli->out);
    vg_cli_print_safe(cli->out, f->message);
    fprintf(cli->out, " [%s]\n    at ", f->check->code);
    if (policy->inside.len) {
        vg_cli_print_safe(cli->out, policy->inside);
        fputs(": ", cli->out);
    }
    for (size_t i = 0; i < f->location_count && i < 8; i++) {
        fputs(i ? ", " : "", cli->out);
        vg_cli_print_safe(cli->out, path_text(cli->arena, &f->locations[i]));
    }
    if (f->location_count > 8)
        fprintf(cli->out, " and %zu more places", f->location_count - 8);
    fputc('\n', cli->out);
}

static void print_count(FILE *out, const char *before, size_t count, const char *one, const char *many)
{
    fprintf(out, "%s%zu %s", before, count, count == 1 ? one : many);
}

static void print_totals(iam_lint_writer *w, const iam_lint_totals *totals)
{
    FILE *out = w->cli->out;
    print_count(out, "", totals->policies, "policy", "policies");
    print_count(out, " in ", totals->files, "file", "files");
    print_count(out, ": ", totals->findings[VG_LINT_ERROR], "error", "errors");
    print_count(out, ", ", totals->findings[VG_LINT_SECURITY_WARNING], "security warning",
                "security warnings");
    print_count(out, ", ", totals->findings[VG_LINT_WARNING], "warning", "warnings");
    print_count(out, ", ", totals->findings[VG_LINT_SUGGESTION], "suggestion", "suggestions");
    fputs(".\n", out);
    if (totals->limited)
        fputs("A policy is so large that its parts were not all compared with each other.\n", out);
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------------- */

/* As AWS counts: lines from 1, columns and offsets from 0. */
static void put_position(vg_json_writer *json, const char *key, const iam_lint_policy *policy, vg_place place,
                         size_t offset)
{
    vg_json_key(json, key);
    vg_json_object(json);
    vg_json_put_i64(json, "line", (int64_t)line_of(policy, place));
    vg_json_put_i64(json, "column", place.column ? (int64_t)place.column - 1 : 0);
    vg_json_put_i64(json, "offset", (int64_t)offset);
    vg_json_end_object(json);
}

static void put_location(vg_json_writer *json, const iam_lint_policy *policy,
                         const vg_lint_location *location)
{
    static const char *const step_names[] = {
        [VG_LINT_VALUE] = "value", [VG_LINT_KEY] = "key", [VG_LINT_INDEX] = "index"};
    vg_json_object(json);
    vg_json_key(json, "path");
    vg_json_array(json);
    for (size_t i = 0; i < location->path_count; i++) {
        const vg_lint_step *step = &location->path[i];
        vg_json_object(json);
        if (step->kind == VG_LINT_INDEX)
            vg_json_put_i64(json, "index", (int64_t)step->index);
        else
            vg_json_put_str(json, step_names[step->kind], step->name);
        vg_json_end_object(json);
    }
    vg_json_end_array(json);
    vg_json_key(json, "span");
    vg_json_object(json);
    put_position(json, "start", policy, location->start, location->start_offset);
    put_position(json, "end", policy, location->end, location->end_offset);
    vg_json_end_object(json);
    vg_json_end_object(json);
}

static void put_finding(iam_lint_writer *w, const iam_lint_policy *policy, const vg_lint_finding *f)
{
    vg_json_writer *json = &w->json;
    vg_json_object(json);
    vg_json_put_str(json, "findingDetails", f->message);
    vg_json_put_str(json, "findingType", vg_str_from(vg_lint_type_name(f->check->type)));
    vg_json_put_str(json, "issueCode", vg_str_from(f->check->code));
    vg_json_put_str(json, "learnMoreLink", vg_lint_check_link(w->cli->arena, f->check));
    vg_json_put_str(json, "remedy", vg_str_from(f->check->remedy));
    vg_json_key(json, "locations");
    vg_json_array(json);
    for (size_t i = 0; i < f->location_count; i++)
        put_location(json, policy, &f->locations[i]);
    vg_json_end_array(json);
    vg_json_end_object(json);
}

static void put_policy(iam_lint_writer *w, const iam_lint_policy *policy, const vg_lint_result *result,
                       const bool *shown)
{
    vg_json_object(&w->json);
    vg_json_put_str(&w->json, "file", policy->file);
    vg_json_put_str(&w->json, "inside", policy->inside);
    vg_json_put_str(&w->json, "kind", vg_str_from(vg_policy_kind_name(policy->kind)));
    vg_json_key(&w->json, "findings");
    vg_json_array(&w->json);
    for (size_t i = 0; i < result->count; i++)
        if (shown[i])
            put_finding(w, policy, &result->findings[i]);
    vg_json_end_array(&w->json);
    vg_json_put_bool(&w->json, "limited", result->limited);
    vg_json_end_object(&w->json);
}

static void put_totals(iam_lint_writer *w, const iam_lint_totals *totals)
{
    vg_json_end_array(&w->json);
    vg_json_key(&w->json, "totals");
    vg_json_object(&w->json);
    vg_json_put_i64(&w->json, "files", (int64_t)totals->files);
    vg_json_put_i64(&w->json, "policies", (int64_t)totals->policies);
    for (size_t i = VG_LINT_TYPES; i-- > 0;)
        vg_json_put_i64(&w->json, vg_lint_type_name((vg_lint_type)i), (int64_t)totals->findings[i]);
    vg_json_end_object(&w->json);
    vg_json_end_object(&w->json);
}

/* ---- SARIF ------------------------------------------------------------------------------------------------------------------ */

static const char *const sarif_levels[] = {"note", "warning", "warning", "error"};
/* What code scanning sorts alerts by. */
static const char *const sarif_severities[] = {"1.0", "4.0", "7.0", "8.0"};

static void put_text(vg_json_writer *json, const char *key, vg_str text)
{
    vg_json_key(json, key);
    vg_json_object(json);
    vg_json_put_str(json, "text", text);
    vg_json_end_object(json);
}

static void put_uri(iam_lint_writer *w, vg_str path)
{
    vg_buf uri = {0};
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c && strchr("-._~/", c) != NULL);
        if (plain)
            vg_buf_add_char(&uri, c);
        else
            vg_buf_addf(&uri, "%%%02X", (unsigned char)c);
    }
    vg_json_key(&w->json, "artifactLocation");
    vg_json_object(&w->json);
    vg_json_put_str(&w->json, "uri", vg_buf_str(&uri));
    vg_json_end_object(&w->json);
    vg_buf_free(&uri);
}

static void put_sarif_location(iam_lint_writer *w, const iam_lint_policy *policy,
                               const vg_lint_location *location)
{
    vg_json_writer *json = &w->json;
    uint32_t line = line_of(policy, location->start), end = line_of(policy, location->end);
    vg_json_object(json);
    vg_json_key(json, "physicalLocation");
    vg_json_object(json);
    put_uri(w, policy->file);
    if (line) {
        vg_json_key(json, "region");
        vg_json_object(json);
        vg_json_put_i64(json, "startLine", (int64_t)line);
        if (location->start.column) {
            vg_json_put_i64(json, "startColumn", (int64_t)location->start.column);
            vg_json_put_i64(json, "endLine", (int64_t)(end < line ? line : end));
            vg_json_put_i64(json, "endColumn", (int64_t)location->end.column);
        }
        vg_json_end_object(json);
    }
    vg_json_end_object(json);
    vg_json_key(json, "logicalLocations");
    vg_json_array(json);
    vg_json_object(json);
    vg_str path = path_text(w->cli->arena, location);
    vg_json_put_str(json, "fullyQualifiedName",
                    policy->inside.len
                        ? vg_arena_printf(w->cli->arena, "%.*s: %.*s", VG_ARG(policy->inside), VG_ARG(path))
                        : path);
    vg_json_end_object(json);
    vg_json_end_array(json);
    vg_json_end_object(json);
}

static size_t index_of(const vg_lint_check *check)
{
    for (size_t i = 0; i < vg_lint_check_count(); i++)
        if (vg_lint_check_at(i) == check)
            return i;
    return 0;
}

static void put_result(iam_lint_writer *w, const iam_lint_policy *policy, const vg_lint_finding *f)
{
    vg_json_writer *json = &w->json;
    w->used[index_of(f->check)] = true;
    vg_json_object(json);
    vg_json_put_str(json, "ruleId", vg_str_from(f->check->code));
    vg_json_put_str(json, "level", vg_str_from(sarif_levels[f->check->type]));
    put_text(json, "message", f->message);
    vg_json_key(json, "locations");
    vg_json_array(json);
    put_sarif_location(w, policy, &f->locations[0]);
    vg_json_end_array(json);
    if (f->location_count > 1) {
        vg_json_key(json, "relatedLocations");
        vg_json_array(json);
        for (size_t i = 1; i < f->location_count; i++)
            put_sarif_location(w, policy, &f->locations[i]);
        vg_json_end_array(json);
    }
    vg_json_end_object(json);
}

static void put_rule(iam_lint_writer *w, const vg_lint_check *check)
{
    vg_json_writer *json = &w->json;
    vg_json_object(json);
    vg_json_put_str(json, "id", vg_str_from(check->code));
    put_text(json, "shortDescription", vg_str_from(check->finds));
    put_text(json, "help", vg_str_from(check->remedy));
    if (!vg_lint_check_is_ours(check))
        vg_json_put_str(json, "helpUri", vg_lint_check_link(w->cli->arena, check));
    vg_json_key(json, "properties");
    vg_json_object(json);
    vg_json_put_str(json, "security-severity", vg_str_from(sarif_severities[check->type]));
    vg_json_end_object(json);
    vg_json_end_object(json);
}

static void end_sarif(iam_lint_writer *w)
{
    vg_json_writer *json = &w->json;
    vg_json_end_array(json);
    vg_json_key(json, "tool");
    vg_json_object(json);
    vg_json_key(json, "driver");
    vg_json_object(json);
    vg_json_put_str(json, "name", VG_STR("vigil"));
    vg_json_put_str(json, "version", VG_STR(VIGIL_VERSION));
    vg_json_key(json, "rules");
    vg_json_array(json);
    for (size_t i = 0; i < vg_lint_check_count(); i++)
        if (w->used[i])
            put_rule(w, vg_lint_check_at(i));
    vg_json_end_array(json);
    vg_json_end_object(json);
    vg_json_end_object(json);
    vg_json_end_object(json);
    vg_json_end_array(json);
    vg_json_end_object(json);
}

/* ---- the answer --------------------------------------------------------------------------------------------------------------- */

void iam_lint_write_begin(iam_lint_writer *w)
{
    w->json = vg_json_writer_to(&w->out, 2);
    if (w->format == IAM_LINT_JSON) {
        vg_json_object(&w->json);
        vg_json_put_str(&w->json, "schema", VG_STR("vigil.policy-lint/1"));
        vg_json_key(&w->json, "policies");
        vg_json_array(&w->json);
    } else if (w->format == IAM_LINT_SARIF) {
        vg_json_object(&w->json);
        vg_json_put_str(&w->json, "$schema", VG_STR("https://json.schemastore.org/sarif-2.1.0.json"));
        vg_json_put_str(&w->json, "version", VG_STR("2.1.0"));
        vg_json_key(&w->json, "runs");
        vg_json_array(&w->json);
        vg_json_object(&w->json);
        vg_json_key(&w->json, "results");
        vg_json_array(&w->json);
    }
}

/* Hands over what has been written, so that memory does not grow with the policies. */
static void flush(iam_lint_writer *w)
{
    vg_cli_print(w->cli, vg_buf_str(&w->out));
    vg_buf_clear(&w->out);
}

void iam_lint_write_policy(iam_lint_writer *w, const iam_lint_policy *policy, const vg_lint_result *result,
                           const bool *shown)
{
    if (w->format == IAM_LINT_JSON)
        put_policy(w, policy, result, shown);
    for (size_t i = 0; i < result->count && w->format != IAM_LINT_JSON; i++) {
        if (!shown[i])
            continue;
        if (w->format == IAM_LINT_SARIF)
            put_result(w, policy, &result->findings[i]);
        else
            print_finding(w, policy, &result->findings[i]);
    }
    if (w->out.len > (size_t)1 << 20)
        flush(w);
}

void iam_lint_write_end(iam_lint_writer *w, const iam_lint_totals *totals)
{
    if (w->format == IAM_LINT_TABLE) {
        print_totals(w, totals);
        return;
    }
    if (w->format == IAM_LINT_JSON)
        put_totals(w, totals);
    else
        end_sarif(w);
    vg_buf_add_char(&w->out, '\n');
    flush(w);
    vg_buf_free(&w->out);
}

/* ---- the table of checks ----------------------------------------------------------------------------------------------------------- */

static vg_str kinds_text(vg_arena *arena, unsigned kinds)
{
    vg_buf text = {0};
    if (kinds == VG_LINT_ALL_KINDS)
        vg_buf_add_c(&text, "all");
    for (unsigned i = 0; kinds != VG_LINT_ALL_KINDS && i < 8; i++)
        if (kinds >> i & 1)
            vg_buf_addf(&text, "%s%s", text.len ? ", " : "", vg_policy_kind_name((vg_policy_kind)i));
    vg_str out = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out;
}

static int by_code(const void *a, const void *b)
{
    const vg_lint_check *x = *(const vg_lint_check *const *)a, *y = *(const vg_lint_check *const *)b;
    int ours = (int)vg_lint_check_is_ours(x) - (int)vg_lint_check_is_ours(y);
    return ours ? ours : strcmp(x->code, y->code);
}

static const vg_lint_check **sorted_checks(vg_cli *cli)
{
    size_t count = vg_lint_check_count();
    const vg_lint_check **checks = VG_NEW_N(cli->arena, const vg_lint_check *, count);
    for (size_t i = 0; checks && i < count; i++)
        checks[i] = vg_lint_check_at(i);
    if (checks)
        qsort(checks, count, sizeof *checks, by_code);
    return checks;
}

static void print_markdown_row(vg_cli *cli, const vg_lint_check *check)
{
    fputs("| <a id=\"", cli->out);
    for (const char *c = check->code; *c; c++)
        fputc(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c, cli->out);
    fputs("\"></a>", cli->out);
    if (vg_lint_check_is_ours(check))
        fprintf(cli->out, "`%s`", check->code);
    else
        fprintf(cli->out, "[`%s`](%.*s)", check->code, VG_ARG(vg_lint_check_link(cli->arena, check)));
    fprintf(cli->out, " | %s%s | %.*s | ", level_words[check->type], check->obsolete ? ", obsolete" : "",
            VG_ARG(kinds_text(cli->arena, check->kinds)));
    for (const char *c = check->finds; *c; c++)
        fputs(*c == '|' ? "\\|" : (char[2]){*c, '\0'}, cli->out);
    fputc(' ', cli->out);
    for (const char *c = check->remedy; *c; c++)
        fputs(*c == '|' ? "\\|" : (char[2]){*c, '\0'}, cli->out);
    fputs(" |\n", cli->out);
}

static void print_markdown(vg_cli *cli, const vg_lint_check **checks)
{
    bool ours = false;
    fputs(
        "# Checks of policies\n\n"
        "<!-- Written by tools/generated.sh from `vigil iam lint --list --format markdown`. Do not edit. "
        "-->\n\n"
        "`vigil iam lint` checks policies by the table below: the checks that IAM Access Analyzer documents "
        "for\n"
        "ValidatePolicy, under its codes, and our own, whose codes begin with `VG_`. Each is about some "
        "kinds of policy.\n"
        "An *error* does not work or is refused by AWS, a *security warning* lets in too much, a *warning* "
        "is no best\n"
        "practice, a *suggestion* changes no access. *Obsolete* checks are documented, but AWS allows today "
        "what they speak\n"
        "of; `--obsolete` raises them. What AWS changes (quotas, Regions, lists of keys and services) is in\n"
        "`content/policy/`.\n\n"
        "## Of Access Analyzer\n\n| code | type | kinds | what it finds, and what to do "
        "|\n|---|---|---|---|\n",
        cli->out);
    for (size_t i = 0; i < vg_lint_check_count(); i++) {
        if (!ours && vg_lint_check_is_ours(checks[i]))
            fputs("\n## Ours\n\n| code | type | kinds | what it finds, and what to do |\n|---|---|---|---|\n",
                  cli->out);
        ours = vg_lint_check_is_ours(checks[i]);
        print_markdown_row(cli, checks[i]);
    }
}

static void print_lines(vg_cli *cli, const vg_lint_check **checks)
{
    for (size_t i = 0; i < vg_lint_check_count(); i++) {
        const vg_lint_check *check = checks[i];
        fprintf(cli->out, "%s  %s%s; %.*s\n    ", check->code, level_words[check->type],
                check->obsolete ? ", obsolete" : "", VG_ARG(kinds_text(cli->arena, check->kinds)));
        vg_wrap_print(cli->out, vg_str_from(check->finds), 4, 4, cli->width);
    }
}

static void print_json(vg_cli *cli, const vg_lint_check **checks)
{
    vg_buf text = {0};
    vg_json_writer json = vg_json_writer_to(&text, 2);
    vg_json_array(&json);
    for (size_t i = 0; i < vg_lint_check_count(); i++) {
        vg_json_object(&json);
        vg_json_put_str(&json, "issueCode", vg_str_from(checks[i]->code));
        vg_json_put_str(&json, "findingType", vg_str_from(vg_lint_type_name(checks[i]->type)));
        vg_json_put_str(&json, "kinds", kinds_text(cli->arena, checks[i]->kinds));
        vg_json_put_bool(&json, "obsolete", checks[i]->obsolete);
        vg_json_put_str(&json, "finds", vg_str_from(checks[i]->finds));
        vg_json_put_str(&json, "remedy", vg_str_from(checks[i]->remedy));
        vg_json_put_str(&json, "learnMoreLink", vg_lint_check_link(cli->arena, checks[i]));
        vg_json_end_object(&json);
    }
    vg_json_end_array(&json);
    fprintf(cli->out, "%.*s\n", VG_ARG(vg_buf_str(&text)));
    vg_buf_free(&text);
}

int iam_lint_list(vg_cli *cli, iam_lint_format format)
{
    vg_error err = {0};
    const vg_lint_check **checks = sorted_checks(cli);
    if (!checks) {
        vg_fail(&err, VG_ERR_MEMORY, "memory ran out");
        return vg_cli_error(cli, &err);
    }
    if (format == IAM_LINT_MARKDOWN)
        print_markdown(cli, checks);
    else if (format == IAM_LINT_JSON)
        print_json(cli, checks);
    else
        print_lines(cli, checks);
    return VG_EXIT_OK;
}

int iam_lint_explain(vg_cli *cli, vg_str code)
{
    const vg_lint_check *check = vg_lint_check_find(code);
    if (!check)
        return vg_cli_usage(cli, "no check has the code '%.*s'; --list names them all", VG_ARG(code));
    fprintf(cli->out, "%s (%s%s)\n\n", check->code, level_words[check->type],
            check->obsolete ? ", obsolete" : "");
    vg_wrap_print(cli->out, vg_str_from(check->finds), 0, 0, cli->width);
    fputc('\n', cli->out);
    vg_wrap_print(cli->out, vg_str_from(check->remedy), 0, 0, cli->width);
    fprintf(cli->out, "\nkinds  %.*s\nmore   %.*s\n", VG_ARG(kinds_text(cli->arena, check->kinds)),
            VG_ARG(vg_lint_check_link(cli->arena, check)));
    return VG_EXIT_OK;
}
