/* json.c: the whole answer, and findings, as JSON for programs. The schemas are named in the output ("vigil.review/1",
 * "vigil.findings/1"): fields are only ever added to a version. A score that does not exist is null, a time that is not
 * known is left out. */
#include "report/report_part.h"

/* ---- findings --------------------------------------------------------------------------------------------------- */

/* The evidence as the object that it is; as text when it is none. */
static void put_evidence(vg_report_writer *w, vg_str evidence)
{
    vg_doc doc;
    if (evidence.len == 0)
        return;
    vg_json_key(&w->json, "evidence");
    if (vg_json_read(w->scratch, evidence, VG_STR("evidence"), NULL, &doc, NULL) == VG_OK)
        vg_json_value(&w->json, doc.root);
    else
        vg_json_string(&w->json, evidence);
}

static void put_resource(vg_report_writer *w, const report_finding *v)
{
    vg_json_key(&w->json, "resource");
    vg_json_object(&w->json);
    json_text(w, "type", v->f.resource_type);
    json_text(w, "account", v->f.account);
    json_filled(w, "account_name", v->account_name);
    json_text(w, "region", v->f.region);
    json_text(w, "id", v->f.resource_id);
    json_filled(w, "name", v->f.resource_name);
    vg_json_end_object(&w->json);
}

static void put_finding(vg_report_writer *w, const vg_report_finding *given)
{
    report_finding v = report_view(w, given);
    vg_json_object(&w->json);
    json_text(w, "id", vg_str_from(v.id.hex));
    json_text(w, "rule", v.f.rule);
    json_text(w, "product", v.f.product);
    json_text(w, "title", v.f.title);
    json_text(w, "message", v.f.message);
    json_filled(w, "remediation", v.f.remediation);
    if (v.command_count > 0)
        json_texts(w, "commands", v.commands, v.command_count);
    json_filled(w, "warning", v.warning);
    json_text(w, "severity", vg_str_from(vg_severity_name(v.f.severity)));
    json_text(w, "verdict", vg_str_from(vg_verdict_name(v.f.verdict)));
    json_text(w, "workflow", vg_str_from(vg_workflow_name(v.workflow)));
    json_filled(w, "suppressed_reason", v.suppressed_reason);
    put_resource(w, &v);
    json_filled(w, "sub_key", v.f.sub_key);
    json_time(w, "first_seen", v.first_seen);
    json_time(w, "last_seen", v.last_seen);
    json_texts(w, "requirements", v.requirements, v.requirement_count);
    put_evidence(w, v.f.evidence);
    vg_json_end_object(&w->json);
    json_make_safe(w);
}

void report_json_begin(vg_report_writer *w)
{
    w->json = vg_json_writer_to(w->out, 2);
    vg_json_object(&w->json);
    vg_json_put_str(&w->json, "schema", VG_STR("vigil.findings/1"));
    json_filled(w, "title", w->title);
    vg_json_key(&w->json, "findings");
    vg_json_array(&w->json);
}

void report_json_finding(vg_report_writer *w, const vg_report_finding *f)
{
    put_finding(w, f);
}

void report_json_end(vg_report_writer *w)
{
    vg_json_end_array(&w->json);
    vg_json_end_object(&w->json);
    put(w, "\n");
    json_make_safe(w);
}

void report_jsonl_finding(vg_report_writer *w, const vg_report_finding *f)
{
    w->json = vg_json_writer_to(w->out, 0);
    put_finding(w, f);
    put(w, "\n");
    json_make_safe(w);
}

/* ---- the answer ------------------------------------------------------------------------------------------------- */

static void put_control(vg_report_writer *w, const vg_report_control *c)
{
    const struct {
        const char *name;
        uint32_t count;
    } COUNTS[] = {{"pass", c->passed},
                  {"fail", c->failed},
                  {"partly", c->partly},
                  {"not-assessed", c->not_assessed},
                  {"not-applicable", c->not_applicable}};
    vg_json_object(&w->json);
    json_text(w, "id", c->id);
    json_text(w, "title", c->title);
    json_text(w, "verdict", vg_str_from(vg_verdict_name(c->verdict)));
    json_text(w, "severity", vg_str_from(vg_severity_name(c->severity)));
    json_number(w, "weight", c->weight);
    json_text(w, "summary", c->summary);
    json_filled(w, "missing", c->missing);
    json_filled(w, "source", c->source);
    vg_json_key(&w->json, "resources");
    vg_json_object(&w->json);
    for (size_t i = 0; i < VG_COUNT(COUNTS); i++)
        vg_json_put_i64(&w->json, COUNTS[i].name, COUNTS[i].count);
    vg_json_end_object(&w->json);
    json_texts(w, "requirements", c->requirements, c->requirement_count);
    json_filled(w, "action", c->action);
    if (c->action.len > 0) {
        vg_json_key(&w->json, "total_gain"); /* below 0 when what passed goes as well */
        vg_json_f64(&w->json, c->total_gain);
    }
    vg_json_end_object(&w->json);
}

static void put_actions(vg_report_writer *w, const vg_report_action *actions, size_t count)
{
    vg_json_key(&w->json, "actions");
    vg_json_array(&w->json);
    for (size_t i = 0; i < count; i++) {
        const vg_report_action *a = &actions[i];
        vg_json_object(&w->json);
        json_text(w, "title", a->title);
        json_filled(w, "why", a->why);
        json_text(w, "practice", a->practice);
        json_number(w, "gain", a->gain);
        json_number(w, "total_gain", a->total_gain);
        json_texts(w, "commands", a->commands, a->command_count);
        json_filled(w, "warning", a->warning);
        json_texts(w, "controls", a->controls, a->control_count);
        vg_json_end_object(&w->json);
    }
    vg_json_end_array(&w->json);
}

static void put_practice(vg_report_writer *w, const vg_report_practice *p)
{
    vg_json_object(&w->json);
    json_text(w, "id", p->id);
    json_text(w, "title", p->title);
    json_text(w, "state", vg_str_from(vg_state_name(p->state)));
    json_number(w, "score", p->score);
    json_number(w, "coverage", p->coverage);
    json_filled(w, "explanation", p->explanation);
    vg_json_key(&w->json, "controls");
    vg_json_array(&w->json);
    for (size_t i = 0; i < p->control_count; i++)
        put_control(w, &p->controls[i]);
    vg_json_end_array(&w->json);
    put_actions(w, p->actions, p->action_count);
    vg_json_end_object(&w->json);
}

static void put_section(vg_report_writer *w, const vg_report_section *s)
{
    vg_json_object(&w->json);
    json_text(w, "name", s->name);
    json_filled(w, "description", s->description);
    vg_json_put_i64(&w->json, "accounts", s->accounts);
    json_text(w, "state", vg_str_from(vg_state_name(s->state)));
    json_number(w, "score", s->score);
    json_number(w, "coverage", s->coverage);
    vg_json_key(&w->json, "practices");
    vg_json_array(&w->json);
    for (size_t i = 0; i < s->practice_count; i++)
        put_practice(w, &s->practices[i]);
    vg_json_end_array(&w->json);
    put_actions(w, s->actions, s->action_count);
    vg_json_end_object(&w->json);
}

static void put_gaps(vg_report_writer *w, const vg_report_answer *a)
{
    vg_json_key(&w->json, "not_assessed");
    vg_json_array(&w->json);
    for (size_t i = 0; i < a->gap_count; i++) {
        vg_json_object(&w->json);
        json_text(w, "what", a->gaps[i].what);
        json_text(w, "provider", a->gaps[i].provider);
        vg_json_put_i64(&w->json, "controls", a->gaps[i].controls);
        vg_json_end_object(&w->json);
    }
    vg_json_end_array(&w->json);
}

static void put_head(vg_report_writer *w, const vg_report_answer *a)
{
    vg_json_put_str(&w->json, "schema", VG_STR("vigil.review/1"));
    json_filled(w, "version", w->options.version);
    json_text(w, "question", a->question);
    vg_json_key(&w->json, "organisation");
    vg_json_object(&w->json);
    json_text(w, "name", a->organisation_name);
    json_text(w, "id", a->organisation_id);
    vg_json_end_object(&w->json);
    json_text(w, "scope", a->scope);
    json_time(w, "evidence_from", a->evidence_from);
    json_time(w, "evidence_to", a->evidence_to);
    json_time(w, "judged_at", a->judged_at);
    json_texts(w, "stale", a->stale, a->stale_count);
    json_texts(w, "problems", a->problems, a->problem_count);
    json_text(w, "formula", a->formula);
}

void report_answer_json(vg_report_writer *w, const vg_report_answer *a)
{
    w->json = vg_json_writer_to(w->out, 2);
    vg_json_object(&w->json);
    put_head(w, a);
    vg_json_key(&w->json, "answer");
    put_section(w, &a->organisation);
    vg_json_key(&w->json, "workloads");
    vg_json_array(&w->json);
    for (size_t i = 0; i < a->workload_count; i++) {
        put_section(w, &a->workloads[i]);
        json_make_safe(w);
        report_pass_on(w);
    }
    vg_json_end_array(&w->json);
    put_gaps(w, a);
    vg_json_key(&w->json, "findings");
    vg_json_array(&w->json);
    for (size_t i = 0; i < a->finding_count; i++) {
        put_finding(w, &a->findings[i]);
        report_pass_on(w);
    }
    vg_json_end_array(&w->json);
    vg_json_end_object(&w->json);
    put(w, "\n");
    json_make_safe(w);
}
