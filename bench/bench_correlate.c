/* bench_correlate.c: signals a second through a store and a correlator, and how time grows.
 *
 * usage: bench_correlate [SIGNALS [GROUPS [FOLDER]]]     1000000 signals of 10000 groups, spilled to /tmp
 *
 * Signals are as a detector makes them of CloudTrail: UUIDs as ids, principals, addresses, names of events, of 10 hours, in
 * no order. Each correlation is run twice: with memory for all, and with the 16 MiB that a detector has, the rest spilled.
 * Times are processor time, so that a busy machine disturbs less; for growth run it with ten times as many. */
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "detect/correl_set.h"

static const struct {
    const char *name, *section;
} kinds[] = {
    {"event_count",
     "{type: event_count, rules: [a, b, c], group-by: [u], timespan: 10m, condition: {gte: 5}}"},
    {"event_count, waiting",
     "{type: event_count, rules: [a, b, c], group-by: [u], timespan: 10m, condition: {lt: 2}}"},
    {"value_count",
     "{type: value_count, rules: [a, b, c], group-by: [u], timespan: 1h, condition: {field: v, gte: 9}}"},
    {"value_sum",
     "{type: value_sum, rules: [a, b, c], group-by: [u], timespan: 1h, condition: {field: v, gte: 5000}}"},
    {"value_percentile", "{type: value_percentile, rules: [a, b, c], group-by: [u], timespan: 10h, "
                         "condition: {field: v, gte: 950}}"},
    {"temporal", "{type: temporal, rules: [a, b, c], group-by: [u], timespan: 10m}"},
    {"temporal_ordered", "{type: temporal_ordered, rules: [a, b, c], group-by: [u], timespan: 10m}"},
    {"one group, 10 h",
     "{type: value_percentile, rules: [a, b, c], timespan: 10h, condition: {field: v, gte: 999}}"},
};

static double processor_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t mix(uint64_t n)
{
    n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9u;
    n = (n ^ (n >> 27)) * 0x94d049bb133111ebu;
    return n ^ (n >> 31);
}

typedef struct {
    char id[40], group[32], value[16], principal[96], actor[64], ip[24];
} texts;

static vg_signal make(uint64_t n, uint64_t groups, const uint32_t *rules, uint32_t stream, bool grouped,
                      texts *t)
{
    uint64_t h = mix(n + 1), k = mix(h);
    unsigned who = (unsigned)(h % groups);
    uint32_t len = (uint32_t)snprintf(t->group + 4, sizeof t->group - 4, "user-%u", who);
    memcpy(t->group, &len, sizeof len);
    snprintf(t->id, sizeof t->id, "%08x-%04x-%04x-%04x-%012llx", (unsigned)k, (unsigned)(k >> 32) & 0xffff,
             (unsigned)(k >> 48), (unsigned)n & 0xffff, (unsigned long long)(n & 0xffffffffffff));
    snprintf(t->value, sizeof t->value, "%u", (unsigned)(k % 1000));
    snprintf(t->principal, sizeof t->principal, "arn:aws:sts::111122223333:assumed-role/role-%u/session-%u",
             who, who % 7);
    snprintf(t->actor, sizeof t->actor, "arn:aws:iam::111122223333:role/role-%u", who);
    snprintf(t->ip, sizeof t->ip, "198.51.%u.%u", who / 256 % 256, who % 256);
    static const char *const names[] = {"iam:CreateUser", "s3:GetObject", "ec2:RunInstances"};
    return (vg_signal){
        .stream = stream,
        .rule = rules[k % 3],
        .group = grouped ? vg_str_of(t->group, len + sizeof len) : (vg_str){0},
        .time = (vg_time)(k >> 20) % 36000 * VG_TIME_SECOND,
        .id = vg_str_from(t->id),
        .value = vg_str_from(t->value),
        .has_value = true,
        .brief = {.principal = vg_str_from(t->principal),
                  .actor = vg_str_from(t->actor),
                  .source_ip = vg_str_from(t->ip),
                  .account = VG_STR("111122223333"),
                  .region = VG_STR("eu-central-1"),
                  .name = vg_str_from(names[k % 3]),
                  .file = VG_STR("AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/25/x.json.gz"),
                  .offset = n * 1000,
                  .succeeded = true}};
}

static size_t episodes;

static vg_status count_episode(void *context, const vg_episode *episode, vg_error *err)
{
    (void)context;
    (void)episode;
    (void)err;
    episodes++;
    return VG_OK;
}

static bool run(size_t kind, size_t bytes, const char *folder, uint64_t signals, uint64_t groups)
{
    vg_arena *arena = vg_arena_new(0);
    vg_str text = vg_arena_printf(arena, "title: t\nname: t\ncorrelation: %s\n", kinds[kind].section);
    correl_set *set = correl_set_new(text);
    vg_error err = {0};
    vg_signals *store = vg_signals_new(bytes, vg_str_from(folder));
    if (!set || !store)
        return false;
    uint32_t stream = (uint32_t)vg_rules_find(set->rules, VG_STR("t"));
    uint32_t rules[] = {(uint32_t)vg_rules_find(set->rules, VG_STR("a")),
                        (uint32_t)vg_rules_find(set->rules, VG_STR("b")),
                        (uint32_t)vg_rules_find(set->rules, VG_STR("c"))};
    bool grouped = kind + 1 < VG_COUNT(kinds);
    double making = processor_time();
    texts t;
    for (uint64_t n = 0; n < signals; n++) /* what making them alone costs */
        rules[0] += make(n, groups, rules, stream, grouped, &t).time == -1;
    double start = processor_time();
    making = start - making;
    for (uint64_t n = 0; n < signals; n++) {
        vg_signal s = make(n, groups, rules, stream, grouped, &t);
        if (vg_signals_add(store, &s, &err) != VG_OK)
            return false;
    }
    double added = processor_time();
    vg_correlator *correlator = vg_correlator_new(set->arena, set->rules, count_episode, NULL);
    vg_correlator_limit(correlator, store);
    episodes = 0;
    vg_status status = vg_signals_merge(&store, 1, correl_take, correlator, &err);
    if (status == VG_OK)
        status = vg_correlator_finish(correlator, 40000 * VG_TIME_SECOND, &err);
    double done = processor_time();
    if (status != VG_OK)
        fprintf(stderr, "%s\n", err.message);
    printf("%-22s %-8s %6.2f %9.2f %6.2f   %9zu %9llu\n", kinds[kind].name,
           bytes > 1u << 28 ? "memory" : "spilled", added - start - making, done - added,
           done - start - making, episodes,
           (unsigned long long)(vg_signals_evicted(store) + vg_correlator_evicted(correlator)));
    vg_signals_free(store);
    correl_set_free(set);
    vg_arena_free(arena);
    return status == VG_OK;
}

int main(int argc, char **argv)
{
    uint64_t signals = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    uint64_t groups = argc > 2 ? strtoull(argv[2], NULL, 10) : 10000;
    const char *folder = argc > 3 ? argv[3] : "/tmp";
    printf("%llu signals of %llu groups; seconds of processor time\n", (unsigned long long)signals,
           (unsigned long long)groups);
    printf("%-22s %-8s %6s %9s %6s   %9s %9s\n", "", "", "store", "correlate", "both", "episodes", "evicted");
    for (size_t kind = 0; kind < VG_COUNT(kinds); kind++)
        for (int spilled = 1; spilled >= 0; spilled--)
            if (!run(kind, spilled ? (size_t)16 << 20 : (size_t)1 << 40, folder, signals, groups))
                return 1;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("most memory: %ld MiB\n", usage.ru_maxrss / 1024);
    return 0;
}
