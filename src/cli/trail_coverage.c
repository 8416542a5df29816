/* trail_coverage.c: which logs there are, as facts that controls read: per account and region what was logged, from when to
 * when, which trails deliver digests, and where something is missing. */
#include "cli/trail_store.h"

typedef struct {
    vg_arena *arena;
    vg_vec covers; /* vg_trail_cover, merged */
    vg_vec gaps;   /* vg_trail_gap */
    vg_vec facts;  /* vg_resource */
    vg_map *places;
} coverage;

typedef struct {
    vg_str account, region;
    vg_vec covers, gaps; /* indexes into those (size_t) */
} covered_place;

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while summing up what was logged");
}

/* ---- by place ------------------------------------------------------------------------------------------------------------ */

static covered_place *place_of(coverage *c, vg_str account, vg_str region)
{
    bool is_new;
    vg_str key = vg_arena_printf(c->arena, "%.*s %.*s", VG_ARG(account), VG_ARG(region));
    vg_map_entry *entry = key.ptr ? vg_map_put(c->places, key, &is_new) : NULL;
    if (!entry)
        return NULL;
    if (is_new) {
        covered_place *place = VG_NEW(c->arena, covered_place);
        if (!place)
            return NULL;
        *place = (covered_place){account, region, vg_vec_in(c->arena, sizeof(size_t)),
                                 vg_vec_in(c->arena, sizeof(size_t))};
        entry->value.ptr = place;
    }
    return entry->value.ptr;
}

static bool note(vg_vec *list, size_t i)
{
    size_t *slot = vg_vec_push(list);
    if (slot)
        *slot = i;
    return slot != NULL;
}

static vg_status sort_by_place(coverage *c, vg_error *err)
{
    for (size_t i = 0; i < c->covers.len; i++) {
        const vg_trail_cover *cover = vg_vec_at(&c->covers, i);
        covered_place *place = cover->account.len ? place_of(c, cover->account, cover->region) : NULL;
        if (cover->account.len && !(place && note(&place->covers, i)))
            return no_memory(err);
    }
    for (size_t i = 0; i < c->gaps.len; i++) {
        const vg_trail_gap *gap = vg_vec_at(&c->gaps, i);
        covered_place *place = place_of(c, gap->account, gap->region);
        if (!place || !note(&place->gaps, i))
            return no_memory(err);
    }
    return VG_OK;
}

/* ---- one fact ------------------------------------------------------------------------------------------------------------- */

static vg_time time_of(int64_t hour)
{
    return hour * 3600 * VG_TIME_SECOND;
}

static bool has_kind(const coverage *c, const covered_place *place, vg_cover_kind kind)
{
    for (size_t i = 0; i < place->covers.len; i++) {
        size_t at = *(size_t *)vg_vec_at(&place->covers, i);
        if (((vg_trail_cover *)vg_vec_at(&c->covers, at))->kind == kind)
            return true;
    }
    return false;
}

/* Names of the covers of two kinds, which stand in order; each once. */
static void put_names(vg_json_writer *w, const coverage *c, const covered_place *place, const char *key,
                      vg_cover_kind kind, vg_cover_kind or_kind)
{
    vg_str last = {0};
    vg_json_key(w, key);
    vg_json_array(w);
    for (size_t i = 0; i < place->covers.len; i++) {
        const vg_trail_cover *cover = vg_vec_at(&c->covers, *(size_t *)vg_vec_at(&place->covers, i));
        if ((cover->kind != kind && cover->kind != or_kind) || cover->name.len == 0 ||
            (last.len && vg_str_eq(last, cover->name)))
            continue;
        vg_json_string(w, cover->name);
        last = cover->name;
    }
    vg_json_end_array(w);
}

static void put_time(vg_json_writer *w, const char *key, vg_time time)
{
    char text[VG_TIME_TEXT];
    vg_time_format(time, text);
    vg_json_put_str(w, key, vg_str_from(text));
}

/* `last`: the hour behind the last event. */
static void put_gaps(vg_json_writer *w, const coverage *c, const covered_place *place, int64_t last)
{
    enum { MOST = 100, RECENT = 30 * 24 };
    int64_t hours = 0, recent = 0;
    vg_json_key(w, "Gaps");
    vg_json_array(w);
    for (size_t i = 0; i < place->gaps.len; i++) {
        const vg_trail_gap *gap = vg_vec_at(&c->gaps, *(size_t *)vg_vec_at(&place->gaps, i));
        char from[VG_TIME_TEXT], to[VG_TIME_TEXT];
        vg_buf text = {0};
        int64_t from_recent = gap->hours.from > last - RECENT ? gap->hours.from : last - RECENT;
        hours += gap->hours.to - gap->hours.from;
        recent += gap->hours.to > from_recent ? gap->hours.to - from_recent : 0;
        if (i >= MOST)
            continue;
        vg_time_format(time_of(gap->hours.from), from);
        vg_time_format(time_of(gap->hours.to), to);
        vg_buf_addf(&text, "%s to %s (%s)", from, to, vg_gap_names[gap->why]);
        vg_json_string(w, vg_buf_str(&text));
        vg_buf_free(&text);
    }
    vg_json_end_array(w);
    vg_json_put_i64(w, "GapHours", hours);
    vg_json_put_i64(w, "RecentGapHours", recent);
}

static vg_status add_fact(coverage *c, const covered_place *place, vg_error *err)
{
    static const struct {
        const char *key;
        vg_cover_kind kind;
    } kinds[] = {{"ManagementEvents", VG_COVER_MANAGEMENT},
                 {"DataEvents", VG_COVER_DATA},
                 {"InsightEvents", VG_COVER_INSIGHT},
                 {"NetworkEvents", VG_COVER_NETWORK},
                 {"FlowLogs", VG_COVER_FLOW},
                 {"ResolverLogs", VG_COVER_DNS},
                 {"S3AccessLogs", VG_COVER_S3_ACCESS}};
    uint64_t events = 0;
    int64_t first = INT64_MAX, last = INT64_MIN;
    vg_buf text = {0}, canonical = {0};
    vg_json_writer w = vg_json_writer_to(&text, 0);
    for (size_t i = 0; i < place->covers.len; i++) {
        const vg_trail_cover *cover = vg_vec_at(&c->covers, *(size_t *)vg_vec_at(&place->covers, i));
        if (cover->kind >= VG_COVER_DIGEST || !cover->run_count)
            continue;
        events += cover->count;
        first = cover->runs[0].from < first ? cover->runs[0].from : first;
        last = cover->runs[cover->run_count - 1].to > last ? cover->runs[cover->run_count - 1].to : last;
    }
    vg_json_object(&w);
    for (size_t i = 0; i < VG_COUNT(kinds); i++)
        vg_json_put_bool(&w, kinds[i].key, has_kind(c, place, kinds[i].kind));
    put_names(&w, c, place, "DataEventSources", VG_COVER_DATA, VG_COVER_DATA);
    put_names(&w, c, place, "DigestTrails", VG_COVER_DIGEST, VG_COVER_QUIET);
    vg_json_put_i64(&w, "Events", (int64_t)events);
    if (events) {
        put_time(&w, "FirstEvent", time_of(first));
        put_time(&w, "LastEvent", time_of(last));
    }
    put_gaps(&w, c, place, events ? last : INT64_MAX);
    vg_json_end_object(&w);
    vg_doc doc;
    vg_status status = text.failed ? no_memory(err)
                                   : vg_json_read(c->arena, vg_arena_str(c->arena, vg_buf_str(&text)),
                                                  VG_STR("coverage"), NULL, &doc, err);
    if (status == VG_OK)
        vg_json_write_canonical(&canonical, doc.root);
    vg_resource *fact = status == VG_OK ? vg_vec_push(&c->facts) : NULL;
    if (fact)
        *fact = (vg_resource){.type = VG_STR("Vigil::CloudTrail::LogCoverage"),
                              .account = place->account,
                              .region = place->region,
                              .id = place->region.len ? place->region : VG_STR("global"),
                              .name = place->region,
                              .properties = vg_arena_str(c->arena, vg_buf_str(&canonical)),
                              .observed = events ? time_of(last) : 0};
    bool good = fact && !canonical.failed && fact->properties.ptr;
    vg_buf_free(&text);
    vg_buf_free(&canonical);
    return status == VG_OK && !good ? no_memory(err) : status;
}

/* ---- all -------------------------------------------------------------------------------------------------------------------- */

static vg_status sum_up(coverage *c, const vg_vec *indexes, vg_error *err)
{
    for (size_t i = 0; i < indexes->len; i++) {
        const vg_known_index *known = vg_vec_at(indexes, i);
        if (known->index)
            VG_TRY(vg_trail_index_covers(known->index, c->arena, &c->covers, err));
    }
    VG_TRY(vg_trail_covers_merge(c->arena, &c->covers, err));
    VG_TRY(vg_trail_gaps(c->arena, c->covers.items, c->covers.len, &c->gaps, err));
    VG_TRY(sort_by_place(c, err));
    for (size_t i = 0; i < vg_map_len(c->places); i++)
        VG_TRY(add_fact(c, vg_map_at(c->places, i)->value.ptr, err));
    return VG_OK;
}

vg_status vg_trail_coverage_put(vg_cli *cli, vg_evidence *evidence, const vg_vec *indexes, uint64_t *gaps,
                                vg_error *err)
{
    vg_arena *arena = vg_arena_new(0);
    coverage c = {.arena = arena,
                  .covers = vg_vec_in(arena, sizeof(vg_trail_cover)),
                  .gaps = vg_vec_in(arena, sizeof(vg_trail_gap)),
                  .facts = vg_vec_in(arena, sizeof(vg_resource)),
                  .places = arena ? vg_map_new(arena, 0) : NULL};
    vg_status status = c.places ? sum_up(&c, indexes, err) : no_memory(err);
    if (status == VG_OK)
        status = vg_evidence_replace_facts(evidence, VG_STR("log-coverage"), c.facts.items, c.facts.len,
                                           cli->now, err);
    *gaps = c.gaps.len;
    vg_arena_free(arena);
    return status;
}
