/* rules.c: Sigma files become one compiled set.
 *
 *     files --> documents --> heads --> filters checked --> detections compiled, filters in them
 *                                   --> correlations read, names resolved --> feeds --> dispatch
 *
 * A document that cannot be read is told with its place and left out; a correlation that names one is left out too. Source:
 * Sigma specification 2.1.0, its three parts (rules, correlations, filters). */
#include "detect/rules_part.h"

#include <stdlib.h>

enum { MOST_RULE_BYTES = 16 << 20 };

typedef struct {
    sigma_set set;
    vg_vec documents; /* rule_document */
    vg_map *names;    /* id or name: document + 1 */
    vg_arena *arena;
} compiler;

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling detections");
}

static rule_document *document_at(const compiler *c, size_t i)
{
    return vg_vec_at(&c->documents, i);
}

/* Tells why a document is left out, unless memory is the reason. */
static vg_status leave_out(compiler *c, rule_document *document, vg_status status, vg_place place,
                           vg_error *why, vg_error *err)
{
    if (status == VG_ERR_MEMORY) {
        vg_error_copy(err, why);
        return status;
    }
    document->unread = true;
    vg_place at = why->place.line || why->place.file.len ? why->place : place;
    at.file = place.file; /* the error's own copy goes away */
    return rules_problem(&c->set, at, document->info.title, true, err, "%s", why->message);
}

/* ---- documents ------------------------------------------------------------------------------------------------------------ */

static vg_status read_document(compiler *c, const vg_doc *doc, vg_error *err)
{
    vg_error why = {0};
    if (doc->root->kind == VG_NULL)
        return VG_OK;
    rule_document *document = vg_vec_push(&c->documents);
    if (!document)
        return out_of_memory(err);
    vg_status status = rules_head_read(&c->set, doc, document, &why);
    return status == VG_OK ? VG_OK : leave_out(c, document, status, vg_doc_place(doc, doc->root), &why, err);
}

static vg_status read_file(compiler *c, const vg_rule_file *file, vg_error *err)
{
    vg_error why = {0};
    vg_vec docs = vg_vec_in(c->arena, sizeof(vg_doc));
    const vg_limits limits = {.max_bytes = MOST_RULE_BYTES, .max_nodes = 2000000, .max_depth = 64};
    vg_status status = vg_yaml_read_all(c->arena, file->bytes, file->name, &limits, &docs, &why);
    if (status == VG_ERR_MEMORY) {
        vg_error_copy(err, &why);
        return status;
    }
    if (status != VG_OK) {
        vg_place place = {file->name, why.place.line, why.place.column};
        return rules_problem(&c->set, place, (vg_str){0}, true, err, "%s", why.message);
    }
    for (size_t i = 0; i < docs.len; i++)
        VG_TRY(read_document(c, vg_vec_at(&docs, i), err));
    return VG_OK;
}

/* The first of two rules with the same id or name keeps it. */
static vg_status name_document(compiler *c, size_t index, vg_str name, const char *what, vg_error *err)
{
    rule_document *document = document_at(c, index);
    bool added;
    if (!name.len || document->unread)
        return VG_OK;
    vg_map_entry *entry = vg_map_put(c->names, name, &added);
    if (!entry)
        return out_of_memory(err);
    if (added) {
        entry->value.u64 = index + 1;
        return VG_OK;
    }
    const rule_document *other = document_at(c, (size_t)entry->value.u64 - 1);
    if (other == document)
        return VG_OK;
    document->unread = true;
    return rules_problem(&c->set, document->info.place, document->info.title, true, err,
                         "the %s %.*s is already that of \"%.*s\" (%.*s:%u)", what, VG_ARG(name),
                         VG_ARG(other->info.title), VG_ARG(other->info.place.file), other->info.place.line);
}

static vg_status name_documents(compiler *c, vg_error *err)
{
    for (size_t i = 0; i < c->documents.len; i++)
        VG_TRY(name_document(c, i, document_at(c, i)->info.id, "id", err));
    for (size_t i = 0; i < c->documents.len; i++)
        VG_TRY(name_document(c, i, document_at(c, i)->info.name, "name", err));
    return VG_OK;
}

static rule_document *named(const compiler *c, vg_str name)
{
    const vg_map_entry *entry = vg_map_get(c->names, name);
    return entry ? document_at(c, (size_t)entry->value.u64 - 1) : NULL;
}

/* ---- expressions ---------------------------------------------------------------------------------------------------------- */

/* What says which call it is. Events come to a rule by the call's name, so that this seldom decides. */
static bool is_call_test(const compiler *c, const vg_compiled_rule *rule, uint32_t node)
{
    const vg_expr *e = &rule->nodes[node];
    if (e->op == VG_EXPR_OR && e->count)
        return is_call_test(c, rule, rule->children[e->first]);
    if (e->op != VG_EXPR_TEST)
        return false;
    const vg_predicate *p = vg_vec_at(&c->set.predicates, e->predicate);
    if (p->field == VG_FIELD_ALL)
        return false;
    vg_str path = ((const vg_field *)vg_vec_at(&c->set.fields, p->field))->path;
    return vg_str_is(path, "eventName") || vg_str_is(path, "eventSource");
}

/* Children of an AND in the order in which they decide soonest: the call's name, by which the rule was chosen, at last. */
static void order_children(const compiler *c, const vg_compiled_rule *rule, uint32_t *links)
{
    for (uint32_t i = 0; i < rule->node_count; i++) {
        const vg_expr *node = &rule->nodes[i];
        uint32_t *children = links + node->first, front = 0;
        for (uint32_t k = 0; node->op == VG_EXPR_AND && k < node->count; k++) {
            if (is_call_test(c, rule, children[k]))
                continue;
            uint32_t child = children[k];
            memmove(children + front + 1, children + front, (k - front) * sizeof *children);
            children[front++] = child;
        }
    }
}

/* Keeps what the root needs, the root last. */
static vg_status finish_rule(const compiler *c, const sigma_rule *rule, uint32_t root, vg_compiled_rule *out,
                             vg_error *err)
{
    size_t count = (size_t)root + 1, kept = 0, children = 0;
    vg_arena *arena = rule->set->arena;
    uint32_t *number = vg_arena_calloc(arena, count, sizeof *number);
    if (!number)
        return out_of_memory(err);
    number[root] = 1;
    for (size_t i = count; i-- > 0;) {
        const vg_expr *node = vg_vec_at(&rule->nodes, i);
        if (!number[i])
            continue;
        kept++;
        children += node->count;
        for (uint32_t k = 0; k < node->count; k++)
            number[*(const uint32_t *)vg_vec_at(&rule->children, node->first + k)] = 1;
    }
    vg_expr *nodes = vg_arena_alloc(arena, (kept + 1) * sizeof *nodes);
    uint32_t *links = vg_arena_alloc(arena, (children + 1) * sizeof *links);
    if (!nodes || !links)
        return out_of_memory(err);
    uint32_t at = 0, link = 0;
    for (size_t i = 0; i < count; i++) {
        if (!number[i])
            continue;
        vg_expr node = *(const vg_expr *)vg_vec_at(&rule->nodes, i);
        uint32_t first = link;
        for (uint32_t k = 0; k < node.count; k++)
            links[link++] = number[*(const uint32_t *)vg_vec_at(&rule->children, node.first + k)];
        node.first = first;
        number[i] = at;
        nodes[at++] = node;
    }
    out->nodes = nodes;
    out->node_count = at;
    out->children = links;
    order_children(c, out, links);
    return VG_OK;
}

static vg_status tell_missing(const sigma_rule *rule, vg_str *out, vg_error *err)
{
    vg_buf text = {0};
    for (size_t i = 0; i < rule->missing.len; i++)
        vg_buf_addf(&text, "%s%%%.*s%%", i ? ", " : "",
                    VG_ARG(*(const vg_str *)vg_vec_at(&rule->missing, i)));
    if (!rule->missing.len)
        return VG_OK;
    *out = vg_arena_printf(rule->set->arena, "supply the values of the placeholder%s %.*s",
                           rule->missing.len > 1 ? "s" : "", VG_ARG(vg_buf_str(&text)));
    bool failed = text.failed || !out->ptr;
    vg_buf_free(&text);
    return failed ? out_of_memory(err) : VG_OK;
}

/* ---- filters -------------------------------------------------------------------------------------------------------------- */

/* What the filter's log source says, the rule's must say too. */
static bool same_source(const vg_rule *filter, const vg_rule *rule)
{
    return (!filter->product.len || vg_str_eq_icase(filter->product, rule->product)) &&
           (!filter->category.len || vg_str_eq_icase(filter->category, rule->category)) &&
           (!filter->service.len || vg_str_eq_icase(filter->service, rule->service));
}

static bool names_rule(const rule_document *filter, const vg_rule *rule)
{
    if (filter->any)
        return true;
    for (size_t i = 0; i < filter->targets.count; i++) {
        vg_str target = filter->targets.items[i];
        if ((rule->id.len && vg_str_eq(target, rule->id)) ||
            (rule->name.len && vg_str_eq(target, rule->name)) || vg_str_eq(target, rule->title))
            return true;
    }
    return false;
}

static bool is_applied(const rule_document *filter, const vg_rule *rule)
{
    return filter->info.kind == VG_RULE_FILTER && !filter->unread && !filter->info.expired &&
           !filter->info.unassessed.len && names_rule(filter, rule) && same_source(&filter->info, rule);
}

/* "rule and not filter". The specification's example names what is to be left out (condition: selection); others write
 * what is to be kept (condition: not selection). Both mean the same here. */
static vg_status compile_filter(sigma_rule *rule, const rule_document *filter, uint32_t *out, vg_error *err)
{
    bool negated;
    const vg_doc *doc = rule->doc;
    rule->doc = filter->doc;
    vg_status status = sigma_detection_compile(rule, filter->section, out, &negated, err);
    rule->doc = doc;
    VG_TRY(status);
    return negated ? VG_OK : sigma_node_not(rule, *out, out, err);
}

static vg_status read_filter(compiler *c, rule_document *filter, vg_error *err)
{
    sigma_rule rule;
    uint32_t node;
    VG_TRY(rules_strings(&c->set, filter->section, "rules", &filter->targets, err));
    if (!filter->targets.count)
        return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(filter->doc, filter->section),
                          "the filter's rules are missing: list ids or names, or write rules: any");
    filter->any = filter->targets.count == 1 && vg_str_eq_icase(filter->targets.items[0], VG_STR("any"));
    VG_TRY(sigma_rule_new(&c->set, filter->doc, filter->info.title, &rule, err));
    VG_TRY(compile_filter(&rule, filter, &node, err));
    return tell_missing(&rule, &filter->info.unassessed, err);
}

static vg_status check_targets(compiler *c, const rule_document *filter, vg_error *err)
{
    for (size_t i = 0; i < filter->targets.count && !filter->any; i++) {
        bool known = false;
        for (size_t k = 0; k < c->documents.len && !known; k++) {
            const rule_document one = {.targets = {&filter->targets.items[i], 1}};
            const rule_document *document = document_at(c, k);
            known = document->info.kind == VG_RULE_DETECTION && !document->unread &&
                    names_rule(&one, &document->info);
        }
        if (!known)
            VG_TRY(rules_problem(&c->set, filter->info.place, filter->info.title, false, err,
                                 "the filter names \"%.*s\", which is no detection here",
                                 VG_ARG(filter->targets.items[i])));
    }
    return VG_OK;
}

/* ---- detections ------------------------------------------------------------------------------------------------------------ */

static vg_status add_filters(compiler *c, sigma_rule *rule, const rule_document *document, uint32_t *root,
                             vg_error *err)
{
    vg_vec nodes = vg_vec_in(c->arena, sizeof(uint32_t));
    uint32_t *slot = vg_vec_push(&nodes);
    if (!slot)
        return out_of_memory(err);
    *slot = *root;
    for (size_t i = 0; i < c->documents.len; i++) {
        uint32_t node;
        if (!is_applied(document_at(c, i), &document->info))
            continue;
        VG_TRY(compile_filter(rule, document_at(c, i), &node, err));
        slot = vg_vec_push(&nodes);
        if (!slot)
            return out_of_memory(err);
        *slot = node;
    }
    return sigma_node_many(rule, VG_EXPR_AND, nodes.items, nodes.len, root, err);
}

static vg_status compile_detection(compiler *c, rule_document *document, vg_error *err)
{
    sigma_rule rule;
    uint32_t root;
    VG_TRY(sigma_rule_new(&c->set, document->doc, document->info.title, &rule, err));
    VG_TRY(sigma_detection_compile(&rule, document->section, &root, NULL, err));
    VG_TRY(tell_missing(&rule, &document->info.unassessed, err));
    size_t problems = c->set.problems->len;
    VG_TRY(add_filters(c, &rule, document, &root, err));
    c->set.problems->len = problems; /* the filter's own were told */
    return finish_rule(c, &rule, root, &document->compiled, err);
}

static vg_status compile_kind(compiler *c, vg_rule_kind kind,
                              vg_status (*compile)(compiler *c, rule_document *document, vg_error *err),
                              vg_error *err)
{
    for (size_t i = 0; i < c->documents.len; i++) {
        rule_document *document = document_at(c, i);
        vg_error why = {0};
        if (document->info.kind != kind || document->unread)
            continue;
        vg_status status = compile(c, document, &why);
        if (status != VG_OK)
            VG_TRY(leave_out(c, document, status, document->info.place, &why, err));
    }
    return VG_OK;
}

/* ---- correlations ---------------------------------------------------------------------------------------------------------- */

static vg_status read_correlation(compiler *c, rule_document *document, vg_error *err)
{
    VG_TRY(vg_correlation_read(c->arena, document->doc, document->doc->root, &document->correlation, err));
    document->generates = vg_correlation_generates(document->correlation);
    return VG_OK;
}

/* The name of a rule that the correlation needs and that is not there; ptr NULL: all are. */
static vg_str missing_rule(const compiler *c, const rule_document *document)
{
    vg_str_list names = vg_correlation_names(document->correlation);
    for (size_t i = 0; i < names.count; i++) {
        const rule_document *other = named(c, names.items[i]);
        if (!other || other->unread || other->info.kind == VG_RULE_FILTER)
            return names.items[i];
    }
    return (vg_str){0};
}

/* A correlation without its rules is left out, and then those that name it. */
static vg_status drop_incomplete(compiler *c, vg_error *err)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < c->documents.len; i++) {
            rule_document *document = document_at(c, i);
            if (document->info.kind != VG_RULE_CORRELATION || document->unread)
                continue;
            vg_str missing = missing_rule(c, document);
            if (!missing.ptr)
                continue;
            document->unread = again = true;
            const rule_document *other = named(c, missing);
            VG_TRY(rules_problem(&c->set, document->info.place, document->info.title, true, err,
                                 "it correlates \"%.*s\", %s", VG_ARG(missing),
                                 !other          ? "which is no id and no name of a rule here"
                                 : other->unread ? "which could not be read"
                                                 : "which is a filter"));
        }
    }
    return VG_OK;
}

/* A rule that a correlation counts is no finding by itself, unless a correlation says so. */
static void choose_alone(compiler *c)
{
    for (size_t i = 0; i < c->documents.len; i++)
        document_at(c, i)->info.alone = document_at(c, i)->info.kind != VG_RULE_FILTER;
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < c->documents.len; i++) {
            const rule_document *document = document_at(c, i);
            if (document->info.kind != VG_RULE_CORRELATION || document->unread ||
                document->generates != (pass == 1))
                continue;
            vg_str_list names = vg_correlation_names(document->correlation);
            for (size_t k = 0; k < names.count; k++)
                named(c, names.items[k])->info.alone = pass == 1;
        }
}

/* ---- the set --------------------------------------------------------------------------------------------------------------- */

static vg_status resolve(compiler *c, vg_compiled_rule *rules, size_t count, vg_error *err)
{
    vg_vec *feeds = vg_arena_alloc(c->arena, (count + 1) * sizeof *feeds);
    if (!feeds)
        return out_of_memory(err);
    for (size_t i = 0; i < count; i++)
        feeds[i] = vg_vec_in(c->arena, sizeof(uint32_t));
    for (size_t i = 0; i < c->documents.len; i++) {
        rule_document *document = document_at(c, i);
        if (document->info.kind != VG_RULE_CORRELATION || document->unread)
            continue;
        vg_str_list names = vg_correlation_names(document->correlation);
        uint32_t *indices = vg_arena_alloc(c->arena, (names.count + 1) * sizeof *indices);
        if (!indices)
            return out_of_memory(err);
        for (size_t k = 0; k < names.count; k++) {
            indices[k] = (uint32_t)named(c, names.items[k])->index;
            vg_vec *list = &feeds[indices[k]];
            if (list->len && *(uint32_t *)vg_vec_at(list, list->len - 1) == document->index)
                continue;
            uint32_t *slot = vg_vec_push(list);
            if (!slot)
                return out_of_memory(err);
            *slot = (uint32_t)document->index;
        }
        if (!vg_correlation_resolve(document->correlation, indices))
            return out_of_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        rules[i].feeds = feeds[i].items;
        rules[i].feed_count = feeds[i].len;
    }
    return VG_OK;
}

/* A correlation of a rule that is not evaluated is not evaluated either. */
static vg_status pass_unassessed(compiler *c, vg_error *err)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < c->documents.len; i++) {
            rule_document *document = document_at(c, i);
            if (document->info.kind != VG_RULE_CORRELATION || document->unread ||
                document->info.unassessed.len)
                continue;
            vg_str_list names = vg_correlation_names(document->correlation);
            for (size_t k = 0; k < names.count && !document->info.unassessed.len; k++) {
                const vg_rule *other = &named(c, names.items[k])->info;
                if (!other->unassessed.len)
                    continue;
                document->info.unassessed = vg_arena_printf(c->arena, "it correlates \"%.*s\": %.*s",
                                                            VG_ARG(other->title), VG_ARG(other->unassessed));
                again = true;
                if (!document->info.unassessed.ptr)
                    return out_of_memory(err);
            }
        }
    }
    return VG_OK;
}

/* Puts the tests of each field that can be made at once together. */
static vg_status join_tests(compiler *c, vg_rules *rules, vg_error *err)
{
    vg_predicate *predicates = c->set.predicates.items;
    vg_field *fields = c->set.fields.items;
    size_t count = rules->predicate_count, slots = rules->field_count + 1;
    uint32_t *first = VG_NEW_N(c->arena, uint32_t, slots), *next = VG_NEW_N(c->arena, uint32_t, count + 1),
             *tests = VG_NEW_N(c->arena, uint32_t, count + 1);
    if (!first || !next || !tests)
        return out_of_memory(err);
    for (uint32_t i = 0; i < count; i++) {
        const vg_predicate *p = &predicates[i];
        uint32_t *list = &first[p->field == VG_FIELD_ALL ? rules->field_count : p->field];
        if (!sigma_multi_takes(p, c->arena))
            continue;
        next[i] = *list;
        *list = i + 1;
    }
    for (size_t f = 0; f < slots; f++) {
        size_t taken = 0;
        for (uint32_t i = first[f]; i; i = next[i - 1])
            tests[taken++] = i - 1;
        const sigma_multi *many = sigma_multi_new(c->arena, predicates, tests, taken);
        for (size_t i = 0; many && i < taken; i++)
            predicates[tests[i]].many = true;
        if (f < rules->field_count)
            fields[f].many = many;
        else
            rules->keywords = many;
    }
    return VG_OK;
}

/* Puts the expressions of all rules side by side: thousands are looked at for an event, and memory is what that costs. */
static vg_status pack(compiler *c, vg_compiled_rule *rules, size_t count, vg_error *err)
{
    size_t nodes = 0, links = 0;
    for (size_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < rules[i].node_count; k++)
            links += rules[i].nodes[k].count;
        nodes += rules[i].node_count;
    }
    vg_expr *all = vg_arena_alloc(c->arena, (nodes + 1) * sizeof *all);
    uint32_t *all_links = vg_arena_alloc(c->arena, (links + 1) * sizeof *all_links);
    if (!all || !all_links)
        return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        uint32_t used = 0;
        for (uint32_t k = 0; k < rules[i].node_count; k++) {
            all[k] = rules[i].nodes[k];
            used += all[k].count;
        }
        if (used)
            memcpy(all_links, rules[i].children, used * sizeof *all_links);
        rules[i].nodes = all;
        rules[i].children = all_links;
        all += rules[i].node_count;
        all_links += used;
    }
    return VG_OK;
}

static vg_status assemble(compiler *c, vg_rules *out, vg_error *err)
{
    size_t count = 0;
    vg_compiled_rule *rules = vg_arena_calloc(c->arena, c->documents.len + 1, sizeof *rules);
    if (!rules)
        return out_of_memory(err);
    for (size_t i = 0; i < c->documents.len; i++) {
        rule_document *document = document_at(c, i);
        if (document->unread)
            continue;
        document->index = count;
        rules[count] = document->compiled;
        rules[count].info = document->info;
        rules[count++].correlation = document->correlation;
    }
    VG_TRY(pack(c, rules, count, err));
    VG_TRY(resolve(c, rules, count, err));
    VG_TRY(vg_correlations_link(c->arena, rules, count, c->set.problems, err));
    *out = (vg_rules){
        .arena = c->arena,
        .rules = rules,
        .rule_count = count,
        .fields = c->set.fields.items,
        .field_count = c->set.fields.len,
        .predicates = c->set.predicates.items,
        .predicate_count = c->set.predicates.len,
    };
    VG_TRY(join_tests(c, out, err));
    return vg_dispatch_build(out, err);
}

vg_status vg_rules_compile(vg_arena *arena, const vg_rule_file *files, size_t count,
                           const vg_rules_options *options, vg_rules **out, vg_vec *problems, vg_error *err)
{
    vg_rules *rules = VG_NEW(arena, vg_rules);
    compiler c = {.arena = arena,
                  .documents = vg_vec_in(arena, sizeof(rule_document)),
                  .names = vg_map_new(arena, 0x50)};
    if (!rules || !c.names)
        return out_of_memory(err);
    VG_TRY(sigma_set_new(arena, options, problems, &c.set, err));
    for (size_t i = 0; i < count; i++)
        VG_TRY(read_file(&c, &files[i], err));
    VG_TRY(name_documents(&c, err));
    VG_TRY(compile_kind(&c, VG_RULE_FILTER, read_filter, err));
    VG_TRY(compile_kind(&c, VG_RULE_DETECTION, compile_detection, err));
    VG_TRY(compile_kind(&c, VG_RULE_CORRELATION, read_correlation, err));
    VG_TRY(drop_incomplete(&c, err));
    for (size_t i = 0; i < c.documents.len; i++)
        if (document_at(&c, i)->info.kind == VG_RULE_FILTER && !document_at(&c, i)->unread)
            VG_TRY(check_targets(&c, document_at(&c, i), err));
    choose_alone(&c);
    VG_TRY(pass_unassessed(&c, err));
    VG_TRY(assemble(&c, rules, err));
    *out = rules;
    return VG_OK;
}

size_t vg_rules_count(const vg_rules *rules)
{
    return rules->rule_count;
}

const vg_rule *vg_rules_at(const vg_rules *rules, size_t i)
{
    return &rules->rules[i].info;
}

size_t vg_rules_find(const vg_rules *rules, vg_str id_or_name)
{
    for (size_t i = 0; i < rules->rule_count; i++)
        if (vg_str_eq(rules->rules[i].info.id, id_or_name) ||
            vg_str_eq(rules->rules[i].info.name, id_or_name))
            return i;
    return SIZE_MAX;
}
