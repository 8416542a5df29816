/* access_found.c: policies where no rule looks for them.
 *
 * content/access/resources.yaml says where evidence holds the policies of the types that AWS documents. AWS adds types faster
 * than any list: what reads as a policy with a Principal (IAM User Guide, "Identity-based policies and resource-based
 * policies"), wherever it stands, in an object or as JSON in a string, is found here, so that it is not passed over. */
#include "access/access_part.h"

bool vg_access_may_hold_policy(vg_str properties)
{
    return vg_str_find(properties, VG_STR("Statement")) != VG_NPOS &&
           vg_str_find(properties, VG_STR("Principal")) != VG_NPOS;
}

bool vg_access_is_foreign_type(const vg_access_reader *r, vg_str type)
{
    if (vg_str_starts(type, VG_STR("AWS::IAM::")) || vg_str_starts(type, VG_STR("Vigil::")))
        return false;
    for (vg_items it = vg_items_of(vg_get(r->content, VG_STR("no_access"))); vg_items_next(&it);)
        if (vg_str_glob(vg_value_str(it.value), type))
            return false;
    for (vg_items it = vg_items_of(vg_get(r->content, VG_STR("resources"))); vg_items_next(&it);)
        if (vg_str_eq(vg_get_str(it.value, "type"), type) || vg_str_eq(vg_get_str(it.value, "in"), type))
            return false;
    return true;
}

static bool names_principal(const vg_value *statement)
{
    return vg_get(statement, VG_STR("Principal")) || vg_get(statement, VG_STR("NotPrincipal"));
}

static bool is_policy(const vg_value *value)
{
    const vg_value *statements = vg_kind_of(value) == VG_OBJECT ? vg_get(value, VG_STR("Statement")) : NULL;
    if (!statements || vg_kind_of(statements) == VG_OBJECT)
        return statements && names_principal(statements);
    for (vg_items it = vg_items_of(statements); vg_items_next(&it);)
        if (names_principal(it.value))
            return true;
    return false;
}

/* Of JSON in a string; one that cannot be read may well be one. */
static bool is_policy_text(vg_arena *arena, vg_str text)
{
    vg_doc doc;
    text = vg_str_trim(text);
    if (!text.len || text.ptr[0] != '{' || !vg_access_may_hold_policy(text))
        return false;
    return vg_json_read(arena, text, VG_STR(""), NULL, &doc, NULL) != VG_OK || is_policy(doc.root);
}

/* In a tree, whose nodes lie one behind the other. */
static bool holds_policy(vg_arena *arena, const vg_value *tree)
{
    bool has_parts = vg_kind_of(tree) == VG_ARRAY || vg_kind_of(tree) == VG_OBJECT;
    size_t count = has_parts ? tree->as.container.span : 1;
    for (size_t i = 0; i < count; i++)
        if (is_policy(&tree[i]) ||
            (tree[i].kind == VG_STRING && is_policy_text(arena, vg_value_str(&tree[i]))))
            return true;
    return false;
}

bool vg_access_find_policy(vg_arena *arena, const vg_access_item *item, vg_str *property)
{
    for (vg_items it = vg_items_of(item->doc.root); it.is_object && vg_items_next(&it);) {
        *property = it.key;
        if (holds_policy(arena, it.value))
            return true;
    }
    return false;
}
