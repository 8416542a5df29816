/* sigma_modifier.c: the modifiers behind a field's name, and which of them can stand together.
 *
 * Source: Sigma specification 2.1.0, appendix of modifiers. Each modifier has a kind; two of kinds that cannot act on the
 * same value are refused, with what to write instead, because a rule that drops one of its modifiers in silence is worse
 * than none. */
#include "detect/sigma_part.h"

/* What a modifier does to a value. */
typedef enum {
    KIND_PLACE,   /* where in the field: contains, startswith, endswith */
    KIND_LIST,    /* all */
    KIND_NEGATE,  /* neq */
    KIND_CASE,    /* cased */
    KIND_ENCODE,  /* bytes into other bytes */
    KIND_DASH,    /* windash */
    KIND_EXPAND,  /* expand */
    KIND_REGEX,   /* re */
    KIND_FLAG,    /* of re */
    KIND_CIDR,    /* cidr */
    KIND_EXISTS,  /* exists */
    KIND_COMPARE, /* lt ... */
    KIND_FIELD,   /* fieldref */
    KIND_TIME,    /* minute ... */
    KIND_COUNT
} kind;

#define BIT(k) (1U << (k))

static const struct {
    const char *name;
    sigma_modifier modifier;
    kind kind;
} modifiers[] = {
    {"contains", SIGMA_MOD_CONTAINS, KIND_PLACE},
    {"startswith", SIGMA_MOD_STARTSWITH, KIND_PLACE},
    {"endswith", SIGMA_MOD_ENDSWITH, KIND_PLACE},
    {"all", SIGMA_MOD_ALL, KIND_LIST},
    {"cased", SIGMA_MOD_CASED, KIND_CASE},
    {"neq", SIGMA_MOD_NEQ, KIND_NEGATE},
    {"exists", SIGMA_MOD_EXISTS, KIND_EXISTS},
    {"re", SIGMA_MOD_RE, KIND_REGEX},
    {"i", SIGMA_MOD_I, KIND_FLAG},
    {"ignorecase", SIGMA_MOD_I, KIND_FLAG},
    {"m", SIGMA_MOD_M, KIND_FLAG},
    {"multiline", SIGMA_MOD_M, KIND_FLAG},
    {"s", SIGMA_MOD_S, KIND_FLAG},
    {"dotall", SIGMA_MOD_S, KIND_FLAG},
    {"cidr", SIGMA_MOD_CIDR, KIND_CIDR},
    {"expand", SIGMA_MOD_EXPAND, KIND_EXPAND},
    {"base64", SIGMA_MOD_BASE64, KIND_ENCODE},
    {"base64offset", SIGMA_MOD_BASE64OFFSET, KIND_ENCODE},
    {"utf16", SIGMA_MOD_UTF16, KIND_ENCODE},
    {"utf16le", SIGMA_MOD_UTF16LE, KIND_ENCODE},
    {"wide", SIGMA_MOD_UTF16LE, KIND_ENCODE},
    {"utf16be", SIGMA_MOD_UTF16BE, KIND_ENCODE},
    {"windash", SIGMA_MOD_WINDASH, KIND_DASH},
    {"lt", SIGMA_MOD_LT, KIND_COMPARE},
    {"lte", SIGMA_MOD_LTE, KIND_COMPARE},
    {"gt", SIGMA_MOD_GT, KIND_COMPARE},
    {"gte", SIGMA_MOD_GTE, KIND_COMPARE},
    {"fieldref", SIGMA_MOD_FIELDREF, KIND_FIELD},
    {"minute", SIGMA_MOD_MINUTE, KIND_TIME},
    {"hour", SIGMA_MOD_HOUR, KIND_TIME},
    {"day", SIGMA_MOD_DAY, KIND_TIME},
    {"week", SIGMA_MOD_WEEK, KIND_TIME},
    {"month", SIGMA_MOD_MONTH, KIND_TIME},
    {"year", SIGMA_MOD_YEAR, KIND_TIME},
};

/* Kinds that a kind cannot stand with, and why. */
static const struct {
    kind kind;
    unsigned without;
    const char *why;
} conflicts[] = {
    {KIND_EXISTS, ~BIT(KIND_EXISTS), "exists tests the field's presence, not its value: leave the other out"},
    {KIND_REGEX, BIT(KIND_CASE),
     "a regular expression is case-sensitive already: leave out cased, or write re|i"},
    {KIND_REGEX, BIT(KIND_ENCODE) | BIT(KIND_DASH),
     "a regular expression cannot be encoded: encode plain text instead"},
    {KIND_REGEX, BIT(KIND_CIDR) | BIT(KIND_COMPARE) | BIT(KIND_FIELD) | BIT(KIND_TIME),
     "a value is a regular expression or something else, not both"},
    {KIND_CIDR, BIT(KIND_PLACE) | BIT(KIND_CASE) | BIT(KIND_ENCODE) | BIT(KIND_DASH),
     "a network is matched as a whole: leave the other out"},
    {KIND_CIDR, BIT(KIND_COMPARE) | BIT(KIND_FIELD) | BIT(KIND_TIME),
     "a value is a network or something else, not both"},
    {KIND_COMPARE,
     BIT(KIND_PLACE) | BIT(KIND_CASE) | BIT(KIND_ENCODE) | BIT(KIND_DASH) | BIT(KIND_FIELD) |
         BIT(KIND_NEGATE),
     "lt, lte, gt and gte compare numbers: leave the other out"},
    {KIND_FIELD, BIT(KIND_ENCODE) | BIT(KIND_DASH) | BIT(KIND_EXPAND) | BIT(KIND_TIME),
     "fieldref's value is the name of a field: leave the other out"},
    {KIND_TIME, BIT(KIND_PLACE) | BIT(KIND_CASE) | BIT(KIND_ENCODE) | BIT(KIND_DASH),
     "a part of a time is a number: leave the other out"},
};

static const char *name_of(sigma_modifier modifier)
{
    for (size_t i = 0; i < VG_COUNT(modifiers); i++)
        if (modifiers[i].modifier == modifier)
            return modifiers[i].name;
    return "";
}

static kind kind_of(sigma_modifier modifier)
{
    for (size_t i = 0; i < VG_COUNT(modifiers); i++)
        if (modifiers[i].modifier == modifier)
            return modifiers[i].kind;
    return KIND_COUNT;
}

/* How many letters two words differ in, roughly: for suggestions. */
static size_t distance(vg_str a, const char *b)
{
    size_t n = strlen(b), row[24], before;
    if (a.len > 20 || n > 20)
        return 99;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        before = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t keep = row[j], change = before + (a.ptr[i - 1] != b[j - 1]);
            size_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = change < least ? change : least;
            before = keep;
        }
    }
    return row[n];
}

static vg_status fail_unknown(const sigma_rule *rule, const vg_value *key, vg_str name, vg_error *err)
{
    const char *best = NULL;
    size_t least = 3;
    for (size_t i = 0; i < VG_COUNT(modifiers); i++) {
        size_t d = distance(name, modifiers[i].name);
        if (d < least) {
            least = d;
            best = modifiers[i].name;
        }
    }
    if (best)
        return sigma_fail(rule, key, err, "no modifier is called \"%.*s\": did you mean \"%s\"?",
                          VG_ARG(name), best);
    return sigma_fail(rule, key, err,
                      "no modifier is called \"%.*s\": see docs/reference/sigma.md for those there are",
                      VG_ARG(name));
}

static vg_status add_modifier(const sigma_rule *rule, const vg_value *key, vg_str name, sigma_chain *chain,
                              vg_error *err)
{
    for (size_t i = 0; i < VG_COUNT(modifiers); i++) {
        if (!vg_str_is(name, modifiers[i].name))
            continue;
        sigma_modifier m = modifiers[i].modifier;
        if (sigma_has(chain, m))
            return sigma_fail(rule, key, err, "the modifier %s stands here twice", modifiers[i].name);
        if (chain->count == SIGMA_MOST_MODIFIERS)
            return sigma_fail(rule, key, err, "more than %d modifiers", SIGMA_MOST_MODIFIERS);
        if (modifiers[i].kind == KIND_FLAG && !sigma_has(chain, SIGMA_MOD_RE))
            return sigma_fail(rule, key, err, "%s is a flag of regular expressions: write re|%s",
                              modifiers[i].name, modifiers[i].name);
        chain->order[chain->count++] = (uint8_t)m;
        chain->set |= UINT64_C(1) << m;
        return VG_OK;
    }
    return fail_unknown(rule, key, name, err);
}

static vg_status check_order(const sigma_rule *rule, const vg_value *key, const sigma_chain *chain,
                             vg_error *err)
{
    unsigned seen = 0;
    for (size_t i = 0; i < chain->count; i++) {
        kind k = kind_of(chain->order[i]);
        const char *name = name_of(chain->order[i]);
        bool one = k == KIND_PLACE || k == KIND_COMPARE || k == KIND_TIME;
        if (one && seen & BIT(k))
            return sigma_fail(rule, key, err, "%s cannot stand with another of its kind: choose one", name);
        if (k == KIND_ENCODE && seen & BIT(KIND_PLACE))
            return sigma_fail(rule, key, err,
                              "%s must stand before contains, startswith and endswith, which add wildcards",
                              name);
        if (k == KIND_DASH && seen & BIT(KIND_ENCODE))
            return sigma_fail(rule, key, err,
                              "windash must stand before what encodes: there are no dashes left");
        if (k == KIND_EXPAND && seen & (BIT(KIND_ENCODE) | BIT(KIND_DASH)))
            return sigma_fail(rule, key, err, "expand must stand before %s", name_of(chain->order[i - 1]));
        seen |= BIT(k);
    }
    for (size_t i = 0; i < VG_COUNT(conflicts); i++) {
        if (!(seen & BIT(conflicts[i].kind)) || !(seen & conflicts[i].without))
            continue;
        return sigma_fail(rule, key, err, "modifiers that cannot stand together: %s", conflicts[i].why);
    }
    return VG_OK;
}

vg_status sigma_chain_read(const sigma_rule *rule, const vg_value *key, sigma_chain *out, vg_error *err)
{
    *out = (sigma_chain){0};
    vg_str rest = {0}, name;
    vg_str text = vg_value_str(key);
    if (!vg_str_split(text, '|', &out->field, &rest))
        return VG_OK;
    if (!rest.len)
        return sigma_fail(rule, key, err, "a modifier is missing behind the |");
    while (vg_str_next(&rest, '|', &name))
        VG_TRY(add_modifier(rule, key, name, out, err));
    return check_order(rule, key, out, err);
}
