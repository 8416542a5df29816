/* Rules that a document has nothing for are skipped without evaluating their conditions (src/control/gate.c). Here: that
 * this never changes an answer, whatever else stands beside the gate, and that it is done at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/control.h"

/* Every file opens with these, and `first` asks what later rules' conditions ask, so that it is known. */
#define HEAD                                                                                                 \
    "let DOC = this\nlet TYPE = 'T::A::B'\nlet things = Resources.*[ Type == %TYPE ]\n"                      \
    "rule is_doc(d) {\n %d {\n Resources exists\n }\n}\n"                                                    \
    "rule is_empty(d) {\n %d.n empty\n}\n"                                                                   \
    "rule has_key(d, t) {\n %d.%t.props exists\n}\n"                                                         \
    "rule lacks_key(d, t) {\n %d.%t.props not exists\n}\n"                                                   \
    "rule has_any(d, t) {\n %d.%t exists\n}\n"                                                               \
    "rule first when is_doc(%DOC) {\n this exists\n}\n"

#define A_B  "{\"Resources\": {\"r\": {\"Type\": \"T::A::B\", \"x\": 1}}, \"n\": \"\"}"
#define C_D  "{\"Resources\": {\"r\": {\"Type\": \"T::C::D\", \"x\": 1}}, \"n\": \"\"}"
#define BARE "{\"n\": \"\"}"

static const struct {
    const char *name, *rules, *document;
    const char *expected; /* a letter a rule, in order: `first`, then those of `rules` */
} cases[] = {
    {"a resource of the type", "rule t when is_doc(%DOC) %things not empty {\n %things.x == 1\n}", A_B, "PP"},
    {"a resource that fails", "rule t when is_doc(%DOC) %things !empty {\n %things.x == 2\n}", A_B, "PF"},
    {"none of the type", "rule t when is_doc(%DOC) %things not empty {\n %things.x == 1\n}", C_D, "PS"},
    {"the gate alone", "rule t when %things !empty {\n this exists\n}", C_D, "PS"},
    {"no resources", "rule t when is_doc(%DOC) %things not empty {\n this exists\n}", BARE, "SS"},
    {"resources in a list", "rule t when %things not empty {\n this exists\n}",
     "{\"Resources\": [{\"Type\": \"T::A::B\"}]}", "PS"},
    {"other spellings of Type", "rule t when %things not empty {\n this exists\n}",
     "{\"Resources\": {\"r\": {\"type\": \"T::A::B\"}}}", "PP"},
    {"a type that is written out",
     "let x = Resources.*[ Type == 'T::C::D' ]\nrule t when %x not empty {\n this exists\n}\n"
     "let y = Resources.*[ Type == 'T::E::F' ]\nrule u when %y not empty {\n this exists\n}",
     C_D, "PPS"},
    {"asked for none",
     "rule t when %things empty {\n this exists\n}\nrule u when not %things !empty {\n this "
     "exists\n}",
     C_D, "PPP"},
    {"negated twice", "rule t when not %things empty {\n this exists\n}", C_D, "PS"},
    {"or something else", "rule t when %things not empty or n exists {\n this exists\n}", C_D, "PP"},
    {"the text of the resources",
     "let x = Resources.*[ Type == %TYPE ].x\nrule t when %x not empty {\n this exists\n}", C_D, "PS"},
    {"a condition that cannot be evaluated stays an error",
     "rule t when is_empty(%DOC) %things not empty {\n this exists\n}",
     "{\"Resources\": {\"r\": {}}, \"n\": 1}", "PE"},
    {"an unknown variable stays an error", "rule t when %nowhere exists %things not empty {\n this exists\n}",
     C_D, "PE"},
    {"an unknown rule stays an error", "rule t when is_none(%DOC) %things not empty {\n this exists\n}", C_D,
     "PE"},
    {"a captured key of the variable's name",
     "rule t {\n Resources[ things | Type exists ] exists\n}\nrule u when %things not empty {\n this "
     "exists\n}",
     C_D, "PPP"},
    {"a rule that others refer to", "rule t when %things not empty {\n this exists\n}\nrule u {\n not t\n}",
     C_D, "PSP"},
    {"a key at the root", "rule t when has_key(%DOC, %TYPE) {\n this exists\n}",
     "{\"T::A::B\": {\"props\": 1}}", "SP"},
    {"a key at the root without the rest", "rule t when has_key(%DOC, %TYPE) {\n this exists\n}",
     "{\"T::A::B\": {\"x\": 1}}", "SS"},
    {"no such key", "rule t when has_key(%DOC, %TYPE) {\n this exists\n}", C_D, "PS"},
    {"no such key, written out", "rule t when has_key(%DOC, 'n') {\n this exists\n}", "{\"m\": 1}", "SS"},
    {"no such key and a second gate", "rule t when has_key(%DOC, %TYPE) %things !empty {\n this exists\n}",
     A_B, "PS"},
    {"a key that must be absent", "rule t when lacks_key(%DOC, %TYPE) {\n this exists\n}", C_D, "PP"},
    {"a key, and nothing behind it", "rule t when has_any(%DOC, %TYPE) {\n this exists\n}", C_D, "PS"},
    {"a document that is a list", "rule t when has_key(%DOC, %TYPE) {\n this exists\n}", "[{\"T::A::B\": 1}]",
     "SS"},
    {"several arguments that are no text", "rule t when has_key(%DOC, 5) {\n this exists\n}", C_D, "PE"},
};

static void note_letter(void *context, size_t rule, vg_guard_status status, const vg_error *error)
{
    (void)rule;
    (void)error;
    vg_buf_add_char(context, vg_guard_status_name(status)[0]);
}

/* A letter a rule, or L when the evaluation ran into its limit of steps. */
static void statuses(const char *rules, const char *document, size_t max_steps, vg_buf *out)
{
    vg_arena *arena = vg_arena_new(0);
    vg_ruleset *set = NULL;
    vg_doc doc;
    vg_error err = {0};
    vg_rule_source source = {VG_STR("gate.guard"), vg_str_from(rules), false};
    assert_int_equal(vg_ruleset_compile(&source, 1, &set, &err), VG_OK);
    assert_int_equal(vg_guard_document_read(arena, vg_str_from(document), VG_STR("d"), &doc, &err), VG_OK);
    vg_guard_options options = {.max_steps = max_steps};
    vg_guard_sink sink = {.rule = note_letter, .context = out};
    if (vg_ruleset_evaluate(set, &doc, &options, arena, &sink, &err) != VG_OK)
        vg_buf_add_char(out, 'L');
    vg_ruleset_free(set);
    vg_arena_free(arena);
}

static void gates_never_change_an_answer(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_buf rules = {0}, got = {0};
        vg_buf_add_c(&rules, HEAD);
        vg_buf_add_c(&rules, cases[i].rules);
        vg_buf_add_char(&rules, '\0');
        statuses(rules.ptr, cases[i].document, 0, &got);
        if (!vg_str_is(vg_buf_str(&got), cases[i].expected)) {
            wrong++;
            print_error("%s: got %.*s, expected %s\n", cases[i].name, VG_ARG(vg_buf_str(&got)),
                        cases[i].expected);
        }
        vg_buf_free(&rules);
        vg_buf_free(&got);
    }
    assert_int_equal(wrong, 0);
}

/* A hundred rules for what the document does not have cost it less than one rule that it has something for. */
static void rules_without_resources_cost_nothing(void **state)
{
    static const char *const by[] = {"type", "key"};
    (void)state;
    for (size_t i = 0; i < VG_COUNT(by); i++) {
        vg_buf rules = {0}, got = {0};
        vg_buf_add_c(&rules, HEAD);
        for (int n = 0; n < 100; n++) {
            vg_buf_addf(&rules, "let t%d = Resources.*[ Type == 'T::No::%d' ]\nrule r%d when ", n, n, n);
            vg_buf_addf(&rules, i == 0 ? "is_doc(%%DOC) %%t%d not empty" : "has_key(%%DOC, 'K%d')", n);
            vg_buf_add_c(&rules, " {\n x exists\n}\n");
        }
        vg_buf_add_char(&rules, '\0');
        statuses(rules.ptr, C_D, 40, &got);
        if (got.len != 101 || vg_str_find_char(vg_buf_str(&got), 'L') != VG_NPOS)
            fail_msg("100 rules without resources, by %s, take more than 40 steps: %.*s", by[i],
                     VG_ARG(vg_buf_str(&got)));
        vg_buf_free(&rules);
        vg_buf_free(&got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gates_never_change_an_answer),
        cmocka_unit_test(rules_without_resources_cost_nothing),
    };
    return cmocka_run_group_tests_name("guard gate", tests, NULL, NULL);
}
