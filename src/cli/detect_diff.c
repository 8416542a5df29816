/* detect_diff.c: `vigil detect --diff OLD NEW LOG...`: what changed rules would have found, and no longer find. */
#include <string.h>

#include "cli/cli_parts.h"
#include "cli/detect_parts.h"
#include "format/format.h"
#include "report/report.h"

typedef struct {
    vg_cli *cli;
    vg_detect_set sets[2]; /* old, new */
    vg_detect_run runs[2];
    size_t counts[3];
    bool is_jsonl;
} diffing;

typedef enum { GONE, ADDED, CHANGED } change;

static const char *const words[] = {"gone", "new", "changed"};
static const char *const signs[] = {"-", "+", "~"};

static const vg_detect_finding *find(const vg_detect_run *run, const char *id)
{
    for (size_t i = 0; i < run->findings.count; i++)
        if (strcmp(run->findings.items[i]->id, id) == 0)
            return run->findings.items[i];
    return NULL;
}

static vg_str when(vg_arena *arena, vg_time time)
{
    char text[VG_TIME_TEXT] = "";
    if (time != VG_TIME_NONE)
        vg_time_format(time, text);
    return vg_arena_str(arena, vg_str_from(text));
}

static void tell_json(const diffing *d, change kind, const vg_rule *rule, const vg_detect_finding *f,
                      uint64_t before)
{
    vg_buf out = {0};
    vg_json_writer json = vg_json_writer_to(&out, 0);
    vg_json_object(&json);
    vg_json_put_str(&json, "change", vg_str_from(words[kind]));
    vg_json_put_str(&json, "rule", rule->id.len ? rule->id : rule->title);
    vg_json_put_str(&json, "title", rule->title);
    vg_json_put_str(&json, "level", vg_str_from(vg_detect_level(rule->level)));
    vg_json_put_str(&json, "principal", f->principal);
    vg_json_put_str(&json, "account", f->account);
    vg_json_put_str(&json, "first", when(d->cli->arena, f->first));
    vg_json_put_str(&json, "last", when(d->cli->arena, f->last));
    vg_json_put_i64(&json, "before", (int64_t)before);
    vg_json_put_i64(&json, "after", kind == GONE ? 0 : (int64_t)f->count);
    vg_json_put_str(&json, "id", vg_str_from(f->id));
    vg_json_end_object(&json);
    vg_buf_add_char(&out, '\n');
    vg_cli_print(d->cli, vg_buf_str(&out));
    vg_buf_free(&out);
}

static void tell(diffing *d, change kind, const vg_rule *rule, const vg_detect_finding *f, uint64_t before)
{
    vg_buf out = {0};
    d->counts[kind]++;
    if (d->is_jsonl) {
        tell_json(d, kind, rule, f, before);
        return;
    }
    vg_buf_addf(&out, "%s %-13s ", signs[kind], vg_detect_level(rule->level));
    vg_report_safe(&out, rule->title);
    vg_buf_add_c(&out, "  ");
    vg_report_safe(&out, f->principal.len ? f->principal : f->group);
    vg_buf_addf(&out, "  %.*s  ", VG_ARG(when(d->cli->arena, f->first)));
    if (kind == CHANGED)
        vg_buf_addf(&out, "%llu events, before %llu\n", (unsigned long long)f->count,
                    (unsigned long long)before);
    else
        vg_buf_addf(&out, "%llu events\n", (unsigned long long)f->count);
    vg_cli_print(d->cli, vg_buf_str(&out));
    vg_buf_free(&out);
}

/* Whether two findings are of the same events, as far as they name them. */
static bool is_same(const vg_detect_finding *a, const vg_detect_finding *b)
{
    char ids[2][VG_STEP_ID];
    bool same =
        a->count == b->count && a->first == b->first && a->last == b->last && a->step_count == b->step_count;
    for (size_t i = 0; same && i < a->step_count; i++)
        same = vg_str_eq(vg_detect_step_at(a, i, ids[0]).id, vg_detect_step_at(b, i, ids[1]).id);
    return same;
}

static void compare(diffing *d)
{
    const vg_detect_findings *old = &d->runs[0].findings, *new = &d->runs[1].findings;
    for (size_t i = 0; i < old->count; i++)
        if (d->sets[0].wanted[old->items[i]->rule] && !find(&d->runs[1], old->items[i]->id))
            tell(d, GONE, vg_rules_at(d->sets[0].rules, old->items[i]->rule), old->items[i],
                 old->items[i]->count);
    for (size_t i = 0; i < new->count; i++) {
        const vg_detect_finding *f = new->items[i], *before = find(&d->runs[0], f->id);
        if (d->sets[1].wanted[f->rule] && (!before || !is_same(before, f)))
            tell(d, before ? CHANGED : ADDED, vg_rules_at(d->sets[1].rules, f->rule), f,
                 before ? before->count : 0);
    }
}

int vg_detect_diff(vg_cli *cli, const vg_detector_options *options, const vg_log_options *logs)
{
    const vg_str *paths;
    size_t count = vg_cli_arguments(cli, &paths);
    diffing d = {.cli = cli, .is_jsonl = vg_str_is(vg_cli_value(cli, "format"), "jsonl")};
    vg_error err = {0};
    if (count < 3)
        return vg_cli_usage(cli, "--diff needs the old rules, the new rules and logs: OLD NEW LOG...");
    if (!d.is_jsonl && !vg_str_is(vg_cli_value(cli, "format"), "table"))
        return vg_cli_usage(cli, "--diff writes a table or jsonl");
    for (size_t i = 0; i < 2; i++) {
        vg_status status = vg_detect_set_load_paths(cli, &paths[i], 1, &d.sets[i], &err);
        if (status == VG_OK) {
            vg_detect_set_tell(&d.sets[i]);
            status = vg_detect_run_paths(cli, d.sets[i].rules, paths + 2, count - 2, options, logs,
                                         &d.runs[i], &err);
        }
        if (status != VG_OK)
            return vg_cli_error(cli, &err);
    }
    compare(&d);
    vg_cli_say(cli, "%zu findings are new, %zu are gone, %zu have other events", d.counts[ADDED],
               d.counts[GONE], d.counts[CHANGED]);
    return VG_EXIT_OK;
}
