/* test_guard_partial.c: evidence of which some may be missing (vg_guard_partial). A rule hangs on an unknown key when
 * another answer could change its status; the statuses are the language's, whatever is unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/control.h"

/* One resource, `a`, of which `Unknown` and `Void` may be missing; the other, `b`, is known whole. */
static const char DOCUMENT[] = "{\"Other\": {\"Known\": 1},"
                               "\"Resources\": {\"a\": {\"Type\": \"N::T\", \"Known\": 1, \"Void\": null},"
                               " \"b\": {\"Type\": \"N::T\", \"Known\": 2, \"Unknown\": 1}}}";

static const struct {
    const char *rules;
    vg_guard_status status;
    bool hangs;
} CASES[] = {
    {"rule r { Resources.a.Unknown == 1 }", VG_GUARD_FAIL, true},
    {"rule r { Resources.a.Unknown !exists }", VG_GUARD_PASS, true},
    {"rule r { Resources.a.Other == 1 }", VG_GUARD_FAIL, false},
    {"rule r { Resources.b.Other == 1 }", VG_GUARD_FAIL, false},
    {"rule r { Resources.b.Unknown == 1 }", VG_GUARD_PASS, false},
    {"rule r { Resources.* { Unknown == 1 } }", VG_GUARD_FAIL, true},
    {"rule r { some Resources.* { Unknown == 1 } }", VG_GUARD_PASS, false},
    {"rule r { some Resources.* { Unknown == 2 } }", VG_GUARD_FAIL, true},
    {"rule r { Resources.* { Unknown == 2 } }", VG_GUARD_FAIL, false},
    {"rule r { Resources.* { Known == 1 or Unknown == 2 } }", VG_GUARD_FAIL, false},
    {"N::T { Unknown == 2 }", VG_GUARD_FAIL, false},
    {"N::T when Resources.a.Unknown !exists { Known < 3 }", VG_GUARD_PASS, true},
    {"rule r { when Resources.a.Unknown exists { Resources.a.Known == 1 } }", VG_GUARD_SKIP, true},
    {"rule r { Resources.a.Unknown == 1 or Resources.a.Known == 1 }", VG_GUARD_PASS, false},
    {"rule r { Resources.a.Unknown == 1 or Resources.a.Known == 2 }", VG_GUARD_FAIL, true},
    {"rule r { Resources.a.Unknown == 1\n Resources.a.Known == 2 }", VG_GUARD_FAIL, false},
    {"rule r { Resources.a.Unknown == 1\n Resources.a.Known == 1 }", VG_GUARD_FAIL, true},
    {"rule r { Resources.a.Known == 1\n Resources.a.Unknown !exists }", VG_GUARD_PASS, true},
    {"rule p(x) { %x exists }\nrule r when p(Resources.a.Unknown) { Resources.a.Known == 1 }", VG_GUARD_SKIP,
     true},
    {"rule p(x) { %x.Unknown exists }\nrule r when p(Resources.a) { Resources.a.Known == 1 }", VG_GUARD_SKIP,
     true},
    {"rule q { Resources.a.Unknown == 1 }\nrule r {\n not q\n}", VG_GUARD_PASS, true},
    {"rule q { Resources.a.Known == 2\n Resources.a.Unknown == 1 }\nrule r {\n not q\n}", VG_GUARD_PASS,
     false},
    {"rule p(x) { %x exists }\nrule q when p(Resources.a.Unknown) { Resources.a.Known == 1 }\n"
     "rule r when p(Resources.a.Unknown) { Resources.a.Known == 1 }",
     VG_GUARD_SKIP, true},
    {"let u = Resources.a.Unknown\nrule q { %u exists }\nrule r { %u exists }", VG_GUARD_FAIL, true},
    {"rule r { Other.Unknown == 1 }", VG_GUARD_FAIL, false},
    {"rule r { Resources.a.Void is_null }", VG_GUARD_PASS, true},
    {"let k = 'Unknown'\nrule r { Resources.a.%k == 1 }", VG_GUARD_FAIL, true},
    {"rule r { Resources.a.unknown == 1 }", VG_GUARD_FAIL, true},
    {"let n = parse_string(Resources.a.Unknown)\nrule r { %n empty }", VG_GUARD_PASS, true},
};

typedef struct {
    vg_guard_status status;
    bool hangs;  /* on Unknown or Void */
    size_t last; /* the rule that is asked for: the file's last */
} answer;

static bool is_unknown(void *context, vg_str key)
{
    (void)context;
    return vg_str_is(key, "Unknown") || vg_str_is(key, "Void");
}

static void on_hanging(void *context, size_t rule, vg_str key)
{
    answer *got = context;
    got->hangs = rule == got->last && is_unknown(NULL, key);
}

static void on_rule(void *context, size_t rule, vg_guard_status status, const vg_error *error)
{
    answer *got = context;
    (void)error;
    if (rule == got->last)
        got->status = status;
}

static answer ask(vg_arena *arena, const char *rules, bool partial)
{
    vg_ruleset *compiled = NULL;
    vg_doc doc;
    vg_error err = {0};
    answer got = {VG_GUARD_ERROR, false, 0};
    vg_rule_source source = {VG_STR("rules"), vg_str_from(rules), false};
    if (vg_ruleset_compile(&source, 1, &compiled, &err) != VG_OK)
        fail_msg("%s: %s", rules, err.message);
    got.last = vg_ruleset_count(compiled) - 1;
    assert_int_equal(vg_json_read(arena, vg_str_from(DOCUMENT), VG_STR("document"), NULL, &doc, &err), VG_OK);
    vg_guard_partial what = {vg_get(vg_get(doc.root, VG_STR("Resources")), VG_STR("a")), is_unknown,
                             on_hanging, &got};
    vg_guard_options options = {.partial = partial ? &what : NULL};
    vg_guard_sink sink = {.rule = on_rule, .context = &got};
    assert_int_equal(vg_ruleset_evaluate(compiled, &doc, &options, arena, &sink, &err), VG_OK);
    vg_ruleset_free(compiled);
    return got;
}

static void a_rule_hangs_on_what_could_change_its_status(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        vg_arena *arena = vg_arena_new(0);
        answer got = ask(arena, CASES[i].rules, true), pure = ask(arena, CASES[i].rules, false);
        if (got.status != CASES[i].status || got.hangs != CASES[i].hangs || pure.status != CASES[i].status ||
            pure.hangs) {
            print_error("%s: %s%s, expected %s%s; pure %s\n", CASES[i].rules,
                        vg_guard_status_name(got.status), got.hangs ? ", hangs" : "",
                        vg_guard_status_name(CASES[i].status), CASES[i].hangs ? ", hangs" : "",
                        vg_guard_status_name(pure.status));
            wrong++;
        }
        vg_arena_free(arena);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_hangs_on_what_could_change_its_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
