/* assess.c: an organisation worked through, account by account.
 *
 * First what is known of the organisation is read whole: its tree, policies, mapping, attestations, and the trails and
 * analyzers that serve all its accounts. Then the rows of evidence stream by in the order of accounts; each account's
 * are copied into an arena of its own until a batch is full, and the batch's accounts are worked on in parallel
 * (judge.c), while the next batch is read, and merged in order. So memory holds the organisation, two batches and the
 * answer, and the number of threads changes nothing. Last come the facts of the organisation itself, which need the accounts'. */
#include "assess/assess_part.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { BATCH_ACCOUNTS = 64, BATCH_BYTES = 32 * 1024 * 1024, DESK_BYTES = 8 * 1024 * 1024 };

/* One account's share of the work. */
typedef struct {
    vg_arena *arena;
    vg_str account;
    vg_vec sightings;
    vg_outcome outcome;
    vg_status status;
    vg_error error;
} account_work;

/* Where one thread works: memory that it uses for one account after the other, since most of an account's world would
 * else be pages that the system must give again each time. */
typedef struct {
    vg_arena *policies, *scratch;
} desk;

typedef struct {
    const vg_assess_options *options;
    vg_arena *arena; /* the answer's */
    vg_assessment *answer;
    vg_org org;
    vg_engine engine;
    vg_vec organization_items; /* vg_sighting */
    vg_readings *readings;
    vg_vec subjects, judgements, accounts, problems, refusals;
    vg_map *strings;     /* texts that occur often, kept once */
    account_work *batch; /* being read */
    size_t batch_len, batch_bytes;
    account_work *running; /* being worked on, until it is merged */
    size_t running_len;
    vg_beside *beside;
    desk *desks;
    size_t desk_count;
    atomic_size_t next; /* account of those running */
} assessor;

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while assessing");
}

/* ---- keeping strings -------------------------------------------------------------------------------------------------------- */

static vg_str intern(assessor *a, vg_str text)
{
    if (text.len == 0)
        return VG_STR("");
    vg_map_entry *entry = vg_map_get(a->strings, text);
    if (entry)
        return entry->key;
    vg_str kept = vg_arena_str(a->arena, text);
    return kept.ptr && vg_map_put(a->strings, kept, NULL) ? kept : (vg_str){0};
}

/* What people say (attestations, the mapping) is as new as its file; how old the evidence is, AWS's answers tell. */
static bool is_said_by_people(vg_str type)
{
    return vg_str_starts(type, VG_STR("Vigil::Attestation::")) ||
           vg_str_starts(type, VG_STR("Vigil::Workload::"));
}

static void note_time(assessor *a, vg_str type, vg_time seen)
{
    vg_assessment *answer = a->answer;
    if (seen == VG_TIME_NONE || is_said_by_people(type))
        return;
    if (answer->oldest == VG_TIME_NONE || seen < answer->oldest)
        answer->oldest = seen;
    if (answer->newest == VG_TIME_NONE || seen > answer->newest)
        answer->newest = seen;
}

/* ---- merging ------------------------------------------------------------------------------------------------------------------ */

static vg_status keep_subject(assessor *a, const vg_sighting *seen, bool is_set, vg_error *err)
{
    const vg_resource *from = &seen->resource;
    vg_subject *subject = vg_vec_push(&a->subjects);
    if (!subject)
        return no_memory(err);
    const char *kind = vg_fact_kind(from->type);
    char source[64];
    snprintf(source, sizeof source, "fact:%s", kind ? kind : "");
    *subject = (vg_subject){
        .resource =
            {
                .type = intern(a, from->type),
                .account = intern(a, from->account),
                .region = intern(a, from->region),
                .id = vg_str_eq(from->id, from->account) ? intern(a, from->id)
                                                         : vg_arena_str(a->arena, from->id),
                .name = intern(a, from->name),
                .properties = from->properties.len ? vg_arena_str(a->arena, from->properties) : VG_STR(""),
                .observed = seen->seen,
                .source = intern(a, kind ? vg_str_from(source) : from->source),
                .origin = intern(a, from->origin),
            },
        .seen = seen->seen,
        .is_set = is_set,
    };
    note_time(a, from->type, seen->seen);
    return subject->resource.id.ptr && subject->resource.properties.ptr ? VG_OK : no_memory(err);
}

static vg_status keep_outcome(assessor *a, const vg_outcome *outcome, vg_error *err)
{
    uint32_t first = (uint32_t)a->subjects.len;
    for (size_t i = 0; i < outcome->subjects.len; i++)
        VG_TRY(keep_subject(a, vg_vec_at(&outcome->subjects, i), false, err));
    for (size_t i = 0; i < outcome->sets.len; i++) {
        vg_sighting set = {.resource = *(const vg_resource *)vg_vec_at(&outcome->sets, i),
                           .seen = VG_TIME_NONE};
        VG_TRY(keep_subject(a, &set, true, err));
    }
    for (size_t i = 0; i < outcome->judgements.len; i++) {
        vg_judgement *judgement = vg_vec_push(&a->judgements);
        if (!judgement)
            return no_memory(err);
        *judgement = *(vg_judgement *)vg_vec_at(&outcome->judgements, i);
        judgement->subject += first;
        judgement->message = intern(a, judgement->message);
    }
    return VG_OK;
}

/* What later steps need of an account: its place in the answer, and whether workloads run in the management account. */
static vg_status keep_account(assessor *a, vg_str id, vg_error *err)
{
    const vg_node *node = vg_org_node(&a->org, id);
    bool is_inactive = node && node->status.len > 0 && !vg_str_is(node->status, "ACTIVE");
    if (is_inactive)
        return VG_OK;
    vg_account *account = vg_vec_push(&a->accounts);
    if (!account)
        return no_memory(err);
    *account = (vg_account){
        .id = intern(a, id),
        .name = node ? node->name : VG_STR(""),
        .email = node ? node->email : VG_STR(""),
        .status = node ? node->status : VG_STR(""),
        .parent = node && node->parent != VG_NO_NODE ? a->org.nodes[node->parent].id : VG_STR(""),
        .ou_path = node && node->in_tree ? node->path : VG_STR(""),
        .is_management = vg_str_eq(id, a->org.management),
    };
    return VG_OK;
}

static vg_answer runs_workloads(const vg_outcome *outcome)
{
    for (size_t i = 0; i < outcome->subjects.len; i++) {
        const vg_sighting *subject = vg_vec_at(&outcome->subjects, i);
        if (vg_str_is(subject->resource.type, "Vigil::Account::Account"))
            return vg_prop_bool(subject, "RunsWorkloads");
    }
    return VG_UNKNOWN;
}

/* ---- a batch ---------------------------------------------------------------------------------------------------------------------- */

static void work_on_account(assessor *a, account_work *work, desk *at)
{
    for (size_t s = 0; s < work->sightings.len && work->status == VG_OK; s++) {
        vg_sighting *seen = vg_vec_at(&work->sightings, s);
        vg_doc doc;
        if (seen->properties || seen->resource.properties.len == 0)
            continue;
        work->status =
            vg_json_read(work->arena, seen->resource.properties, seen->resource.id, NULL, &doc, &work->error);
        seen->properties = work->status == VG_OK ? doc.root : NULL;
    }
    vg_view view = {.org = &a->org,
                    .account = work->account,
                    .all = {work->sightings.items, work->sightings.len},
                    .now = a->options->now};
    vg_sightings_sort(work->sightings.items, work->sightings.len);
    if (work->status == VG_OK)
        work->status = vg_engine_look(&a->engine, at->policies, &view, &work->error);
    if (work->status == VG_OK)
        work->status = vg_work(&view, a->options->content, false, a->options->now, work->arena, at->scratch,
                               &work->outcome, &work->error);
    vg_arena_reset(at->policies);
    vg_arena_reset(at->scratch);
}

static void work_at_desk(void *context, size_t i)
{
    assessor *a = context;
    for (size_t n; (n = atomic_fetch_add(&a->next, 1)) < a->running_len;)
        work_on_account(a, &a->running[n], &a->desks[i]);
}

static void work_on_batch(void *context)
{
    assessor *a = context;
    vg_parallel(a->desk_count, a->desk_count, work_at_desk, a);
}

static void leave_desks(assessor *a)
{
    for (size_t i = 0; i < a->desk_count; i++) {
        vg_arena_free(a->desks[i].policies);
        vg_arena_free(a->desks[i].scratch);
    }
    a->desk_count = 0;
}

/* A block of the size that an account needs, which resetting keeps. */
static vg_status take_desks(assessor *a, vg_error *err)
{
    size_t threads = a->options->threads ? a->options->threads : vg_cpu_count();
    size_t count = threads < BATCH_ACCOUNTS ? threads : BATCH_ACCOUNTS;
    a->desks = VG_NEW_N(a->arena, desk, count);
    for (size_t i = 0; a->desks && i < count; i++) {
        desk *at = &a->desks[a->desk_count++];
        *at = (desk){vg_arena_new(0), vg_arena_new(0)};
        if (!at->policies || !at->scratch || !vg_arena_alloc(at->policies, DESK_BYTES))
            return no_memory(err);
        vg_arena_reset(at->policies);
    }
    return a->desks ? VG_OK : no_memory(err);
}

static vg_status merge_account(assessor *a, const account_work *work, vg_error *err)
{
    if (work->status != VG_OK) {
        vg_error_copy(err, &work->error);
        return work->status;
    }
    if (vg_str_eq(work->account, a->org.management))
        a->org.management_runs = runs_workloads(&work->outcome);
    VG_TRY(keep_account(a, work->account, err));
    return keep_outcome(a, &work->outcome, err);
}

/* Adds what came of accounts that were worked on to the answer. */
static vg_status merge_accounts(assessor *a, account_work *works, size_t count, vg_error *err)
{
    vg_status status = VG_OK;
    for (size_t i = 0; i < count; i++) {
        if (status == VG_OK)
            status = merge_account(a, &works[i], err);
        vg_arena_free(works[i].arena);
    }
    if (a->options->progress && count)
        a->options->progress(a->options->progress_context, count);
    return status;
}

/* Has the batch that was read worked on, with several threads beside the merging of the one before and the reading of the
 * next. */
static vg_status hand_over_batch(assessor *a, vg_error *err)
{
    if (!a->desk_count)
        VG_TRY(take_desks(a, err));
    vg_beside_wait(a->beside);
    account_work *done = a->running;
    size_t done_len = a->running_len;
    a->running = a->batch;
    a->running_len = a->batch_len;
    a->batch = done;
    a->batch_len = a->batch_bytes = 0;
    atomic_store(&a->next, 0);
    a->beside = a->desk_count > 1 && a->running_len ? vg_beside_start(work_on_batch, a) : NULL;
    vg_status status = merge_accounts(a, done, done_len, err);
    if (a->desk_count == 1)
        work_on_batch(a);
    return status;
}

static vg_status finish_batches(assessor *a, vg_error *err)
{
    VG_TRY(hand_over_batch(a, err));
    return hand_over_batch(a, err);
}

static void drop_batches(assessor *a)
{
    vg_beside_wait(a->beside);
    a->beside = NULL;
    leave_desks(a);
    for (size_t i = 0; i < a->batch_len; i++)
        vg_arena_free(a->batch[i].arena);
    for (size_t i = 0; i < a->running_len; i++)
        vg_arena_free(a->running[i].arena);
    a->batch_len = a->running_len = 0;
}

/* The work of the account, which is the last one of the batch or a new one behind it. */
static vg_status work_of(assessor *a, vg_str account, account_work **out, vg_error *err)
{
    if (a->batch_len > 0 && vg_str_eq(a->batch[a->batch_len - 1].account, account)) {
        *out = &a->batch[a->batch_len - 1];
        return VG_OK;
    }
    if (a->batch_len == BATCH_ACCOUNTS || a->batch_bytes > BATCH_BYTES)
        VG_TRY(hand_over_batch(a, err));
    vg_arena *arena = vg_arena_new(0);
    if (!arena)
        return no_memory(err);
    account_work *work = &a->batch[a->batch_len++];
    *work = (account_work){
        .arena = arena,
        .account = vg_arena_str(arena, account),
        .sightings = vg_vec_in(arena, sizeof(vg_sighting)),
    };
    *out = work;
    return work->account.ptr ? VG_OK : no_memory(err);
}

/* ---- rows of evidence ---------------------------------------------------------------------------------------------------------------- */

/* Copies into the arena what outlives the row. */
static bool copy_sighting(vg_arena *arena, const vg_resource *from, vg_time seen, bool with_properties,
                          vg_sighting *out)
{
    *out = (vg_sighting){
        .resource =
            {
                .type = vg_arena_str(arena, from->type),
                .account = vg_arena_str(arena, from->account),
                .region = vg_arena_str(arena, from->region),
                .id = vg_arena_str(arena, from->id),
                .name = vg_arena_str(arena, from->name),
                .properties = with_properties ? vg_arena_str(arena, from->properties) : (vg_str){0},
                .observed = from->observed,
                .source = vg_arena_str(arena, from->source),
                .origin = vg_arena_str(arena, from->origin),
            },
        .seen = seen,
    };
    return out->resource.type.ptr && out->resource.id.ptr && out->resource.origin.ptr;
}

static bool is_wanted(const assessor *a, const vg_resource *resource)
{
    vg_str type = resource->type;
    return vg_is_fact_evidence(type) || vg_access_base_wants(a->engine.base, type) ||
           vg_map_get(a->options->content->by_type, type) ||
           vg_access_base_wants_policy_in(a->engine.base, resource);
}

static vg_status take_account_row(void *context, const vg_evidence_row *row, vg_error *err)
{
    assessor *a = context;
    const vg_resource *resource = &row->resource;
    account_work *work;
    if (!vg_is_account_id(resource->account) || vg_fact_kind(resource->type))
        return VG_OK;
    VG_TRY(work_of(a, resource->account, &work, err));
    bool wanted = is_wanted(a, resource);
    const vg_sighting *last =
        work->sightings.len ? vg_vec_at(&work->sightings, work->sightings.len - 1) : NULL;
    bool is_known = last && !wanted && vg_str_eq(last->resource.type, resource->type) &&
                    vg_str_eq(last->resource.region, resource->region);
    if (is_known || vg_is_organization_evidence(resource->type))
        return VG_OK;
    vg_sighting *seen = vg_vec_push(&work->sightings);
    if (!seen || !copy_sighting(work->arena, resource, row->last_seen, wanted, seen))
        return no_memory(err);
    a->batch_bytes += seen->resource.properties.len;
    return VG_OK;
}

static vg_status take_organization_row(void *context, const vg_evidence_row *row, vg_error *err)
{
    assessor *a = context;
    vg_doc doc;
    if (vg_fact_kind(row->resource.type))
        return VG_OK;
    vg_sighting *seen = vg_vec_push(&a->organization_items);
    if (!seen || !copy_sighting(a->arena, &row->resource, row->last_seen, true, seen))
        return no_memory(err);
    VG_TRY(vg_json_read(a->arena, seen->resource.properties, seen->resource.id, NULL, &doc, err));
    seen->properties = doc.root;
    return VG_OK;
}

/* Trails, their status and selectors, and analyzers: kept when they are the organisation's. */
static vg_status take_shared_row(void *context, const vg_evidence_row *row, vg_error *err)
{
    assessor *a = context;
    size_t before = a->organization_items.len;
    VG_TRY(take_organization_row(context, row, err));
    if (a->organization_items.len == before)
        return VG_OK;
    const vg_sighting *seen = vg_vec_at(&a->organization_items, before);
    bool is_trail = vg_str_is(seen->resource.type, "AWS::CloudTrail::Trail");
    bool is_analyzer = vg_str_is(seen->resource.type, "AWS::AccessAnalyzer::Analyzer");
    bool is_shared = !is_trail && !is_analyzer;
    if (is_trail)
        is_shared = vg_prop_bool(seen, "IsOrganizationTrail") == VG_YES;
    if (is_analyzer)
        is_shared = vg_str_starts(vg_prop_str(seen, "Type"), VG_STR("ORGANIZATION"));
    for (size_t i = 0; is_shared && !is_trail && !is_analyzer; i++) {
        /* Of a trail that is not the organisation's, it belongs to the account alone. */
        if (i == before) {
            is_shared = false;
            break;
        }
        const vg_sighting *other = vg_vec_at(&a->organization_items, i);
        if (vg_str_is(other->resource.type, "AWS::CloudTrail::Trail") &&
            vg_str_eq(other->resource.id, seen->resource.id))
            break;
    }
    if (!is_shared)
        a->organization_items.len--;
    return VG_OK;
}

static vg_status read_organization(assessor *a, vg_evidence *evidence, vg_error *err)
{
    static const struct {
        vg_str type;
        bool shared;
    } reads[] = {
        {VG_STR_INIT("Vigil::Organization::*"), false},
        {VG_STR_INIT("Vigil::IAM::OrganizationsFeatures"), false},
        {VG_STR_INIT("Vigil::IdentityCenter::Instance"), false},
        {VG_STR_INIT("Vigil::Attestation::Statement"), false},
        {VG_STR_INIT("Vigil::Workload::Mapping"), false},
        {VG_STR_INIT("AWS::CloudTrail::Trail"), true},
        {VG_STR_INIT("Vigil::CloudTrail::TrailStatus"), true},
        {VG_STR_INIT("Vigil::CloudTrail::EventSelectors"), true},
        {VG_STR_INIT("AWS::AccessAnalyzer::Analyzer"), true},
    };
    for (size_t i = 0; i < VG_COUNT(reads); i++) {
        vg_resource_filter filter = VG_RESOURCE_FILTER_ALL;
        filter.type = reads[i].type;
        VG_TRY(vg_evidence_resources(evidence, &filter,
                                     reads[i].shared ? take_shared_row : take_organization_row, a, err));
    }
    return VG_OK;
}

static vg_status keep_refusal(assessor *a, const vg_ledger_entry *entry, vg_error *err)
{
    vg_refusal *refusal = vg_vec_push(&a->refusals);
    if (!refusal)
        return no_memory(err);
    *refusal = (vg_refusal){intern(a, entry->operation), intern(a, entry->account), intern(a, entry->region),
                            intern(a, entry->reason)};
    return VG_OK;
}

static vg_status take_ledger(void *context, const vg_ledger_entry *entry, vg_error *err)
{
    assessor *a = context;
    if (!vg_readings_add(a->readings, entry))
        return no_memory(err);
    if (a->engine.base)
        VG_TRY(vg_access_base_ledger(a->engine.base, entry, err));
    if (entry->outcome == VG_LEDGER_NOT_ASSESSED)
        VG_TRY(keep_refusal(a, entry, err));
    if (!entry->truncated && entry->outcome != VG_LEDGER_ERROR)
        return VG_OK;
    vg_str *problem = vg_vec_push(&a->problems);
    if (!problem)
        return no_memory(err);
    vg_str why =
        entry->reason.len ? entry->reason : VG_STR("there is more than the file holds (a next token)");
    *problem = vg_arena_printf(a->arena, "%.*s: %.*s", VG_ARG(entry->path), VG_ARG(why));
    return problem->ptr ? VG_OK : no_memory(err);
}

/* ---- findings of other products --------------------------------------------------------------------------------------------------------- */

/* Since when a finding is open: what its product says (ASFF's FirstObservedAt), else the earliest that we know. */
static vg_time open_since(const vg_hub_row *row)
{
    static const vg_str key = VG_STR_INIT("\"FirstObservedAt\":\"");
    const vg_finding *finding = &row->finding;
    vg_time since = row->first_seen, said;
    if (finding->observed > 0 && finding->observed < since)
        since = finding->observed;
    size_t at = vg_str_find(finding->evidence, key);
    vg_str text = at == VG_NPOS ? (vg_str){0} : vg_str_sub(finding->evidence, at + key.len, VG_NPOS);
    size_t end = vg_str_find_char(text, '"');
    bool is_told = end != VG_NPOS && vg_time_parse(vg_str_sub(text, 0, end), &said);
    return is_told && said < since ? said : since;
}

static vg_status take_finding(void *context, const vg_hub_row *row, vg_error *err)
{
    assessor *a = context;
    const vg_finding *finding = &row->finding;
    if (vg_str_is(finding->product, "vigil") || !vg_is_account_id(finding->account))
        return VG_OK;
    vg_map_entry *entry = vg_map_put((vg_map *)a->org.findings, intern(a, finding->account), NULL);
    vg_open_findings *open = entry ? entry->value.ptr : NULL;
    if (entry && !open && (open = VG_NEW(a->arena, vg_open_findings))) {
        *open = (vg_open_findings){
            .oldest = VG_TIME_NONE,
            .latest = VG_TIME_NONE,
            .products = vg_vec_in(a->arena, sizeof(vg_str)),
            .severe = vg_vec_in(a->arena, sizeof(vg_open_finding)),
        };
        entry->value.ptr = open;
    }
    if (!open)
        return no_memory(err);
    bool is_severe = finding->severity == VG_SEVERITY_CRITICAL || finding->severity == VG_SEVERITY_HIGH;
    vg_time since = is_severe ? open_since(row) : VG_TIME_NONE;
    vg_open_finding *severe = is_severe ? vg_vec_push(&open->severe) : NULL;
    if (is_severe && !severe)
        return no_memory(err);
    if (severe)
        *severe = (vg_open_finding){since, finding->severity == VG_SEVERITY_CRITICAL};
    open->critical += finding->severity == VG_SEVERITY_CRITICAL;
    open->high += finding->severity == VG_SEVERITY_HIGH;
    if (is_severe && (open->oldest == VG_TIME_NONE || since < open->oldest))
        open->oldest = since;
    if (open->latest == VG_TIME_NONE || finding->observed > open->latest)
        open->latest = finding->observed;
    for (size_t i = 0; i < open->products.len; i++)
        if (vg_str_eq(*(vg_str *)vg_vec_at(&open->products, i), finding->product))
            return VG_OK;
    vg_str *product = vg_vec_push(&open->products);
    if (!product)
        return no_memory(err);
    *product = intern(a, finding->product);
    return VG_OK;
}

static vg_status read_findings(assessor *a, vg_hub *hub, vg_error *err)
{
    vg_hub_filter filter = {.workflows = VG_HUB_OPEN, .min_severity = VG_SEVERITY_HIGH, .by_age = true};
    a->org.findings = vg_map_new(a->arena, 0);
    if (!a->org.findings)
        return no_memory(err);
    return hub ? vg_hub_list(hub, &filter, take_finding, a, err) : VG_OK;
}

/* ---- all together ------------------------------------------------------------------------------------------------------------------------- */

static vg_status begin(assessor *a, const vg_assess_options *options, vg_arena *arena, vg_assessment *out,
                       vg_error *err)
{
    *out = (vg_assessment){
        .content = options->content, .oldest = VG_TIME_NONE, .newest = VG_TIME_NONE, .arena = arena};
    *a = (assessor){
        .options = options,
        .arena = arena,
        .answer = out,
        .organization_items = vg_vec_in(arena, sizeof(vg_sighting)),
        .readings = vg_readings_new(arena),
        .subjects = vg_vec_in(arena, sizeof(vg_subject)),
        .judgements = vg_vec_in(arena, sizeof(vg_judgement)),
        .accounts = vg_vec_in(arena, sizeof(vg_account)),
        .problems = vg_vec_in(arena, sizeof(vg_str)),
        .refusals = vg_vec_in(arena, sizeof(vg_refusal)),
        .strings = vg_map_new(arena, 0),
        .batch = VG_NEW_N(arena, account_work, BATCH_ACCOUNTS),
        .running = VG_NEW_N(arena, account_work, BATCH_ACCOUNTS),
    };
    if (!a->readings || !a->strings || !a->batch || !a->running)
        return no_memory(err);
    return vg_engine_open(arena, options->content, &a->engine, err);
}

static vg_status finish_organization(assessor *a, vg_error *err)
{
    vg_arena *arena = vg_arena_new(0), *scratch = vg_arena_new(0);
    vg_outcome outcome;
    vg_status status = arena && scratch ? VG_OK : no_memory(err);
    vg_time now = a->options->now != VG_TIME_NONE ? a->options->now : a->answer->newest;
    vg_view view = {.org = &a->org, .account = VG_STR(""), .all = a->org.all, .now = now};
    for (size_t i = 0; i < a->org.all.count && a->options->now == VG_TIME_NONE; i++)
        if (a->org.all.items[i].seen > view.now && !is_said_by_people(a->org.all.items[i].resource.type))
            view.now = a->org.all.items[i].seen;
    if (status == VG_OK)
        status = vg_work(&view, a->options->content, true, a->options->now, arena, scratch, &outcome, err);
    if (status == VG_OK)
        status = keep_outcome(a, &outcome, err);
    vg_arena_free(arena);
    vg_arena_free(scratch);
    return status;
}

static void finish_answer(assessor *a)
{
    vg_assessment *answer = a->answer;
    answer->subjects = a->subjects.items;
    answer->subject_count = a->subjects.len;
    answer->judgements = a->judgements.items;
    answer->judgement_count = a->judgements.len;
    answer->accounts = a->accounts.items;
    answer->account_count = a->accounts.len;
    answer->problems = a->problems.items;
    answer->problem_count = a->problems.len;
    answer->refusals = a->refusals.items;
    answer->refusal_count = a->refusals.len;
    answer->organization = a->org.id;
    answer->management = a->org.management;
    answer->partition = a->org.partition;
    answer->now = a->options->now;
    answer->judged_at = a->options->now != VG_TIME_NONE ? a->options->now : answer->newest;
}

/* The mapping, in the words of model.h's neighbours: one item an environment. */
static vg_status keep_workloads(assessor *a, vg_error *err)
{
    vg_vec workloads = vg_vec_in(a->arena, sizeof(vg_workload));
    for (size_t i = 0; i < a->org.placement_count; i++) {
        const vg_placement *placement = &a->org.placements[i];
        vg_workload *workload = vg_vec_push(&workloads);
        if (!workload)
            return no_memory(err);
        *workload = (vg_workload){
            .name = placement->name,
            .function = placement->function,
            .owner = placement->owner,
            .environment = placement->environment,
            .accounts = placement->accounts,
            .account_count = placement->account_count,
        };
    }
    a->answer->workloads = workloads.items;
    a->answer->workload_count = workloads.len;
    return VG_OK;
}

static int compare_units(const void *left, const void *right)
{
    return vg_str_cmp(((const vg_unit *)left)->id, ((const vg_unit *)right)->id);
}

static vg_status keep_units(assessor *a, vg_error *err)
{
    vg_vec units = vg_vec_in(a->arena, sizeof(vg_unit));
    for (size_t i = 0; i < a->org.node_count; i++) {
        const vg_node *node = &a->org.nodes[i];
        vg_unit *unit = node->is_account ? NULL : vg_vec_push(&units);
        if (!node->is_account && !unit)
            return no_memory(err);
        bool has_parent = unit && node->in_tree && node->parent != VG_NO_NODE;
        if (unit)
            *unit = (vg_unit){.id = node->id,
                              .name = node->name,
                              .parent = has_parent ? a->org.nodes[node->parent].id : (vg_str){0},
                              .path = node->path,
                              .is_root = node->is_root};
    }
    if (units.len > 1)
        qsort(units.items, units.len, sizeof(vg_unit), compare_units);
    a->answer->units = units.items;
    a->answer->unit_count = units.len;
    return VG_OK;
}

static vg_status build_organization(assessor *a, vg_error *err)
{
    const vg_map *findings = a->org.findings;
    VG_TRY(vg_org_build(a->arena, a->organization_items.items, a->organization_items.len, a->readings,
                        &a->org, err));
    a->org.findings = findings;
    VG_TRY(vg_engine_organization(&a->engine, a->arena, &a->org, err));
    VG_TRY(keep_units(a, err));
    return keep_workloads(a, err);
}

static vg_status assess_evidence(assessor *a, vg_evidence *evidence, vg_hub *hub, vg_error *err)
{
    VG_TRY(vg_evidence_ledger(evidence, VG_STR(""), take_ledger, a, err));
    VG_TRY(read_organization(a, evidence, err));
    VG_TRY(read_findings(a, hub, err));
    VG_TRY(build_organization(a, err));
    vg_resource_filter filter = VG_RESOURCE_FILTER_ALL;
    VG_TRY(vg_evidence_resources(evidence, &filter, take_account_row, a, err));
    VG_TRY(finish_batches(a, err));
    return finish_organization(a, err);
}

vg_status vg_assess(vg_evidence *evidence, vg_hub *hub, const vg_assess_options *options, vg_arena *arena,
                    vg_assessment *out, vg_error *err)
{
    assessor a;
    VG_TRY(begin(&a, options, arena, out, err));
    VG_TRY(vg_evidence_read_begin(evidence, err));
    vg_status status = assess_evidence(&a, evidence, hub, err);
    vg_evidence_read_end(evidence);
    drop_batches(&a);
    finish_answer(&a);
    return status;
}

vg_status vg_assess_organization(vg_evidence *evidence, vg_arena *arena, vg_org *out, vg_error *err)
{
    static const vg_assess_options options = {.now = VG_TIME_NONE};
    assessor a;
    vg_assessment answer;
    VG_TRY(begin(&a, &options, arena, &answer, err));
    VG_TRY(vg_evidence_read_begin(evidence, err));
    vg_status status = vg_evidence_ledger(evidence, VG_STR(""), take_ledger, &a, err);
    if (status == VG_OK)
        status = read_organization(&a, evidence, err);
    if (status == VG_OK)
        status = build_organization(&a, err);
    vg_evidence_read_end(evidence);
    *out = a.org;
    return status;
}

/* ---- from an array -------------------------------------------------------------------------------------------------------------------------- */

static int compare_accounts(const void *a, const void *b)
{
    const vg_sighting *left = a, *right = b;
    int order = vg_str_cmp(left->resource.account, right->resource.account);
    return order ? order : vg_str_cmp(left->resource.type, right->resource.type);
}

static vg_status assess_array(assessor *a, vg_sighting *sightings, size_t count, vg_error *err)
{
    if (count > 1)
        qsort(sightings, count, sizeof *sightings, compare_accounts);
    for (size_t i = 0; i < count; i++) {
        vg_evidence_row row = {.resource = sightings[i].resource, .last_seen = sightings[i].seen};
        vg_str type = row.resource.type;
        bool shared = vg_str_is(type, "AWS::CloudTrail::Trail") ||
                      vg_str_is(type, "Vigil::CloudTrail::TrailStatus") ||
                      vg_str_is(type, "Vigil::CloudTrail::EventSelectors") ||
                      vg_str_is(type, "AWS::AccessAnalyzer::Analyzer");
        if (shared)
            VG_TRY(take_shared_row(a, &row, err));
        else if (vg_is_organization_evidence(type))
            VG_TRY(take_organization_row(a, &row, err));
    }
    VG_TRY(build_organization(a, err));
    for (size_t i = 0; i < count; i++) {
        vg_evidence_row row = {.resource = sightings[i].resource, .last_seen = sightings[i].seen};
        VG_TRY(take_account_row(a, &row, err));
    }
    VG_TRY(finish_batches(a, err));
    return finish_organization(a, err);
}

vg_status vg_assess_sightings(vg_sighting *sightings, size_t count, const vg_ledger_entry *ledger,
                              size_t ledger_count, const vg_assess_options *options, vg_arena *arena,
                              vg_assessment *out, vg_error *err)
{
    assessor a;
    VG_TRY(begin(&a, options, arena, out, err));
    for (size_t i = 0; i < ledger_count; i++)
        VG_TRY(take_ledger(&a, &ledger[i], err));
    vg_status status = assess_array(&a, sightings, count, err);
    drop_batches(&a);
    finish_answer(&a);
    return status;
}
