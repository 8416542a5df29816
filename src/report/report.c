/* report.c: the table of formats and the writer's life. What a format looks like is in the file of its name. */
#include "report/report_part.h"

#define FLUSH_AT (1U << 20)

static const report_kind KINDS[] = {
    [VG_REPORT_TERMINAL] = {"terminal", "table", "", report_answer_terminal, report_terminal_begin,
                            report_terminal_finding, report_terminal_end},
    [VG_REPORT_HTML] = {"html", "htm", ".html", report_answer_html, report_html_begin, report_html_finding,
                        report_html_end},
    [VG_REPORT_MARKDOWN] = {"markdown", "md", ".md", report_answer_markdown, report_markdown_begin,
                            report_markdown_finding, report_markdown_end},
    [VG_REPORT_JSON] = {"json", NULL, ".json", report_answer_json, report_json_begin, report_json_finding,
                        report_json_end},
    [VG_REPORT_JSONL] = {"jsonl", "ndjson", ".jsonl", NULL, NULL, report_jsonl_finding, NULL},
    [VG_REPORT_CSV] = {"csv", NULL, ".csv", report_answer_csv, report_csv_begin, report_csv_finding, NULL},
    [VG_REPORT_OCSF] = {"ocsf", NULL, ".ocsf.json", NULL, report_ocsf_begin, report_ocsf_finding,
                        report_array_end},
    [VG_REPORT_ASFF] = {"asff", NULL, ".asff.json", NULL, report_asff_begin, report_asff_finding,
                        report_asff_end},
    [VG_REPORT_SARIF] = {"sarif", NULL, ".sarif", report_answer_sarif, report_sarif_begin,
                         report_sarif_finding, report_sarif_end},
    [VG_REPORT_JUNIT] = {"junit", "xml", ".xml", report_answer_junit, report_junit_begin,
                         report_junit_finding, report_junit_end},
};

bool vg_report_format_parse(vg_str text, vg_report_format *out)
{
    for (size_t i = 0; i < VG_COUNT(KINDS); i++) {
        if (!vg_str_is(text, KINDS[i].name) && !(KINDS[i].alias && vg_str_is(text, KINDS[i].alias)))
            continue;
        *out = (vg_report_format)i;
        return true;
    }
    return false;
}

const char *vg_report_format_name(vg_report_format format)
{
    return KINDS[format].name;
}

const char *vg_report_format_suffix(vg_report_format format)
{
    return KINDS[format].suffix;
}

const char *vg_state_name(vg_state state)
{
    static const char *const NAMES[] = {"met", "partly-met", "not-met", "not-assessed"};
    return NAMES[state];
}

/* ---- a writer's life -------------------------------------------------------------------------------------------- */

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "out of memory while writing the report");
}

static void writer_free(vg_report_writer *w)
{
    vg_buf_free(&w->body);
    vg_arena_free(w->scratch);
    vg_arena_free(w->arena); /* the writer itself lives in it */
}

static vg_report_writer *writer_new(vg_report_format format, const vg_report_options *options, vg_buf *out)
{
    vg_arena *arena = vg_arena_new(0), *scratch = vg_arena_new(0);
    vg_report_writer *w = arena && scratch ? VG_NEW(arena, vg_report_writer) : NULL;
    if (!w) {
        vg_arena_free(arena);
        vg_arena_free(scratch);
        return NULL;
    }
    *w = (vg_report_writer){.out = out, .kind = &KINDS[format], .arena = arena, .scratch = scratch};
    w->json_from = out->len;
    w->fallback_time = VG_TIME_NONE;
    w->rules = vg_map_new(arena, 0);
    w->kept = vg_vec_in(arena, sizeof(vg_str));
    if (options)
        w->options = *options;
    if (w->options.redact)
        w->redactor = report_redactor_new(arena);
    if (!w->rules || (w->options.redact && !w->redactor)) {
        writer_free(w);
        return NULL;
    }
    for (size_t i = 0; w->redactor && i < w->options.name_count; i++)
        report_redactor_add(w->redactor, w->options.names[i]);
    return w;
}

/* Hands over what was written when it is much, or when `all`. */
static vg_status hand_over(vg_report_writer *w, bool all, vg_error *err)
{
    vg_arena_reset(w->scratch);
    if (w->out->failed || w->body.failed)
        return out_of_memory(err);
    if (!w->options.flush || w->out->len < (all ? 1 : FLUSH_AT))
        return VG_OK;
    VG_TRY(w->options.flush(w->options.flush_context, vg_buf_str(w->out), err));
    vg_buf_clear(w->out);
    w->json_from = 0;
    return VG_OK;
}

void report_pass_on(vg_report_writer *w)
{
    if (w->failure.code == VG_OK)
        w->failure.code = hand_over(w, false, &w->failure);
}

vg_status vg_report_findings_begin(vg_report_format format, vg_str title, const vg_report_options *options,
                                   vg_buf *out, vg_report_writer **writer, vg_error *err)
{
    *writer = writer_new(format, options, out);
    if (!*writer)
        return out_of_memory(err);
    (*writer)->title = title;
    if ((*writer)->kind->begin)
        (*writer)->kind->begin(*writer);
    return VG_OK;
}

/* Users are people, and accounts carry the names of teams and projects: they are masked from here on. */
static void learn_name(vg_report_writer *w, const vg_report_finding *given)
{
    if (w->redactor && vg_str_ends(given->finding.resource_type, VG_STR("::User")))
        report_redactor_add(w->redactor, given->finding.resource_name);
    if (w->redactor && given->account_name.len > 0)
        report_redactor_add(w->redactor, given->account_name);
}

vg_status vg_report_findings_add(vg_report_writer *w, const vg_report_finding *finding, vg_error *err)
{
    learn_name(w, finding);
    w->kind->finding(w, finding);
    w->count++;
    return hand_over(w, false, err);
}

vg_status vg_report_findings_end(vg_report_writer *w, vg_error *err)
{
    if (!w)
        return VG_OK;
    if (w->kind->end)
        w->kind->end(w);
    vg_status status = hand_over(w, true, err);
    writer_free(w);
    return status;
}

/* ---- an answer -------------------------------------------------------------------------------------------------- */

static vg_status write_findings(vg_report_writer *w, const vg_report_answer *answer, vg_error *err)
{
    if (w->kind->begin)
        w->kind->begin(w);
    for (size_t i = 0; i < answer->finding_count; i++, w->count++) {
        w->kind->finding(w, &answer->findings[i]);
        VG_TRY(hand_over(w, false, err));
    }
    if (w->kind->end)
        w->kind->end(w);
    return VG_OK;
}

vg_status vg_report_write(const vg_report_answer *answer, vg_report_format format,
                          const vg_report_options *options, vg_buf *out, vg_error *err)
{
    vg_report_writer *w = writer_new(format, options, out);
    if (!w)
        return out_of_memory(err);
    w->answer = answer;
    w->title = answer->question;
    w->fallback_time = answer->judged_at;
    for (size_t i = 0; i < answer->finding_count; i++)
        learn_name(w, &answer->findings[i]);
    vg_status status = VG_OK;
    if (w->kind->answer) {
        w->kind->answer(w, answer);
        status = w->failure.code;
        if (status != VG_OK && err)
            *err = w->failure;
    } else
        status = write_findings(w, answer, err);
    if (status == VG_OK)
        status = hand_over(w, true, err);
    writer_free(w);
    return status;
}

/* ---- a finding as it is written --------------------------------------------------------------------------------- */

static vg_time first_time(vg_time a, vg_time b, vg_time c)
{
    return a != VG_TIME_NONE && a != 0 ? a : b != VG_TIME_NONE && b != 0 ? b : c;
}

report_finding report_view(vg_report_writer *w, const vg_report_finding *given)
{
    report_finding view = {.f = given->finding,
                           .id = given->id,
                           .workflow = given->workflow,
                           .requirements = given->requirements,
                           .requirement_count = given->requirement_count,
                           .account_name = report_masked(w, given->account_name),
                           .warning = report_masked(w, given->warning),
                           .commands = given->commands,
                           .command_count = given->command_count};
    vg_str *const TEXTS[] = {&view.f.rule,    &view.f.product,       &view.f.title,
                             &view.f.message, &view.f.remediation,   &view.f.account,
                             &view.f.region,  &view.f.resource_id,   &view.f.resource_name,
                             &view.f.sub_key, &view.f.resource_type, &view.f.evidence};
    for (size_t i = 0; i < VG_COUNT(TEXTS); i++)
        *TEXTS[i] = report_masked(w, *TEXTS[i]);
    view.suppressed_reason = report_masked(w, given->suppressed_reason);
    /* An id is a hash that can be guessed from an account's: where accounts are masked it is of what is shown. */
    if (w->redactor || view.id.hex[0] == '\0')
        view.id = vg_finding_id(&view.f);
    view.first_seen = first_time(given->first_seen, given->finding.observed, w->fallback_time);
    view.last_seen = first_time(given->last_seen, given->finding.observed, w->fallback_time);
    return view;
}

/* "shop-prod (111122223333)"; "account 111122223333" where the name is not known. */
static vg_str account_words(vg_report_writer *w, const report_finding *v)
{
    if (v->account_name.len == 0)
        return vg_arena_printf(w->scratch, "account %.*s", VG_ARG(v->f.account));
    return vg_arena_printf(w->scratch, "%.*s (%.*s)", VG_ARG(v->account_name), VG_ARG(v->f.account));
}

vg_str report_whereabouts(vg_report_writer *w, const report_finding *v)
{
    const vg_finding *f = &v->f;
    vg_str what = f->resource_name.len > 0 ? f->resource_name : f->resource_id;
    vg_str region = f->region.len > 0 ? f->region : VG_STR("");
    const char *comma = region.len > 0 ? ", " : "";
    if (f->account.len == 0)
        return vg_arena_printf(w->scratch, "%.*s%s%.*s", VG_ARG(what), comma, VG_ARG(region));
    vg_str account = account_words(w, v);
    if (vg_str_eq(what, f->account) || vg_str_eq(what, v->account_name))
        return vg_arena_printf(w->scratch, "%.*s%s%.*s", VG_ARG(account), comma, VG_ARG(region));
    return vg_arena_printf(w->scratch, "%.*s %s %.*s%s%.*s", VG_ARG(what),
                           vg_str_ends(f->resource_type, VG_STR("::Root")) ? "of" : "in", VG_ARG(account),
                           comma, VG_ARG(region));
}

bool report_is_urgent(const vg_report_finding *given)
{
    return given->finding.severity == VG_SEVERITY_CRITICAL && given->finding.verdict == VG_VERDICT_FAIL &&
           given->workflow <= VG_WORKFLOW_NOTIFIED;
}

vg_str report_partition(const vg_finding *f)
{
    vg_arn arn;
    if (vg_arn_parse(f->resource_id, &arn))
        return arn.partition;
    if (vg_str_starts(f->region, VG_STR("cn-")))
        return VG_STR("aws-cn");
    return vg_str_starts(f->region, VG_STR("us-gov-")) ? VG_STR("aws-us-gov") : VG_STR("aws");
}
