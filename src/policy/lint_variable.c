/* lint_variable.c: policy variables: ${key}, ${key, 'default'} and the escapes ${*}, ${?}, ${$}.
 *
 * IAM User Guide, "IAM policy elements: Variables and tags": they are part of the language of 2012, stand in Resource and in
 * the values of string and ARN conditions alone, hold no space but the one before a default, and a default is quoted. */
#include "policy/lint_part.h"

typedef enum { VARIABLE_FINE, NO_BRACE, NO_QUOTE, HAS_SPACE, EMPTY } variable_fault;

/* What is wrong with "key, 'default'", the text between the braces. */
static variable_fault fault_inside(vg_str inside)
{
    vg_str name, value;
    bool has_default = vg_str_split(inside, ',', &name, &value);
    if (vg_str_trim(inside).len == 0)
        return EMPTY;
    if (vg_str_find_char(name, ' ') != VG_NPOS || vg_str_find_char(name, '\t') != VG_NPOS)
        return HAS_SPACE;
    value = vg_str_trim(value);
    bool quoted = value.len >= 2 && value.ptr[0] == '\'' && value.ptr[value.len - 1] == '\'';
    return has_default && !quoted ? NO_QUOTE : VARIABLE_FINE;
}

/* Whether one of the text's variables has the fault. */
static bool has_fault(vg_str text, variable_fault fault)
{
    for (size_t at = vg_str_find(text, VG_STR("${")); at != VG_NPOS; at = vg_str_find(text, VG_STR("${"))) {
        text = vg_str_sub(text, at + 2, VG_NPOS);
        size_t end = vg_str_find_char(text, '}');
        if (end == VG_NPOS)
            return fault == NO_BRACE;
        if (fault_inside(vg_str_sub(text, 0, end)) == fault)
            return true;
        text = vg_str_sub(text, end + 1, VG_NPOS);
    }
    return false;
}

static void faulty_variable(lint *l, const lint_row *row, const lint_statement *s)
{
    variable_fault fault = (variable_fault)row->variant;
    for (size_t i = 0; s->has_dollar && i < s->resource_count; i++)
        if (has_fault(s->resources[i].text, fault))
            lint_raise_plain(l, row, s->resources[i].at);
    for (size_t i = 0; s->has_dollar && i < s->condition_count; i++) {
        const lint_condition *c = &s->conditions[i];
        for (size_t k = 0; k < c->c->value_count; k++)
            if (has_fault(c->c->values[k], fault))
                lint_raise_plain(l, row, lint_value_node(c, k));
    }
}

static void unsupported_in_element(lint *l, const lint_row *row, const lint_statement *s)
{
    for (size_t i = 0; i < s->action_count; i++)
        if (lint_has_variable(s->actions[i].text))
            lint_raise(l, row, s->actions[i].at, "%.*s: an action cannot hold a variable.",
                       VG_ARG(lint_shown(s->actions[i].text)));
    for (size_t i = 0; i < s->s->principal_count; i++)
        if (lint_has_variable(s->s->principals[i].text))
            lint_raise(l, row, s->s->principals[i].at, "%.*s: a principal cannot hold a variable.",
                       VG_ARG(lint_shown(s->s->principals[i].text)));
}

static void unsupported_in_version(lint *l, const lint_row *row, const lint_statement *s)
{
    if (l->document->version_2012 || !s->has_dollar)
        return;
    for (size_t i = 0; i < s->resource_count; i++)
        if (lint_has_variable(s->resources[i].text))
            lint_raise_plain(l, row, s->resources[i].at);
    for (size_t i = 0; i < s->condition_count; i++) {
        const lint_condition *c = &s->conditions[i];
        for (size_t k = 0; k < c->c->value_count; k++)
            if (lint_has_variable(c->c->values[k]))
                lint_raise_plain(l, row, lint_value_node(c, k));
    }
}

static void invalid_for_operator(lint *l, const lint_row *row, const lint_statement *s,
                                 const lint_condition *c)
{
    if (!s->has_dollar || lint_op_is_string(c->c->op) || lint_op_is_arn(c->c->op) ||
        c->c->op == VG_OP_INVALID)
        return;
    for (size_t k = 0; k < c->c->value_count; k++)
        if (lint_has_variable(c->c->values[k]))
            lint_raise(l, row, lint_value_node(c, k),
                       "%.*s does not replace variables: only string and ARN operators do.",
                       VG_ARG(lint_shown(c->c->op_text)));
}

#define FAULT(code_, variant_, finds_, remedy_)                                                              \
    {                                                                                                        \
        .check = {code_, VG_LINT_ERROR, VG_LINT_ALL_KINDS, false, finds_, remedy_}, .scope = LINT_STATEMENT, \
        .variant = variant_, .run.statement = faulty_variable                                                \
    }

static const lint_row rows[] = {
    FAULT("EMPTY_VARIABLE", EMPTY, "A variable names no key.",
          "Name a key, ${aws:username}, or remove the ${}."),
    {.check = {"INVALID_VARIABLE_FOR_OPERATOR", VG_LINT_ERROR, VG_LINT_ALL_KINDS, false,
               "A variable stands in the value of an operator that does not replace it.",
               "Use a string or ARN operator, or write the value out."},
     .scope = LINT_CONDITION,
     .run.condition = invalid_for_operator},
    FAULT("MISSING_BRACE_IN_VARIABLE", NO_BRACE, "A variable has no closing brace.", "Add } behind the key."),
    FAULT("MISSING_QUOTE_IN_VARIABLE", NO_QUOTE, "The default of a variable is not in single quotes.",
          "Write ${aws:PrincipalTag/team, 'none'}."),
    FAULT("UNSUPPORTED_SPACE_IN_VARIABLE", HAS_SPACE, "The key of a variable holds a space.",
          "Remove it; a space may stand before a default alone."),
    {.check = {"VARIABLE_UNSUPPORTED_IN_ELEMENT", VG_LINT_ERROR, VG_LINT_ALL_KINDS, false,
               "A variable stands where it is not replaced.",
               "Use variables in Resource and Condition alone."},
     .scope = LINT_STATEMENT,
     .run.statement = unsupported_in_element},
    {.check = {"VARIABLE_UNSUPPORTED_IN_VERSION", VG_LINT_ERROR, VG_LINT_ALL_KINDS, false,
               "The policy's Version takes a variable as plain text.", "Write \"Version\": \"2012-10-17\"."},
     .scope = LINT_STATEMENT,
     .run.statement = unsupported_in_version},
};

const lint_family lint_variable_family = {rows, VG_COUNT(rows)};
