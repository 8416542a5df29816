/* evidence_text.h: evidence written as YAML lines, for tests of facts, verdicts and reviews.
 *
 *     - [TYPE, ACCOUNT, REGION, ID, {properties}]
 *     - [TYPE, ACCOUNT, REGION, ID, {properties}, "2026-01-01"]        seen then; else on SEEN
 *     - [TYPE, ACCOUNT, REGION, ID, {properties}, "2026-01-01", SOURCE]
 *     - [ledger, OPERATION, PARAMETER, ACCOUNT, REGION]                read in full, and perhaps empty
 *     - [ledger, OPERATION, PARAMETER, ACCOUNT, REGION, truncated]     with more to come
 *
 * "Vigil::" and "AWS::" are written out. */
#ifndef VIGIL_TESTS_EVIDENCE_TEXT_H
#define VIGIL_TESTS_EVIDENCE_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "assess/assess.h"

#include <stdlib.h>

#define SEEN "2026-06-01T00:00:00Z"
/* Accounts of the tests: the management account and two members. */
#define M "111111111111"
#define A "222222222222"
#define B "333333333333"

typedef struct {
    vg_arena *arena;
    vg_sighting *sightings;
    size_t count;
    vg_ledger_entry *ledger;
    size_t ledger_count;
} evidence_text;

static inline vg_str item_str(const vg_value *list, size_t i)
{
    const vg_value *item = vg_value_item(list, i);
    return item ? vg_value_str(item) : (vg_str){0};
}

static inline vg_str canonical_text(vg_arena *arena, const vg_value *value)
{
    vg_buf text = {0};
    vg_json_write_canonical(&text, value);
    vg_str kept = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return kept;
}

static inline void fail_with(const char *what, const vg_error *err)
{
    char text[1024];
    vg_error_format(err, text, sizeof text);
    fail_msg("%s: %s", what, text);
}

/* Adds the lines of `text` to the evidence. */
static inline void add_evidence(evidence_text *e, const char *text)
{
    vg_doc doc;
    vg_error err = {0};
    if (vg_yaml_read(e->arena, vg_arena_str(e->arena, vg_str_from(text)), VG_STR("evidence"), NULL, &doc,
                     &err) != VG_OK)
        fail_with(text, &err);
    size_t more = vg_value_count(doc.root);
    vg_sighting *sightings = VG_NEW_N(e->arena, vg_sighting, e->count + more + 1);
    vg_ledger_entry *ledger = VG_NEW_N(e->arena, vg_ledger_entry, e->ledger_count + more + 1);
    if (e->count)
        memcpy(sightings, e->sightings, e->count * sizeof *sightings);
    if (e->ledger_count)
        memcpy(ledger, e->ledger, e->ledger_count * sizeof *ledger);
    e->sightings = sightings;
    e->ledger = ledger;
    for (vg_items it = vg_items_of(doc.root); vg_items_next(&it);) {
        if (vg_str_is(item_str(it.value, 0), "ledger")) {
            ledger[e->ledger_count++] = (vg_ledger_entry){
                .operation = item_str(it.value, 1),
                .parameter = item_str(it.value, 2),
                .account = item_str(it.value, 3),
                .region = item_str(it.value, 4),
                .outcome = VG_LEDGER_IMPORTED,
                .truncated = vg_str_is(item_str(it.value, 5), "truncated"),
            };
            continue;
        }
        vg_time seen;
        const vg_value *properties = vg_value_item(it.value, 4);
        vg_str when = vg_value_count(it.value) > 5 ? item_str(it.value, 5) : VG_STR(SEEN);
        assert_true(vg_time_parse(when, &seen));
        assert_non_null(properties);
        sightings[e->count++] = (vg_sighting){
            .resource =
                {
                    .type = item_str(it.value, 0),
                    .account = item_str(it.value, 1),
                    .region = item_str(it.value, 2),
                    .id = item_str(it.value, 3),
                    .name = VG_STR(""),
                    .properties = canonical_text(e->arena, properties),
                    .observed = seen,
                    .source = vg_value_count(it.value) > 6 ? item_str(it.value, 6) : VG_STR("test"),
                    .origin = VG_STR("test"),
                },
            .seen = seen,
        };
    }
}

static inline evidence_text read_evidence(vg_arena *arena, const char *text)
{
    evidence_text e = {.arena = arena};
    add_evidence(&e, text);
    return e;
}

/* Content of practices alone and the given controls: NAME -> Guard text, ending with a NULL name. */
typedef struct {
    const char *path, *text;
} content_text;

#define PRACTICES "- {id: first, code: P1, title: First}\n- {id: second, code: P2, title: Second}\n"

static inline void bad_content_fails(void *context, const vg_error *err)
{
    (void)context;
    fail_with("content", err);
}

static inline vg_content *read_content(vg_arena *arena, const content_text *files)
{
    vg_content_source sources[64] = {{VG_STR("practices.yaml"), VG_STR(PRACTICES)}};
    size_t count = 1;
    vg_content *content = NULL;
    vg_error err = {0};
    for (; files && files->path; files++)
        sources[count++] = (vg_content_source){vg_str_from(files->path), vg_str_from(files->text)};
    if (vg_content_load(arena, sources, count, NULL, 0, bad_content_fails, NULL, &content, &err) != VG_OK)
        fail_with("content", &err);
    return content;
}

/* Practices, and the built-in files that the policy engine is asked with. */
static inline vg_content *read_engine_content(vg_arena *arena)
{
    static const char *const paths[] = {
        "catalogue/actions.txt",      "access/resources.yaml",     "policy/federation.yaml",
        "policy/services.yaml",       "escalations/identity.yaml", "escalations/services.yaml",
        "policy/events.yaml",         "policy/quotas.yaml",        "policy/regions.yaml",
        "policy/condition-keys.yaml", "policy/strangers.yaml"};
    content_text files[VG_COUNT(paths) + 1] = {{NULL, NULL}};
    for (size_t i = 0; i < VG_COUNT(paths); i++) {
        vg_str path = vg_arena_printf(arena, "%s/content/%s", VIGIL_SOURCE_DIR, paths[i]), text;
        assert_int_equal(vg_file_read(arena, path, 1 << 23, &text, NULL), VG_OK);
        files[i] = (content_text){paths[i], vg_arena_cstr(arena, text)};
    }
    return read_content(arena, files);
}

static inline vg_assessment assess_evidence_text(evidence_text *e, const vg_content *content, const char *now,
                                                 size_t threads)
{
    vg_assess_options options = {.content = content, .now = VG_TIME_NONE, .threads = threads};
    vg_assessment assessment;
    vg_error err = {0};
    if (now)
        assert_true(vg_time_parse(vg_str_from(now), &options.now));
    if (vg_assess_sightings(e->sightings, e->count, e->ledger, e->ledger_count, &options, e->arena,
                            &assessment, &err) != VG_OK)
        fail_with("assessing", &err);
    return assessment;
}

static inline const vg_subject *find_subject(const vg_assessment *assessment, const char *type,
                                             const char *account, const char *region, const char *id)
{
    for (size_t i = 0; i < assessment->subject_count; i++) {
        const vg_resource *resource = &assessment->subjects[i].resource;
        if (vg_str_is(resource->type, type) && (!account || vg_str_is(resource->account, account)) &&
            (!region || vg_str_is(resource->region, region)) && (!id || vg_str_is(resource->id, id)))
            return &assessment->subjects[i];
    }
    return NULL;
}

#endif
