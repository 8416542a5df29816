/* import_policy.c: policies that answers hold, looked at as they come in: whether AWS can ever have stored them.
 *
 * This room knows no policy language. Content names what is a policy and of which kind (the filter `policy`), whoever imports
 * brings the judge (vg_import_options.policy), and here what it refuses gets its place in the file. Places are found in one
 * sweep over the file, in its order, however many there are. */
#include "evidence/import_call.h"

#include <stdlib.h>

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
}

/* ---- judging ------------------------------------------------------------------------------------------------------------------ */

/* The argument of the filter: a kind, or with a slash the path to what tells it. */
static vg_str kind_of(vg_str argument, const import_view_of *view)
{
    char path[128];
    if (vg_str_find_char(argument, '/') == VG_NPOS)
        return argument;
    snprintf(path, sizeof path, "%.*s", VG_ARG(argument));
    return vg_get_str(view->levels[view->depth - 1], path);
}

/* An inline policy has a name beside it. */
static vg_str name_of(const import_view_of *view)
{
    const vg_value *level = view->levels[view->depth - 1];
    vg_str name = vg_get_str(level, "PolicyName");
    return name.len ? name : vg_get_str(level, "policyName");
}

static bool is_in(const vg_doc *doc, const vg_value *value)
{
    return doc && value >= doc->root && value < doc->root + doc->node_count;
}

/* The value in the file that is nearest: of what was read out of a string of the file, what holds the string. */
static const vg_value *in_file(const import_view_of *view, const vg_value *value)
{
    const vg_doc *doc = view->call->doc;
    for (size_t depth = view->depth; !is_in(doc, value) && depth > 0; depth--)
        value = view->levels[depth - 1];
    return is_in(doc, value) ? value : NULL;
}

vg_status import_policy_check(const import_view_of *view, vg_str argument, const vg_value *value,
                              vg_import_refusal *out, vg_error *err)
{
    import_policies *policies = view->policies;
    *out = (vg_import_refusal){.rule = VG_STR("")};
    if (!policies || !policies->judge)
        return VG_OK;
    vg_str kind = kind_of(argument, view);
    VG_TRY(policies->judge(view->arena, kind, value, out, err));
    import_refused *refused = out->rule.len ? vg_vec_push(&policies->refused) : NULL;
    if (!out->rule.len)
        return VG_OK;
    if (!refused)
        return out_of_memory(err);
    vg_str name = name_of(view);
    *refused = (import_refused){.at = in_file(view, out->at ? out->at : value)};
    refused->reason =
        vg_arena_printf(view->arena, "AWS would refuse the %.*s policy%s%.*s of %.*s: %.*s: %.*s",
                        VG_ARG(kind), name.len ? " " : "", VG_ARG(name), VG_ARG(policies->subject),
                        VG_ARG(out->rule), VG_ARG(out->message));
    if (out->line)
        refused->reason =
            vg_arena_printf(view->arena, "%.*s (line %u, column %u of the document in this string)",
                            VG_ARG(refused->reason), out->line, out->column);
    if (out->more)
        refused->reason =
            vg_arena_printf(view->arena, "%.*s, and %zu more", VG_ARG(refused->reason), out->more);
    return refused->reason.ptr ? VG_OK : out_of_memory(err);
}

/* ---- places --------------------------------------------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const import_refused *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return vg_str_cmp(x->reason, y->reason);
}

/* How far the lines of a document are counted. */
typedef struct {
    size_t position, line_start;
    uint32_t line;
} sweep;

static vg_place next_place(sweep *s, const vg_doc *doc, const vg_value *at)
{
    if (doc->positions || at->position >= doc->source.len)
        return vg_doc_place(doc, at);
    const char *end;
    while (s->position < at->position &&
           (end = memchr(doc->source.ptr + s->position, '\n', at->position - s->position)) != NULL) {
        s->position = s->line_start = (size_t)(end - doc->source.ptr) + 1;
        s->line++;
    }
    s->position = at->position;
    return (vg_place){doc->name, s->line, (uint32_t)(at->position - s->line_start + 1)};
}

static vg_str path_of(vg_arena *arena, const import_call *call, vg_place place)
{
    if (place.line)
        return vg_arena_printf(arena, "%.*s:%u:%u", VG_ARG(call->path), call->lines_before + place.line,
                               place.column);
    return call->line ? vg_arena_printf(arena, "%.*s:%u", VG_ARG(call->path), call->line) : call->path;
}

vg_status import_policies_place(vg_arena *arena, import_part *part, vg_error *err)
{
    vg_vec *refused = &part->policies.refused;
    const import_call *call = &part->call;
    sweep s = {.line = 1};
    if (refused->len > 1)
        qsort(refused->items, refused->len, refused->item_size, by_place);
    for (size_t i = 0; i < refused->len; i++) {
        import_refused *one = vg_vec_at(refused, i);
        vg_place place = one->at ? next_place(&s, call->doc, one->at) : (vg_place){.line = 0};
        one->path = path_of(arena, call, place);
        if (!one->path.ptr)
            return out_of_memory(err);
    }
    return VG_OK;
}
