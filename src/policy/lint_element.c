/* lint_element.c: elements that are there and mean nothing or little: empty lists and objects, Sids, Version, statements
 * said twice, and the size of the whole.
 *
 * IAM User Guide, "IAM policy validation check reference": the checks on empty arrays and objects, Sid, version and size. */
#include "policy/lint_part.h"

#include <stdlib.h>

static bool is_empty_list(const vg_value *v)
{
    return v && v->kind == VG_ARRAY && vg_value_count(v) == 0;
}

/* ---- empty lists and objects -------------------------------------------------------------------------------------------------- */

static void empty_action(lint *l, const lint_row *row, const lint_statement *s)
{
    if (is_empty_list(s->s->action_at))
        lint_raise_plain(l, row, s->s->action_at);
}

static void empty_resource(lint *l, const lint_row *row, const lint_statement *s)
{
    if (is_empty_list(s->s->resource_at))
        lint_raise_plain(l, row, s->s->resource_at);
}

static void empty_principal_list(lint *l, const lint_row *row, const lint_statement *s)
{
    const vg_value *principal = s->s->principal_at;
    for (vg_items it = vg_items_of(principal && principal->kind == VG_OBJECT ? principal : NULL);
         vg_items_next(&it);)
        if (is_empty_list(it.value))
            lint_raise_plain(l, row, it.value);
}

static void empty_principal_object(lint *l, const lint_row *row, const lint_statement *s)
{
    const vg_value *principal = s->s->principal_at;
    if (principal && principal->kind == VG_OBJECT && vg_value_count(principal) == 0)
        lint_raise_plain(l, row, principal);
}

static void empty_condition_object(lint *l, const lint_row *row, const lint_statement *s)
{
    const vg_value *condition = s->s->condition_at;
    if (!condition || condition->kind != VG_OBJECT)
        return;
    if (vg_value_count(condition) == 0)
        lint_raise_plain(l, row, condition);
    for (vg_items it = vg_items_of(condition); vg_items_next(&it);)
        if (it.value->kind == VG_OBJECT && vg_value_count(it.value) == 0)
            lint_raise_plain(l, row, it.value);
}

/* What an empty list of values means, by how it is compared. */
typedef enum { EMPTY_PLAIN, EMPTY_FOR_ALL_VALUES, EMPTY_FOR_ANY_VALUE, EMPTY_IF_EXISTS } empty_kind;

static empty_kind empty_kind_of(const vg_policy_condition *c)
{
    if (c->qualifier == VG_QUALIFIER_FOR_ALL_VALUES)
        return EMPTY_FOR_ALL_VALUES;
    if (c->qualifier == VG_QUALIFIER_FOR_ANY_VALUE)
        return EMPTY_FOR_ANY_VALUE;
    return c->if_exists ? EMPTY_IF_EXISTS : EMPTY_PLAIN;
}

static void empty_condition(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    if (is_empty_list(c->c->at) && (int)empty_kind_of(c->c) == row->variant)
        lint_raise(l, row, c->key_at, "%.*s has no values: %s", VG_ARG(lint_shown(c->c->key)),
                   row->check.finds);
}

/* ---- Sid and Version ------------------------------------------------------------------------------------------------------------- */

static bool is_alphanumeric(vg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
            return false;
    }
    return true;
}

static void empty_sid(lint *l, const lint_row *row, const lint_statement *s)
{
    if (s->s->sid_at && s->s->sid_at->kind == VG_STRING && s->s->sid.len == 0)
        lint_raise_plain(l, row, s->s->sid_at);
}

static void unsupported_sid(lint *l, const lint_row *row, const lint_statement *s)
{
    if (s->s->sid_at && !is_alphanumeric(s->s->sid))
        lint_raise(l, row, s->s->sid_at, "The Sid %.*s holds other characters than letters and digits.",
                   VG_ARG(lint_shown(s->s->sid)));
}

static void repeated_sid(lint *l, const lint_row *row)
{
    vg_map *seen = l->statement_count > 1 ? vg_map_new(l->arena, 0) : NULL;
    for (size_t i = 0; seen && i < l->statement_count; i++) {
        bool added = true;
        const vg_statement *s = l->statements[i].s;
        if (s->sid.len && !vg_map_put(seen, s->sid, &added))
            l->out_of_memory = true;
        l->statement = (uint32_t)i;
        if (!added)
            lint_raise(l, row, s->sid_at, "The Sid %.*s is used by an earlier statement too.",
                       VG_ARG(lint_shown(s->sid)));
    }
}

static void missing_version(lint *l, const lint_row *row)
{
    if (l->document->root && l->document->root->kind == VG_OBJECT && !l->document->has_version)
        lint_raise_plain(l, row, l->document->root);
}

/* ---- statements said twice ---------------------------------------------------------------------------------------------------------- */

/* The statement without its Sid, in a form that does not depend on order of keys. */
static vg_str canonical_statement(lint *l, const vg_statement *s)
{
    vg_buf text = {0};
    vg_builder *b = vg_builder_new(l->arena);
    const vg_value *root;
    size_t count;
    vg_builder_object(b);
    for (vg_items it = vg_items_of(s->at); vg_items_next(&it);)
        if (!vg_str_is(it.key, "Sid")) {
            vg_builder_key(b, it.key);
            vg_builder_value(b, it.value);
        }
    vg_builder_end(b);
    if (vg_builder_finish(b, &root, &count, NULL) == VG_OK)
        vg_json_write_canonical(&text, root);
    else
        l->out_of_memory = true;
    vg_str out = vg_arena_str(l->arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out;
}

/* Cheap, and the same for statements that are the same: only those with equal sketches are written out and compared. */
static uint64_t sketch(const vg_statement *s)
{
    uint64_t sum = (uint64_t)s->effect + 3 * s->action_count + 1000003 * s->resource_count +
                   UINT64_C(998244353) * s->condition_count + UINT64_C(4294967291) * s->principal_count;
    for (size_t i = 0; i < s->action_count; i++)
        sum = sum * 31 + s->actions[i].len;
    for (size_t i = 0; i < s->resource_count; i++)
        sum = sum * 31 + s->resources[i].len;
    return sum;
}

typedef struct {
    uint64_t sketch;
    uint32_t index;
    uint32_t of; /* the first statement that says the same, or itself */
    vg_str canonical;
} sketched;

static int by_sketch(const void *a, const void *b)
{
    const sketched *x = a, *y = b;
    if (x->sketch != y->sketch)
        return x->sketch < y->sketch ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int by_index(const void *a, const void *b)
{
    const sketched *x = a, *y = b;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Statements of one sketch, the first of each form found by its text. */
static void pair_equals(lint *l, sketched *items, size_t count)
{
    vg_map *forms = vg_map_new(l->arena, 0);
    for (size_t i = 0; forms && i < count; i++) {
        bool added;
        vg_str text = canonical_statement(l, l->statements[items[i].index].s);
        vg_map_entry *entry = text.ptr ? vg_map_put(forms, text, &added) : NULL;
        if (!entry) {
            l->out_of_memory = true;
            return;
        }
        if (added)
            entry->value.u64 = items[i].index;
        items[i].of = (uint32_t)entry->value.u64;
    }
}

static void raise_equals(lint *l, const lint_row *row, const sketched *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].of == items[i].index)
            continue;
        l->statement = items[i].index;
        lint_raise(l, row, l->statements[items[i].of].s->at, "Statement %u says the same as statement %u.",
                   items[i].index, items[i].of);
        lint_also(l, l->statements[items[i].index].s->at);
    }
}

static void redundant_statement(lint *l, const lint_row *row)
{
    size_t count = l->statement_count;
    sketched *items = count > 1 ? VG_NEW_N(l->arena, sketched, count) : NULL;
    if (!items)
        return;
    for (size_t i = 0; i < count; i++)
        items[i] = (sketched){.sketch = sketch(l->statements[i].s), .index = (uint32_t)i, .of = (uint32_t)i};
    qsort(items, count, sizeof *items, by_sketch);
    bool any = false;
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && items[end].sketch == items[i].sketch)
            end++;
        if (end - i > 1)
            pair_equals(l, &items[i], end - i);
        any |= end - i > 1;
        i = end;
    }
    if (any) {
        qsort(items, count, sizeof *items, by_index);
        raise_equals(l, row, items, count);
    }
}

/* ---- size ------------------------------------------------------------------------------------------------------------------------------ */

/* Characters of a string as JSON: of UTF-8, a character counts once; escapes count as they are written. */
static size_t string_size(vg_str text)
{
    size_t size = 2;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        size += (c & 0xC0) != 0x80;
        if (c == '"' || c == '\\' || c < 0x20)
            size += c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\b' && c != '\f' ? 5 : 1;
    }
    return size;
}

static size_t scalar_size(const vg_value *v)
{
    if (v->kind == VG_STRING)
        return string_size(vg_value_str(v));
    vg_buf text = {0};
    vg_json_write(&text, v, 0);
    size_t size = text.len;
    vg_buf_free(&text);
    return size;
}

/* Characters of the policy's JSON without white space between its tokens: every node but the root has a comma or colon
 * behind it, except that the last in a container has none. */
static size_t policy_size(const lint *l)
{
    const vg_value *root = l->document->root, *end = vg_value_after(root);
    size_t size = 0;
    for (const vg_value *v = root; v != end; v++) {
        bool is_container = vg_value_is_container(v);
        size += is_container ? vg_value_count(v) ? 1 : 2 : scalar_size(v);
        size += v != root;
    }
    return size;
}

/* No less than the bytes between the policy's first and its last in the source, which is no less than what is counted. */
static size_t source_size(const lint *l)
{
    const vg_doc *doc = l->document->doc;
    const vg_value *root = l->document->root, *last = vg_value_after(root) - 1;
    if (!doc || doc->positions || last == root)
        return SIZE_MAX;
    size_t closing = vg_value_is_container(last) ? 2 : 6 * (size_t)vg_value_str(last).len + 32;
    size_t size = last->position - root->position + closing + 64;
    return size < doc->source.len ? size : doc->source.len;
}

static uint64_t quota_of(const lint *l)
{
    const lint_content *content = l->content;
    vg_policy_kind kind = l->document->kind;
    if (kind != VG_POLICY_RESOURCE)
        return lint_content_bits(content->policy_quotas, vg_str_from(vg_policy_kind_name(kind)));
    vg_str type = l->attached ? l->attached->type : VG_STR("default");
    uint64_t quota = lint_content_bits(content->resource_quotas, type);
    return quota ? quota : lint_content_bits(content->resource_quotas, VG_STR("default"));
}

static void size_exceeds(lint *l, const lint_row *row)
{
    uint64_t quota = quota_of(l);
    if (!l->document->root || !quota || source_size(l) <= quota)
        return;
    size_t size = policy_size(l);
    if (size > quota)
        lint_raise(l, row, l->document->root,
                   "The policy has %zu characters, white space left out, and may have %llu. Divide it.", size,
                   (unsigned long long)quota);
}

/* ---- rows ---------------------------------------------------------------------------------------------------------------------------- */

#define EMPTY(code_, variant_, finds_, remedy_)                                                              \
    {                                                                                                        \
        .check = {code_, VG_LINT_SUGGESTION, VG_LINT_ALL_KINDS, false, finds_, remedy_},                     \
        .scope = LINT_CONDITION, .variant = variant_, .run.condition = empty_condition                       \
    }
#define STATEMENT(code_, type_, kinds_, finds_, remedy_, run_)                                               \
    {                                                                                                        \
        .check = {code_, type_, kinds_, false, finds_, remedy_}, .scope = LINT_STATEMENT,                    \
        .run.statement = run_                                                                                \
    }
#define DOCUMENT(code_, type_, kinds_, finds_, remedy_, run_)                                                \
    {                                                                                                        \
        .check = {code_, type_, kinds_, false, finds_, remedy_}, .scope = LINT_DOCUMENT,                     \
        .run.document = run_                                                                                 \
    }

static const lint_row rows[] = {
    STATEMENT("EMPTY_ARRAY_ACTION", VG_LINT_SUGGESTION, VG_LINT_ALL_KINDS,
              "The statement names no actions and has no effect.",
              "Name the actions, or remove the statement.", empty_action),
    EMPTY("EMPTY_ARRAY_CONDITION", EMPTY_PLAIN, "a condition without values matches nothing.",
          "Give the key values, or remove it."),
    EMPTY("EMPTY_ARRAY_CONDITION_FORALLVALUES", EMPTY_FOR_ALL_VALUES,
          "ForAllValues without values matches only where the key is missing.",
          "Say what is meant: \"Null\": {\"KEY\": \"true\"}."),
    EMPTY("EMPTY_ARRAY_CONDITION_FORANYVALUE", EMPTY_FOR_ANY_VALUE,
          "ForAnyValue without values never matches.", "Give the key values, or remove the statement."),
    EMPTY("EMPTY_ARRAY_CONDITION_IFEXISTS", EMPTY_IF_EXISTS,
          "IfExists without values matches only where the key is missing.",
          "Say what is meant: \"Null\": {\"KEY\": \"true\"}."),
    STATEMENT("EMPTY_ARRAY_PRINCIPAL", VG_LINT_SUGGESTION, LINT_WITH_PRINCIPAL,
              "The statement names no principals and has no effect.",
              "Name the principals, or remove the statement.", empty_principal_list),
    STATEMENT("EMPTY_ARRAY_RESOURCE", VG_LINT_SUGGESTION, VG_LINT_ALL_KINDS,
              "The statement names no resources and has no effect.",
              "Name the ARNs, or remove the statement.", empty_resource),
    STATEMENT("EMPTY_OBJECT_CONDITION", VG_LINT_SUGGESTION, VG_LINT_ALL_KINDS,
              "A condition block is empty and restricts nothing.", "Say what must hold, or remove the block.",
              empty_condition_object),
    STATEMENT("EMPTY_OBJECT_PRINCIPAL", VG_LINT_SUGGESTION, LINT_WITH_PRINCIPAL,
              "Principal is empty: the statement has no effect.",
              "Name the principals, or remove the statement.", empty_principal_object),
    STATEMENT("EMPTY_SID_VALUE", VG_LINT_SUGGESTION, VG_LINT_ALL_KINDS, "The Sid is empty.",
              "Give the statement a name, or leave Sid out.", empty_sid),
    DOCUMENT(
        "MISSING_VERSION", VG_LINT_WARNING, VG_LINT_ALL_KINDS,
        "The policy has no Version: it is read by the language of 2008, in which variables are plain text.",
        "Add \"Version\": \"2012-10-17\".", missing_version),
    DOCUMENT("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", VG_LINT_WARNING, LINT_IDENTITY,
             "The policy is larger than an identity-based policy may be.",
             "Divide it into several, or replace lists of actions by patterns.", size_exceeds),
    DOCUMENT("POLICY_SIZE_EXCEEDS_RCP_QUOTA", VG_LINT_ERROR, LINT_RCP,
             "The policy is larger than a resource control policy may be.", "Divide it into several.",
             size_exceeds),
    DOCUMENT("POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", VG_LINT_WARNING, LINT_RESOURCE_KIND | LINT_ENDPOINT,
             "The policy is larger than the policy of such a resource may be.",
             "Say more with less: patterns in place of lists, aws:PrincipalOrgID in place of accounts.",
             size_exceeds),
    DOCUMENT("POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA", VG_LINT_WARNING, LINT_TRUST,
             "The policy is larger than a trust policy may be by default.",
             "Shorten it, or ask for a larger quota (Service Quotas, up to 8,192 characters).", size_exceeds),
    DOCUMENT("POLICY_SIZE_EXCEEDS_SCP_QUOTA", VG_LINT_ERROR, LINT_SCP,
             "The policy is larger than a service control policy may be.",
             "Divide it into several, or shorten it (vigil org guardrails).", size_exceeds),
    DOCUMENT("REDUNDANT_STATEMENT", VG_LINT_SUGGESTION, VG_LINT_ALL_KINDS, "Two statements say the same.",
             "Remove one of them.", redundant_statement),
    DOCUMENT("UNIQUE_SIDS_RECOMMENDED", VG_LINT_WARNING, LINT_RESOURCE_KIND | LINT_ENDPOINT,
             "Two statements have the same Sid.", "Give each statement a Sid of its own.", repeated_sid),
    STATEMENT("UNSUPPORTED_SID", VG_LINT_ERROR, LINT_IDENTITY,
              "The Sid holds other characters than letters and digits.", "Use letters and digits alone.",
              unsupported_sid),
};

const lint_family lint_element_family = {rows, VG_COUNT(rows)};
