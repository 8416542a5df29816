/* baseline_ask.c: what an event tells of its actor, what of it is new, how much is usual, and what was. */
#include "detect/baseline_part.h"

#include <string.h>

const char *const vg_usual_words[VG_USUAL_COUNT] = {"region", "service", "api", "country",
                                                    "asn",    "agent",   "hour"};

/* ---- traits ---------------------------------------------------------------------------------------------------------- */

/* The first product of a user agent, without its version; of a browser, the browser. */
static vg_str agent_of(vg_str agent)
{
    static const char *const browsers[] = {"Edg", "OPR", "Firefox", "Chrome", "Safari"};
    agent = vg_str_trim(agent);
    if (agent.len && agent.ptr[0] == '[')
        agent = vg_str_sub(agent, 1, VG_NPOS);
    for (size_t i = 0; vg_str_starts(agent, VG_STR("Mozilla/")) && i < VG_COUNT(browsers); i++) {
        size_t at = vg_str_find(agent, vg_str_from(browsers[i]));
        if (at != VG_NPOS)
            return vg_str_sub(agent, at, strlen(browsers[i]));
    }
    if (vg_str_starts(agent, VG_STR("APN/"))) { /* of AWS's partners: "APN/1.0 HashiCorp/1.0 Terraform/..." */
        size_t blank = vg_str_find_char(agent, ' ');
        agent = blank == VG_NPOS ? agent : vg_str_sub(agent, blank + 1, VG_NPOS);
    }
    size_t end = 0;
    while (end < agent.len && agent.ptr[end] && !strchr("/ ,;(]", agent.ptr[end]))
        end++;
    return vg_str_sub(agent, 0, end);
}

static bool is_service(const vg_event *event, vg_arena *arena)
{
    const vg_value *value = NULL;
    return vg_derived_field(event, VG_STR("service"), arena, &value) && value && value->kind == VG_BOOL &&
           value->as.boolean;
}

static vg_str joined(vg_arena *arena, vg_str a, vg_str b)
{
    return b.len ? vg_arena_join(arena, vg_arena_join(arena, a, VG_STR(":")), b) : (vg_str){0};
}

bool baseline_traits_of(const vg_event *event, const vg_geo *geo, vg_arena *arena, baseline_traits *out)
{
    const vg_trail_record *record = event->record;
    if (!record || event->time == VG_TIME_NONE || !record->account.len || is_service(event, arena))
        return false;
    *out = (baseline_traits){.account = record->account, .actor = vg_trail_actor(record)};
    out->values[VG_USUAL_REGION] = record->region;
    out->values[VG_USUAL_SERVICE] = record->source;
    out->values[VG_USUAL_API] = joined(arena, record->source, record->name);
    out->values[VG_USUAL_AGENT] = agent_of(record->user_agent);
    if (geo)
        vg_geo_find(geo, record->source_ip, arena, &out->values[VG_USUAL_COUNTRY],
                    &out->values[VG_USUAL_ASN]);
    return true;
}

/* ---- what is new ----------------------------------------------------------------------------------------------------- */

/* From the first time to the last. In a file they may be as far apart as numbers are. */
static vg_time span_of(const baseline_entry *e)
{
    vg_time span;
    return __builtin_sub_overflow(e->last, e->first, &span) ? INT64_MAX : span;
}

/* Whether enough was learned to say that something is new. */
static bool is_warm(const vg_baseline *b, const baseline_entry *e)
{
    return span_of(e) >= BASELINE_WARM_DAYS * VG_TIME_DAY &&
           baseline_events(b->marks + e->first_mark, e->marks) >= BASELINE_WARM_EVENTS;
}

/* A set that nothing was learned of (countries, without a database) says nothing. */
static bool is_new(const vg_baseline *b, const baseline_entry *e, size_t set, vg_str value)
{
    return value.len && e->counts[set] && !baseline_holds(b, e, set, value);
}

static bool is_new_hour(const baseline_entry *e, vg_time time)
{
    unsigned hour = baseline_hour_of(time);
    for (unsigned beside = 0; beside < 3; beside++)
        if (baseline_has_hour(&e->hours, (hour + BASELINE_HOURS - 1 + beside) % BASELINE_HOURS))
            return false;
    return true;
}

static unsigned words_of(const vg_baseline *b, const vg_event *event, const baseline_traits *traits)
{
    const baseline_entry *account = baseline_find(b, traits->account, (vg_str){0});
    const baseline_entry *actor = traits->actor.len ? baseline_find(b, traits->account, traits->actor) : NULL;
    unsigned words = 0;
    if (account && is_warm(b, account) &&
        is_new(b, account, VG_USUAL_REGION, traits->values[VG_USUAL_REGION]))
        words |= 1U << VG_USUAL_REGION;
    if (!actor || !is_warm(b, actor))
        return words;
    for (size_t s = VG_USUAL_REGION + 1; s < BASELINE_SETS; s++)
        if (is_new(b, actor, s, traits->values[s]))
            words |= 1U << s;
    if (is_new_hour(actor, event->time))
        words |= 1U << VG_USUAL_HOUR;
    return words;
}

static bool ask_new(const vg_baseline *b, const vg_event *event, const baseline_traits *traits,
                    vg_arena *arena, const vg_value **out)
{
    unsigned words = words_of(b, event, traits);
    if (!words)
        return false;
    derived_list list = derived_list_new(arena);
    for (size_t i = 0; i < VG_USUAL_COUNT; i++)
        if (words >> i & 1)
            derived_list_add(&list, vg_str_from(vg_usual_words[i]));
    *out = derived_list_value(&list);
    return *out != NULL;
}

/* ---- how much is usual -------------------------------------------------------------------------------------------------- */

/* Calls in a usual hour, rounded up: all calls, by those hours of the week that have some, in all weeks between the first
 * and the last. */
static uint64_t pace_of(const vg_baseline *b, const baseline_entry *e)
{
    const double week = 7.0 * VG_TIME_DAY;
    double span = (double)span_of(e), weeks = span > week ? span / week : 1;
    unsigned hours = 0;
    for (size_t i = 0; i < VG_COUNT(e->hours.bits); i++)
        hours += (unsigned)__builtin_popcountll(e->hours.bits[i]);
    double pace = hours ? (double)baseline_events(b->marks + e->first_mark, e->marks) / (hours * weeks) : 0;
    uint64_t whole = (uint64_t)pace;
    whole += pace > (double)whole;
    return whole > BASELINE_LEAST_PACE ? whole : BASELINE_LEAST_PACE;
}

static bool ask_part(const vg_baseline *b, const baseline_traits *traits, vg_arena *arena,
                     const vg_value **out)
{
    enum { BILLION = 1000000000 };
    const baseline_entry *e = traits->actor.len ? baseline_find(b, traits->account, traits->actor) : NULL;
    if (!e || !is_warm(b, e))
        return false;
    vg_str part = vg_arena_printf(arena, "0.%09llu", (unsigned long long)(BILLION / pace_of(b, e)));
    *out = part.ptr ? derived_text(arena, part) : NULL;
    return *out != NULL;
}

bool vg_baseline_ask(void *context, const vg_event *event, vg_str name, vg_arena *arena, const vg_value **out)
{
    const vg_baseline_view *view = context;
    baseline_traits traits;
    bool asks_new = vg_str_is(name, "new");
    if ((!asks_new && !vg_str_is(name, "usual_part")) ||
        !baseline_traits_of(event, view->geo, arena, &traits))
        return false;
    return asks_new ? ask_new(view->baseline, event, &traits, arena, out)
                    : ask_part(view->baseline, &traits, arena, out);
}

unsigned vg_rule_asks_new(const vg_rules *rules, size_t rule)
{
    const vg_compiled_rule *compiled = &rules->rules[rule];
    unsigned words = 0;
    for (uint32_t i = 0; i < compiled->node_count; i++) {
        const vg_predicate *p =
            compiled->nodes[i].op == VG_EXPR_TEST ? &rules->predicates[compiled->nodes[i].predicate] : NULL;
        vg_str path = p && p->field != VG_FIELD_ALL ? rules->fields[p->field].path : (vg_str){0};
        if (vg_str_is(path, "vigil.usual_part"))
            words |= 1U << VG_USUAL_PACE;
        if (!vg_str_is(path, "vigil.new"))
            continue;
        for (size_t w = 0; w < VG_USUAL_COUNT; w++)
            if (vg_str_eq_icase(p->text, vg_str_from(vg_usual_words[w])))
                words |= 1U << w;
    }
    return words;
}

/* ---- what was usual -------------------------------------------------------------------------------------------------- */

static bool list_values(const vg_baseline *b, const baseline_entry *e, size_t set, vg_arena *arena,
                        vg_usual *out)
{
    vg_str *items = VG_NEW_N(arena, vg_str, e->counts[set] + 1U);
    const uint32_t *numbers = baseline_set(b, e, set);
    for (size_t i = 0; items && i < e->counts[set]; i++)
        items[i] = baseline_text(b, numbers[i]);
    out->values[set] = (vg_str_list){items, items ? e->counts[set] : 0};
    out->diverse[set] = e->diverse >> set & 1;
    return items != NULL;
}

static unsigned day_of(const baseline_hours *hours, unsigned day, unsigned *from, unsigned *until)
{
    unsigned count = 0;
    for (unsigned h = 0; h < 24; h++) {
        if (!baseline_has_hour(hours, day * 24 + h))
            continue;
        *from = count++ ? *from : h;
        *until = h + 1;
    }
    return count;
}

/* Each run of days with the same first and last hour: "Mon-Fri 07-18, Sat 09-10". */
static vg_str hours_text(const baseline_hours *hours, vg_arena *arena)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    vg_buf text = {0};
    for (unsigned day = 0; day < 7;) {
        unsigned from = 0, until = 0, next = day + 1;
        if (!day_of(hours, day, &from, &until)) {
            day++;
            continue;
        }
        for (unsigned f = 0, u = 0; next < 7 && day_of(hours, next, &f, &u) && f == from && u == until;
             next++)
            f = u = 0;
        vg_buf_addf(&text, "%s%s", text.len ? ", " : "", days[day]);
        if (next > day + 1)
            vg_buf_addf(&text, "-%s", days[next - 1]);
        vg_buf_addf(&text, " %02u-%02u", from, until);
        day = next;
    }
    vg_str copy = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return copy;
}

bool vg_baseline_usual(const vg_baseline *b, vg_str account, vg_str actor, vg_arena *arena, vg_usual *out)
{
    const baseline_entry *e = actor.len ? baseline_find(b, account, actor) : NULL;
    const baseline_entry *of_account = baseline_find(b, account, (vg_str){0});
    *out = (vg_usual){.first = VG_TIME_NONE, .last = VG_TIME_NONE};
    const baseline_entry *known = e ? e : of_account;
    if (!known || !of_account || !list_values(b, of_account, VG_USUAL_REGION, arena, out))
        return false;
    out->first = known->first;
    out->last = known->last;
    out->events = baseline_events(b->marks + known->first_mark, known->marks);
    for (size_t s = VG_USUAL_REGION + 1; e && s < BASELINE_SETS; s++)
        if (!list_values(b, e, s, arena, out))
            return false;
    if (e) {
        out->hours = hours_text(&e->hours, arena);
        out->pace = pace_of(b, e);
    }
    return true;
}
