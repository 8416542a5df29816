/* lint_open.c: the linter made ready, and the small questions about statements and patterns that several families ask.
 *
 * The catalogue lists a resource type under the service whose actions use it; an ARN names the service that the resource
 * belongs to, which may be another (arn:aws:execute-api:... of apigateway). So the forms of ARNs are sorted by the service
 * that stands in them. */
#include "policy/lint_part.h"

#include <stdlib.h>

/* In a form as text '?' and '*' stand for any byte and any run; these for the same without colons. */
#define LINT_FORM_BYTE  '\x01'
#define LINT_FORM_FIELD '\x02'
#define LINT_MEET_MAX   512

/* ---- forms of ARNs ---------------------------------------------------------------------------------------------------------------- */

static vg_str literal_of(vg_str resource)
{
    size_t variable = vg_str_find(resource, VG_STR("${"));
    return vg_str_sub(resource, 0, variable);
}

static uint32_t colons_of(vg_str arn)
{
    uint32_t colons = 0;
    for (size_t i = 0; i < arn.len; i++)
        colons += arn.ptr[i] == ':';
    return colons;
}

/* "arn:${Partition}:s3:::${BucketName}" in its parts; false for "*" and the like. A form whose service is open (a recovery
 * point may be of any) is kept under its own. */
static bool read_form(const vg_catalogue *catalogue, vg_str arn, uint32_t resource, lint_arn_form *form,
                      vg_str *service)
{
    vg_str part[6], rest = arn;
    for (size_t i = 0; i < 5; i++)
        if (!vg_str_split(rest, ':', &part[i], &rest))
            return false;
    bool is_open = vg_str_find_char(part[2], '$') != VG_NPOS;
    uint16_t own = vg_catalogue_resource_at(catalogue, resource)->service;
    *service = is_open ? vg_catalogue_service_at(catalogue, own)->prefix : part[2];
    *form = (lint_arn_form){.resource = resource,
                            .arn = arn,
                            .has_region = part[3].len > 0,
                            .has_account = part[4].len > 0,
                            .service = is_open ? (vg_str){0} : part[2],
                            .literal = literal_of(rest)};
    vg_str behind = vg_str_sub(rest, form->literal.len, VG_NPOS);
    form->colons = colons_of(arn);
    form->is_simple = behind.len > 0 && vg_str_find_char(behind, '}') == behind.len - 1;
    return service->len > 0;
}

typedef struct {
    lint_arn_form form;
    vg_str service;
} sorted_form;

static int by_service(const void *a, const void *b)
{
    const sorted_form *x = a, *y = b;
    int service = vg_str_cmp(x->service, y->service);
    if (service)
        return service;
    return x->form.resource < y->form.resource ? -1 : x->form.resource > y->form.resource;
}

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while sorting the forms of ARNs");
}

static vg_status add_forms_of(const vg_catalogue *catalogue, uint32_t resource, vg_vec *all, vg_error *err)
{
    const vg_catalogue_resource *type = vg_catalogue_resource_at(catalogue, resource);
    for (uint16_t i = 0; i < type->arn_count; i++) {
        sorted_form form;
        if (!read_form(catalogue, type->arns[i], resource, &form.form, &form.service))
            continue;
        sorted_form *slot = vg_vec_push(all);
        if (!slot)
            return no_memory(err);
        *slot = form;
    }
    return VG_OK;
}

static vg_status add_service(vg_map *names, lint_arn_service *services, vg_str name, uint32_t i,
                             vg_error *err)
{
    bool added;
    vg_map_entry *entry = vg_map_put(names, name, &added);
    if (!entry)
        return no_memory(err);
    if (added) {
        entry->value.u64 = vg_map_len(names) - 1;
        services[entry->value.u64].first = i;
    }
    services[entry->value.u64].count++;
    return VG_OK;
}

/* The forms by resource type, whose ids are dense. */
static vg_status forms_by_type(vg_linter *linter, vg_arena *arena, vg_vec *all, vg_error *err)
{
    size_t resources = vg_catalogue_origin_of(linter->catalogue)->resource_count;
    uint32_t *first = VG_NEW_N(arena, uint32_t, resources + 1);
    if (!first)
        return no_memory(err);
    for (uint32_t r = 0; r < resources; r++) {
        first[r] = (uint32_t)all->len;
        VG_TRY(add_forms_of(linter->catalogue, r, all, err));
    }
    first[resources] = (uint32_t)all->len;
    lint_arn_form *forms = VG_NEW_N(arena, lint_arn_form, all->len + 1);
    for (size_t i = 0; forms && i < all->len; i++)
        forms[i] = ((const sorted_form *)vg_vec_at(all, i))->form;
    linter->type_first = first;
    linter->type_forms = forms;
    return forms ? VG_OK : no_memory(err);
}

static vg_status forms_by_service(vg_linter *linter, vg_arena *arena, const vg_vec *all, vg_error *err)
{
    lint_arn_form *forms = VG_NEW_N(arena, lint_arn_form, all->len + 1);
    lint_arn_service *services = VG_NEW_N(arena, lint_arn_service, all->len + 1);
    vg_map *names = vg_map_new(arena, 0);
    if (!forms || !services || !names)
        return no_memory(err);
    if (all->len)
        qsort(all->items, all->len, sizeof(sorted_form), by_service);
    for (uint32_t i = 0; i < all->len; i++) {
        const sorted_form *form = vg_vec_at(all, i);
        forms[i] = form->form;
        VG_TRY(add_service(names, services, form->service, i, err));
    }
    linter->arn_services = names;
    linter->services = services;
    linter->forms = forms;
    return VG_OK;
}

vg_status vg_linter_open(vg_arena *arena, const vg_catalogue *catalogue, const vg_lint_content *content,
                         size_t count, const vg_linter **out, vg_error *err)
{
    vg_linter *linter = VG_NEW(arena, vg_linter);
    if (!linter)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading content");
    linter->catalogue = catalogue;
    linter->tag_key = vg_catalogue_find_key(catalogue, VG_STR("aws:ResourceTag/x"));
    linter->request_tag_key = vg_catalogue_find_key(catalogue, VG_STR("aws:RequestTag/x"));
    VG_TRY(lint_content_read(arena, content, count, &linter->content, err));
    vg_vec all = vg_vec_in(arena, sizeof(sorted_form));
    VG_TRY(forms_by_type(linter, arena, &all, err));
    VG_TRY(forms_by_service(linter, arena, &all, err));
    *out = linter;
    return VG_OK;
}

/* ---- patterns and variables ---------------------------------------------------------------------------------------------------------- */

/* The length of a variable or escape that starts at `at`: "${...}" with its braces; 0 when none does. */
static size_t braced_at(vg_str text, size_t at)
{
    if (at + 2 >= text.len || text.ptr[at] != '$' || text.ptr[at + 1] != '{')
        return 0;
    size_t end = vg_str_find_char(vg_str_sub(text, at + 2, VG_NPOS), '}');
    return end == VG_NPOS ? 0 : end + 3;
}

static bool is_escape(vg_str braced)
{
    return braced.len == 4 && strchr("*?$", braced.ptr[2]) != NULL;
}

bool lint_has_variable(vg_str text)
{
    for (size_t i = vg_str_find_char(text, '$'); i < text.len; i++) {
        size_t len = braced_at(text, i);
        if (len && !is_escape(vg_str_sub(text, i, len)))
            return true;
        i += len ? len - 1 : 0;
    }
    return false;
}

bool lint_has_wildcard(vg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '*' || text.ptr[i] == '?')
            return true;
        size_t len = text.ptr[i] == '$' ? braced_at(text, i) : 0;
        i += len ? len - 1 : 0;
    }
    return false;
}

static bool same_byte(char a, char b, bool icase)
{
    if (icase && a >= 'A' && a <= 'Z')
        a = (char)(a - 'A' + 'a');
    if (icase && b >= 'A' && b <= 'Z')
        b = (char)(b - 'A' + 'a');
    return a == b;
}

/* Globbing with `inner` as the text: its '*' stands for any run, so only a '*' may take it; its '?' stands for any one byte,
 * so only '?' or '*' may. */
bool lint_pattern_covers(vg_str outer, vg_str inner, bool icase)
{
    size_t o = 0, i = 0, star = VG_NPOS, resume = 0;
    while (i < inner.len) {
        char c = inner.ptr[i];
        if (o < outer.len && outer.ptr[o] == '*') {
            star = o++;
            resume = i;
        } else if (o < outer.len && c != '*' &&
                   (outer.ptr[o] == '?' || (c != '?' && same_byte(outer.ptr[o], c, icase)))) {
            o++, i++;
        } else if (star != VG_NPOS) {
            o = star + 1;
            i = ++resume;
        } else {
            return false;
        }
    }
    while (o < outer.len && outer.ptr[o] == '*')
        o++;
    return o == outer.len;
}

/* A table of prefixes, a row at a time: whether the first i bytes of the form and the first k of the pattern match a common
 * text. A star may end, or take one more byte of the other side; what stands for a field takes no colon. */
static bool form_meets(vg_str form, vg_str pattern)
{
    bool row[LINT_MEET_MAX + 1] = {true};
    if (pattern.len > LINT_MEET_MAX)
        return true;
    for (size_t k = 0; k < pattern.len; k++)
        row[k + 1] = row[k] && pattern.ptr[k] == '*';
    for (size_t i = 0; i < form.len; i++) {
        char x = form.ptr[i];
        bool star = x == '*' || x == LINT_FORM_FIELD, any = x == '?' || x == LINT_FORM_BYTE,
             diagonal = row[0];
        row[0] = row[0] && star;
        bool alive = row[0];
        for (size_t k = 0; k < pattern.len; k++) {
            char y = pattern.ptr[k];
            bool above = row[k + 1], closed = y == ':' && (x == LINT_FORM_FIELD || x == LINT_FORM_BYTE);
            if (y == '*')
                row[k + 1] = above || row[k];
            else if (star)
                row[k + 1] = above || (row[k] && !closed);
            else
                row[k + 1] = diagonal && !closed && (x == y || any || y == '?');
            diagonal = above;
            alive |= row[k + 1];
        }
        if (!alive)
            return false;
    }
    return row[pattern.len];
}

bool lint_form_may_fit(const lint_arn_form *form, const lint_resource *r)
{
    vg_str service = r->part[2], resource = r->part[5];
    if (form->service.len && !vg_str_eq(form->service, service) && !lint_is_wild(service) &&
        vg_str_find_char(service, '$') == VG_NPOS)
        return false;
    size_t i = 0, len = form->literal.len < resource.len ? form->literal.len : resource.len;
    while (i < len && form->literal.ptr[i] == resource.ptr[i])
        i++;
    return i == len || resource.ptr[i] == '*' || resource.ptr[i] == '?' || resource.ptr[i] == '$';
}

static bool field_fits(bool has_field, vg_str field)
{
    return has_field ? field.len > 0 : field.len == 0 || vg_str_is(field, "*");
}

bool lint_form_fits_plainly(const lint_arn_form *form, const lint_resource *r)
{
    if (!vg_str_eq(form->service, r->part[2]) || !field_fits(form->has_region, r->part[3]) ||
        !field_fits(form->has_account, r->part[4]) || !vg_str_starts(r->part[5], form->literal))
        return false;
    vg_str behind = vg_str_sub(r->part[5], form->literal.len, VG_NPOS);
    for (size_t i = 0; i < behind.len; i++) {
        char c = behind.ptr[i];
        if (c == '*')
            return i + 1 == behind.len;
        if (c == '/' || c == ':' || c == '$')
            return false;
    }
    return form->is_simple && behind.len > 0;
}

/* The fields before the resource hold no colon. */
bool lint_form_may_be(const lint_arn_form *form, vg_str pattern, bool with_colons)
{
    char text[LINT_MEET_MAX];
    size_t len = 0;
    unsigned colons = 0;
    for (size_t i = 0; i < form->arn.len && len + 2 < sizeof text; i++) {
        char c = form->arn.ptr[i];
        size_t end = c == '$' ? vg_str_find_char(vg_str_sub(form->arn, i, VG_NPOS), '}') : VG_NPOS;
        colons += c == ':';
        if (end == VG_NPOS) {
            text[len++] = c;
            continue;
        }
        bool open = with_colons && colons >= 5;
        text[len++] = open ? '?' : LINT_FORM_BYTE;
        text[len++] = open ? '*' : LINT_FORM_FIELD;
        i += end;
    }
    return form_meets(vg_str_of(text, len), pattern);
}

/* ---- conditions ------------------------------------------------------------------------------------------------------------------------- */

const vg_value *lint_value_node(const lint_condition *c, size_t k)
{
    const vg_value *at = c->c->at;
    if (at->kind != VG_ARRAY)
        return at;
    if (at->as.container.span == at->as.container.count + 1 && c->c->value_count == at->as.container.count)
        return at + 1 + k;
    for (vg_items it = vg_items_of(at); vg_items_next(&it);)
        if (!vg_value_is_container(it.value) && it.value->kind != VG_NULL && k-- == 0)
            return it.value;
    return at;
}

bool lint_is_provider_key(const lint_condition *c)
{
    return vg_str_find_char(c->prefix, '.') != VG_NPOS || vg_str_is(c->prefix, "saml");
}

/* ---- statements ------------------------------------------------------------------------------------------------------------------------ */

bool lint_op_is_arn(vg_operator op)
{
    return op >= VG_OP_ARN_EQUALS && op <= VG_OP_ARN_NOT_LIKE;
}

bool lint_op_is_string(vg_operator op)
{
    return op <= VG_OP_STRING_NOT_LIKE;
}

bool lint_op_takes_patterns(vg_operator op)
{
    return op == VG_OP_STRING_LIKE || op == VG_OP_STRING_NOT_LIKE || lint_op_is_arn(op);
}

bool lint_narrows(const lint_statement *s, lint_key_list list)
{
    for (size_t i = 0; i < s->condition_count; i++) {
        const lint_condition *c = &s->conditions[i];
        if ((c->lists >> list & 1) && !vg_operator_is_negated(c->c->op) && c->c->op != VG_OP_NULL &&
            !c->c->if_exists && c->c->qualifier != VG_QUALIFIER_FOR_ALL_VALUES)
            return true;
    }
    return false;
}

const lint_condition *lint_condition_on(const lint_statement *s, const char *key)
{
    for (size_t i = 0; i < s->condition_count; i++)
        if (vg_str_eq_icase(s->conditions[i].c->key, vg_str_from(key)))
            return &s->conditions[i];
    return NULL;
}

static bool part_covers(vg_str outer, bool is_pattern, vg_str inner)
{
    return is_pattern ? lint_pattern_covers(outer, inner, true) : vg_str_eq_icase(outer, inner);
}

bool lint_action_covers(const lint_action *outer, const lint_action *inner)
{
    return outer->is_all || (outer->has_colon && inner->has_colon &&
                             part_covers(outer->service, outer->service_is_pattern, inner->service) &&
                             part_covers(outer->name, outer->is_pattern, inner->name));
}

bool lint_resource_covers(const lint_resource *outer, const lint_resource *inner)
{
    vg_str literal = vg_str_sub(outer->text, 0, outer->literal);
    if (!outer->is_pattern)
        return vg_str_eq(outer->text, inner->text);
    return inner->literal >= literal.len && vg_str_starts(inner->text, literal) &&
           lint_pattern_covers(vg_str_sub(outer->text, literal.len, VG_NPOS),
                               vg_str_sub(inner->text, literal.len, VG_NPOS), false);
}

bool lint_action_names(const lint_action *a, vg_str action)
{
    lint_action named = {.text = action};
    named.has_colon = vg_str_split(action, ':', &named.service, &named.name);
    return lint_action_covers(a, &named);
}

bool lint_statement_names(const lint_statement *s, vg_str action)
{
    bool named = false;
    for (size_t i = 0; i < s->action_count && !named; i++)
        named = lint_action_names(&s->actions[i], action);
    return s->s->has_action && named != s->s->not_action;
}
