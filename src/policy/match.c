/* match.c: wildcards: of actions, and of ARNs.
 *
 * "IAM JSON policy elements: Action" and "...: Resource": '*' is any run of characters, '?' any one. An action is
 * compared without regard to case, and no wildcard of it crosses the colon behind the service. A resource is an ARN,
 * compared segment by segment with regard to case; the wildcard that ends a pattern takes all that is left, colons too.
 *
 * A requested resource may itself hold wildcards. Then an Allow concerns it when some ARN matches both (overlap), a Deny
 * when it matches every ARN that the request stands for (cover); NotResource the other way round.
 *
 * No function here backtracks further than to the last '*', and a run of text between two '*' is searched for in linear
 * time; a match costs at most pattern times text, and that only where '?' stands behind a '*'. Such steps are counted, for
 * all patterns of a decision together (VG_DECISION_STEPS): what cannot be told within them is unknown. */
#include "policy/policy_part.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Whether a pattern holds wildcards. */
static bool is_wild(vg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '*' || text.ptr[i] == '?')
            return true;
    return false;
}

static bool only_stars(vg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '*')
            return false;
    return text.len > 0;
}

static bool continues_character(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* The length of the character of UTF-8 that begins at i; a byte that begins none counts as one. */
static size_t character(vg_str s, size_t i)
{
    size_t n = 1;
    while ((unsigned char)s.ptr[i] >= 0xC0 && n < 4 && i + n < s.len && continues_character(s.ptr[i + n]))
        n++;
    return n;
}

/* Where the character that ends before `end` begins, at or behind `from`. */
static size_t character_before(vg_str s, size_t end, size_t from)
{
    size_t start = end - 1;
    while (start > from && end - start < 4 && continues_character(s.ptr[start]))
        start--;
    return start + character(s, start) == end ? start : end - 1;
}

/* What find_run gives when the steps do not suffice. */
static const size_t TOO_FAR = VG_NPOS - 1;

static vg_match match_of(bool matches)
{
    return matches ? VG_MATCH_YES : VG_MATCH_NO;
}

/* A run is what stands between two '*'. Where it ends when it matches at i, or VG_NPOS; `compared`: bytes looked at. */
static size_t match_run(vg_str run, vg_str s, size_t i, size_t *compared)
{
    for (size_t r = 0; r < run.len; r++) {
        if (i >= s.len || (run.ptr[r] != '?' && run.ptr[r] != s.ptr[i])) {
            *compared = r + 1;
            return VG_NPOS;
        }
        i += run.ptr[r] == '?' ? character(s, i) : 1;
    }
    *compared = run.len;
    return i;
}

/* Where the first match of the run at or behind i ends. Without '?' it is a search of text, linear in both. */
static size_t find_run(vg_str run, vg_str s, size_t i, uint64_t *steps)
{
    if (vg_str_find_char(run, '?') == VG_NPOS) {
        size_t at = vg_str_find(vg_str_sub(s, i, s.len), run);
        return at == VG_NPOS ? VG_NPOS : i + at + run.len;
    }
    for (; i + run.len <= s.len; i++) {
        size_t compared, end = match_run(run, s, i, &compared);
        if (end != VG_NPOS)
            return end;
        *steps += compared;
        if (vg_is_spent(*steps))
            return TOO_FAR;
    }
    return VG_NPOS;
}

/* Whether the run matches the end of s, beginning at or behind `from`. */
static bool match_end(vg_str run, vg_str s, size_t from)
{
    size_t end = s.len;
    for (size_t r = run.len; r > 0; r--) {
        if (end <= from || (run.ptr[r - 1] != '?' && run.ptr[r - 1] != s.ptr[end - 1]))
            return false;
        end = run.ptr[r - 1] == '?' ? character_before(s, end, from) : end - 1;
    }
    return end >= from;
}

vg_match vg_glob(vg_str pattern, vg_str s, uint64_t *steps)
{
    size_t star = vg_str_find_char(pattern, '*'), compared;
    if (star == VG_NPOS)
        return match_of(match_run(pattern, s, 0, &compared) == s.len);
    size_t i = match_run(vg_str_sub(pattern, 0, star), s, 0, &compared);
    while (i != VG_NPOS) {
        vg_str rest = vg_str_sub(pattern, star + 1, pattern.len);
        size_t next = vg_str_find_char(rest, '*');
        if (next == VG_NPOS)
            return match_of(match_end(rest, s, i));
        i = find_run(vg_str_sub(rest, 0, next), s, i, steps);
        if (i == TOO_FAR)
            return VG_MATCH_UNKNOWN;
        star += 1 + next;
    }
    return VG_MATCH_NO;
}

/* ---- two patterns ------------------------------------------------------------------------------------------------------------ */

/* A request's only wildcard is '*'; a pattern's are '*' and '?'. How many bytes of the request the pattern's byte takes at
 * i, 0 when it does not match. */
static size_t takes(char pattern, vg_str request, size_t i)
{
    return pattern == '?' ? character(request, i) : pattern == request.ptr[i] ? 1 : 0;
}

/* Whether the request takes a text of the pattern, which holds no '*'. */
static vg_match request_takes(vg_str request, vg_str pattern, uint64_t *steps)
{
    size_t r = 0, p = 0, star = VG_NPOS, star_at = 0, n;
    while (p < pattern.len) {
        if (vg_is_spent(++*steps))
            return VG_MATCH_UNKNOWN;
        if (r < request.len && request.ptr[r] == '*') {
            star = ++r;
            star_at = p;
        } else if (r < request.len && (n = takes(pattern.ptr[p], request, r)) > 0) {
            r += n;
            p++;
        } else if (star != VG_NPOS) {
            r = star;
            p = ++star_at;
        } else {
            return VG_MATCH_NO;
        }
    }
    while (r < request.len && request.ptr[r] == '*')
        r++;
    return match_of(r == request.len);
}

/* Both hold a '*': whether what stands before the first in each can be the same text's beginning. */
static bool heads_meet(vg_str pattern, vg_str request)
{
    for (size_t p = 0, r = 0; pattern.ptr[p] != '*' && request.ptr[r] != '*'; p++) {
        size_t n = takes(pattern.ptr[p], request, r);
        if (n == 0)
            return false;
        r += n;
    }
    return true;
}

/* The same for what stands behind the last. */
static bool tails_meet(vg_str pattern, vg_str request)
{
    size_t p = pattern.len, r = request.len;
    for (; pattern.ptr[p - 1] != '*' && request.ptr[r - 1] != '*'; p--) {
        size_t start = pattern.ptr[p - 1] == '?' ? character_before(request, r, 0) : r - 1;
        if (takes(pattern.ptr[p - 1], request, start) == 0)
            return false;
        r = start;
    }
    return true;
}

vg_match vg_glob_overlaps(vg_str pattern, vg_str request, uint64_t *steps)
{
    if (vg_str_find_char(request, '*') == VG_NPOS)
        return vg_glob(pattern, request, steps);
    if (vg_str_find_char(pattern, '*') == VG_NPOS)
        return request_takes(request, pattern, steps);
    /* Each has a '*' that may hold the other's middle: only their ends can contradict. */
    return match_of(heads_meet(pattern, request) && tails_meet(pattern, request));
}

/* The request's '*' can be covered by a '*' alone. */
vg_match vg_glob_covers(vg_str pattern, vg_str request, uint64_t *steps)
{
    size_t p = 0, i = 0, star = VG_NPOS, star_at = 0, n;
    while (i < request.len) {
        if (vg_is_spent(++*steps))
            return VG_MATCH_UNKNOWN;
        char c = p < pattern.len ? pattern.ptr[p] : '\0';
        if (p < pattern.len && c == '*') {
            star = ++p;
            star_at = i;
        } else if (p < pattern.len && request.ptr[i] != '*' && (n = takes(c, request, i)) > 0) {
            p++;
            i += n;
        } else if (star != VG_NPOS) {
            p = star;
            i = ++star_at;
        } else {
            return VG_MATCH_NO;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return match_of(p == pattern.len);
}

/* ---- actions ------------------------------------------------------------------------------------------------------------------ */

static vg_match glob_icase(vg_str pattern, vg_str s, uint64_t *steps)
{
    size_t p = 0, i = 0, star = VG_NPOS, star_at = 0;
    while (i < s.len) {
        if (vg_is_spent(++*steps))
            return VG_MATCH_UNKNOWN;
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = ++p;
            star_at = i;
        } else if (p < pattern.len && (pattern.ptr[p] == '?' || lower(pattern.ptr[p]) == lower(s.ptr[i]))) {
            p++;
            i++;
        } else if (star != VG_NPOS) {
            p = star;
            i = ++star_at;
        } else {
            return VG_MATCH_NO;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return match_of(p == pattern.len);
}

/* "*" and "*:*", the only patterns of every service. */
static bool takes_every_action(vg_str pattern)
{
    return only_stars(pattern) ||
           (vg_str_starts(pattern, VG_STR("*:")) && only_stars(vg_str_sub(pattern, 2, pattern.len)));
}

vg_match vg_action_takes(vg_str pattern, vg_str action, uint64_t *steps)
{
    size_t i = 0, shorter = pattern.len < action.len ? pattern.len : action.len;
    if (pattern.len && pattern.ptr[0] == '*')
        return match_of(takes_every_action(pattern));
    while (i < shorter && pattern.ptr[i] != ':' && lower(pattern.ptr[i]) == lower(action.ptr[i]))
        i++;
    if (i == shorter || pattern.ptr[i] != ':' || action.ptr[i] != ':')
        return VG_MATCH_NO;
    vg_str name = vg_str_sub(action, i + 1, action.len);
    if (name.len > VG_LONGEST_ACTION)
        return VG_MATCH_NO;
    return glob_icase(vg_str_sub(pattern, i + 1, pattern.len), name, steps);
}

bool vg_action_matches(vg_str pattern, vg_str action)
{
    uint64_t steps = 0;
    return vg_action_takes(pattern, action, &steps) == VG_MATCH_YES;
}

/* ---- ARNs --------------------------------------------------------------------------------------------------------------------- */

vg_arn_cut vg_arn_cut_of(vg_str text)
{
    vg_arn_cut cut;
    size_t from = 0;
    cut.text = text;
    cut.count = 0;
    for (size_t i = 0; i < text.len && cut.count < VG_ARN_SEGMENTS - 1; i++)
        if (text.ptr[i] == ':') {
            cut.segment[cut.count++] = vg_str_of(text.ptr + from, i - from);
            from = i + 1;
        }
    cut.segment[cut.count++] = vg_str_of(text.ptr ? text.ptr + from : NULL, text.len - from);
    return cut;
}

static bool is_arn(const vg_arn_cut *cut)
{
    return cut->count == VG_ARN_SEGMENTS && vg_str_is(cut->segment[0], "arn");
}

bool vg_arn_like(vg_str pattern, vg_str arn)
{
    vg_arn_cut p = vg_arn_cut_of(pattern), a = vg_arn_cut_of(arn);
    if (!is_arn(&p) || !is_arn(&a))
        return false;
    uint64_t steps = 0;
    for (unsigned i = 1; i < VG_ARN_SEGMENTS; i++)
        if (vg_glob(p.segment[i], a.segment[i], &steps) != VG_MATCH_YES)
            return false;
    return true;
}

/* Where the resource part's type ends: "instance" of instance/i-1. The length of all when it has none. */
static size_t type_length(vg_str resource)
{
    size_t i = 0;
    while (i < resource.len && resource.ptr[i] != '/' && resource.ptr[i] != ':')
        i++;
    return i;
}

/* A pattern that has a wildcard in its type and goes on behind it ("*" "/i-1"). AWS's documents contradict each other on
 * what it matches (docs/policy-divergences.md). The ARNs of buckets and objects, without region and account, have no
 * type. */
static bool has_wild_type(const vg_arn_cut *pattern)
{
    vg_str resource = pattern->segment[VG_ARN_SEGMENTS - 1];
    size_t length = type_length(resource);
    bool bucket =
        vg_str_is(pattern->segment[2], "s3") && pattern->segment[3].len + pattern->segment[4].len == 0;
    return length < resource.len && !bucket && is_wild(vg_str_sub(resource, 0, length));
}

/* ---- compiling patterns of resources -------------------------------------------------------------------------------------------- */

/* Whether a policy of this kind has an ARN of fewer segments completed by "*". Identity policies, boundaries and session
 * policies always; policies of resources and endpoints when it has a wildcard; SCPs when it ends with '*'; RCPs never.
 * Where it is not completed, NotResource differs: SCPs and RCPs take it for an error, the others for an ARN like any. */
static bool completes(vg_policy_kind kind, const vg_arn_cut *cut)
{
    switch (kind) {
    case VG_POLICY_RESOURCE:
    case VG_POLICY_TRUST:
    case VG_POLICY_ENDPOINT:
        return is_wild(cut->text);
    case VG_POLICY_SCP:
        return cut->text.len && cut->text.ptr[cut->text.len - 1] == '*';
    case VG_POLICY_RCP:
        return false;
    case VG_POLICY_IDENTITY:
    case VG_POLICY_BOUNDARY:
    case VG_POLICY_SESSION:
        break;
    }
    return true;
}

/* "You can't use a wildcard in the service segment" (policy elements: Resource); "*" alone is let pass, as AWS does. */
static bool has_bad_service(const vg_arn_cut *cut)
{
    return cut->count > 2 && is_wild(cut->segment[2]) && !vg_str_is(cut->segment[2], "*");
}

static void compile_loose(vg_resource_pattern *out, vg_policy_kind kind)
{
    out->loose = true;
    if (!completes(kind, &out->cut)) {
        out->kind = VG_PATTERN_INVALID;
        out->loose = kind == VG_POLICY_SCP || kind == VG_POLICY_RCP;
        return;
    }
    for (unsigned i = out->cut.count; i < VG_ARN_SEGMENTS; i++)
        out->cut.segment[i] = VG_STR("*");
    out->kind = VG_PATTERN_SEGMENTS;
}

vg_status vg_resource_compile(vg_arena *arena, vg_str text, vg_policy_kind kind, bool variables,
                              vg_resource_pattern *out, vg_error *err)
{
    *out = (vg_resource_pattern){.cut = vg_arn_cut_of(text), .text = text};
    bool wild = is_wild(text);
    if (vg_str_is(text, "*")) {
        out->kind = VG_PATTERN_ALL;
        return VG_OK;
    }
    if (out->cut.count < 2 || !vg_str_is(out->cut.segment[0], "arn") || has_bad_service(&out->cut)) {
        out->kind = VG_PATTERN_INVALID;
        return VG_OK;
    }
    if (out->cut.count < VG_ARN_SEGMENTS) {
        compile_loose(out, kind);
        return VG_OK;
    }
    vg_str resource = out->cut.segment[VG_ARN_SEGMENTS - 1];
    if (variables && vg_template_needed(resource)) {
        vg_template *t = VG_NEW(arena, vg_template);
        if (!t)
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling a policy");
        out->variable = t;
        out->kind = VG_PATTERN_SEGMENTS;
        return vg_template_compile(arena, resource, true, t, err);
    }
    vg_str head = vg_str_sub(text, 0, text.len - 1);
    if (!wild)
        out->kind = VG_PATTERN_EXACT;
    else if (has_wild_type(&out->cut))
        out->kind = VG_PATTERN_SEGMENTS, out->wild_type = true;
    else if (text.ptr[text.len - 1] == '*' && !is_wild(head))
        out->kind = VG_PATTERN_PREFIX, out->text = head;
    else
        out->kind = VG_PATTERN_SEGMENTS;
    return VG_OK;
}

/* ---- a pattern and a requested resource ------------------------------------------------------------------------------------------ */

static vg_result result_of(bool matches)
{
    return matches ? VG_RESULT_YES : VG_RESULT_NO;
}

static vg_match segment_matches(vg_evaluation *e, vg_str pattern, vg_str text)
{
    if ((pattern.len == 1 && pattern.ptr[0] == '*') || vg_str_eq(pattern, text))
        return VG_MATCH_YES;
    return is_wild(pattern) ? vg_glob(pattern, text, &e->steps) : VG_MATCH_NO;
}

/* What the resource's last segment gives, where those before it match so far. */
static vg_result behind(vg_match before, vg_result last)
{
    return before == VG_MATCH_YES ? last : last == VG_RESULT_NO ? VG_RESULT_NO : VG_RESULT_UNKNOWN;
}

static vg_result match_segments(vg_evaluation *e, const vg_resource_pattern *p, const vg_arn_cut *arn)
{
    vg_match match = VG_MATCH_YES;
    if (arn->count < VG_ARN_SEGMENTS)
        return VG_RESULT_NO;
    for (unsigned i = 0; i + 1 < VG_ARN_SEGMENTS && match != VG_MATCH_NO; i++)
        match = vg_match_and(match, segment_matches(e, p->cut.segment[i], arn->segment[i]));
    if (match == VG_MATCH_NO)
        return VG_RESULT_NO;
    vg_str pattern = p->cut.segment[VG_ARN_SEGMENTS - 1], resource = arn->segment[VG_ARN_SEGMENTS - 1];
    if (p->variable)
        return behind(match, vg_template_match(e, p->variable, resource, false));
    match = vg_match_and(match, segment_matches(e, pattern, resource));
    if (p->wild_type && match != VG_MATCH_NO)
        return e->request->open ? VG_RESULT_UNKNOWN : VG_RESULT_NO;
    return vg_result_of(match);
}

/* The plain case: the request names one ARN. */
static vg_result match_one(vg_evaluation *e, const vg_resource_pattern *p)
{
    vg_str text = e->request->resource;
    switch ((vg_pattern_class)p->kind) {
    case VG_PATTERN_ALL:
        return VG_RESULT_YES;
    case VG_PATTERN_EXACT:
        return result_of(vg_str_eq(p->text, text));
    case VG_PATTERN_PREFIX:
        return result_of(vg_str_starts(text, p->text));
    case VG_PATTERN_SEGMENTS: {
        vg_result result = match_segments(e, p, vg_resource_cut(e));
        return result == VG_RESULT_NO && p->loose ? VG_RESULT_ERROR : result;
    }
    case VG_PATTERN_INVALID:
        break;
    }
    return p->loose ? VG_RESULT_ERROR : VG_RESULT_NO;
}

static vg_match compare_pattern(vg_evaluation *e, vg_str pattern, vg_str request, bool cover)
{
    return cover ? vg_glob_covers(pattern, request, &e->steps)
                 : vg_glob_overlaps(pattern, request, &e->steps);
}

/* The request is a pattern: some ARN of it for an overlap, every one for a cover. */
static vg_result match_request(vg_evaluation *e, const vg_resource_pattern *p, bool cover)
{
    const vg_arn_cut *request = vg_resource_cut(e);
    if (only_stars(request->text))
        return result_of(!cover);
    bool open_end = request->text.ptr[request->text.len - 1] == '*';
    if (request->count < VG_ARN_SEGMENTS && !open_end)
        return VG_RESULT_NO;
    vg_match match = VG_MATCH_YES;
    for (unsigned i = 0; i + 1 < VG_ARN_SEGMENTS && match != VG_MATCH_NO; i++) {
        vg_str segment = i < request->count ? request->segment[i] : VG_STR("*");
        match = vg_match_and(match, compare_pattern(e, p->cut.segment[i], segment, cover));
    }
    if (match == VG_MATCH_NO)
        return VG_RESULT_NO;
    vg_str resource = request->count == VG_ARN_SEGMENTS ? request->segment[VG_ARN_SEGMENTS - 1] : VG_STR("*");
    if (p->variable)
        return behind(match, vg_template_compare(e, p->variable, resource, cover));
    return behind(match,
                  vg_result_of(compare_pattern(e, p->cut.segment[VG_ARN_SEGMENTS - 1], resource, cover)));
}

static vg_result match_pattern(vg_evaluation *e, const vg_resource_pattern *p, bool cover)
{
    if (p->kind == VG_PATTERN_ALL)
        return VG_RESULT_YES;
    vg_result result = p->kind == VG_PATTERN_INVALID ? VG_RESULT_NO : match_request(e, p, cover);
    if (result == VG_RESULT_YES && p->wild_type)
        result = e->request->open ? VG_RESULT_UNKNOWN : cover ? VG_RESULT_NO : VG_RESULT_YES;
    return result == VG_RESULT_NO && p->loose ? VG_RESULT_ERROR : result;
}

/* ---- statements ----------------------------------------------------------------------------------------------------------------- */

static vg_match concerns_listed(vg_evaluation *e, const vg_rule *rule)
{
    bool cover = rule->effect == VG_EFFECT_DENY;
    vg_match best = VG_MATCH_NO;
    for (uint32_t i = 0; i < rule->resource_count; i++) {
        vg_result r =
            e->is_pattern ? match_pattern(e, &rule->resources[i], cover) : match_one(e, &rule->resources[i]);
        if (r == VG_RESULT_YES)
            return VG_MATCH_YES;
        if (r == VG_RESULT_UNKNOWN)
            best = VG_MATCH_UNKNOWN;
    }
    return best;
}

/* NotResource: no pattern matches, and none is in error. */
static vg_match concerns_others(vg_evaluation *e, const vg_rule *rule)
{
    bool cover = rule->effect == VG_EFFECT_ALLOW;
    vg_match worst = VG_MATCH_YES;
    for (uint32_t i = 0; i < rule->resource_count; i++) {
        vg_result r =
            e->is_pattern ? match_pattern(e, &rule->resources[i], cover) : match_one(e, &rule->resources[i]);
        if (r == VG_RESULT_YES || r == VG_RESULT_ERROR)
            return VG_MATCH_NO;
        if (r == VG_RESULT_UNKNOWN || r == VG_RESULT_NO_OR_ERROR)
            worst = VG_MATCH_UNKNOWN;
    }
    return worst;
}

vg_match vg_rule_concerns_resource(vg_evaluation *e, const vg_rule *rule)
{
    if (rule->every_resource)
        return VG_MATCH_YES;
    if (e->wildcard_only)
        return rule->not_resource != rule->has_star ? VG_MATCH_YES : VG_MATCH_NO;
    return rule->not_resource ? concerns_others(e, rule) : concerns_listed(e, rule);
}

bool vg_resource_matches(vg_str pattern, vg_str arn)
{
    vg_resource_pattern p;
    vg_request request = {.resource = arn};
    vg_evaluation e = {.request = &request};
    return vg_resource_compile(NULL, pattern, VG_POLICY_IDENTITY, false, &p, NULL) == VG_OK &&
           match_one(&e, &p) == VG_RESULT_YES;
}
