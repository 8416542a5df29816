/* lint.c: lint's own work, whatever the checks: the document is scanned, the rows of all families are run over it by their
 * scope, and what they raised is given its places.
 *
 * Places cost nothing until something is raised, and then one walk: findings are sorted by the node that they point at,
 * which is the order of the document, and the walk goes down only into containers that hold one of them, counting lines as
 * it goes. So a document of a hundred thousand findings is as linear as one of none. */
#include "policy/lint_part.h"

#include <assert.h>
#include <stdlib.h>

/* Comparisons of the parts of one document with each other: actions with patterns, statements with statements. */
#define COMPARISONS_MAX ((size_t)4 << 20)

static const lint_family *const families[] = {
    &lint_reader_family,    &lint_element_family,  &lint_action_family, &lint_role_family,
    &lint_resource_family,  &lint_variable_family, &lint_key_family,    &lint_value_family,
    &lint_address_family,   &lint_wildcard_family, &lint_tag_family,    &lint_principal_family,
    &lint_trust_family,     &lint_control_family,  &lint_own_family,    &lint_own_deny_family,
    &lint_own_reach_family,
};

/* ---- the table of checks ------------------------------------------------------------------------------------------------------ */

static const char *const type_names[] = {"SUGGESTION", "WARNING", "SECURITY_WARNING", "ERROR"};

const char *vg_lint_type_name(vg_lint_type type)
{
    return type_names[type];
}

static bool same_name(vg_str text, const char *name)
{
    vg_str other = vg_str_from(name);
    if (text.len != other.len)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i] == '-' ? '_' : text.ptr[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (c != other.ptr[i])
            return false;
    }
    return true;
}

bool vg_lint_type_parse(vg_str text, vg_lint_type *out)
{
    for (size_t i = 0; i < VG_LINT_TYPES; i++)
        if (same_name(text, type_names[i])) {
            *out = (vg_lint_type)i;
            return true;
        }
    return false;
}

size_t vg_lint_check_count(void)
{
    size_t count = 0;
    for (size_t f = 0; f < VG_COUNT(families); f++)
        count += families[f]->count;
    return count;
}

static const lint_row *row_at(size_t i)
{
    for (size_t f = 0; f < VG_COUNT(families); f++) {
        if (i < families[f]->count)
            return &families[f]->rows[i];
        i -= families[f]->count;
    }
    return NULL;
}

const vg_lint_check *vg_lint_check_at(size_t i)
{
    const lint_row *row = row_at(i);
    return row ? &row->check : NULL;
}

const vg_lint_check *vg_lint_check_find(vg_str code)
{
    for (size_t f = 0; f < VG_COUNT(families); f++)
        for (size_t i = 0; i < families[f]->count; i++)
            if (same_name(code, families[f]->rows[i].check.code))
                return &families[f]->rows[i].check;
    return NULL;
}

static const lint_row *row_of(const char *code)
{
    for (size_t f = 0; f < VG_COUNT(families); f++)
        for (size_t i = 0; i < families[f]->count; i++)
            if (strcmp(families[f]->rows[i].check.code, code) == 0)
                return &families[f]->rows[i];
    return NULL;
}

vg_str vg_lint_check_link(vg_arena *arena, const vg_lint_check *check)
{
    static const char *const sections[] = {"suggestion", "general-warning", "security-warning", "error"};
    vg_buf link = {0};
    if (vg_lint_check_is_ours(check))
        vg_buf_add_c(&link, "docs/reference/policy-checks.md#");
    else
        vg_buf_addf(
            &link,
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"
            "#access-analyzer-reference-policy-checks-%s-",
            sections[check->type]);
    for (const char *c = check->code; *c; c++)
        vg_buf_add_char(&link, *c == '_' ? vg_lint_check_is_ours(check) ? '_' : '-'
                                         : (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c));
    vg_str out = vg_arena_str(arena, vg_buf_str(&link));
    vg_buf_free(&link);
    return out;
}

/* ---- raising ------------------------------------------------------------------------------------------------------------------- */

void lint_also(lint *l, const vg_value *at)
{
    lint_place *place = vg_vec_push(&l->locations);
    if (!place || l->raised.len == 0) {
        l->out_of_memory = true;
        return;
    }
    lint_raised *raised = vg_vec_at(&l->raised, l->raised.len - 1);
    *place = (lint_place){.at = at ? at : l->document->root, .raised = (uint32_t)(l->raised.len - 1)};
    raised->location_count++;
}

static void raise_message(lint *l, const lint_row *row, const vg_value *at, vg_str message)
{
    lint_raised *raised = vg_vec_push(&l->raised);
    if (!raised || !message.ptr) {
        l->out_of_memory = true;
        return;
    }
    *raised = (lint_raised){.row = row,
                            .message = message,
                            .statement = l->statement,
                            .first_location = (uint32_t)l->locations.len};
    lint_also(l, at);
}

void lint_raise(lint *l, const lint_row *row, const vg_value *at, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t size = len < 0 ? 0 : (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    raise_message(l, row, at, vg_arena_str(l->arena, vg_str_of(text, size)));
}

void lint_raise_plain(lint *l, const lint_row *row, const vg_value *at)
{
    raise_message(l, row, at, vg_str_from(row->check.finds));
}

bool lint_spend(lint *l, size_t count)
{
    if (l->budget < count) {
        l->budget = 0;
        l->limited = true;
        return false;
    }
    l->budget -= count;
    return true;
}

bool lint_may_look_around(lint *l, const lint_statement *s)
{
    size_t asked = s->condition_count + s->s->principal_count, others = asked + s->action_count;
    return others < 256 || asked * others < (size_t)1 << 22 || lint_spend(l, others / 16);
}

/* ---- scanning ------------------------------------------------------------------------------------------------------------------ */

static void *room_for(lint *l, size_t count, size_t size)
{
    void *items = vg_arena_calloc(l->arena, count ? count : 1, size);
    l->out_of_memory |= !items;
    return items;
}

/* The nodes of an element's strings, one at a time: itself, or its items, those that the reader refused left out. */
typedef struct {
    vg_items items;
    const vg_value *single;
} string_nodes;

static string_nodes nodes_of(const vg_value *v)
{
    bool list = v && v->kind == VG_ARRAY;
    return (string_nodes){.items = vg_items_of(list ? v : NULL), .single = list ? NULL : v};
}

static const vg_value *next_node(string_nodes *nodes)
{
    const vg_value *single = nodes->single;
    nodes->single = NULL;
    if (single)
        return single;
    while (vg_items_next(&nodes->items))
        if (nodes->items.value->kind == VG_STRING)
            return nodes->items.value;
    return NULL;
}

static bool is_any(vg_str text)
{
    return vg_str_is(text, "*") || vg_str_is(text, "*:*");
}

static void scan_action(const lint *l, lint_action *a, vg_str text, const vg_value *at)
{
    *a = (lint_action){.text = text,
                       .at = at,
                       .service_id = VG_CATALOGUE_NONE,
                       .action_id = VG_CATALOGUE_NONE,
                       .name = text};
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '*' || c == '?') {
            a->is_pattern = true;
        } else if (c == ':' && !a->has_colon) {
            a->has_colon = true;
            a->service_is_pattern = a->is_pattern;
            a->service = vg_str_sub(text, 0, i);
            a->name = vg_str_sub(text, i + 1, VG_NPOS);
        }
    }
    a->is_all = a->is_pattern && is_any(text);
    if (!l->catalogue || !a->has_colon)
        return;
    if (!a->is_pattern)
        a->action_id = vg_catalogue_find_action(l->catalogue, text);
    a->service_id = a->action_id != VG_CATALOGUE_NONE
                        ? vg_catalogue_action_at(l->catalogue, a->action_id)->service
                        : vg_catalogue_find_service(l->catalogue, a->service);
}

/* Cuts an ARN at its colons, of which those inside a variable are none. */
static void scan_resource(const lint *l, lint_resource *r, vg_str text, const vg_value *at)
{
    *r = (lint_resource){.text = text, .at = at, .literal = text.len, .is_all = vg_str_is(text, "*")};
    size_t from = 0;
    bool in_variable = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!r->is_pattern && (c == '*' || c == '?')) {
            r->is_pattern = true;
            r->literal = i;
        }
        in_variable = in_variable ? c != '}' : c == '{' && i && text.ptr[i - 1] == '$';
        if (c != ':' || in_variable || r->parts == 5)
            continue;
        r->part[r->parts++] = vg_str_sub(text, from, i - from);
        from = i + 1;
    }
    r->part[r->parts++] = vg_str_sub(text, from, VG_NPOS);
    const vg_map_entry *entry = r->parts == 6 ? vg_map_get(l->linter->arn_services, r->part[2]) : NULL;
    r->service = entry ? &l->linter->services[entry->value.u64] : NULL;
}

/* A key as content lists it: what takes a tag's name is cut behind its slash. */
static unsigned lists_of_key(const lint *l, vg_str key)
{
    unsigned lists = (unsigned)lint_content_bits(l->content->keys, key);
    size_t slash = lists ? VG_NPOS : vg_str_find_char(key, '/');
    if (slash == VG_NPOS || lists)
        return lists;
    return (unsigned)lint_content_bits(l->content->keys, vg_str_sub(key, 0, slash + 1));
}

static void scan_condition(const lint *l, lint_condition *c, const vg_policy_condition *condition)
{
    *c = (lint_condition){.c = condition, .key_at = condition->at - 1, .key_id = VG_CATALOGUE_NONE};
    vg_str rest;
    if (!vg_str_split(condition->key, ':', &c->prefix, &rest))
        c->prefix = (vg_str){0};
    if (l->catalogue)
        c->key_id = vg_catalogue_find_key(l->catalogue, condition->key);
    if (c->key_id != VG_CATALOGUE_NONE)
        c->key = vg_catalogue_key_at(l->catalogue, c->key_id);
    c->lists = lists_of_key(l, condition->key);
}

static bool has_dollar(const vg_statement *s)
{
    bool found = false;
    for (size_t i = 0; i < s->resource_count && !found; i++)
        found = vg_str_find_char(s->resources[i], '$') != VG_NPOS;
    for (size_t i = 0; i < s->condition_count && !found; i++)
        for (size_t k = 0; k < s->conditions[i].value_count && !found; k++)
            found = vg_str_find_char(s->conditions[i].values[k], '$') != VG_NPOS;
    return found;
}

static void scan_statement(lint *l, lint_statement *out, const vg_statement *s, uint32_t index)
{
    lint_action *actions = room_for(l, s->action_count, sizeof *actions);
    lint_resource *resources = room_for(l, s->resource_count, sizeof *resources);
    lint_condition *conditions = room_for(l, s->condition_count, sizeof *conditions);
    if (l->out_of_memory)
        return;
    string_nodes nodes = nodes_of(s->action_at);
    for (size_t i = 0; i < s->action_count; i++)
        scan_action(l, &actions[i], s->actions[i], next_node(&nodes));
    nodes = nodes_of(s->resource_at);
    for (size_t i = 0; i < s->resource_count; i++)
        scan_resource(l, &resources[i], s->resources[i], next_node(&nodes));
    for (size_t i = 0; i < s->condition_count; i++)
        scan_condition(l, &conditions[i], &s->conditions[i]);
    *out = (lint_statement){.s = s,
                            .index = index,
                            .actions = actions,
                            .action_count = s->action_count,
                            .resources = resources,
                            .resource_count = s->resource_count,
                            .conditions = conditions,
                            .condition_count = s->condition_count,
                            .has_dollar = has_dollar(s)};
}

/* What a resource policy is attached to: as the caller says, else by the service of its first ARN, else of its first
 * action. */
static const lint_resource_policy *attached_to(const lint *l)
{
    const lint_content *content = l->content;
    vg_str service = {0};
    for (size_t i = 0; i < l->statement_count && service.len == 0; i++)
        for (size_t k = 0; k < l->statements[i].resource_count && service.len == 0; k++)
            if (l->statements[i].resources[k].parts == 6)
                service = l->statements[i].resources[k].part[2];
    for (size_t i = 0; i < l->statement_count && service.len == 0; i++)
        if (l->statements[i].action_count)
            service = l->statements[i].actions[0].service;
    for (size_t i = 0; i < content->resource_policy_count; i++) {
        const lint_resource_policy *p = &content->resource_policies[i];
        if (l->options->resource_type.len ? vg_str_eq(l->options->resource_type, p->type)
                                          : vg_str_eq_icase(service, p->service))
            return p;
    }
    return NULL;
}

static void scan(lint *l)
{
    l->statement_count = l->document->statement_count;
    l->statements = room_for(l, l->statement_count, sizeof *l->statements);
    for (size_t i = 0; i < l->statement_count && !l->out_of_memory; i++)
        scan_statement(l, &l->statements[i], &l->document->statements[i], (uint32_t)i);
    if (l->document->kind == VG_POLICY_RESOURCE && !l->out_of_memory)
        l->attached = attached_to(l);
}

/* ---- running ------------------------------------------------------------------------------------------------------------------- */

static void run_on_statement(lint *l, const lint_row *row, const lint_statement *s)
{
    switch (row->scope) {
    case LINT_STATEMENT:
        row->run.statement(l, row, s);
        return;
    case LINT_ACTION:
        for (size_t i = 0; i < s->action_count; i++)
            row->run.action(l, row, s, &s->actions[i]);
        return;
    case LINT_RESOURCE:
        for (size_t i = 0; i < s->resource_count; i++)
            row->run.resource(l, row, s, &s->resources[i]);
        return;
    case LINT_PRINCIPAL:
        for (size_t i = 0; i < s->s->principal_count; i++)
            row->run.principal(l, row, s, &s->s->principals[i]);
        return;
    case LINT_CONDITION:
        for (size_t i = 0; i < s->condition_count; i++)
            row->run.condition(l, row, s, &s->conditions[i]);
        return;
    case LINT_READER:
    case LINT_DOCUMENT:
        return;
    }
}

static void run_row(lint *l, const lint_row *row)
{
    const vg_lint_check *check = &row->check;
    if (row->scope == LINT_READER || !(check->kinds & VG_LINT_KIND(l->document->kind)) ||
        (check->obsolete && !l->options->obsolete))
        return;
    l->statement = UINT32_MAX;
    if (row->scope == LINT_DOCUMENT) {
        row->run.document(l, row);
        return;
    }
    for (size_t i = 0; i < l->statement_count; i++) {
        l->statement = (uint32_t)i;
        run_on_statement(l, row, &l->statements[i]);
    }
}

static void raise_issues(lint *l)
{
    for (size_t i = 0; i < l->document->issue_count; i++) {
        const vg_policy_issue *issue = &l->document->issues[i];
        const lint_row *row = row_of(issue->code);
        assert(row && "a code of refusal.c that has no row");
        l->statement = issue->statement;
        raise_message(l, row, issue->at, vg_arena_str(l->arena, vg_str_from(issue->message)));
    }
}

static void run(lint *l)
{
    raise_issues(l);
    for (size_t f = 0; f < VG_COUNT(families); f++)
        for (size_t i = 0; i < families[f]->count && !l->out_of_memory; i++)
            run_row(l, &families[f]->rows[i]);
}

/* ---- places -------------------------------------------------------------------------------------------------------------------- */

static int by_node(const void *a, const void *b)
{
    const lint_place *x = *(lint_place *const *)a, *y = *(lint_place *const *)b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* A container that the walk is in. */
typedef struct {
    vg_items items;
    size_t index; /* of the item at hand */
} frame;

typedef struct {
    lint *l;
    lint_place **places; /* sorted by node */
    size_t count, next;
    vg_vec frames;  /* the containers around the node at hand, outermost first */
    size_t counted; /* bytes of the source whose lines are counted */
    uint32_t line;
    size_t line_start;
} walk;

/* Where the value at `from` ends in its JSON source: at its closing quote or bracket, or where its literal ends. */
static size_t end_of_value(vg_str source, size_t from)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = from; i < source.len; i++) {
        char c = source.ptr[i];
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
            if (!in_string && depth == 0)
                return i + 1;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth <= 1)
                return depth == 1 ? i + 1 : i;
            depth--;
        } else if (depth == 0 && (c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t')) {
            return i;
        }
    }
    return source.len;
}

/* Line and column of an offset, counted on from the last one asked for, or from the start when that lies before it. */
static vg_place place_of(walk *w, size_t offset)
{
    const vg_doc *doc = w->l->document->doc;
    if (offset < w->counted || w->line == 0) {
        w->line = 1;
        w->counted = w->line_start = vg_str_starts(doc->source, VG_STR("\xEF\xBB\xBF")) ? 3 : 0;
    }
    const char *next;
    while (w->counted < offset &&
           (next = memchr(doc->source.ptr + w->counted, '\n', offset - w->counted)) != NULL) {
        w->counted = w->line_start = (size_t)(next - doc->source.ptr) + 1;
        w->line++;
    }
    w->counted = offset;
    return (vg_place){doc->name, w->line, (uint32_t)(offset - w->line_start + 1)};
}

/* Without counting on: for the end of a value, which the next place may come before. */
static vg_place place_ahead(walk *w, size_t offset)
{
    size_t counted = w->counted, line_start = w->line_start;
    uint32_t line = w->line;
    vg_place place = place_of(w, offset);
    w->counted = counted, w->line_start = line_start, w->line = line;
    return place;
}

static void give_span(walk *w, const vg_value *at, vg_lint_location *out)
{
    const vg_doc *doc = w->l->document->doc;
    if (!doc || doc->positions || at->position >= doc->source.len) {
        if (doc)
            out->start = out->end = vg_doc_place(doc, at);
        return;
    }
    out->start_offset = at->position;
    out->end_offset = end_of_value(doc->source, at->position);
    out->start = place_of(w, out->start_offset);
    out->end = place_ahead(w, out->end_offset);
}

static void give_path(walk *w, const vg_value *key, const vg_value *at, vg_lint_location *out)
{
    size_t depth = w->frames.len;
    vg_lint_step *path = room_for(w->l, depth, sizeof *path);
    out->at = at;
    if (!path)
        return;
    for (size_t i = 0; i < depth; i++) {
        const frame *f = vg_vec_at(&w->frames, i);
        if (f->items.is_object)
            path[i] = (vg_lint_step){.kind = VG_LINT_VALUE, .name = f->items.key};
        else
            path[i] = (vg_lint_step){.kind = VG_LINT_INDEX, .index = f->index};
    }
    if (key && depth)
        path[depth - 1].kind = VG_LINT_KEY;
    out->path = path;
    out->path_count = depth;
}

/* Gives their places to all that point at `at`; `key` is `at` itself when it is a key. */
static void give(walk *w, const vg_value *key, const vg_value *at)
{
    for (; w->next < w->count && w->places[w->next]->at == at; w->next++) {
        vg_lint_location *out = w->places[w->next]->out;
        if (w->next && w->places[w->next - 1]->at == at) {
            *out = *w->places[w->next - 1]->out;
            continue;
        }
        give_path(w, key, at, out);
        give_span(w, at, out);
    }
}

static bool wants_inside(const walk *w, const vg_value *v)
{
    return w->next < w->count && w->places[w->next]->at < vg_value_after(v);
}

static void go_down(walk *w, const vg_value *v)
{
    if (!vg_value_is_container(v) || !wants_inside(w, v))
        return;
    frame *f = vg_vec_push(&w->frames);
    if (f)
        *f = (frame){.items = vg_items_of(v), .index = SIZE_MAX};
    else
        w->l->out_of_memory = true;
}

static void locate(walk *w, const vg_value *root)
{
    give(w, NULL, root);
    go_down(w, root);
    while (w->frames.len && w->next < w->count) {
        frame *f = vg_vec_at(&w->frames, w->frames.len - 1);
        if (!vg_items_next(&f->items)) {
            w->frames.len--;
            continue;
        }
        f->index++;
        const vg_value *value = f->items.value;
        if (f->items.is_object)
            give(w, f->items.key_node, f->items.key_node);
        give(w, NULL, value);
        go_down(w, value);
    }
}

/* A document without a tree: bytes that are no JSON. */
static void locate_in_text(const lint *l, vg_lint_location *locations)
{
    for (size_t i = 0; i < l->locations.len; i++)
        if (l->document->issue_count)
            locations[i].start = locations[i].end = l->document->issues[0].place;
}

static vg_lint_location *locate_all(lint *l)
{
    size_t count = l->locations.len;
    vg_lint_location *out = room_for(l, count, sizeof *out);
    lint_place **sorted = room_for(l, count, sizeof *sorted);
    if (!out || !sorted || !l->document->root) {
        if (out)
            locate_in_text(l, out);
        return out;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = vg_vec_at(&l->locations, i);
        sorted[i]->out = &out[i];
    }
    qsort(sorted, count, sizeof(lint_place *), by_node);
    walk w = {.l = l, .places = sorted, .count = count, .frames = vg_vec_in(l->arena, sizeof(frame))};
    locate(&w, l->document->root);
    return out;
}

/* ---- results ------------------------------------------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const vg_lint_finding *x = a, *y = b;
    const vg_value *p = x->locations[0].at, *q = y->locations[0].at;
    if (p != q)
        return p < q ? -1 : 1;
    int code = strcmp(x->check->code, y->check->code);
    if (code)
        return code;
    return x->locations < y->locations ? -1 : x->locations > y->locations;
}

/* What AWS refuses and a check finds as well is told in the check's words alone. Issues were raised first, so that they stand
 * before what checks found at the same place under the same code. */
static size_t told_once(const lint *l, vg_lint_finding *findings, size_t count,
                        const vg_lint_location *locations)
{
    size_t kept = 0;
    const vg_lint_location *first_found = count ? locations + l->document->issue_count : NULL;
    for (size_t i = 0; i < count; i++) {
        const vg_lint_finding *f = &findings[i], *next = i + 1 < count ? &findings[i + 1] : NULL;
        bool again = next && f->locations < first_found && next->check == f->check &&
                     next->locations[0].at == f->locations[0].at;
        if (!again)
            findings[kept++] = *f;
    }
    return kept;
}

static vg_status results(lint *l, vg_lint_result *out, vg_error *err)
{
    vg_lint_location *locations = l->raised.len ? locate_all(l) : NULL;
    vg_lint_finding *findings = room_for(l, l->raised.len, sizeof *findings);
    if (l->out_of_memory)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while checking a policy");
    for (size_t i = 0; i < l->raised.len; i++) {
        const lint_raised *raised = vg_vec_at(&l->raised, i);
        findings[i] = (vg_lint_finding){&raised->row->check, raised->message, raised->statement,
                                        &locations[raised->first_location], raised->location_count};
    }
    if (l->raised.len)
        qsort(findings, l->raised.len, sizeof *findings, by_place);
    *out = (vg_lint_result){findings, told_once(l, findings, l->raised.len, locations), l->limited};
    return VG_OK;
}

vg_status vg_policy_lint(const vg_linter *linter, vg_arena *arena, const vg_policy_document *document,
                         const vg_lint_options *options, vg_lint_result *out, vg_error *err)
{
    static const vg_lint_options none = {0};
    lint l = {.linter = linter,
              .catalogue = linter->catalogue,
              .content = linter->content,
              .arena = arena,
              .document = document,
              .options = options ? options : &none,
              .raised = vg_vec_in(arena, sizeof(lint_raised)),
              .locations = vg_vec_in(arena, sizeof(lint_place)),
              .statement = UINT32_MAX,
              .budget = COMPARISONS_MAX};
    scan(&l);
    if (!l.out_of_memory)
        run(&l);
    return results(&l, out, err);
}

/* ---- for people ------------------------------------------------------------------------------------------------------------------ */

void vg_lint_path_write(vg_buf *out, const vg_lint_location *location)
{
    if (location->path_count == 0)
        vg_buf_add_c(out, "(document)");
    for (size_t i = 0; i < location->path_count; i++) {
        const vg_lint_step *step = &location->path[i];
        if (step->kind == VG_LINT_INDEX) {
            vg_buf_addf(out, "[%zu]", step->index);
            continue;
        }
        if (i)
            vg_buf_add_char(out, '.');
        vg_buf_add_str(out, step->name);
        if (step->kind == VG_LINT_KEY)
            vg_buf_add_c(out, " (key)");
    }
}

/* Whether Action names sts:AssumeRole, with or without SAML or web identity, or any of them. */
static bool assumes_roles(const vg_value *action)
{
    if (action && action->kind == VG_STRING)
        return vg_str_starts(vg_value_str(action), VG_STR("sts:AssumeRole"));
    for (vg_items it = vg_items_of(action); vg_items_next(&it);)
        if (vg_str_starts(vg_value_str(it.value), VG_STR("sts:AssumeRole")))
            return true;
    return false;
}

vg_policy_kind vg_policy_kind_guess(const vg_value *root, vg_policy_kind otherwise)
{
    const vg_value *statements = vg_get(root, VG_STR("Statement"));
    bool principal = false, resource = false, assumes = false;
    for (vg_items it = vg_items_of(statements); vg_items_next(&it);) {
        const vg_value *s = statements->kind == VG_ARRAY ? it.value : statements;
        principal |= vg_get(s, VG_STR("Principal")) || vg_get(s, VG_STR("NotPrincipal"));
        resource |= vg_get(s, VG_STR("Resource")) || vg_get(s, VG_STR("NotResource"));
        assumes |= assumes_roles(vg_get(s, VG_STR("Action")));
        if (statements->kind != VG_ARRAY)
            break;
    }
    if (!principal)
        return otherwise;
    return assumes && !resource ? VG_POLICY_TRUST : VG_POLICY_RESOURCE;
}
