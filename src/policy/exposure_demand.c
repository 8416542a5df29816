/* exposure_demand.c: what a policy asks of those whom one of its statements lets in: the conditions of the Allow, and the
 * exceptions of its Denies, which ask the same the other way round: "Deny unless aws:PrincipalOrgID is o-1" (StringNotEquals)
 * asks for that organisation as an Allow with StringEquals does. A Deny may be escaped by one of its conditions, so what it
 * asks is proposed; the engine decides. */
#include "policy/exposure_part.h"

bool vg_condition_is_on(const vg_policy_condition *test, const char *key)
{
    return vg_str_eq_icase(test->key, vg_str_from(key));
}

static bool is_null(const vg_policy_condition *test, const char *value)
{
    return test->op == VG_OP_NULL && test->value_count > 0 &&
           vg_str_eq_icase(test->values[0], vg_str_from(value));
}

bool vg_demand_presence(const vg_demand *demand)
{
    return is_null(demand->test, demand->of_deny ? "true" : "false");
}

static bool asks(const vg_policy_condition *test, bool of_deny)
{
    if (test->op == VG_OP_NULL)
        return is_null(test, of_deny ? "true" : "false");
    bool is_false =
        test->op == VG_OP_BOOL && test->value_count > 0 && vg_str_eq_icase(test->values[0], VG_STR("false"));
    return of_deny ? vg_operator_is_negated(test->op) || is_false : !vg_operator_is_negated(test->op);
}

static const vg_statement *statement_of(const vg_demands *d)
{
    return d->statement == 0 ? d->allow : &d->document->statements[d->statement - 1];
}

bool vg_demands_next(vg_demands *d, vg_demand *out)
{
    for (; d->statement <= d->document->statement_count; d->statement++, d->condition = 0) {
        const vg_statement *s = statement_of(d);
        bool of_deny = d->statement > 0;
        if (of_deny && s->effect != VG_EFFECT_DENY)
            continue;
        while (d->condition < s->condition_count) {
            *out = (vg_demand){&s->conditions[d->condition++], of_deny};
            if (asks(out->test, of_deny))
                return true;
        }
    }
    return false;
}
