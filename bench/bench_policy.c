/* bench_policy.c: decisions a second, from raw strings to result.
 *
 * usage: bench_policy REQUESTS.jsonl [ROUNDS]     requests in the form of `vigil iam can --requests`
 *        bench_policy --compile POLICIES.jsonl    managed policies, {"document": {...}} a line
 *        bench_policy --worst                     patterns made to be slow, at growing sizes
 *
 * Every policy is compiled once beforehand, each alone. The measured time is, for each request: the caller read from its
 * ARN, the context assembled from keys and values, the layers assembled from compiled policies, the decision. JSON is
 * outside of it. No decision and no set of policies is remembered. The second measure takes the time of each decision by
 * itself, for its percentiles. */
#include <stdlib.h>
#include <time.h>

#include "policy/policy.h"

enum { MOST_LEVELS = 8, MOST_POLICIES = 64, MOST_KEYS = 64 };

/* One layer's policies, as numbers of compiled ones. */
typedef struct {
    uint32_t first, count;
    bool is;
} raw_layer;

typedef struct {
    vg_str key;
    const vg_str *values;
    uint32_t value_count;
    bool multi;
} raw_key;

/* A request as a caller has it: strings. */
typedef struct {
    vg_str principal, action, resource, account;
    const raw_key *keys;
    uint32_t key_count, scp_count, rcp_count;
    bool wildcard_only;
    raw_layer identity, boundary, session, resource_policy, endpoint;
    const raw_layer *scps, *rcps;
} raw_request;

typedef struct {
    vg_arena *keep;
    const vg_catalogue *catalogue;
    vg_map *known;   /* text of a policy and kind to its number */
    vg_vec policies; /* const vg_policy * */
    vg_vec numbers;  /* uint32_t */
    vg_vec requests; /* raw_request */
} workload;

static void die(const char *what)
{
    fprintf(stderr, "bench_policy: %s\n", what);
    exit(1);
}

static uint64_t now(void)
{
    return vg_time_monotonic_ns();
}

/* Time of this thread alone, so that a busy machine disturbs less. */
static uint64_t processor_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

static uint32_t number_of(workload *w, const vg_value *v, vg_policy_kind kind)
{
    const vg_value *root = vg_get(v, VG_STR("policy"));
    vg_buf text = {0};
    bool added;
    vg_buf_addf(&text, "%u", (unsigned)kind);
    vg_json_write(&text, root ? root : v, 0);
    vg_str kept = vg_arena_str(w->keep, vg_buf_str(&text));
    vg_buf_free(&text);
    vg_map_entry *entry = vg_map_put(w->known, kept, &added);
    if (added) {
        vg_policy_document *document = VG_NEW(w->keep, vg_policy_document);
        const vg_policy **policy = vg_vec_push(&w->policies);
        vg_policy_read_text(w->keep, vg_str_sub(kept, 1, kept.len), kind, VG_STR("p"), document, NULL);
        if (vg_policy_compile(w->keep, document, w->catalogue, policy, NULL) != VG_OK)
            die("a policy does not compile");
        entry->value.u64 = w->policies.len - 1;
    }
    return (uint32_t)entry->value.u64;
}

static raw_layer layer_from(workload *w, const vg_value *v, vg_policy_kind kind, bool empty_counts)
{
    raw_layer out = {(uint32_t)w->numbers.len, 0, empty_counts};
    if (!v || v->kind == VG_NULL)
        return out;
    if (v->kind != VG_ARRAY) {
        *(uint32_t *)vg_vec_push(&w->numbers) = number_of(w, v, kind);
        out.count = 1;
    }
    if (v->kind == VG_ARRAY)
        for (vg_items it = vg_items_of(v); vg_items_next(&it); out.count++)
            *(uint32_t *)vg_vec_push(&w->numbers) = number_of(w, it.value, kind);
    out.is |= out.count > 0;
    return out;
}

static uint32_t levels_from(workload *w, const vg_value *v, vg_policy_kind kind, const raw_layer **out)
{
    uint32_t n = 0;
    raw_layer *levels = VG_NEW_N(w->keep, raw_layer, MOST_LEVELS);
    *out = levels;
    for (vg_items it = vg_items_of(v); vg_items_next(&it) && n < MOST_LEVELS;)
        levels[n++] = layer_from(w, vg_get(it.value, VG_STR("policies")), kind, true);
    return n;
}

static const vg_value *either(const vg_value *v, const char *a, const char *b)
{
    const vg_value *found = vg_get(v, vg_str_from(a));
    return found ? found : vg_get(v, vg_str_from(b));
}

static void read_request(workload *w, const vg_value *v)
{
    raw_request *r = vg_vec_push(&w->requests);
    const vg_value *request = vg_get(v, VG_STR("request"));
    const vg_value *boundary = either(v, "permissionBoundaryPolicies", "permissionBoundaries");
    r->principal = vg_arena_str(w->keep, vg_get_str(request, "principal"));
    r->action = vg_arena_str(w->keep, vg_get_str(request, "action"));
    r->resource = vg_arena_str(w->keep, vg_get_str(request, "resource/resource"));
    r->account = vg_arena_str(w->keep, vg_get_str(request, "resource/accountId"));
    r->wildcard_only =
        vg_get_bool(request, "wildcardOnlyAction", vg_get_bool(v, "wildcardOnlyAction", false));
    const vg_value *context = either(request, "contextVariables", "context");
    raw_key *keys = VG_NEW_N(w->keep, raw_key, context ? vg_value_count(context) + 1 : 1);
    r->keys = keys;
    for (vg_items it = vg_items_of(context); vg_items_next(&it) && r->key_count < MOST_KEYS;) {
        raw_key *key = &keys[r->key_count++];
        key->multi = it.value->kind == VG_ARRAY;
        vg_str *values = VG_NEW_N(w->keep, vg_str, key->multi ? vg_value_count(it.value) + 1 : 1);
        key->key = vg_arena_str(w->keep, it.key);
        key->values = values;
        values[0] = vg_arena_str(w->keep, vg_value_str(it.value));
        key->value_count = !key->multi;
        for (vg_items each = vg_items_of(it.value); vg_items_next(&each);)
            values[key->value_count++] = vg_arena_str(w->keep, vg_value_str(each.value));
    }
    r->identity = layer_from(w, vg_get(v, VG_STR("identityPolicies")), VG_POLICY_IDENTITY, false);
    r->boundary = layer_from(w, boundary, VG_POLICY_BOUNDARY, false);
    r->session = layer_from(w, vg_get(v, VG_STR("sessionPolicy")), VG_POLICY_SESSION, false);
    r->resource_policy = layer_from(w, vg_get(v, VG_STR("resourcePolicy")), VG_POLICY_RESOURCE, false);
    r->endpoint =
        layer_from(w, either(v, "vpcEndpointPolicies", "endpointPolicies"), VG_POLICY_ENDPOINT, false);
    r->scp_count = levels_from(w, vg_get(v, VG_STR("serviceControlPolicies")), VG_POLICY_SCP, &r->scps);
    r->rcp_count = levels_from(w, vg_get(v, VG_STR("resourceControlPolicies")), VG_POLICY_RCP, &r->rcps);
}

static bool is_strict(const vg_value *v)
{
    return !vg_str_is(vg_get_str(v, "simulation/mode"), "Discovery");
}

static workload read_workload(const char *path, bool requests)
{
    vg_arena *keep = vg_arena_new(0), *line_arena = vg_arena_new(0);
    workload w = {.keep = keep,
                  .known = vg_map_new(keep, 1),
                  .policies = vg_vec_in(keep, sizeof(const vg_policy *)),
                  .numbers = vg_vec_in(keep, sizeof(uint32_t)),
                  .requests = vg_vec_in(keep, sizeof(raw_request))};
    vg_str catalogue;
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    if (vg_file_read(keep, VG_STR(VIGIL_SOURCE_DIR "/content/catalogue/actions.txt"), 64 << 20, &catalogue,
                     NULL) != VG_OK ||
        vg_catalogue_open(keep, catalogue, &w.catalogue, NULL) != VG_OK)
        die("no catalogue");
    FILE *in = fopen(path, "r");
    if (!in)
        die("no such file");
    while ((n = getline(&line, &cap, in)) > 0) {
        vg_doc doc;
        vg_arena_reset(line_arena);
        if (vg_json_read(line_arena, vg_str_of(line, (size_t)n), VG_STR("line"), NULL, &doc, NULL) != VG_OK)
            die("a line is no JSON");
        if (requests && is_strict(doc.root))
            read_request(&w, doc.root);
    }
    free(line);
    fclose(in);
    vg_arena_free(line_arena);
    return w;
}

/* ---- deciding -------------------------------------------------------------------------------------------------------------- */

typedef struct {
    const vg_policy *pool[MOST_POLICIES * 2];
    size_t used;
} scratch;

static vg_layer assemble(const workload *w, scratch *s, const raw_layer *raw)
{
    vg_layer out = {raw->is ? VG_LAYER_KNOWN : VG_LAYER_NONE, s->pool + s->used, raw->count, {0}};
    const uint32_t *numbers = (const uint32_t *)w->numbers.items + raw->first;
    const vg_policy *const *policies = w->policies.items;
    for (uint32_t i = 0; i < raw->count; i++)
        s->pool[s->used++] = policies[numbers[i]];
    return out;
}

static vg_decision decide(const workload *w, const raw_request *r)
{
    vg_context_entry context[MOST_KEYS];
    vg_layer scps[MOST_LEVELS], rcps[MOST_LEVELS];
    scratch s;
    s.used = 0;
    for (uint32_t i = 0; i < r->key_count; i++)
        context[i] = (vg_context_entry){r->keys[i].key, r->keys[i].values, r->keys[i].value_count,
                                        r->keys[i].multi, VG_CONTEXT_PRESENT};
    vg_request request = {.caller = vg_caller_of(r->principal),
                          .action = r->action,
                          .resource = r->resource,
                          .resource_account = r->account,
                          .context = context,
                          .context_count = r->key_count,
                          .wildcard_only_action = r->wildcard_only};
    for (uint32_t i = 0; i < r->scp_count; i++)
        scps[i] = assemble(w, &s, &r->scps[i]);
    for (uint32_t i = 0; i < r->rcp_count; i++)
        rcps[i] = assemble(w, &s, &r->rcps[i]);
    vg_layers layers = {.identity = assemble(w, &s, &r->identity),
                        .boundary = assemble(w, &s, &r->boundary),
                        .session = assemble(w, &s, &r->session),
                        .resource = assemble(w, &s, &r->resource_policy),
                        .endpoint = assemble(w, &s, &r->endpoint),
                        .scps = scps,
                        .scp_count = r->scp_count,
                        .rcps = rcps,
                        .rcp_count = r->rcp_count};
    return vg_policy_decide(&request, &layers);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void print_percentiles(const workload *w)
{
    size_t n = w->requests.len;
    uint32_t *each = malloc(n * sizeof *each);
    uint64_t clock = UINT64_MAX;
    for (int i = 0; i < 1000; i++) {
        uint64_t a = now(), b = now();
        clock = b - a < clock ? b - a : clock;
    }
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < n; i++) {
            uint64_t a = now();
            volatile vg_decision_result result = decide(w, vg_vec_at(&w->requests, i)).result;
            uint64_t took = now() - a;
            each[i] = (uint32_t)(took > clock ? took - clock : 0);
            (void)result;
        }
    qsort(each, n, sizeof *each, by_value);
    printf("p50=%u ns p99=%u ns p999=%u ns max=%u ns\n", each[n / 2], each[n * 99 / 100],
           each[n * 999 / 1000], each[n - 1]);
    free(each);
}

static void bench_requests(const char *path, unsigned rounds)
{
    workload w = read_workload(path, true);
    size_t counts[4] = {0};
    double best = 0;
    for (unsigned round = 0; round < rounds; round++) {
        uint64_t start = processor_time();
        for (size_t i = 0; i < w.requests.len; i++)
            counts[decide(&w, vg_vec_at(&w.requests, i)).result]++;
        double rate = (double)w.requests.len / ((double)(processor_time() - start) / 1e9);
        best = rate > best ? rate : best;
    }
    printf("requests=%zu policies=%zu allowed=%zu explicitly-denied=%zu implicitly-denied=%zu\n",
           w.requests.len, w.policies.len, counts[0] / rounds, counts[1] / rounds, counts[2] / rounds);
    printf("decisions/s=%.0f\n", best);
    print_percentiles(&w);
    vg_arena_free(w.keep);
}

/* ---- compiling ---------------------------------------------------------------------------------------------------------------- */

static void bench_compile(const char *path)
{
    workload w = read_workload(path, false);
    vg_str text, line;
    vg_vec docs = vg_vec_in(w.keep, sizeof(vg_doc));
    double best = 1e9, parse = 1e9;
    size_t bytes = 0;
    if (vg_file_read(w.keep, vg_str_from(path), (size_t)1 << 30, &text, NULL) != VG_OK)
        die("no such file");
    for (vg_str rest = text; vg_str_next(&rest, '\n', &line);)
        if (line.len)
            vg_json_read(w.keep, line, VG_STR("policy"), NULL, vg_vec_push(&docs), NULL);
    for (int round = 0; round < 9; round++) {
        vg_arena *arena = vg_arena_new(0);
        uint64_t start = processor_time();
        for (size_t i = 0; i < docs.len; i++) {
            const vg_doc *doc = vg_vec_at(&docs, i);
            vg_policy_document *document = VG_NEW(arena, vg_policy_document);
            const vg_policy *policy;
            vg_policy_read(arena, doc, vg_get(doc->root, VG_STR("document")), VG_POLICY_IDENTITY, VG_STR("p"),
                           document, NULL);
            if (vg_policy_compile(arena, document, w.catalogue, &policy, NULL) != VG_OK)
                die("a policy does not compile");
        }
        double took = (double)(processor_time() - start) / 1e6;
        best = took < best ? took : best;
        bytes = vg_arena_used(arena);
        vg_arena_reset(arena);
        start = processor_time();
        for (vg_str rest = text; vg_str_next(&rest, '\n', &line);) {
            vg_doc doc;
            if (line.len)
                vg_json_read(arena, line, VG_STR("policy"), NULL, &doc, NULL);
        }
        took = (double)(processor_time() - start) / 1e6;
        parse = took < parse ? took : parse;
        vg_arena_free(arena);
    }
    printf("policies=%zu compile=%.1f ms (and %.1f ms for their JSON) memory=%.1f MB\n", docs.len, best,
           parse, (double)bytes / 1e6);
    vg_arena_free(w.keep);
}

/* ---- patterns made to be slow -------------------------------------------------------------------------------------------------- */

static const vg_policy *policy_of(vg_arena *arena, const char *format, vg_str pattern)
{
    vg_policy_document *document = VG_NEW(arena, vg_policy_document);
    const vg_policy *policy;
    vg_str text = vg_arena_printf(arena, format, VG_ARG(pattern));
    vg_policy_read_text(arena, text, VG_POLICY_IDENTITY, VG_STR("p"), document, NULL);
    if (vg_policy_compile(arena, document, NULL, &policy, NULL) != VG_OK)
        die("a policy does not compile");
    return policy;
}

/* "*aaaa...ab" against "aaaa...": what a plain matcher takes pattern times text for. */
static void bench_worst(void)
{
    static const struct {
        const char *name, *format;
    } kinds[] = {
        {"resource", "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\","
                     "\"Resource\":\"arn:aws:s3:::%.*s\"}}"},
        {"variable", "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\","
                     "\"Resource\":\"arn:aws:s3:::%.*s${a:b, 'c'}\"}}"},
        {"condition", "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\","
                      "\"Resource\":\"*\","
                      "\"Condition\":{\"StringLike\":{\"a:k\":\"%.*s\"}}}}"},
        {"action", "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:%.*s\","
                   "\"Resource\":\"*\"}}"},
    };
    for (size_t k = 0; k < VG_COUNT(kinds); k++)
        for (size_t n = 1000; n <= 100000; n *= 10) {
            vg_arena *arena = vg_arena_new(0);
            vg_buf pattern = {0}, text = {0};
            vg_buf_add_char(&pattern, '*');
            for (size_t i = 0; i < n / 2; i++)
                vg_buf_add_char(&pattern, 'a');
            vg_buf_add_c(&pattern, "b*");
            for (size_t i = 0; i < n; i++)
                vg_buf_add_char(&text, 'a');
            const vg_policy *policy = policy_of(arena, kinds[k].format, vg_buf_str(&pattern));
            vg_str value = vg_buf_str(&text);
            vg_context_entry entry = {VG_STR("a:k"), &value, 1, false, VG_CONTEXT_PRESENT};
            vg_request request = {.caller = vg_caller_of(VG_STR("arn:aws:iam::111111111111:user/u")),
                                  .action = k == 3 ? vg_arena_printf(arena, "s3:%.*s", VG_ARG(value))
                                                   : VG_STR("s3:GetObject"),
                                  .resource = vg_arena_printf(arena, "arn:aws:s3:::%.*s", VG_ARG(value)),
                                  .context = &entry,
                                  .context_count = 1};
            vg_layers layers = {.identity = {VG_LAYER_KNOWN, &policy, 1, {0}}};
            uint64_t start = now();
            vg_decision d = vg_policy_decide(&request, &layers);
            printf("worst %s: pattern and text of %zu bytes: %.2f ms (%s)\n", kinds[k].name, n,
                   (double)(now() - start) / 1e6, vg_decision_name(d.result));
            vg_buf_free(&pattern);
            vg_buf_free(&text);
            vg_arena_free(arena);
        }
}

/* A Deny of ever more patterns, each of which takes half a million steps to tell from the request: a decision stops when its
 * steps are spent, so that ten times the policy is not ten times the time. */
static void bench_budget(void)
{
    enum { TEXT = 2000, RUN = 500 };
    char run[RUN + 1], text[TEXT + 1];
    memset(run, 'a', RUN);
    memset(text, 'a', TEXT);
    run[RUN] = text[TEXT] = '\0';
    for (size_t n = 200; n <= 20000; n *= 10) {
        vg_arena *arena = vg_arena_new(0);
        vg_buf list = {0};
        for (size_t i = 0; i < n; i++)
            vg_buf_addf(&list, "%sarn:aws:s3:::*?%sb%zu*", i ? "\",\"" : "", run, i);
        const vg_policy *policy = policy_of(
            arena,
            "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":"
            "\"*\"},{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":[\"%.*s\"]}]}",
            vg_buf_str(&list));
        vg_request request = {.caller = vg_caller_of(VG_STR("arn:aws:iam::111111111111:user/u")),
                              .action = VG_STR("s3:GetObject"),
                              .resource = vg_arena_printf(arena, "arn:aws:s3:::%s", text)};
        vg_layers layers = {.identity = {VG_LAYER_KNOWN, &policy, 1, {0}}};
        uint64_t start = now();
        vg_decision d = vg_policy_decide(&request, &layers);
        printf("worst policy: %.1f MB of slow patterns: %.2f ms (%s)\n", (double)list.len / 1e6,
               (double)(now() - start) / 1e6, vg_decision_name(d.result));
        vg_buf_free(&list);
        vg_arena_free(arena);
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--worst") == 0)
        bench_worst(), bench_budget();
    else if (argc == 3 && strcmp(argv[1], "--compile") == 0)
        bench_compile(argv[2]);
    else if (argc >= 2)
        bench_requests(argv[1], argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5);
    else
        die("usage: bench_policy REQUESTS.jsonl [ROUNDS] | --compile POLICIES.jsonl | --worst");
    return 0;
}
