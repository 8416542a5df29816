/* detect_usual.c: what was normal for the actor of a finding, where its rule asked whether something is new, or how much is usual. */
#include "cli/detect_usual.h"
#include "report/report.h"

/* What the rule, or those that a correlation counted, ask of what is usual. */
static unsigned words_of(const vg_rules *rules, const vg_detect_finding *f)
{
    unsigned words = vg_rule_asks_new(rules, f->rule);
    char id[VG_STEP_ID];
    for (size_t i = 0; i < f->step_count; i++)
        words |= vg_rule_asks_new(rules, vg_detect_step_at(f, i, id).rule);
    return words;
}

static bool ask(vg_cli *cli, const vg_rules *rules, const vg_baseline *baseline, const vg_detect_finding *f,
                unsigned *words, vg_usual *usual)
{
    *words = baseline ? words_of(rules, f) : 0;
    return *words && vg_baseline_usual(baseline, f->account, f->actor, cli->arena, usual);
}

static void put_time(vg_json_writer *json, const char *key, vg_time time)
{
    char text[VG_TIME_TEXT];
    vg_time_format(time, text);
    vg_json_put_str(json, key, vg_str_from(text));
}

void vg_detect_put_usual(vg_cli *cli, const vg_rules *rules, const vg_baseline *baseline,
                         const vg_detect_finding *f, vg_json_writer *json)
{
    unsigned words;
    vg_usual usual;
    if (!ask(cli, rules, baseline, f, &words, &usual))
        return;
    vg_json_key(json, "usual");
    vg_json_object(json);
    put_time(json, "first", usual.first);
    put_time(json, "last", usual.last);
    vg_json_put_i64(json, "events", (int64_t)usual.events);
    for (size_t w = 0; w < VG_USUAL_HOUR; w++) {
        if (!(words >> w & 1))
            continue;
        vg_json_key(json, vg_usual_words[w]);
        if (usual.diverse[w]) {
            vg_json_string(json, VG_STR("diverse"));
            continue;
        }
        vg_json_array(json);
        for (size_t i = 0; i < usual.values[w].count; i++)
            vg_json_string(json, usual.values[w].items[i]);
        vg_json_end_array(json);
    }
    if (words >> VG_USUAL_HOUR & 1)
        vg_json_put_str(json, "hours", usual.hours);
    if (words >> VG_USUAL_PACE & 1 && usual.pace)
        vg_json_put_i64(json, "pace", (int64_t)usual.pace);
    vg_json_end_object(json);
}

static void add_values(vg_buf *text, const vg_usual *usual, size_t word)
{
    enum { MOST_SHOWN = 8 };
    const vg_str_list *list = &usual->values[word];
    vg_buf_addf(text, "%s%s: ", text->len ? "; " : "", vg_usual_words[word]);
    if (usual->diverse[word])
        vg_buf_add_c(text, "many");
    else if (!list->count)
        vg_buf_add_c(text, "not known");
    for (size_t i = 0; i < list->count && i < MOST_SHOWN; i++)
        vg_buf_addf(text, "%s%.*s", i ? ", " : "", VG_ARG(list->items[i]));
    if (list->count > MOST_SHOWN)
        vg_buf_addf(text, " and %zu more", list->count - MOST_SHOWN);
}

vg_str vg_detect_usual_text(vg_cli *cli, const vg_rules *rules, const vg_baseline *baseline,
                            const vg_detect_finding *f)
{
    unsigned words;
    vg_usual usual;
    vg_buf text = {0};
    if (!ask(cli, rules, baseline, f, &words, &usual))
        return (vg_str){0};
    for (size_t w = 0; w < VG_USUAL_HOUR; w++)
        if (words >> w & 1)
            add_values(&text, &usual, w);
    if (words >> VG_USUAL_HOUR & 1)
        vg_buf_addf(&text, "%shours: %.*s UTC", text.len ? "; " : "", VG_ARG(usual.hours));
    if (words >> VG_USUAL_PACE & 1 && usual.pace)
        vg_buf_addf(&text, "%sabout %llu calls in an hour", text.len ? "; " : "",
                    (unsigned long long)usual.pace);
    vg_str copy = vg_arena_str(cli->arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return copy;
}

vg_str vg_detect_asks_text(vg_cli *cli, const vg_rules *rules, size_t rule)
{
    unsigned words = vg_rule_asks_new(rules, rule);
    vg_buf text = {0};
    if (!words)
        return (vg_str){0};
    for (size_t w = 0; w < VG_USUAL_COUNT; w++)
        if (words >> w & 1)
            vg_buf_addf(&text, "%s%s", text.len ? ", " : "new ", vg_usual_words[w]);
    if (words >> VG_USUAL_PACE & 1)
        vg_buf_addf(&text, "%smore calls than usual", text.len ? ", " : "");
    vg_buf_add_c(&text, ", by `vigil detect --baseline`");
    vg_str copy = vg_arena_str(cli->arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return copy;
}
