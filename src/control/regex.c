/* regex.c: regular expressions by PCRE2, in the dialect that Guard's rules are written in (Rust's `regex` with the
 * look-around of fancy-regex): Unicode classes, `$` at the very end alone, line breaks are \n.
 *
 * A ruleset names many patterns and a document meets few of them, so each is compiled (which checks it) with the
 * rules, but translated to machine code only when it has been used a few times. The translation is a copy that is
 * published atomically: a ruleset is immutable for whoever looks, and shared by threads. Limits on steps and memory
 * keep a hostile text from holding a pattern forever. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "control/guard_part.h"

#include <pcre2.h>
#include <stdatomic.h>

#define MATCH_LIMIT  1000000U
#define HEAP_LIMIT   (16U << 10) /* KiB */
#define MATCHES_COLD 16          /* matches before translating is worth it */

struct guard_regex {
    vg_str pattern;
    pcre2_code *code;             /* interpreted; never changes */
    _Atomic(pcre2_code *) native; /* a copy in machine code, or NULL */
    _Atomic unsigned matches;
};

static const uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_INVALID_UTF;

static pcre2_code *compile(vg_str pattern, vg_error *err)
{
    int code = 0;
    PCRE2_SIZE offset = 0;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!context) {
        vg_fail(err, VG_ERR_MEMORY, "out of memory");
        return NULL;
    }
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)(pattern.ptr ? pattern.ptr : ""), pattern.len, options,
                                         &code, &offset, context);
    pcre2_compile_context_free(context);
    if (compiled)
        return compiled;
    PCRE2_UCHAR text[120];
    pcre2_get_error_message(code, text, sizeof text);
    vg_fail(err, VG_ERR_SYNTAX, "not a regular expression: %s at its character %zu", (const char *)text,
            offset + 1);
    return NULL;
}

vg_status guard_regex_new(vg_arena *arena, vg_str pattern, guard_regex **out, vg_error *err)
{
    guard_regex *regex = VG_NEW(arena, guard_regex);
    if (!regex)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    regex->pattern = pattern;
    regex->code = compile(pattern, err);
    if (!regex->code)
        return err ? err->code : VG_ERR_SYNTAX;
    *out = regex;
    return VG_OK;
}

void guard_regex_free(guard_regex *regex)
{
    if (!regex)
        return;
    pcre2_code_free(regex->code);
    pcre2_code_free(atomic_load(&regex->native));
}

vg_str guard_regex_pattern(const guard_regex *regex)
{
    return regex->pattern;
}

/* The code to match with: machine code once that pays. */
static const pcre2_code *code_of(const guard_regex *constant)
{
    guard_regex *regex = (guard_regex *)(uintptr_t)constant; /* its atomics may change, nobody sees it */
    pcre2_code *native = atomic_load_explicit(&regex->native, memory_order_acquire);
    if (native)
        return native;
    if (atomic_fetch_add_explicit(&regex->matches, 1, memory_order_relaxed) != MATCHES_COLD)
        return regex->code;
    native = pcre2_code_copy(regex->code);
    if (!native)
        return regex->code;
    if (pcre2_jit_compile(native, PCRE2_JIT_COMPLETE) != 0) {
        pcre2_code_free(native); /* no machine code on this machine: the interpreter goes on */
        return regex->code;
    }
    atomic_store_explicit(&regex->native, native, memory_order_release);
    return native;
}

static pcre2_match_context *limits_new(void)
{
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    if (!limits)
        return NULL;
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    pcre2_set_heap_limit(limits, HEAP_LIMIT);
    return limits;
}

guard_answer guard_regex_matches(const guard_regex *regex, vg_str text)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    pcre2_match_context *limits = limits_new();
    int got = PCRE2_ERROR_NOMEMORY;
    if (data && limits)
        got =
            pcre2_match(code_of(regex), (PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len, 0, 0, data, limits);
    pcre2_match_context_free(limits);
    pcre2_match_data_free(data);
    return got >= 0 ? GUARD_TRUE : got == PCRE2_ERROR_NOMATCH ? GUARD_FALSE : GUARD_BROKEN;
}

/* ---- replacing ------------------------------------------------------------------------------------------------------- */

typedef struct {
    const pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
    vg_str text, replacement;
    vg_buf out;
} expansion;

/* The group that `name` (a number or a name) means, of the last match; empty when there is none. */
static vg_str group_of(const expansion *x, vg_str name)
{
    uint64_t number;
    char text[64];
    if (!vg_str_to_u64(name, &number)) {
        if (name.len >= sizeof text)
            return (vg_str){0};
        memcpy(text, name.ptr, name.len);
        text[name.len] = '\0';
        int found = pcre2_substring_number_from_name(x->code, (PCRE2_SPTR)text);
        if (found < 0)
            return (vg_str){0};
        number = (uint64_t)found;
    }
    if (number >= pcre2_get_ovector_count(x->data))
        return (vg_str){0};
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(x->data) + 2 * number;
    return ends[0] == PCRE2_UNSET ? (vg_str){0} : vg_str_sub(x->text, ends[0], ends[1] - ends[0]);
}

static bool is_group_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The name behind a `$` at `at`: ${name} or the longest run of letters, digits and _. *next is behind it; false when no
 * name stands there. */
static bool take_group(vg_str text, size_t at, vg_str *name, size_t *next)
{
    if (at < text.len && text.ptr[at] == '{') {
        vg_str rest = vg_str_sub(text, at + 1, VG_NPOS);
        size_t end = vg_str_find_char(rest, '}');
        if (end == VG_NPOS || end == 0)
            return false;
        *name = vg_str_sub(rest, 0, end);
        *next = at + 2 + end;
        return true;
    }
    size_t end = at;
    while (end < text.len && is_group_byte(text.ptr[end]))
        end++;
    *name = vg_str_sub(text, at, end - at);
    *next = end;
    return end > at;
}

static void expand(expansion *x)
{
    vg_str r = x->replacement;
    for (size_t i = 0; i < r.len;) {
        vg_str name;
        size_t next;
        if (r.ptr[i] != '$') {
            vg_buf_add_char(&x->out, r.ptr[i++]);
        } else if (i + 1 < r.len && r.ptr[i + 1] == '$') {
            vg_buf_add_char(&x->out, '$');
            i += 2;
        } else if (take_group(r, i + 1, &name, &next)) {
            vg_buf_add_str(&x->out, group_of(x, name));
            i = next;
        } else {
            vg_buf_add_char(&x->out, r.ptr[i++]);
        }
    }
}

/* All matches, from left to right; an empty one moves on by a character. */
static int expand_all(expansion *x)
{
    size_t at = 0;
    while (at <= x->text.len) {
        int got = pcre2_match(x->code, (PCRE2_SPTR)(x->text.ptr ? x->text.ptr : ""), x->text.len, at, 0,
                              x->data, x->limits);
        if (got < 0)
            return got == PCRE2_ERROR_NOMATCH ? 0 : got;
        expand(x);
        const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(x->data);
        at = ends[1];
        if (ends[1] != ends[0])
            continue;
        at++;
        while (at < x->text.len && ((unsigned char)x->text.ptr[at] & 0xC0) == 0x80)
            at++;
    }
    return 0;
}

vg_status guard_regex_expand(vg_arena *arena, vg_str pattern, vg_str text, vg_str replacement, vg_str *out,
                             vg_error *err)
{
    pcre2_code *code = compile(pattern, err);
    if (!code)
        return err->code;
    expansion x = {code, pcre2_match_data_create_from_pattern(code, NULL), limits_new(), text, replacement,
                   {0}};
    int got = x.data && x.limits ? expand_all(&x) : PCRE2_ERROR_NOMEMORY;
    *out = vg_arena_str(arena, vg_buf_str(&x.out));
    bool memory = x.out.failed || got == PCRE2_ERROR_NOMEMORY || !out->ptr;
    vg_buf_free(&x.out);
    pcre2_match_context_free(x.limits);
    pcre2_match_data_free(x.data);
    pcre2_code_free(code);
    if (memory)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    if (got < 0)
        return vg_fail(err, VG_ERR_VALUE, "the regular expression takes too many steps on this text");
    return VG_OK;
}
