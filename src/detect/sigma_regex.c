/* sigma_regex.c: regular expressions of rules, by PCRE2.
 *
 * The specification names PCRE's flavour, case-sensitive, matching anywhere in the value. A pattern is compiled into the
 * set's arena, which checks it. Matching needs memory of its own, one a thread; a thread that uses a pattern translates it
 * to machine code of its own, at the first use, so that a verdict never depends on what was matched before. Limits on steps
 * and memory keep a hostile text from holding a hostile pattern forever: such a match is given up, is no match, and is
 * counted. Of most patterns some literal is known that must be in the text, by which a text is passed over (sigma_multi.c). */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "detect/sigma_part.h"

#include <pcre2.h>
#include <stdlib.h>

#define MATCH_LIMIT 400000U
#define HEAP_LIMIT  (8U << 10) /* KiB */
enum { MOST_PATTERN = 1 << 16 };

struct sigma_regex {
    pcre2_code *code;
    vg_str pattern, literal;
    uint32_t options;
    size_t number; /* in its set */
};

struct sigma_matcher {
    pcre2_match_data *data;
    pcre2_match_context *limits;
    pcre2_compile_context *dialect;
    pcre2_code **natives; /* by number of the expression; NULL: not used yet */
    size_t native_count;
    uint64_t given_up;
};

/* ---- the literal that a text must hold ---------------------------------------------------------------------------------- */

/* A reader of a pattern that gives up at what it doesn't know. */
typedef struct {
    vg_str pattern, best;
    size_t at;
    char *run; /* the literal at hand */
    size_t len;
    bool unknown;
} literal_reader;

static void end_run(literal_reader *r, vg_arena *arena)
{
    if (r->len > r->best.len)
        r->best = vg_arena_str(arena, (vg_str){r->run, r->len});
    r->len = 0;
}

static char char_at(const literal_reader *r, size_t ahead)
{
    return r->at + ahead < r->pattern.len ? r->pattern.ptr[r->at + ahead] : '\0';
}

/* Goes behind a class: [^]a-z\]]. Classes in classes are POSIX's names. */
static void skip_class(literal_reader *r)
{
    r->at++;
    if (char_at(r, 0) == '^')
        r->at++;
    if (char_at(r, 0) == ']')
        r->at++;
    while (r->at < r->pattern.len && char_at(r, 0) != ']') {
        if (char_at(r, 0) == '[' && (char_at(r, 1) == ':' || char_at(r, 1) == '.' || char_at(r, 1) == '='))
            r->unknown = true;
        if (char_at(r, 0) == '\\') {
            r->unknown |= char_at(r, 1) == 'Q' || char_at(r, 1) == 'E';
            r->at++;
        }
        r->at++;
    }
    r->at++;
}

/* Goes behind a group and all in it. Options for the rest of the pattern, verbs and comments are not understood. */
static void skip_group(literal_reader *r)
{
    unsigned depth = 0;
    do {
        char c = char_at(r, 0), next = char_at(r, 1), third = char_at(r, 2);
        if (c == '(' && (next == '*' || (next == '?' && !strchr(":=!<>P|", third))))
            r->unknown = true;
        if (c == '[') {
            skip_class(r);
            continue;
        }
        if (c == '\\') {
            r->unknown |= next == 'Q' || next == 'E';
            r->at++;
        }
        depth += c == '(';
        depth -= c == ')';
        r->at++;
    } while (depth && r->at < r->pattern.len && !r->unknown);
}

/* A backslash and what it makes plain, or a class like \d. */
static void read_escape(literal_reader *r, vg_arena *arena)
{
    char c = char_at(r, 1);
    bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '\0';
    r->at += 2;
    if (!is_word) {
        r->run[r->len++] = c;
        return;
    }
    end_run(r, arena);
    r->unknown |= !c || !strchr("dDwWsSbBAzZhHvVR", c);
}

/* The bytes of a quantifier in braces: {2}, {2,}, {2,3}; 0: the brace is something else. */
static size_t braces(const literal_reader *r)
{
    size_t len = 1;
    while (strchr("0123456789,", char_at(r, len)) && char_at(r, len))
        len++;
    return len > 1 && char_at(r, len) == '}' ? len + 1 : 0;
}

/* A quantifier behind a character: what may be absent is no part of the literal. */
static void read_quantifier(literal_reader *r, vg_arena *arena)
{
    bool once = char_at(r, 0) == '+';
    size_t len = char_at(r, 0) == '{' ? braces(r) : 1;
    while (!once && r->len && ((uint8_t)r->run[r->len - 1] & 0xC0) == 0x80)
        r->len--;
    if (!once && r->len)
        r->len--;
    end_run(r, arena);
    r->unknown |= !len;
    r->at += len;
}

/* Options for the whole pattern at its start change no letter but its case. */
static size_t leading_options(vg_str pattern)
{
    size_t len = 2;
    if (!vg_str_starts(pattern, VG_STR("(?")))
        return 0;
    while (len < pattern.len && strchr("ims", pattern.ptr[len]) && pattern.ptr[len])
        len++;
    return len > 2 && len < pattern.len && pattern.ptr[len] == ')' ? len + 1 : 0;
}

static vg_str literal_in(vg_str pattern, vg_arena *arena)
{
    literal_reader r = {
        .pattern = pattern, .at = leading_options(pattern), .run = vg_arena_alloc(arena, pattern.len + 1)};
    while (r.run && r.at < pattern.len && !r.unknown) {
        char c = pattern.ptr[r.at];
        if (c == '|' || c == ')')
            return (vg_str){0};
        if (c == '\\')
            read_escape(&r, arena);
        else if (strchr("*+?{", c) && c)
            read_quantifier(&r, arena);
        else if (strchr("([.^$", c) && c) {
            end_run(&r, arena);
            if (c == '(')
                skip_group(&r);
            else if (c == '[')
                skip_class(&r);
            else
                r.at++;
        } else {
            r.run[r.len++] = c;
            r.at++;
        }
    }
    if (!r.run || r.unknown)
        return (vg_str){0};
    end_run(&r, arena);
    return r.best;
}

vg_str sigma_regex_literal(const sigma_regex *regex)
{
    return regex->literal;
}

/* ---- compiling ------------------------------------------------------------------------------------------------------------ */

static void *arena_alloc(size_t size, void *arena)
{
    return vg_arena_alloc(arena, size);
}

static void arena_free(void *memory, void *arena)
{
    (void)memory;
    (void)arena;
}

vg_status sigma_regex_new(vg_arena *arena, vg_str pattern, unsigned flags, size_t number, sigma_regex **out,
                          vg_error *err)
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
    regex->pattern = pattern;
    regex->options = options;
    regex->number = number;
    regex->literal = literal_in(pattern, arena);
    *out = regex;
    return VG_OK;
}

/* ---- matching ------------------------------------------------------------------------------------------------------------- */

sigma_matcher *sigma_matcher_new(void)
{
    sigma_matcher *matcher = calloc(1, sizeof *matcher);
    if (!matcher)
        return NULL;
    matcher->data = pcre2_match_data_create(1, NULL);
    matcher->limits = pcre2_match_context_create(NULL);
    matcher->dialect = pcre2_compile_context_create(NULL);
    if (!matcher->data || !matcher->limits || !matcher->dialect) {
        sigma_matcher_free(matcher);
        return NULL;
    }
    pcre2_set_newline(matcher->dialect, PCRE2_NEWLINE_LF);
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
    pcre2_compile_context_free(matcher->dialect);
    for (size_t i = 0; i < matcher->native_count; i++)
        pcre2_code_free(matcher->natives[i]);
    free(matcher->natives);
    free(matcher);
}

uint64_t sigma_matcher_limits(const sigma_matcher *matcher)
{
    return matcher->given_up;
}

static bool has_room(sigma_matcher *matcher, size_t number)
{
    if (number < matcher->native_count)
        return true;
    size_t count = (number + 1) * 2;
    pcre2_code **grown = realloc(matcher->natives, count * sizeof *grown);
    if (!grown)
        return false;
    for (size_t i = matcher->native_count; i < count; i++)
        grown[i] = NULL;
    matcher->natives = grown;
    matcher->native_count = count;
    return true;
}

/* The thread's own code. Where machine code cannot be made it is the same, interpreted. */
static const pcre2_code *code_of(const sigma_regex *regex, sigma_matcher *matcher)
{
    int code;
    PCRE2_SIZE offset;
    if (!has_room(matcher, regex->number))
        return regex->code;
    pcre2_code **native = &matcher->natives[regex->number];
    if (*native)
        return *native;
    *native = pcre2_compile((PCRE2_SPTR)(regex->pattern.ptr ? regex->pattern.ptr : ""), regex->pattern.len,
                            regex->options, &code, &offset, matcher->dialect);
    if (!*native)
        return regex->code;
    pcre2_jit_compile(*native, PCRE2_JIT_COMPLETE);
    return *native;
}

static int match(const pcre2_code *code, vg_str text, const sigma_matcher *m)
{
    return pcre2_match(code, (PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len, 0, 0, m->data, m->limits);
}

bool sigma_regex_matches(const sigma_regex *regex, vg_str text, sigma_matcher *matcher)
{
    sigma_matcher *own = matcher ? matcher : sigma_matcher_new();
    if (!own)
        return false;
    int got = match(matcher ? code_of(regex, matcher) : regex->code, text, own);
    if (got == PCRE2_ERROR_JIT_STACKLIMIT)
        got = match(regex->code, text, own);
    if (got < 0 && got != PCRE2_ERROR_NOMATCH && got != PCRE2_ERROR_PARTIAL)
        own->given_up++;
    if (!matcher)
        sigma_matcher_free(own);
    return got >= 0;
}
