/* sigma_regex.c: regular expressions of rules, by PCRE2.
 *
 * The specification names PCRE's flavour, case-sensitive, matching anywhere in the value. A pattern is compiled into the
 * set's arena; matching needs memory of its own, one a thread. Limits on steps and memory keep a hostile text from holding
 * a hostile pattern forever: such a match is given up, is no match, and is counted. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "detect/sigma_part.h"

#include <pcre2.h>
#include <stdlib.h>

#define MATCH_LIMIT 400000U
#define HEAP_LIMIT  (8U << 10) /* KiB */
enum { MOST_PATTERN = 1 << 16 };

struct sigma_regex {
    pcre2_code *code;
    vg_str literal;
    bool fold;
};

struct sigma_matcher {
    pcre2_match_data *data;
    pcre2_match_context *limits;
    uint64_t given_up;
};

static void *arena_alloc(size_t size, void *arena)
{
    return vg_arena_alloc(arena, size);
}

static void arena_free(void *memory, void *arena)
{
    (void)memory;
    (void)arena;
}

vg_status sigma_regex_new(vg_arena *arena, vg_str pattern, unsigned flags, sigma_regex **out, vg_error *err)
{
    if (pattern.len > MOST_PATTERN)
        return vg_fail(err, VG_ERR_LIMIT, "the regular expression has %zu bytes, more than %d", pattern.len,
                       MOST_PATTERN);
    sigma_regex *regex = VG_NEW(arena, sigma_regex);
    pcre2_general_context *memory = pcre2_general_context_create(arena_alloc, arena_free, arena);
    pcre2_compile_context *context = memory ? pcre2_compile_context_create(memory) : NULL;
    if (!regex || !context)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling detections");
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    options |= flags & SIGMA_REGEX_I ? PCRE2_CASELESS : 0;
    options |= flags & SIGMA_REGEX_M ? PCRE2_MULTILINE : 0;
    options |= flags & SIGMA_REGEX_S ? PCRE2_DOTALL : 0;
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    int code = 0;
    PCRE2_SIZE offset = 0;
    regex->code = pcre2_compile((PCRE2_SPTR)(pattern.ptr ? pattern.ptr : ""), pattern.len, options, &code,
                                &offset, context);
    if (!regex->code) {
        PCRE2_UCHAR text[120];
        pcre2_get_error_message(code, text, sizeof text);
        return vg_fail(err, VG_ERR_SYNTAX, "not a regular expression: %s at its character %zu",
                       (const char *)text, offset + 1);
    }
    *out = regex;
    return VG_OK;
}

vg_str sigma_regex_literal(const sigma_regex *regex, bool *fold)
{
    *fold = regex->fold;
    return regex->literal;
}

sigma_matcher *sigma_matcher_new(void)
{
    sigma_matcher *matcher = calloc(1, sizeof *matcher);
    if (!matcher)
        return NULL;
    matcher->data = pcre2_match_data_create(1, NULL);
    matcher->limits = pcre2_match_context_create(NULL);
    if (!matcher->data || !matcher->limits) {
        sigma_matcher_free(matcher);
        return NULL;
    }
    pcre2_set_match_limit(matcher->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(matcher->limits, MATCH_LIMIT);
    pcre2_set_heap_limit(matcher->limits, HEAP_LIMIT);
    return matcher;
}

void sigma_matcher_free(sigma_matcher *matcher)
{
    if (!matcher)
        return;
    pcre2_match_data_free(matcher->data);
    pcre2_match_context_free(matcher->limits);
    free(matcher);
}

uint64_t sigma_matcher_limits(const sigma_matcher *matcher)
{
    return matcher->given_up;
}

bool sigma_regex_matches(const sigma_regex *regex, vg_str text, sigma_matcher *matcher)
{
    sigma_matcher *own = matcher ? matcher : sigma_matcher_new();
    if (!own)
        return false;
    int got = pcre2_match(regex->code, (PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len, 0, 0, own->data,
                          own->limits);
    if (got < 0 && got != PCRE2_ERROR_NOMATCH && got != PCRE2_ERROR_PARTIAL)
        own->given_up++;
    if (!matcher)
        sigma_matcher_free(own);
    return got >= 0;
}
