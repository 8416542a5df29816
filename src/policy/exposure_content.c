/* exposure_content.c: what content knows of strangers: the identity providers that many customers share
 * (content/policy/federation.yaml), and which keys of a request they can choose, which AWS fills in for them, and which only
 * signed requests carry (content/policy/strangers.yaml). A list that is missing fails: nobody is asked by half of the rules. */
#include "policy/exposure_part.h"

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading what strangers can bring");
}

/* ---- shared providers -------------------------------------------------------------------------------------------- */

static vg_status read_providers(vg_arena *arena, vg_str text, vg_stranger_rules *out, vg_error *err)
{
    vg_doc doc;
    VG_TRY(vg_yaml_read(arena, text, VG_STR("policy/federation.yaml"), NULL, &doc, err));
    vg_shared_provider *providers = VG_NEW_N(arena, vg_shared_provider, vg_value_count(doc.root) + 1);
    out->providers = providers;
    if (!providers)
        return no_memory(err);
    for (vg_items it = vg_items_of(doc.root->kind == VG_ARRAY ? doc.root : NULL); vg_items_next(&it);) {
        vg_shared_provider *p = &providers[out->provider_count++];
        *p = (vg_shared_provider){.url = vg_get_str(it.value, "url"),
                                  .sub = vg_get_str(it.value, "sub"),
                                  .aud = vg_get_str(it.value, "aud"),
                                  .own = vg_get(it.value, VG_STR("own")),
                                  .chosen = vg_get(it.value, VG_STR("chosen"))};
        p->any_aud = vg_str_is(p->aud, "any");
        if (!p->url.len || !p->sub.len || !p->aud.len)
            return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(&doc, it.value),
                              "a provider needs url, sub and aud");
    }
    return VG_OK;
}

/* ---- keys and actions -------------------------------------------------------------------------------------------- */

static const char *const list_names[VG_STRANGER_LISTS] = {
    [VG_STRANGER_GIVEN] = "given",       [VG_STRANGER_SIGNED] = "signed", [VG_STRANGER_LISTED] = "listed",
    [VG_STRANGER_RESOURCE] = "resource", [VG_STRANGER_SECRET] = "secret", [VG_STRANGER_UNSIGNED] = "unsigned",
    [VG_STRANGER_TOKEN] = "token",
};

static vg_status read_list(vg_arena *arena, const vg_doc *doc, vg_stranger_list list, vg_stranger_rules *out,
                           vg_error *err)
{
    const vg_value *value = vg_get(doc->root, vg_str_from(list_names[list]));
    if (!value || vg_kind_of(value) != VG_ARRAY)
        return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(doc, doc->root), "the list %s is missing",
                          list_names[list]);
    vg_str *patterns = VG_NEW_N(arena, vg_str, vg_value_count(value) + 1);
    out->lists[list].patterns = patterns;
    if (!patterns)
        return no_memory(err);
    for (vg_items it = vg_items_of(value); vg_items_next(&it);)
        patterns[out->lists[list].count++] = vg_value_str(it.value);
    return VG_OK;
}

vg_status vg_stranger_rules_read(vg_arena *arena, const vg_exposure_content *content,
                                 const vg_stranger_rules **out, vg_error *err)
{
    vg_doc doc;
    vg_stranger_rules *rules = VG_NEW(arena, vg_stranger_rules);
    if (!rules)
        return no_memory(err);
    *rules = (vg_stranger_rules){0};
    VG_TRY(read_providers(arena, content->federation, rules, err));
    VG_TRY(vg_yaml_read(arena, content->strangers, VG_STR("policy/strangers.yaml"), NULL, &doc, err));
    for (int list = 0; list < VG_STRANGER_LISTS; list++)
        VG_TRY(read_list(arena, &doc, (vg_stranger_list)list, rules, err));
    rules->without_signature = vg_get(doc.root, VG_STR("without_signature"));
    rules->services = vg_get(doc.root, VG_STR("services"));
    *out = rules;
    return VG_OK;
}

/* No name that AWS has is longer. */
enum { LONGEST_NAME = 512 };

static vg_str lower(vg_str text, char out[LONGEST_NAME])
{
    size_t length = text.len < LONGEST_NAME ? text.len : LONGEST_NAME;
    for (size_t i = 0; i < length; i++)
        out[i] = (char)(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? text.ptr[i] - 'A' + 'a' : text.ptr[i]);
    return vg_str_of(out, length);
}

bool vg_stranger_rule(const vg_stranger_rules *rules, vg_stranger_list list, vg_str name)
{
    char buffer[LONGEST_NAME];
    vg_str lowered = lower(name, buffer);
    for (size_t i = 0; i < rules->lists[list].count; i++)
        if (vg_str_glob(rules->lists[list].patterns[i], lowered))
            return true;
    return false;
}

vg_str vg_stranger_unsigned_value(const vg_stranger_rules *rules, vg_str key)
{
    char buffer[LONGEST_NAME];
    const vg_value *value = vg_get(rules->without_signature, lower(key, buffer));
    return value ? vg_value_str(value) : (vg_str){0};
}

vg_str vg_stranger_service(vg_arena *arena, const vg_stranger_rules *rules, vg_str prefix)
{
    const vg_value *value = vg_get(rules->services, prefix);
    vg_str name = value ? vg_value_str(value) : prefix;
    return vg_arena_printf(arena, "%.*s.amazonaws.com", VG_ARG(name));
}
