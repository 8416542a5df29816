/* fuzz_policy.c: whole requests with their policies, and patterns by themselves.
 *
 * The input is a request in the form of `vigil iam can --requests`. Whatever it is, reading, compiling, deciding and
 * explaining must come to an end; the explanation must agree with the decision, the way by the catalogue with the way by
 * names, and the open answer with the closed one, which is one completion of it. Input that is no such JSON is taken for a
 * pattern, a line break and a text: a pattern matches itself where it has no wildcards, and what covers also overlaps. */
#include <stdlib.h>

#include "policy/policy_part.h"

static const vg_catalogue *small_catalogue(void)
{
    static vg_arena *arena;
    static const vg_catalogue *catalogue;
    vg_str text;
    if (arena)
        return catalogue;
    arena = vg_arena_new(0);
    const char *given = getenv("VIGIL_CATALOGUE");
    vg_str path = given ? vg_str_from(given) : VG_STR(VIGIL_SOURCE_DIR "/content/catalogue/actions.txt");
    if (vg_file_read(arena, path, 64 << 20, &text, NULL) != VG_OK ||
        vg_catalogue_open(arena, text, &catalogue, NULL) != VG_OK)
        catalogue = NULL;
    return catalogue;
}

static bool is_denial(vg_decision_result result)
{
    return result == VG_EXPLICITLY_DENIED || result == VG_IMPLICITLY_DENIED;
}

static void check_open(vg_request request, const vg_layers *layers, vg_decision_result closed)
{
    request.open = true;
    vg_decision_result open = vg_policy_decide(&request, layers).result;
    if ((open == VG_ALLOWED && closed != VG_ALLOWED) || (open == VG_EXPLICITLY_DENIED && closed != open) ||
        (open == VG_IMPLICITLY_DENIED && !is_denial(closed)))
        abort();
}

static bool fuzz_request(vg_arena *arena, vg_str text)
{
    vg_doc doc;
    vg_policy_case one, plain;
    vg_explanation explanation;
    const vg_limits limits = {.max_depth = 64};
    if (vg_json_read(arena, text, VG_STR("r"), &limits, &doc, NULL) != VG_OK ||
        vg_policy_case_read(arena, &doc, doc.root, small_catalogue(), &one, NULL) != VG_OK ||
        vg_policy_case_read(arena, &doc, doc.root, NULL, &plain, NULL) != VG_OK)
        return false;
    vg_decision d = vg_policy_decide(&one.request, &one.layers);
    if (vg_policy_explain(arena, &one.request, &one.layers, &explanation, NULL) != VG_OK ||
        explanation.decision.result != d.result || explanation.decision.blocked_by != d.blocked_by)
        abort();
    /* The catalogue knows what takes no resource; names do not. */
    if (!vg_str_is(one.request.resource, "*") &&
        vg_policy_decide(&plain.request, &plain.layers).result != d.result)
        abort();
    if (!vg_str_is(one.request.resource, "*"))
        check_open(plain.request, &plain.layers, d.result);
    return true;
}

static void fuzz_pattern(vg_str text)
{
    vg_str pattern, subject;
    if (!vg_str_split(text, '\n', &pattern, &subject))
        return;
    bool wild = vg_str_find_char(pattern, '*') != VG_NPOS || vg_str_find_char(pattern, '?') != VG_NPOS;
    uint64_t steps = 0;
    if (!wild && vg_glob(pattern, pattern, &steps) != VG_MATCH_YES)
        abort();
    /* Patterns come out of JSON, which is UTF-8; what is asked about may be any bytes. */
    if (vg_utf8_valid(pattern, NULL) && vg_glob_covers(pattern, subject, &steps) == VG_MATCH_YES &&
        vg_glob_overlaps(pattern, subject, &steps) == VG_MATCH_NO)
        abort();
    uint64_t one = 0, other = 0;
    if (vg_str_find_char(subject, '*') == VG_NPOS &&
        vg_glob(pattern, subject, &one) != vg_glob_overlaps(pattern, subject, &other))
        abort();
    vg_action_matches(pattern, subject);
    vg_arn_like(pattern, subject);
    vg_resource_matches(pattern, subject);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vg_arena *arena = vg_arena_new(256U << 20);
    vg_str text = vg_str_of((const char *)data, size);
    if (!fuzz_request(arena, text))
        fuzz_pattern(text);
    vg_arena_free(arena);
    return 0;
}
