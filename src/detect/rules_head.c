/* rules_head.c: the attributes of a Sigma document that say what it is: title, id, log source, level, tags, and our own
 * attribute `vigil`. Source: Sigma specification 2.1.0, "Components". Unknown attributes are allowed. What is wrong with an
 * attribute that the evaluation does not need is a lint finding, and the rule goes on. */
#include "detect/rules_part.h"

#include <stdlib.h>

const char *const vg_rule_status_names[VG_RULE_STATUS_COUNT] = {"stable", "test", "experimental",
                                                                "deprecated", "unsupported"};

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling detections");
}

vg_status rules_problem(sigma_set *set, vg_place place, vg_str rule, bool unread, vg_error *err,
                        const char *format, ...)
{
    char text[480];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    vg_error shown = {0};
    vg_fail(&shown, VG_ERR_VALUE, "%s", text); /* without control characters */
    vg_rule_problem *problem = vg_vec_push(set->problems);
    vg_str copy = vg_arena_str(set->arena, vg_str_from(shown.message));
    if (!problem || !copy.ptr)
        return out_of_memory(err);
    *problem = (vg_rule_problem){place, rule, copy, unread};
    return VG_OK;
}

/* ---- lists of text -------------------------------------------------------------------------------------------------------- */

static vg_status push_text(sigma_set *set, vg_vec *list, const vg_value *value, vg_error *err)
{
    vg_str text;
    if (vg_value_is_container(value) || value->kind == VG_NULL)
        return VG_OK;
    vg_str *slot = vg_vec_push(list);
    if (!slot || !sigma_scalar_text(value, set->arena, &text))
        return out_of_memory(err);
    *slot = text;
    return VG_OK;
}

vg_status rules_strings(sigma_set *set, const vg_value *map, const char *key, vg_str_list *out, vg_error *err)
{
    vg_vec list = vg_vec_in(set->arena, sizeof(vg_str));
    const vg_value *value = vg_get(map, vg_str_from(key));
    if (value && value->kind != VG_ARRAY)
        VG_TRY(push_text(set, &list, value, err));
    if (value && value->kind == VG_ARRAY)
        for (vg_items it = vg_items_of(value); vg_items_next(&it);)
            VG_TRY(push_text(set, &list, it.value, err));
    *out = (vg_str_list){list.items, list.len};
    return VG_OK;
}

static int by_text(const void *a, const void *b)
{
    return vg_str_cmp(*(const vg_str *)a, *(const vg_str *)b);
}

/* "attack.t1098.003" is the technique T1098.003. */
static bool technique_of(vg_arena *arena, vg_str tag, vg_str *out)
{
    vg_str prefix = VG_STR("attack.t");
    if (tag.len < prefix.len + 4 || !vg_str_eq_icase(vg_str_sub(tag, 0, prefix.len), prefix))
        return false;
    vg_str id = vg_str_sub(tag, prefix.len - 1, tag.len);
    for (size_t i = 1; i < id.len; i++)
        if ((id.ptr[i] < '0' || id.ptr[i] > '9') && !(id.ptr[i] == '.' && i == 5 && i + 1 < id.len))
            return false;
    *out = vg_arena_printf(arena, "T%.*s", VG_ARG(vg_str_sub(id, 1, id.len)));
    return true;
}

static vg_status read_techniques(sigma_set *set, vg_rule *rule, vg_error *err)
{
    vg_vec list = vg_vec_in(set->arena, sizeof(vg_str));
    for (size_t i = 0; i < rule->tags.count; i++) {
        vg_str technique;
        if (!technique_of(set->arena, rule->tags.items[i], &technique))
            continue;
        vg_str *slot = vg_vec_push(&list);
        if (!slot || !technique.ptr)
            return out_of_memory(err);
        *slot = technique;
    }
    if (list.len)
        qsort(list.items, list.len, sizeof(vg_str), by_text);
    vg_str *items = list.items;
    size_t kept = 0;
    for (size_t i = 0; i < list.len; i++)
        if (i == 0 || !vg_str_eq(items[i], items[kept - 1]))
            items[kept++] = items[i];
    rule->attack = (vg_str_list){items, kept};
    return VG_OK;
}

/* ---- attributes ----------------------------------------------------------------------------------------------------------- */

static vg_status read_text(sigma_set *set, const vg_value *root, const char *key, vg_str *out, vg_error *err)
{
    const vg_value *value = vg_get(root, vg_str_from(key));
    *out = (vg_str){0};
    if (!value || vg_value_is_container(value) || value->kind == VG_NULL)
        return VG_OK;
    return sigma_scalar_text(value, set->arena, out) ? VG_OK : out_of_memory(err);
}

static vg_status read_level(sigma_set *set, const vg_doc *doc, vg_rule *rule, vg_error *err)
{
    const vg_value *level = vg_get(doc->root, VG_STR("level"));
    rule->level = VG_SEVERITY_MEDIUM;
    if (!level || level->kind == VG_NULL)
        return VG_OK;
    rule->level_given = vg_severity_parse(vg_value_str(level), &rule->level);
    if (rule->level_given)
        return VG_OK;
    rule->level = VG_SEVERITY_MEDIUM;
    return rules_problem(set, vg_doc_place(doc, level), rule->title, false, err,
                         "level is informational, low, medium, high or critical: medium is taken");
}

static vg_status read_status(sigma_set *set, const vg_doc *doc, vg_rule *rule, vg_error *err)
{
    const vg_value *status = vg_get(doc->root, VG_STR("status"));
    rule->status = VG_RULE_NO_STATUS;
    if (!status || status->kind == VG_NULL)
        return VG_OK;
    for (size_t i = 0; i < VG_RULE_STATUS_COUNT; i++)
        if (vg_str_eq_icase(vg_value_str(status), vg_str_from(vg_rule_status_names[i])))
            rule->status = (vg_rule_status)i;
    if (rule->status != VG_RULE_NO_STATUS)
        return VG_OK;
    return rules_problem(set, vg_doc_place(doc, status), rule->title, false, err,
                         "status is stable, test, experimental, deprecated or unsupported");
}

static vg_status read_logsource(sigma_set *set, const vg_doc *doc, vg_rule *rule, vg_error *err)
{
    const vg_value *source = vg_get(doc->root, VG_STR("logsource"));
    rule->log = VG_LOG_UNKNOWN;
    if (!source && rule->kind == VG_RULE_CORRELATION)
        return VG_OK;
    if (!source || source->kind != VG_OBJECT)
        return rules_problem(set, vg_doc_place(doc, source ? source : doc->root), rule->title, false, err,
                             "the log source is missing: add logsource: with product and service");
    VG_TRY(read_text(set, source, "product", &rule->product, err));
    VG_TRY(read_text(set, source, "category", &rule->category, err));
    VG_TRY(read_text(set, source, "service", &rule->service, err));
    bool aws = !rule->product.len || vg_str_eq_icase(rule->product, VG_STR("aws"));
    for (size_t i = 0; aws && i < VG_LOG_KIND_COUNT; i++)
        if (vg_str_eq_icase(rule->service, vg_str_from(vg_log_services[i])))
            rule->log = (vg_log_kind)i;
    return VG_OK;
}

static vg_status read_vigil(sigma_set *set, const vg_doc *doc, vg_rule *rule, vg_error *err)
{
    const vg_value *own = vg_get(doc->root, VG_STR("vigil"));
    vg_time expiry;
    if (!own)
        return VG_OK;
    VG_TRY(rules_strings(set, own, "needs", &rule->needs, err));
    VG_TRY(rules_strings(set, own, "triage", &rule->triage, err));
    VG_TRY(rules_strings(set, own, "guardduty", &rule->guardduty, err));
    VG_TRY(read_text(set, own, "expires", &rule->expiry, err));
    if (!rule->expiry.len)
        return VG_OK;
    if (!vg_time_parse(rule->expiry, &expiry))
        return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(doc, vg_get(own, VG_STR("expires"))),
                          "\"%.*s\" is no date: write one like 2026-12-31", VG_ARG(rule->expiry));
    bool is_date = rule->expiry.len == sizeof "2026-12-31" - 1; /* that day is still in it */
    if (set->options && set->options->now != VG_TIME_NONE && set->options->now)
        rule->expired = set->options->now >= expiry + (is_date ? VG_TIME_DAY : 0);
    return VG_OK;
}

static const struct {
    const char *key;
    vg_rule_kind kind;
} sections[] = {
    {"correlation", VG_RULE_CORRELATION}, {"filter", VG_RULE_FILTER}, {"detection", VG_RULE_DETECTION}};

static vg_status read_kind(const vg_doc *doc, rule_document *out, vg_error *err)
{
    const vg_value *action = vg_get(doc->root, VG_STR("action"));
    if (action)
        return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(doc, action),
                          "action is no longer Sigma: write each document of the file whole");
    for (size_t i = 0; i < VG_COUNT(sections); i++) {
        const vg_value *section = vg_get(doc->root, vg_str_from(sections[i].key));
        if (!section)
            continue;
        if (out->section)
            return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(doc, section),
                              "a document is a detection, a correlation or a filter, not two of them");
        out->section = section;
        out->info.kind = sections[i].kind;
    }
    if (!out->section)
        return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(doc, doc->root),
                          "no Sigma rule: it has no detection, no correlation and no filter");
    return VG_OK;
}

static vg_status read_names(sigma_set *set, const vg_doc *doc, vg_rule *rule, vg_error *err)
{
    VG_TRY(read_text(set, doc->root, "title", &rule->title, err));
    VG_TRY(read_text(set, doc->root, "id", &rule->id, err));
    VG_TRY(read_text(set, doc->root, "name", &rule->name, err));
    if (rule->title.len)
        return VG_OK;
    rule->title = rule->name.len ? rule->name : rule->id.len ? rule->id : vg_path_name(doc->name);
    return rules_problem(set, rule->place, rule->title, false, err, "the title is missing");
}

vg_status rules_head_read(sigma_set *set, const vg_doc *doc, rule_document *out, vg_error *err)
{
    vg_rule *rule = &out->info;
    *out = (rule_document){.doc = doc};
    rule->place = vg_doc_place(doc, doc->root);
    if (doc->root->kind != VG_OBJECT)
        return vg_fail_at(err, VG_ERR_VALUE, rule->place, "no Sigma rule: a rule is a map of attributes");
    VG_TRY(read_kind(doc, out, err));
    VG_TRY(read_names(set, doc, rule, err));
    VG_TRY(read_text(set, doc->root, "description", &rule->description, err));
    VG_TRY(read_text(set, doc->root, "author", &rule->author, err));
    VG_TRY(read_level(set, doc, rule, err));
    VG_TRY(read_status(set, doc, rule, err));
    VG_TRY(read_logsource(set, doc, rule, err));
    VG_TRY(rules_strings(set, doc->root, "tags", &rule->tags, err));
    VG_TRY(rules_strings(set, doc->root, "references", &rule->references, err));
    VG_TRY(rules_strings(set, doc->root, "falsepositives", &rule->falsepositives, err));
    VG_TRY(rules_strings(set, doc->root, "fields", &rule->fields, err));
    VG_TRY(read_techniques(set, rule, err));
    return read_vigil(set, doc, rule, err);
}
