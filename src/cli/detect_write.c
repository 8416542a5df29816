/* detect_write.c: what detections found, for people and for programs. */
#include <arpa/inet.h>
#include <string.h>

#include "cli/cli_parts.h"
#include "cli/detect_parts.h"
#include "cli/detect_usual.h"
#include "format/format.h"
#include "report/report.h"

typedef struct {
    vg_cli *cli;
    const vg_rules *rules;
    const bool *wanted;
    const vg_detect_run *run;
    vg_buf *out;
} writing;

static vg_str outcome_of(const vg_detect_finding *f)
{
    return f->succeeded ? VG_STR("succeeded") : VG_STR("attempted");
}

static vg_str rule_name(const vg_rule *rule)
{
    return rule->id.len ? rule->id : rule->name.len ? rule->name : rule->title;
}

static vg_str time_text(vg_arena *arena, vg_time time)
{
    char text[VG_TIME_TEXT];
    if (time == VG_TIME_NONE)
        return VG_STR("");
    vg_time_format(time, text);
    return vg_arena_str(arena, vg_str_from(text));
}

/* ---- JSON lines
 * ----------------------------------------------------------------------------------------------------------
 */

static void put_list(vg_json_writer *json, const char *key, const vg_str *items, size_t count)
{
    vg_json_key(json, key);
    vg_json_array(json);
    for (size_t i = 0; i < count; i++)
        vg_json_string(json, items[i]);
    vg_json_end_array(json);
}

static void put_events(vg_json_writer *json, const vg_detect_finding *f)
{
    vg_json_key(json, "events");
    vg_json_array(json);
    char id[VG_STEP_ID];
    for (size_t i = 0; i < f->step_count; i++)
        vg_json_string(json, vg_detect_step_at(f, i, id).id);
    vg_json_end_array(json);
}

/* The event as an object. */
static void put_raw(const writing *w, const vg_detect_finding *f, vg_json_writer *json)
{
    vg_str raw = vg_detect_raw_of(w->run, f);
    vg_doc doc;
    if (!raw.len || vg_json_read(w->cli->arena, raw, VG_STR(""), NULL, &doc, NULL) != VG_OK)
        return;
    vg_json_key(json, "raw");
    vg_json_value(json, doc.root);
}

static void write_line(const writing *w, const vg_detect_finding *f)
{
    const vg_rule *rule = vg_rules_at(w->rules, f->rule);
    vg_json_writer json = vg_json_writer_to(w->out, 0);
    vg_json_object(&json);
    vg_json_put_str(&json, "rule", rule_name(rule));
    vg_json_put_str(&json, "title", rule->title);
    vg_json_put_str(&json, "level", vg_str_from(vg_detect_level(rule->level)));
    put_list(&json, "attack", rule->attack.items, rule->attack.count);
    vg_json_put_str(&json, "outcome", outcome_of(f));
    vg_json_put_str(&json, "principal", f->principal);
    vg_json_put_str(&json, "source_ip", f->source_ip);
    vg_json_put_str(&json, "account", f->account);
    vg_json_put_str(&json, "region", f->region);
    vg_json_put_str(&json, "first", time_text(w->cli->arena, f->first));
    vg_json_put_str(&json, "last", time_text(w->cli->arena, f->last));
    put_events(&json, f);
    vg_json_put_i64(&json, "count", (int64_t)f->count);
    vg_json_put_str(&json, "id", vg_str_from(f->id));
    vg_json_put_str(&json, "actor", f->actor);
    if (f->group.len)
        vg_json_put_str(&json, "group", f->group);
    vg_detect_put_usual(w->cli, w->rules, w->run->baseline, f, &json);
    put_raw(w, f, &json);
    vg_json_end_object(&json);
    vg_buf_add_char(w->out, '\n');
}

/* ---- for people
 * ----------------------------------------------------------------------------------------------------------
 */

static void paint(const writing *w, const char *code)
{
    if (w->cli->colour)
        vg_buf_addf(w->out, "\x1b[%sm", code);
}

static const char *paint_of(vg_severity level)
{
    static const char *const of[] = {"2", "36", "33", "31", "1;31"};
    return of[level];
}

/* Words wrapped to the width, each line indented. */
static void add_wrapped(const writing *w, const char *label, vg_str text)
{
    enum { INDENT = 12 };
    size_t width = w->cli->width > INDENT + 20 ? w->cli->width - INDENT : 20, column = 0;
    vg_str word, rest = vg_str_trim(text);
    vg_buf_addf(w->out, "  %-*s", INDENT - 2, label);
    while (rest.len) {
        size_t end = 0;
        while (end < rest.len && rest.ptr[end] != ' ' && rest.ptr[end] != '\n' && rest.ptr[end] != '\t')
            end++;
        word = vg_str_sub(rest, 0, end);
        rest = vg_str_trim(vg_str_sub(rest, end, VG_NPOS));
        if (column && column + 1 + word.len > width) {
            vg_buf_addf(w->out, "\n%*s", INDENT, "");
            column = 0;
        } else if (column) {
            vg_buf_add_char(w->out, ' ');
            column++;
        }
        vg_report_safe(w->out, word);
        column += word.len;
    }
    vg_buf_add_char(w->out, '\n');
}

/* What ${name} stands for in a step of triage. */
static vg_str filled(const writing *w, const vg_detect_finding *f, vg_str name)
{
    char id[VG_STEP_ID];
    const struct {
        const char *name;
        vg_str value;
    } table[] = {
        {"principal", f->principal},
        {"actor", f->actor},
        {"ip", f->source_ip},
        {"account", f->account},
        {"region", f->region},
        {"key", f->key},
        {"first", time_text(w->cli->arena, f->first)},
        {"last", time_text(w->cli->arena, f->last)},
        {"event", f->step_count ? vg_arena_str(w->cli->arena, vg_detect_step_at(f, 0, id).id) : VG_STR("")},
    };
    for (size_t i = 0; i < VG_COUNT(table); i++)
        if (vg_str_is(name, table[i].name))
            return table[i].value.len ? table[i].value : VG_STR("(unknown)");
    return VG_STR("");
}

/* A value as it may stand in a command line that someone pastes: what a shell
 * could act on is taken out. */
static void add_harmless(vg_buf *out, vg_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        bool harmless = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                        (c && strchr(":/@.,_=+-", c));
        vg_buf_add_char(out, harmless ? c : '?');
    }
}

vg_str vg_detect_fill(vg_cli *cli, const vg_detect_finding *f, vg_str text)
{
    const writing w = {.cli = cli};
    vg_buf out = {0};
    for (size_t i = 0; i < text.len; i++) {
        size_t close = text.ptr[i] == '$' && i + 1 < text.len && text.ptr[i + 1] == '{'
                           ? vg_str_find_char(vg_str_sub(text, i, VG_NPOS), '}')
                           : VG_NPOS;
        if (close == VG_NPOS) {
            vg_buf_add_char(&out, text.ptr[i]);
            continue;
        }
        add_harmless(&out, filled(&w, f, vg_str_sub(text, i + 2, close - 2)));
        i += close;
    }
    vg_str copy = vg_arena_str(cli->arena, vg_buf_str(&out));
    vg_buf_free(&out);
    return copy;
}

static void add_line(const writing *w, const char *label, vg_str text)
{
    if (!text.len)
        return;
    vg_buf_addf(w->out, "  %-10s", label);
    vg_report_safe(w->out, text);
    vg_buf_add_char(w->out, '\n');
}

static void add_steps(const writing *w, const vg_detect_finding *f)
{
    enum { MOST_SHOWN = 6 };
    for (size_t i = 0; i < f->step_count && i < MOST_SHOWN; i++) {
        char id[VG_STEP_ID];
        vg_detect_step step = vg_detect_step_at(f, i, id);
        vg_buf_addf(w->out, "  %-10s%.*s  ", i == 0 ? "events" : "",
                    VG_ARG(time_text(w->cli->arena, step.time)));
        vg_report_safe(w->out, step.name);
        vg_buf_add_c(w->out, "  ");
        vg_report_safe(w->out, step.id);
        vg_buf_add_char(w->out, '\n');
    }
    if (f->count > MOST_SHOWN)
        vg_buf_addf(w->out, "  %-10sand %llu more\n", "", (unsigned long long)(f->count - MOST_SHOWN));
}

static void write_block(const writing *w, const vg_detect_finding *f)
{
    const vg_rule *rule = vg_rules_at(w->rules, f->rule);
    paint(w, paint_of(rule->level));
    vg_buf_addf(w->out, "%-14s", vg_detect_level(rule->level));
    paint(w, "0");
    paint(w, "1");
    vg_report_safe(w->out, rule->title);
    paint(w, "0");
    vg_buf_addf(w->out, "  (%.*s)\n", VG_ARG(outcome_of(f)));
    add_line(w, "who", f->principal);
    if (!vg_str_eq(f->actor, f->principal))
        add_line(w, "behind it", f->actor);
    add_line(w, "from", f->source_ip);
    vg_str where =
        vg_arena_printf(w->cli->arena, "account %.*s, %.*s", VG_ARG(f->account), VG_ARG(f->region));
    add_line(w, "where", where);
    add_line(w, "group", f->group);
    add_steps(w, f);
    vg_str usual = vg_detect_usual_text(w->cli, w->rules, w->run->baseline, f);
    if (usual.len)
        add_wrapped(w, "usual", usual);
    if (rule->level >= VG_SEVERITY_MEDIUM && rule->description.len)
        add_wrapped(w, "why", rule->description);
    for (size_t i = 0; rule->level >= VG_SEVERITY_MEDIUM && i < rule->falsepositives.count; i++)
        add_wrapped(w, i == 0 ? "or else" : "", rule->falsepositives.items[i]);
    for (size_t i = 0; rule->level >= VG_SEVERITY_MEDIUM && i < rule->triage.count; i++)
        add_wrapped(w, i == 0 ? "do" : "", vg_detect_fill(w->cli, f, rule->triage.items[i]));
    add_line(w, "raw", vg_detect_raw_of(w->run, f));
    vg_buf_add_char(w->out, '\n');
}

/* ---- ASFF and SARIF, by the report's writer
 * -------------------------------------------------------------------------------
 */

static vg_str evidence_of(const writing *w, const vg_detect_finding *f)
{
    const vg_rule *rule = vg_rules_at(w->rules, f->rule);
    vg_buf text = {0};
    vg_json_writer json = vg_json_writer_to(&text, 0);
    vg_json_object(&json);
    vg_json_put_str(&json, "file", f->file);
    vg_json_put_str(&json, "principal", f->principal);
    vg_json_put_str(&json, "actor", f->actor);
    vg_json_put_str(&json, "source_ip", f->source_ip);
    vg_json_put_str(&json, "outcome", outcome_of(f));
    vg_json_put_i64(&json, "count", (int64_t)f->count);
    put_list(&json, "attack", rule->attack.items, rule->attack.count);
    put_events(&json, f);
    vg_json_end_object(&json);
    vg_str copy = vg_arena_str(w->cli->arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return copy;
}

static void to_report(const writing *w, const vg_detect_finding *f, vg_report_finding *out)
{
    const vg_rule *rule = vg_rules_at(w->rules, f->rule);
    vg_arena *arena = w->cli->arena;
    *out = (vg_report_finding){.workflow = VG_WORKFLOW_NEW, .first_seen = f->first, .last_seen = f->last};
    out->finding = (vg_finding){.rule = rule_name(rule),
                                .product = VG_STR("vigil"),
                                .title = rule->title,
                                .severity = rule->level,
                                .verdict = VG_VERDICT_FAIL,
                                .account = f->account,
                                .region = f->region,
                                .resource_type = VG_STR("AWS::IAM::Principal"),
                                .resource_id = f->actor.len ? f->actor : f->group,
                                .sub_key = vg_str_from(f->id),
                                .observed = f->last,
                                .evidence = evidence_of(w, f)};
    out->finding.message = vg_arena_printf(
        arena, "%.*s by %.*s from %.*s, %llu events from %.*s to %.*s. %.*s", VG_ARG(outcome_of(f)),
        VG_ARG(f->principal), VG_ARG(f->source_ip), (unsigned long long)f->count,
        VG_ARG(time_text(arena, f->first)), VG_ARG(time_text(arena, f->last)), VG_ARG(rule->description));
    vg_str usual = vg_detect_usual_text(w->cli, w->rules, w->run->baseline, f);
    if (usual.len)
        out->finding.message =
            vg_arena_printf(arena, "%.*s Usual: %.*s", VG_ARG(out->finding.message), VG_ARG(usual));
    vg_str *steps = VG_NEW_N(arena, vg_str, rule->triage.count + 1);
    for (size_t i = 0; steps && i < rule->triage.count; i++) {
        vg_str step = vg_detect_fill(w->cli, f, rule->triage.items[i]);
        steps[i] = vg_str_starts(step, VG_STR("vigil ")) || vg_str_starts(step, VG_STR("aws "))
                       ? step
                       : vg_arena_printf(arena, "# %.*s", VG_ARG(step));
    }
    out->commands = steps;
    out->command_count = steps ? rule->triage.count : 0;
    out->requirements = rule->attack.items;
    out->requirement_count = rule->attack.count;
}

static vg_status write_report(const writing *w, vg_report_format format, vg_error *err)
{
    vg_report_writer *writer = NULL;
    const vg_report_options options = {.version = VG_STR(VIGIL_VERSION)};
    vg_status status = vg_report_findings_begin(format, VG_STR("Detections"), &options, w->out, &writer, err);
    for (size_t i = 0; status == VG_OK && i < w->run->findings.count; i++) {
        const vg_detect_finding *f = w->run->findings.items[i];
        vg_report_finding finding;
        if (!w->wanted[f->rule])
            continue;
        to_report(w, f, &finding);
        status = vg_report_findings_add(writer, &finding, err);
    }
    if (!writer)
        return status;
    vg_error last = {0};
    vg_status ended = vg_report_findings_end(writer, &last);
    if (status == VG_OK && ended != VG_OK)
        *err = last;
    return status == VG_OK ? ended : status;
}

/* ---- OCSF: Detection Finding (class 2004)
 * ------------------------------------------------------------------------------------
 */

enum { CLASS_UID = 2004, CREATE = 1 };

static int64_t milliseconds(vg_time time)
{
    return time == VG_TIME_NONE ? 0 : time / (VG_TIME_SECOND / 1000);
}

static void put_ocsf_event(vg_json_writer *json, const vg_detect_step *step)
{
    vg_json_object(json);
    vg_json_put_str(json, "uid", step->id);
    if (step->name.len)
        vg_json_put_str(json, "type", step->name);
    if (step->time != VG_TIME_NONE)
        vg_json_put_i64(json, "first_seen_time", milliseconds(step->time));
    vg_json_end_object(json);
}

static void put_ocsf_info(vg_json_writer *json, const vg_rule *rule, const vg_detect_finding *f)
{
    vg_json_key(json, "finding_info");
    vg_json_object(json);
    vg_json_put_str(json, "uid", vg_str_from(f->id));
    vg_json_put_str(json, "title", rule->title);
    if (rule->description.len)
        vg_json_put_str(json, "desc", rule->description);
    vg_json_put_i64(json, "first_seen_time", milliseconds(f->first));
    vg_json_put_i64(json, "last_seen_time", milliseconds(f->last));
    vg_json_key(json, "analytic");
    vg_json_object(json);
    vg_json_put_str(json, "uid", rule_name(rule));
    vg_json_put_str(json, "name", rule->title);
    vg_json_put_i64(json, "type_id", 1);
    vg_json_put_str(json, "type", VG_STR("Rule"));
    vg_json_end_object(json);
    vg_json_key(json, "attacks");
    vg_json_array(json);
    for (size_t i = 0; i < rule->attack.count; i++) {
        vg_str technique, rest;
        vg_json_object(json);
        vg_str_split(rule->attack.items[i], '.', &technique, &rest);
        vg_json_key(json, rest.len ? "sub_technique" : "technique");
        vg_json_object(json);
        vg_json_put_str(json, "uid", rule->attack.items[i]);
        vg_json_end_object(json);
        vg_json_end_object(json);
    }
    vg_json_end_array(json);
    vg_json_key(json, "related_events");
    vg_json_array(json);
    for (size_t i = 0; i < f->step_count; i++) {
        char id[VG_STEP_ID];
        vg_detect_step step = vg_detect_step_at(f, i, id);
        if (step.id.len)
            put_ocsf_event(json, &step);
    }
    vg_json_end_array(json);
    vg_json_put_i64(json, "related_events_count", (int64_t)f->count);
    vg_json_end_object(json);
}

static bool is_address(vg_str text)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    char copy[INET6_ADDRSTRLEN] = "";
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.ptr, 0, text.len))
        return false;
    memcpy(copy, text.ptr, text.len);
    return inet_pton(AF_INET, copy, bytes) == 1 || inet_pton(AF_INET6, copy, bytes) == 1;
}

static void put_user(vg_json_writer *json, const vg_detect_finding *f)
{
    vg_json_key(json, "actor");
    vg_json_object(json);
    vg_json_key(json, "user");
    vg_json_object(json);
    if (f->actor.len)
        vg_json_put_str(json, "uid", f->actor);
    if (f->principal.len)
        vg_json_put_str(json, "name", f->principal);
    vg_json_end_object(json);
    vg_json_end_object(json);
}

/* What the log calls an address may be the name of a service. */
static void put_source(vg_json_writer *json, vg_str source)
{
    vg_json_key(json, "src_endpoint");
    vg_json_object(json);
    vg_json_put_str(json, is_address(source) ? "ip" : "name", source);
    vg_json_end_object(json);
}

static void put_evidences(const writing *w, vg_json_writer *json, const vg_detect_finding *f)
{
    vg_json_key(json, "evidences");
    vg_json_array(json);
    vg_json_object(json);
    if (f->actor.len || f->principal.len)
        put_user(json, f);
    if (f->source_ip.len)
        put_source(json, f->source_ip);
    vg_json_key(json, "data");
    vg_json_object(json);
    put_events(json, f);
    vg_json_put_str(json, "file", f->file);
    vg_detect_put_usual(w->cli, w->rules, w->run->baseline, f, json);
    vg_json_end_object(json);
    vg_json_end_object(json);
    vg_json_end_array(json);
}

static void put_ocsf(const writing *w, vg_json_writer *json, const vg_detect_finding *f)
{
    static const char *const words[] = {"Informational", "Low", "Medium", "High", "Critical"};
    const vg_rule *rule = vg_rules_at(w->rules, f->rule);
    vg_json_object(json);
    vg_json_put_i64(json, "activity_id", CREATE);
    vg_json_put_str(json, "activity_name", VG_STR("Create"));
    vg_json_put_i64(json, "category_uid", 2);
    vg_json_put_str(json, "category_name", VG_STR("Findings"));
    vg_json_put_i64(json, "class_uid", CLASS_UID);
    vg_json_put_str(json, "class_name", VG_STR("Detection Finding"));
    vg_json_put_i64(json, "type_uid", CLASS_UID * 100 + CREATE);
    vg_json_put_str(json, "type_name", VG_STR("Detection Finding: Create"));
    vg_json_put_i64(json, "severity_id", (int64_t)rule->level + 1);
    vg_json_put_str(json, "severity", vg_str_from(words[rule->level]));
    vg_json_put_i64(json, "status_id", 1);
    vg_json_put_str(json, "status", VG_STR("New"));
    vg_json_put_i64(json, "time", milliseconds(f->last));
    vg_json_put_i64(json, "count", (int64_t)f->count);
    vg_json_put_str(json, "message", rule->title);
    vg_json_key(json, "metadata");
    vg_json_object(json);
    vg_json_put_str(json, "version", VG_STR("1.5.0"));
    vg_json_put_str(json, "uid", vg_str_from(f->id));
    put_list(json, "profiles", (const vg_str[]){VG_STR("cloud")}, 1);
    vg_json_key(json, "product");
    vg_json_object(json);
    vg_json_put_str(json, "name", VG_STR("vigil"));
    vg_json_put_str(json, "vendor_name", VG_STR("Vigil"));
    vg_json_put_str(json, "version", VG_STR(VIGIL_VERSION));
    vg_json_end_object(json);
    vg_json_end_object(json);
    vg_json_key(json, "cloud");
    vg_json_object(json);
    vg_json_put_str(json, "provider", VG_STR("AWS"));
    vg_json_put_str(json, "region", f->region);
    vg_json_key(json, "account");
    vg_json_object(json);
    vg_json_put_str(json, "uid", f->account);
    vg_json_end_object(json);
    vg_json_end_object(json);
    put_ocsf_info(json, rule, f);
    put_evidences(w, json, f);
    if (vg_detect_raw_of(w->run, f).len)
        vg_json_put_str(json, "raw_data", vg_detect_raw_of(w->run, f));
    vg_json_end_object(json);
}

static void write_ocsf(const writing *w)
{
    vg_json_writer json = vg_json_writer_to(w->out, 2);
    vg_json_array(&json);
    for (size_t i = 0; i < w->run->findings.count; i++)
        if (w->wanted[w->run->findings.items[i]->rule])
            put_ocsf(w, &json, w->run->findings.items[i]);
    vg_json_end_array(&json);
    vg_buf_add_char(w->out, '\n');
}

/* ---- all
 * ----------------------------------------------------------------------------------------------------------------------
 */

static void write_each(const writing *w, void (*one)(const writing *w, const vg_detect_finding *f))
{
    for (size_t i = 0; i < w->run->findings.count; i++) {
        if (w->wanted[w->run->findings.items[i]->rule])
            one(w, w->run->findings.items[i]);
        vg_cli_print(w->cli, vg_buf_str(w->out));
        vg_buf_clear(w->out);
    }
}

vg_status vg_detect_write(vg_cli *cli, const vg_rules *rules, const bool *wanted, const vg_detect_run *run,
                          vg_str format, vg_error *err)
{
    vg_buf out = {0};
    writing w = {cli, rules, wanted, run, &out};
    vg_status status = VG_OK;
    if (vg_str_is(format, "table"))
        write_each(&w, write_block);
    else if (vg_str_is(format, "jsonl"))
        write_each(&w, write_line);
    else if (vg_str_is(format, "ocsf"))
        write_ocsf(&w);
    else
        status = write_report(&w, vg_str_is(format, "asff") ? VG_REPORT_ASFF : VG_REPORT_SARIF, err);
    if (status == VG_OK && out.failed)
        status = vg_fail(err, VG_ERR_MEMORY, "memory ran out while writing findings");
    vg_cli_print(cli, vg_buf_str(&out));
    vg_buf_free(&out);
    return status;
}
