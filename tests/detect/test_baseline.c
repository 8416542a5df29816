/* Baselines: any order, split and number of copies of the same events teach the same bytes; what is new to whom, and what
 * says nothing; limits; saved bytes that are not whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "detect/detect.h"

/* ---- events ---------------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *actor, *source, *name, *region, *agent, *ip, *time; /* NULL: the usual ones below */
} act;

static const char *or_else(const char *given, const char *fallback)
{
    return given ? given : fallback;
}

static uint64_t next_id;

static void write_event(vg_buf *out, const act *a, uint64_t id)
{
    vg_buf_addf(out,
                "{\"eventVersion\":\"1.11\",\"userIdentity\":%s,\"eventTime\":\"%s\",\"eventSource\":\"%s\","
                "\"eventName\":\"%s\",\"awsRegion\":\"%s\",\"sourceIPAddress\":\"%s\",\"userAgent\":\"%s\","
                "\"eventID\":\"%llu\",\"recipientAccountId\":\"111122223333\"}\n",
                or_else(a->actor, "{\"type\":\"IAMUser\",\"arn\":\"arn:aws:iam::111122223333:user/ada\"}"),
                or_else(a->time, "2026-01-14T10:00:00Z"), or_else(a->source, "s3.amazonaws.com"),
                or_else(a->name, "GetObject"), or_else(a->region, "eu-west-1"), or_else(a->ip, "203.0.113.7"),
                or_else(a->agent, "aws-cli/2.1 Python/3"), (unsigned long long)id);
}

typedef struct {
    vg_learner *learner;
    vg_arena *arena;
    const vg_baseline_view *view; /* set: asks instead of learning */
    const char *name;             /* what is asked; NULL: what is new */
    vg_str answer;
} showing;

static vg_status show(void *context, const vg_event *event, vg_error *err)
{
    showing *s = context;
    const vg_value *value = NULL;
    if (!s->view)
        return vg_learner_event(s->learner, event, NULL, err);
    vg_buf text = {0};
    if (vg_baseline_ask((void *)(uintptr_t)s->view, event, vg_str_from(s->name ? s->name : "new"), s->arena,
                        &value)) {
        if (value->kind != VG_ARRAY)
            vg_buf_add_str(&text, vg_value_str(value));
        for (vg_items it = vg_items_of(value); vg_items_next(&it);)
            vg_buf_addf(&text, "%s%.*s", text.len ? " " : "", VG_ARG(vg_value_str(it.value)));
    }
    s->answer = vg_arena_str(s->arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return VG_OK;
}

static void show_text(showing *s, vg_str text)
{
    vg_event_sink sink = {show, NULL, s};
    vg_trail_counts counts = {0};
    vg_error err = {0};
    if (vg_log_read(text, VG_STR("case"), NULL, &sink, &counts, &err) != VG_OK || counts.bad)
        fail_msg("%s\n%.*s", err.message, VG_ARG(text));
}

static void learn(vg_learner *learner, const act *a)
{
    vg_buf text = {0};
    showing s = {.learner = learner};
    write_event(&text, a, ++next_id);
    show_text(&s, vg_buf_str(&text));
    vg_buf_free(&text);
}

static vg_str ask_for(vg_arena *arena, const vg_baseline *baseline, const act *a, const char *name)
{
    vg_buf text = {0};
    const vg_baseline_view view = {baseline, NULL};
    showing s = {.arena = arena, .view = &view, .name = name};
    write_event(&text, a, 1);
    show_text(&s, vg_buf_str(&text));
    vg_buf_free(&text);
    return s.answer;
}

static vg_str ask(vg_arena *arena, const vg_baseline *baseline, const act *a)
{
    return ask_for(arena, baseline, a, NULL);
}

static vg_str compiled(vg_arena *arena, vg_learner *learner)
{
    vg_str block = {0};
    vg_error err = {0};
    if (vg_learner_compile(arena, learner, &block, &err) != VG_OK)
        fail_msg("%s", err.message);
    return block;
}

static vg_baseline *opened(vg_arena *arena, vg_str block)
{
    vg_baseline *baseline = NULL;
    vg_error err = {0};
    if (vg_baseline_open(arena, block, &baseline, &err) != VG_OK)
        fail_msg("%s", err.message);
    return baseline;
}

/* `count` usual events, one an hour of office days from Monday, 2026-01-05 on, over `days`. */
static void learn_usual(vg_learner *learner, const act *like, unsigned days)
{
    for (unsigned day = 0; day < days; day++)
        for (unsigned hour = 8; hour < 17 && day % 7 < 5; hour++) {
            char time[32];
            act a = *like;
            snprintf(time, sizeof time, "2026-01-%02uT%02u:30:00Z", 5 + day, hour);
            a.time = time;
            learn(learner, &a);
        }
}

/* ---- what is new ----------------------------------------------------------------------------------------------------- */

#define USER(name) "{\"type\":\"IAMUser\",\"arn\":\"arn:aws:iam::111122223333:user/" name "\"}"

static const struct {
    const char *what;
    act event;
    const char *is_new;
} novelties[] = {
    {"the usual", {0}, ""},
    {"a region", {.region = "ap-east-1"}, "region"},
    {"a service", {.source = "iam.amazonaws.com", .name = "GetUser"}, "service api"},
    {"an API", {.name = "DeleteBucket"}, "api"},
    {"a program", {.agent = "Boto3/1.34"}, "agent"},
    {"another version of a program", {.agent = "aws-cli/3.0"}, ""},
    {"the same program in brackets", {.agent = "[aws-cli/2.1 more]"}, ""},
    {"an hour", {.time = "2026-01-14T03:00:00Z"}, "hour"},
    {"an hour beside those used", {.time = "2026-01-14T17:30:00Z"}, ""},
    {"a day", {.time = "2026-01-17T10:00:00Z"}, "hour"},
    {"all",
     {.region = "ap-east-1",
      .source = "iam.amazonaws.com",
      .name = "X",
      .agent = "curl/8",
      .time = "2026-01-17T03:00:00Z"},
     "region service api agent hour"},
    {"an actor never seen", {.actor = USER("eve"), .name = "DeleteBucket"}, ""},
    {"an actor never seen, in a region never used", {.actor = USER("eve"), .region = "ap-east-1"}, "region"},
    {"an actor of few events", {.actor = USER("few"), .name = "DeleteBucket"}, ""},
    {"an actor of few days", {.actor = USER("brief"), .name = "DeleteBucket"}, ""},
    {"a service by itself",
     {.actor = "{\"type\":\"AWSService\",\"invokedBy\":\"ec2.amazonaws.com\"}",
      .ip = "ec2.amazonaws.com",
      .region = "ap-east-1"},
     ""},
    {"no agent", {.agent = ""}, ""},
};

static vg_learner *a_learner(void)
{
    vg_learner *learner = vg_learner_new(0);
    learn_usual(learner, &(act){0}, 12);
    for (unsigned i = 0; i < 49; i++) {
        char time[32];
        snprintf(time, sizeof time, "2026-01-%02uT10:00:00Z", 5 + i % 9);
        learn(learner, &(act){.actor = USER("few"), .time = time});
    }
    for (unsigned i = 0; i < 200; i++)
        learn(learner,
              &(act){.actor = USER("brief"), .time = i ? "2026-01-11T09:59:59Z" : "2026-01-05T10:00:00Z"});
    learn(learner, &(act){.actor = "{\"type\":\"AWSService\",\"invokedBy\":\"ec2.amazonaws.com\"}",
                          .ip = "ec2.amazonaws.com",
                          .region = "us-gov-west-1"});
    return learner;
}

static void what_was_never_done_is_new(void **state)
{
    vg_arena *arena = vg_arena_new(0);
    vg_learner *learner = a_learner();
    (void)state;
    vg_baseline *baseline = opened(arena, compiled(arena, learner));
    for (size_t i = 0; i < VG_COUNT(novelties); i++) {
        vg_str answer = ask(arena, baseline, &novelties[i].event);
        if (!vg_str_is(answer, novelties[i].is_new))
            fail_msg("%s: \"%.*s\", expected \"%s\"", novelties[i].what, VG_ARG(answer), novelties[i].is_new);
    }
    vg_learner_free(learner);
    vg_arena_free(arena);
}

/* What a service did by itself was not learned. */
static void services_by_themselves_teach_nothing(void **state)
{
    vg_arena *arena = vg_arena_new(0);
    vg_learner *learner = a_learner();
    (void)state;
    vg_baseline *baseline = opened(arena, compiled(arena, learner));
    assert_true(vg_str_is(ask(arena, baseline, &(act){.region = "us-gov-west-1"}), "region"));
    vg_learner_free(learner);
    vg_arena_free(arena);
}

static const struct {
    unsigned events, days;
    bool warm;
} warmth[] = {{49, 8, false}, {50, 8, true},    {50, 7, true},
              {50, 6, false}, {5000, 6, false}, {5000, 8, true}};

static void little_learned_makes_no_noise(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(warmth); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_learner *learner = vg_learner_new(0);
        for (unsigned k = 0; k < warmth[i].events; k++) {
            char time[32];
            snprintf(time, sizeof time, "2026-01-%02uT10:00:00Z", k ? 5 + warmth[i].days : 5U);
            learn(learner, &(act){.time = time});
        }
        vg_baseline *baseline = opened(arena, compiled(arena, learner));
        vg_str answer = ask(arena, baseline, &(act){.name = "DeleteBucket", .region = "ap-east-1"});
        if ((answer.len > 0) != warmth[i].warm)
            fail_msg("%u events, %u days: \"%.*s\"", warmth[i].events, warmth[i].days, VG_ARG(answer));
        vg_learner_free(learner);
        vg_arena_free(arena);
    }
}

static const struct {
    unsigned events;
    const char *first, *others, *part;
} paces[] = {
    {60, "2026-01-05T10:00:00Z", "2026-01-12T10:00:00Z", "0.016666666"}, /* one hour of a week */
    {60, "2026-01-05T10:00:00Z", "2026-01-19T10:00:00Z", "0.033333333"}, /* one hour of each of two weeks */
    {60, "2026-01-05T10:00:00Z", "2026-01-13T11:00:00Z",
     "0.037037037"}, /* 26.1 in each of two hours of the week */
    {60, "2026-01-05T10:00:00Z", "2027-12-27T10:00:00Z",
     "0.500000000"},                                          /* one in two weeks, which counts as two */
    {60, "2026-01-05T10:00:00Z", "2026-01-11T10:00:00Z", ""}, /* of too few days */
};

static void a_call_is_a_part_of_a_usual_hour(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(paces); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_learner *learner = vg_learner_new(0);
        for (unsigned k = 0; k < paces[i].events; k++)
            learn(learner, &(act){.time = k ? paces[i].others : paces[i].first});
        vg_baseline *baseline = opened(arena, compiled(arena, learner));
        vg_str part = ask_for(arena, baseline, &(act){0}, "usual_part"),
               of_another = ask_for(arena, baseline, &(act){.actor = USER("eve")}, "usual_part");
        if (!vg_str_is(part, paces[i].part) || of_another.len)
            fail_msg("%zu: \"%.*s\", expected \"%s\"", i, VG_ARG(part), paces[i].part);
        vg_learner_free(learner);
        vg_arena_free(arena);
    }
}

/* The same event learned many times is one. */
static void an_event_learned_twice_counts_once(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_learner *learner = vg_learner_new(0);
    for (unsigned k = 0; k < 500; k++) {
        vg_buf text = {0};
        showing s = {.learner = learner};
        write_event(&text, &(act){.time = k % 2 ? "2026-01-05T10:00:00Z" : "2026-01-25T10:00:00Z"}, k % 40);
        show_text(&s, vg_buf_str(&text));
        vg_buf_free(&text);
    }
    vg_baseline *baseline = opened(arena, compiled(arena, learner));
    vg_usual usual;
    assert_true(vg_baseline_usual(baseline, VG_STR("111122223333"),
                                  VG_STR("arn:aws:iam::111122223333:user/ada"), arena, &usual));
    assert_int_equal(usual.events, 40);
    assert_int_equal(ask(arena, baseline, &(act){.name = "DeleteBucket"}).len, 0);
    vg_learner_free(learner);
    vg_arena_free(arena);
}

static void what_was_usual_is_told(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_learner *learner = a_learner();
    vg_usual usual;
    vg_str account = VG_STR("111122223333");
    vg_baseline *baseline = opened(arena, compiled(arena, learner));
    assert_true(
        vg_baseline_usual(baseline, account, VG_STR("arn:aws:iam::111122223333:user/ada"), arena, &usual));
    assert_true(vg_str_is(usual.hours, "Mon-Fri 08-17"));
    assert_int_equal(usual.values[VG_USUAL_REGION].count, 1);
    assert_true(vg_str_is(usual.values[VG_USUAL_REGION].items[0], "eu-west-1"));
    assert_true(vg_str_is(usual.values[VG_USUAL_API].items[0], "s3.amazonaws.com:GetObject"));
    assert_true(vg_str_is(usual.values[VG_USUAL_AGENT].items[0], "aws-cli"));
    assert_int_equal(usual.values[VG_USUAL_COUNTRY].count, 0);
    assert_true(
        vg_baseline_usual(baseline, account, VG_STR("nobody"), arena, &usual)); /* of the account alone */
    assert_int_equal(usual.values[VG_USUAL_API].count, 0);
    assert_false(vg_baseline_usual(baseline, VG_STR("999"), VG_STR("nobody"), arena, &usual));
    vg_learner_free(learner);
    vg_arena_free(arena);
}

static const struct {
    const char *agent, *family;
} agents[] = {
    {"aws-cli/2.15.30 Python/3.11.8", "aws-cli"},
    {"[S3Console/0.4, aws-internal/3]", "S3Console"},
    {"Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0", "Firefox"},
    {"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36",
     "Chrome"},
    {"Mozilla/5.0 (Windows NT 10.0) Chrome/123.0.0.0 Safari/537.36 Edg/123.0", "Edg"},
    {"Mozilla/4.0", "Mozilla"},
    {"APN/1.0 HashiCorp/1.0 Terraform/1.8.3", "HashiCorp"},
    {"cloudformation.amazonaws.com", "cloudformation.amazonaws.com"},
};

static void versions_of_programs_are_dropped(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(agents); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_learner *learner = vg_learner_new(0);
        vg_usual usual;
        learn(learner, &(act){.agent = agents[i].agent});
        vg_baseline *baseline = opened(arena, compiled(arena, learner));
        assert_true(vg_baseline_usual(baseline, VG_STR("111122223333"),
                                      VG_STR("arn:aws:iam::111122223333:user/ada"), arena, &usual));
        vg_str family =
            usual.values[VG_USUAL_AGENT].count ? usual.values[VG_USUAL_AGENT].items[0] : (vg_str){0};
        if (!vg_str_is(family, agents[i].family))
            fail_msg("%s: %.*s, expected %s", agents[i].agent, VG_ARG(family), agents[i].family);
        vg_learner_free(learner);
        vg_arena_free(arena);
    }
}

/* ---- order, split, doubles ------------------------------------------------------------------------------------------- */

static uint64_t dice;
static unsigned below(unsigned n)
{
    dice = dice * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(dice >> 33) % n;
}

/* Some actors with few traits, some with too many for a set. */
static void random_events(vg_buf *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char actor[200], name[40], region[20], time[32];
        unsigned who = below(40);
        snprintf(actor, sizeof actor, "{\"type\":\"IAMUser\",\"arn\":\"arn:aws:iam::1:user/u%u\"}", who);
        snprintf(name, sizeof name, "Call%u", below(who < 4 ? 200 : 5));
        snprintf(region, sizeof region, "eu-%u", below(80));
        snprintf(time, sizeof time, "2026-01-%02uT%02u:00:%02uZ", 1 + below(28), below(24), below(60));
        act a = {.actor = actor, .name = name, .region = region, .time = time};
        write_event(&texts[i], &a, below((unsigned)count));
    }
}

static void learn_texts(vg_learner **learners, size_t shares, const vg_buf *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        showing s = {.learner = learners[below((unsigned)shares)]};
        show_text(&s, vg_buf_str(&texts[i]));
    }
}

/* Learned in shares, with doubles, some by way of a saved baseline. */
static vg_str learned_anyhow(vg_arena *arena, const vg_buf *texts, size_t count, size_t most)
{
    enum { SHARES = 4 };
    vg_learner *learners[SHARES];
    vg_error err = {0};
    size_t shares = 1 + below(SHARES);
    for (size_t i = 0; i < SHARES; i++)
        learners[i] = vg_learner_new(most);
    learn_texts(learners, shares, texts, count);
    learn_texts(learners, shares, texts, below((unsigned)count));
    for (size_t i = 1; i < shares; i++) {
        if (!most && below(2))
            assert_int_equal(
                vg_learner_recall(learners[0], opened(arena, compiled(arena, learners[i])), &err), VG_OK);
        else
            assert_int_equal(vg_learner_merge(learners[0], learners[i], &err), VG_OK);
    }
    vg_str block = compiled(arena, learners[0]);
    for (size_t i = 0; i < SHARES; i++)
        vg_learner_free(learners[i]);
    return block;
}

static void check_any_order(size_t most)
{
    enum { EVENTS = 600, ROUNDS = 12 };
    vg_buf texts[EVENTS] = {{0}};
    vg_arena *arena = vg_arena_new(0);
    dice = 11 + most;
    random_events(texts, EVENTS);
    vg_str first = learned_anyhow(arena, texts, EVENTS, most);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = EVENTS - 1; i > 0; i--) {
            size_t k = below((unsigned)i + 1);
            vg_buf swapped = texts[i];
            texts[i] = texts[k];
            texts[k] = swapped;
        }
        vg_str block = learned_anyhow(arena, texts, EVENTS, most);
        if (!vg_str_eq(first, block))
            fail_msg("round %zu with %zu actors at most: other bytes were learned", round, most);
    }
    for (size_t i = 0; i < EVENTS; i++)
        vg_buf_free(&texts[i]);
    vg_arena_free(arena);
}

static void any_order_and_split_teach_the_same_bytes(void **state)
{
    (void)state;
    check_any_order(0);
}

/* The same with fewer actors than there are: which of them stay depends on the events alone. */
static void who_is_left_out_depends_on_no_order(void **state)
{
    (void)state;
    check_any_order(5);
    check_any_order(9);
}

/* What a baseline holds comes back whole: also what a set was too large for. */
static void a_baseline_taken_up_again_is_the_same(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_learner *learner = a_learner(), *again = vg_learner_new(0);
    vg_error err = {0};
    for (unsigned i = 0; i < 100; i++) {
        char name[20];
        snprintf(name, sizeof name, "Call%u", i);
        learn(learner, &(act){.name = name});
    }
    vg_str block = compiled(arena, learner);
    assert_int_equal(vg_learner_recall(again, opened(arena, block), &err), VG_OK);
    assert_true(vg_str_eq(compiled(arena, again), block));
    vg_learner_free(learner);
    vg_learner_free(again);
    vg_arena_free(arena);
}

static void nothing_learned_is_a_baseline(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_learner *learner = vg_learner_new(0);
    vg_baseline_info info;
    vg_baseline_describe(opened(arena, compiled(arena, learner)), &info);
    assert_int_equal(info.actors, 0);
    assert_true(info.first == VG_TIME_NONE);
    vg_learner_free(learner);
    vg_arena_free(arena);
}

/* ---- limits ---------------------------------------------------------------------------------------------------------- */

static void a_set_of_too_many_values_is_diverse(void **state)
{
    (void)state;
    for (unsigned values = 64; values <= 65; values++) {
        vg_arena *arena = vg_arena_new(0);
        vg_learner *learner = vg_learner_new(0);
        vg_usual usual;
        for (unsigned i = 0; i < values; i++) {
            char name[20], time[32];
            snprintf(name, sizeof name, "Call%u", i);
            snprintf(time, sizeof time, "2026-01-%02uT10:00:00Z", 1 + i % 20);
            learn(learner, &(act){.name = name, .time = time});
        }
        vg_baseline *baseline = opened(arena, compiled(arena, learner));
        assert_true(vg_baseline_usual(baseline, VG_STR("111122223333"),
                                      VG_STR("arn:aws:iam::111122223333:user/ada"), arena, &usual));
        assert_int_equal(usual.diverse[VG_USUAL_API], values > 64);
        vg_str answer = ask(arena, baseline, &(act){.name = "Other"});
        assert_true(vg_str_is(answer, values > 64 ? "" : "api"));
        vg_learner_free(learner);
        vg_arena_free(arena);
    }
}

static void the_least_seen_actors_are_left_out_and_counted(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_learner *learner = vg_learner_new(4); /* an account, three actors */
    vg_baseline_info info;
    vg_usual usual;
    static const char *const actors[] = {USER("a"), USER("b"), USER("c"), USER("d"), USER("e")};
    for (unsigned who = 0; who < VG_COUNT(actors); who++)
        for (unsigned i = 0; i < 10 + 8 * who; i++)
            learn(learner, &(act){.actor = actors[who]});
    vg_baseline *baseline = opened(arena, compiled(arena, learner));
    vg_baseline_describe(baseline, &info);
    assert_int_equal(info.actors, 3);
    assert_int_equal(info.accounts, 1);
    assert_int_equal(info.left_out, 2);
    vg_baseline_usual(baseline, VG_STR("111122223333"), VG_STR("arn:aws:iam::111122223333:user/a"), arena,
                      &usual);
    assert_int_equal(usual.values[VG_USUAL_API].count, 0);
    vg_baseline_usual(baseline, VG_STR("111122223333"), VG_STR("arn:aws:iam::111122223333:user/c"), arena,
                      &usual);
    assert_int_equal(usual.values[VG_USUAL_API].count, 1);
    vg_learner_free(learner);
    vg_arena_free(arena);
}

static void names_may_be_long_and_hold_anything(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_learner *learner = vg_learner_new(0);
    char name[5000], actor[6000];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = 0;
    snprintf(actor, sizeof actor, "{\"type\":\"IAMUser\",\"arn\":\"\\u0000\\n%s\"}", name);
    learn_usual(learner, &(act){.actor = actor, .name = name, .agent = "\\u0000/1"}, 12);
    vg_baseline *baseline = opened(arena, compiled(arena, learner));
    assert_true(
        vg_str_is(ask(arena, baseline, &(act){.actor = actor, .name = name, .agent = "\\u0000/2"}), ""));
    assert_true(vg_str_is(ask(arena, baseline, &(act){.actor = actor, .name = "y"}), "api agent") ||
                vg_str_is(ask(arena, baseline, &(act){.actor = actor, .name = "y"}), "api"));
    vg_learner_free(learner);
    vg_arena_free(arena);
}

/* ---- bytes that are not whole ---------------------------------------------------------------------------------------- */

static void a_byte_changed_anywhere_is_refused(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0), *own = vg_arena_new(0);
    vg_learner *learner = a_learner();
    vg_baseline *baseline;
    vg_str block = compiled(arena, learner);
    char *bytes = (char *)(uintptr_t)block.ptr;
    for (size_t i = 0; i < block.len; i++) {
        vg_error err = {0};
        bytes[i] = (char)(bytes[i] ^ (1 << i % 8));
        vg_arena_reset(own);
        if (vg_baseline_open(own, block, &baseline, &err) == VG_OK)
            fail_msg("byte %zu of %zu was changed and believed", i, block.len);
        assert_true(err.message[0] != 0);
        bytes[i] = (char)(bytes[i] ^ (1 << i % 8));
    }
    for (size_t len = 0; len < block.len; len++) {
        vg_arena_reset(own);
        assert_int_not_equal(vg_baseline_open(own, vg_str_sub(block, 0, len), &baseline, NULL), VG_OK);
    }
    vg_learner_free(learner);
    vg_arena_free(own);
    vg_arena_free(arena);
}

static void a_newer_version_is_named(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_learner *learner = a_learner();
    vg_baseline *baseline;
    vg_error err = {0};
    vg_str block = compiled(arena, learner);
    ((char *)(uintptr_t)block.ptr)[8] = 2;
    assert_int_equal(vg_baseline_open(arena, block, &baseline, &err), VG_ERR_VERSION);
    vg_learner_free(learner);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_never_done_is_new),
        cmocka_unit_test(services_by_themselves_teach_nothing),
        cmocka_unit_test(little_learned_makes_no_noise),
        cmocka_unit_test(a_call_is_a_part_of_a_usual_hour),
        cmocka_unit_test(an_event_learned_twice_counts_once),
        cmocka_unit_test(what_was_usual_is_told),
        cmocka_unit_test(versions_of_programs_are_dropped),
        cmocka_unit_test(any_order_and_split_teach_the_same_bytes),
        cmocka_unit_test(who_is_left_out_depends_on_no_order),
        cmocka_unit_test(a_baseline_taken_up_again_is_the_same),
        cmocka_unit_test(nothing_learned_is_a_baseline),
        cmocka_unit_test(a_set_of_too_many_values_is_diverse),
        cmocka_unit_test(the_least_seen_actors_are_left_out_and_counted),
        cmocka_unit_test(names_may_be_long_and_hold_anything),
        cmocka_unit_test(a_byte_changed_anywhere_is_refused),
        cmocka_unit_test(a_newer_version_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
