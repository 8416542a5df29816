/* activity_resource.c: what a record of CloudTrail was about.
 *
 * A call is asked for on every resource that it names: ec2:RunInstances on the image, the subnet, the security groups and on
 * instances and volumes that it makes. So all ARNs count that the record tells and that the action takes: those of the record's
 * own list; those that templates give (content/policy/event-resources.yaml, event-needs.yaml). Where one of a type that the
 * action always takes is not told, the rest would be half an answer, and none is given. */
#include "access/activity_part.h"

enum { MOST_ARNS = 64, MOST_DEPTH = 16, MOST_VALUES = 4096 };

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading activity");
}

/* ---- parameters ---------------------------------------------------------------------------------------------------------------- */

static void give_texts(const vg_value *at, const vg_activity_sink *sink)
{
    if (at->kind == VG_STRING && at->len)
        sink->each(sink->context, vg_value_str(at));
    if (at->kind != VG_ARRAY)
        return;
    for (vg_items it = vg_items_of(at); vg_items_next(&it);)
        if (it.value->kind == VG_STRING && it.value->len)
            sink->each(sink->context, vg_value_str(it.value));
}

static void give_values(const vg_value *at, vg_str path, unsigned depth, const vg_activity_sink *sink)
{
    vg_str name, rest = {0};
    if (!path.len) {
        give_texts(at, sink);
        return;
    }
    vg_str_split(path, '.', &name, &rest);
    bool every = vg_str_is(name, "*"), keys = vg_str_is(name, "%"), deep = vg_str_is(name, "**");
    if (deep)
        give_values(at, rest, depth, sink);
    for (vg_items it = vg_items_of(at); depth < MOST_DEPTH && vg_items_next(&it);) {
        if (deep)
            give_values(it.value, path, depth + 1, sink);
        else if (keys && it.is_object)
            sink->each(sink->context, it.key);
        else if (every || (it.is_object && vg_str_eq_icase(it.key, name)))
            give_values(it.value, rest, depth + 1, sink);
    }
}

void vg_activity_values(const vg_trail_record *record, vg_str path, const vg_activity_sink *sink)
{
    static const char response[] = "response.";
    bool answered = vg_str_starts(path, vg_str_from(response));
    const vg_value *root =
        vg_get(record->root, answered ? VG_STR("responseElements") : VG_STR("requestParameters"));
    if (root)
        give_values(root, answered ? vg_str_sub(path, sizeof response - 1, VG_NPOS) : path, 0, sink);
}

/* ---- templates ---------------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_activity_reader *reader;
    const vg_trail_record *record;
    vg_str action, rest;
    vg_buf *arn;
    unsigned *values; /* that were filled in, so that lists within lists end */
    bool *unclear;    /* an ARN that fits is a pattern by what the record says */
    bool is_pattern;  /* what was filled in so far is one */
    bool failed;
} filler;

static void fill(filler *f);

/* A field's value goes where its template says, and what follows is filled behind it. */
static void fill_field(void *context, vg_str value)
{
    filler *f = context, next = *f;
    size_t before = f->arn->len;
    bool is_nested =
        before > 0 && vg_str_starts(value, VG_STR("arn:")); /* an ARN where a name should stand */
    if (vg_str_ends(vg_buf_str(f->arn), VG_STR("/")) && value.len && value.ptr[0] == '/')
        value = vg_str_sub(value, 1, value.len); /* parameter/ + /path/name */
    if (is_nested || !value.len || ++*f->values > MOST_VALUES)
        return;
    next.is_pattern = f->is_pattern || vg_activity_is_pattern(value);
    vg_buf_add_str(f->arn, value);
    fill(&next);
    f->failed = f->failed || next.failed;
    f->arn->len = before;
}

bool vg_activity_is_pattern(vg_str text)
{
    return vg_str_find_char(text, '*') != VG_NPOS || vg_str_find_char(text, '?') != VG_NPOS ||
           vg_str_find(text, VG_STR("${")) != VG_NPOS;
}

/* A role that a request names has a path in its ARN, which evidence tells. */
static vg_str with_path(const vg_world *world, vg_str arn)
{
    vg_caller role = vg_caller_of(arn);
    const vg_world_principal *known =
        world && role.kind == VG_CALLER_ROLE ? vg_world_role_named(world, role.account, role.name) : NULL;
    return known ? known->arn : arn;
}

static void take_arn(filler *f, vg_str arn)
{
    vg_activity_reader *r = f->reader;
    vg_arn parts;
    arn = with_path(r->options.world, arn);
    if (r->arns.len >= MOST_ARNS || !vg_arn_parse(arn, &parts) ||
        !vg_activity_fits(r->options.catalogue, f->action, arn))
        return;
    *f->unclear = *f->unclear || f->is_pattern;
    for (size_t i = 0; i < r->arns.len; i++)
        if (vg_str_eq(*(vg_str *)vg_vec_at(&r->arns, i), arn))
            return;
    vg_str kept = vg_activity_keep(r, arn), *place = kept.ptr ? vg_vec_push(&r->arns) : NULL;
    f->failed = f->failed || !place;
    if (place)
        *place = kept;
}

static void fill(filler *f)
{
    vg_str text, field, rest;
    const vg_activity_sink sink = {fill_field, f};
    bool has_field = vg_str_split(f->rest, '{', &text, &rest);
    size_t before = f->arn->len;
    vg_buf_add_str(f->arn, text);
    if (!has_field) {
        f->failed = f->failed || f->arn->failed;
        take_arn(f, vg_buf_str(f->arn));
        f->arn->len = before;
        return;
    }
    vg_str_split(rest, '}', &field, &f->rest);
    const struct {
        const char *name;
        vg_str value;
    } known[] = {{"partition", f->reader->options.partition},
                 {"region", f->record->region},
                 {"account", f->record->account}};
    for (size_t i = 0; i < VG_COUNT(known); i++)
        if (vg_str_is(field, known[i].name)) {
            fill_field(f, known[i].value);
            f->arn->len = before;
            return;
        }
    vg_activity_values(f->record, field, &sink);
    f->arn->len = before;
}

static void fill_template(filler *f, const vg_value *template)
{
    if (template->kind == VG_STRING) {
        f->rest = vg_value_str(template);
        fill(f);
    }
    for (vg_items it = vg_items_of(template); vg_items_next(&it);) {
        f->rest = vg_value_str(it.value);
        if (f->rest.len)
            fill(f);
    }
}

/* ---- what the action takes -------------------------------------------------------------------------------------------------------- */

bool vg_activity_fits(const vg_catalogue *catalogue, vg_str action, vg_str arn)
{
    uint32_t id = catalogue ? vg_catalogue_find_action(catalogue, action) : VG_CATALOGUE_NONE;
    if (id == VG_CATALOGUE_NONE)
        return true;
    const vg_catalogue_action *known = vg_catalogue_action_at(catalogue, id);
    for (size_t i = 0; i < known->use_count; i++)
        if (vg_catalogue_resource_fits(catalogue, known->uses[i].resource, arn))
            return true;
    return false;
}

static bool has_type(const vg_activity_reader *r, uint32_t type)
{
    for (size_t i = 0; i < r->arns.len; i++)
        if (vg_catalogue_resource_fits(r->options.catalogue, type, *(vg_str *)vg_vec_at(&r->arns, i)))
            return true;
    return false;
}

/* Whether every type that the action always takes is among the ARNs. */
static bool is_complete(const vg_activity_reader *r, vg_str action)
{
    const vg_catalogue *catalogue = r->options.catalogue;
    uint32_t id = catalogue ? vg_catalogue_find_action(catalogue, action) : VG_CATALOGUE_NONE;
    if (r->arns.len == 0 || id == VG_CATALOGUE_NONE)
        return r->arns.len > 0;
    const vg_catalogue_action *known = vg_catalogue_action_at(catalogue, id);
    for (size_t i = 0; i < known->use_count; i++)
        if (known->uses[i].required && !has_type(r, known->uses[i].resource))
            return false;
    return true;
}

vg_status vg_activity_arns(vg_activity_reader *r, const vg_trail_record *record, vg_str action,
                           const vg_value *const *templates, size_t template_count, vg_error *err)
{
    vg_buf arn = {0};
    vg_str service, name;
    unsigned values = 0;
    bool unclear = false;
    filler f = {
        .reader = r, .record = record, .action = action, .arn = &arn, .values = &values, .unclear = &unclear};
    r->arns.len = 0;
    for (size_t i = 0; i < template_count; i++)
        fill_template(&f, templates[i]);
    for (size_t i = 0; template_count == 0 && i < record->resource_count; i++) {
        f.is_pattern = vg_activity_is_pattern(record->resources[i].arn);
        take_arn(&f, record->resources[i].arn);
    }
    f.is_pattern = false;
    vg_str_split(action, ':', &service, &name);
    if (template_count == 0 && !is_complete(r, action) && vg_get(r->templates.root, service))
        fill_template(&f, vg_get(r->templates.root, service));
    bool is_cut = unclear || r->arns.len >= MOST_ARNS || values > MOST_VALUES ||
                  record->resource_count >= VG_TRAIL_MOST_RESOURCES;
    if (is_cut || !is_complete(r, action))
        r->arns.len = 0;
    vg_buf_free(&arn);
    return f.failed ? no_memory(err) : VG_OK;
}
