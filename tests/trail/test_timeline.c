/* Timelines: what the form of a subject says, and whose session an event is when names are used again. */

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "trail/timeline_part.h"

static void the_kind_is_told_by_the_form(void **state)
{
    static const struct {
        const char *text;
        vg_subject_kind kind;
    } cases[] = {
        {"arn:aws:iam::111122223333:user/a/ann", VG_SUBJECT_PRINCIPAL},
        {"arn:aws:iam::111122223333:root", VG_SUBJECT_PRINCIPAL},
        {"arn:aws:sts::111122223333:federated-user/x", VG_SUBJECT_PRINCIPAL},
        {"arn:aws-cn:iam::111122223333:role/p/deploy", VG_SUBJECT_ROLE},
        {"arn:aws:sts::111122223333:assumed-role/deploy/ci", VG_SUBJECT_SESSION},
        {"arn:aws:iam::111122223333:policy/p", VG_SUBJECT_RESOURCE},
        {"arn:aws:s3:::payroll", VG_SUBJECT_RESOURCE},
        {"111122223333", VG_SUBJECT_ACCOUNT},
        {"11112222333", VG_SUBJECT_RESOURCE},
        {"AKIAIOSFODNN7EXAMPLE", VG_SUBJECT_KEY},
        {"ASIAIOSFODNN7EXAMPLE", VG_SUBJECT_KEY},
        {"ASIA-short", VG_SUBJECT_RESOURCE},
        {"AIDAIOSFODNN7EXAMPLE", VG_SUBJECT_PRINCIPAL},
        {"AROAIOSFODNN7EXAMPLE:ci", VG_SUBJECT_PRINCIPAL},
        {"lambda.amazonaws.com", VG_SUBJECT_PRINCIPAL},
        {"198.51.100.7", VG_SUBJECT_IP},
        {"198.51.100.0/24", VG_SUBJECT_IP},
        {"2001:db8::/32", VG_SUBJECT_IP},
        {"198.51.100.777", VG_SUBJECT_RESOURCE},
        {"payroll", VG_SUBJECT_RESOURCE},
        {"", VG_SUBJECT_RESOURCE},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_subject_kind got = vg_subject_kind_of(vg_str_from(cases[i].text));
        if (got != cases[i].kind)
            fail_msg("%s: gave %s, expected %s", cases[i].text, vg_subject_names[got],
                     vg_subject_names[cases[i].kind]);
    }
}

#define SESSION "arn:aws:sts::111122223333:assumed-role/deploy/ci"

static void add_grant(timeline_work *work, int second, const char *caller, const char *key)
{
    timeline_entry *e = vg_vec_push(&work->entries);
    e->event.time = second * VG_TIME_SECOND;
    e->event.id = vg_str_from(key);
    e->event.name = VG_STR("AssumeRole");
    e->arn = vg_str_from(caller);
    e->issued_key = vg_str_from(key);
    e->issued_arn = VG_STR(SESSION);
    e->is_grant = true;
}

static void add_use(timeline_work *work, int second, const char *key)
{
    timeline_entry *e = vg_vec_push(&work->entries);
    e->event.time = second * VG_TIME_SECOND;
    e->event.id = VG_STR("use");
    e->event.key = vg_str_from(key);
    e->type = VG_STR("AssumedRole");
    e->arn = VG_STR(SESSION);
    e->direct = true;
}

static timeline_work new_work(void)
{
    timeline_work work = {.arena = vg_arena_new(0), .kind = VG_SUBJECT_SESSION};
    work.entries = vg_vec_in(work.arena, sizeof(timeline_entry));
    add_grant(&work, 30, "carol", "ASIA3");
    add_grant(&work, 10, "ann", "ASIA1");
    add_grant(&work, 20, "bob", "ASIA2");
    return work;
}

/* Who is behind the event "use", and by what that is known. */
static void check_use(int second, const char *key, const char *behind, bool by_name)
{
    timeline_work work = new_work();
    vg_error err = {0};
    add_use(&work, second, key);
    assert_int_equal(timeline_tie(&work, &err), VG_OK);
    bool found = false;
    for (size_t i = 0; i < work.entries.len; i++) {
        const timeline_entry *e = vg_vec_at(&work.entries, i);
        if (!vg_str_is(e->event.id, "use"))
            continue;
        const timeline_session *s = vg_vec_at(&work.sessions, e->event.session);
        found = vg_str_is(s->is.behind, behind) && e->event.by_name == by_name;
        if (!found)
            fail_msg("second %d, key %s: gave %.*s, expected %s", second, key, VG_ARG(s->is.behind), behind);
    }
    assert_true(found);
    vg_arena_free(work.arena);
}

static void a_name_that_is_used_again_means_its_last_session(void **state)
{
    (void)state;
    check_use(15, "ASIAOTHER", "ann", true);
    check_use(20, "", "bob", true);
    check_use(99, "ASIAOTHER", "carol", true);
    check_use(5, "ASIAOTHER", "", false);
    check_use(30 + 37 * 3600, "ASIAOTHER", "", false);
}

static void a_key_outranks_a_name(void **state)
{
    (void)state;
    check_use(99, "ASIA1", "ann", false);
    check_use(99, "ASIA2", "bob", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kind_is_told_by_the_form),
        cmocka_unit_test(a_name_that_is_used_again_means_its_last_session),
        cmocka_unit_test(a_key_outranks_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
