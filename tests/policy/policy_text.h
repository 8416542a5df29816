/* policy_text.h: requests and policies as tests write them: JSON with single quotes, and backquotes for single
 * ones. */
#ifndef VIGIL_TESTS_POLICY_TEXT_H
#define VIGIL_TESTS_POLICY_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/policy.h"

/* Policies that many cases need. */
#define P_ALLOW(action, resource)                                                                            \
    "{'Version':'2012-10-17','Statement':[{'Effect':'Allow','Action':'" action "','Resource':'" resource     \
    "'}]}"
#define P_DENY(action, resource)                                                                             \
    "{'Version':'2012-10-17','Statement':[{'Effect':'Deny','Action':'" action "','Resource':'" resource "'}" \
    "]}"
#define P_ALL     P_ALLOW("*", "*")
#define P_NOTHING P_ALLOW("x:Y", "*")
/* A resource policy of one statement: effect, principal as JSON, the rest of the statement. */
#define P_RESOURCE(effect, principal, rest)                                                                  \
    "{'Version':'2012-10-17','Statement':[{'Effect':'" effect "','Principal':" principal                     \
    ",'Action':'*','Resource':'*'" rest "}]}"
#define P_EXCEPT(effect, principal)                                                                          \
    "{'Version':'2012-10-17','Statement':[{'Effect':'" effect "','NotPrincipal':" principal                  \
    ",'Action':'*','Resource':'*'}]}"

static inline vg_str quoted(vg_arena *arena, const char *text)
{
    vg_str s = vg_arena_str(arena, vg_str_from(text));
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '\'' || s.ptr[i] == '`')
            ((char *)(uintptr_t)s.ptr)[i] = s.ptr[i] == '`' ? '\'' : '"';
    return s;
}

/* The catalogue that the program carries. */
static inline const vg_catalogue *test_catalogue(vg_arena *arena)
{
    vg_str text;
    vg_error err;
    const vg_catalogue *out;
    vg_str path = VG_STR(VIGIL_SOURCE_DIR "/content/catalogue/actions.txt");
    assert_int_equal(vg_file_read(arena, path, 64 << 20, &text, &err), VG_OK);
    assert_int_equal(vg_catalogue_open(arena, text, &out, &err), VG_OK);
    return out;
}

static inline void case_from(vg_arena *arena, const vg_catalogue *catalogue, vg_str text, vg_policy_case *out)
{
    vg_doc *doc = VG_NEW(arena, vg_doc);
    vg_error err = {0};
    if (vg_json_read(arena, text, VG_STR("case"), NULL, doc, &err) != VG_OK ||
        vg_policy_case_read(arena, doc, doc->root, catalogue, out, &err) != VG_OK)
        fail_msg("%s: %.*s", err.message, VG_ARG(text));
}

/* "scp,pb" of a mask. */
static inline const char *blocked_text(vg_arena *arena, unsigned bits)
{
    vg_buf out = {0};
    for (unsigned bit = 1; bit <= VG_BY_S3_SETTINGS; bit <<= 1)
        if (bits & bit)
            vg_buf_addf(&out, "%s%s", out.len ? "," : "", vg_layer_bit_name(bit));
    const char *text = vg_arena_cstr(arena, vg_buf_str(&out));
    vg_buf_free(&out);
    return text;
}

#endif
