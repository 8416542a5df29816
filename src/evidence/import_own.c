/* import_own.c: attestations, what a named person of the organisation says that no export can show.
 *
 * A file holds a list, `attestations`; each entry needs kind, statement, owner, date and expires. Entries that lack one
 * are named and left out; the others are imported. Identity is KIND, or KIND@SCOPE when the scope is not the
 * organisation; the account is that of an `account:ID` scope, else none, so that the order of files changes nothing. */
#include "evidence/import_call.h"

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
}

/* Why an entry cannot be used, or NULL. */
static const char *lacks(const vg_value *entry, vg_time now)
{
    static const char *const needed[] = {"kind", "statement", "owner", "date", "expires"};
    static const char *const messages[] = {"has no kind", "has no statement", "has no owner", "has no date",
                                           "has no expires: an attestation holds for a time"};
    vg_time date, expires;
    for (size_t i = 0; i < VG_COUNT(needed); i++)
        if (!vg_str_trim(vg_get_str(entry, needed[i])).len)
            return messages[i];
    if (!vg_time_parse(vg_get_str(entry, "date"), &date))
        return "has a date that is none, such as 2026-09-01";
    if (!vg_time_parse(vg_get_str(entry, "expires"), &expires))
        return "has an expires that is no date, such as 2027-03-01";
    if (date > now + VG_TIME_DAY)
        return "has a date in the future: nobody vouches for what has not been";
    if (expires < date)
        return "expires before its own date";
    vg_str scope = vg_get_str(entry, "scope");
    bool is_account = vg_str_starts(scope, VG_STR("account:"));
    bool is_workload = vg_str_starts(scope, VG_STR("workload:")) && scope.len > 9;
    if (is_account && !vg_is_account_id(vg_str_sub(scope, 8, VG_NPOS)))
        return "has a scope account: without the 12 digits of one";
    if (scope.len && !is_account && !is_workload && !vg_str_is(scope, "organization"))
        return "has a scope that is none of organization, account:ID, workload:NAME";
    return NULL;
}

static void put_time(vg_json_writer *writer, const char *key, vg_str text)
{
    vg_time time;
    char formatted[VG_TIME_TEXT];
    if (!vg_time_parse(text, &time))
        return;
    vg_time_format(time, formatted);
    vg_json_put_str(writer, key, vg_str_from(formatted));
}

/* The statement as canonical JSON: keys are in byte order, and so are those of the user's own details. */
static vg_str write_statement(vg_arena *arena, const vg_value *entry, vg_str scope)
{
    vg_buf out = {0};
    vg_doc doc;
    const vg_value *details = vg_get(entry, VG_STR("details"));
    vg_json_writer writer = vg_json_writer_to(&out, 0);
    vg_json_object(&writer);
    put_time(&writer, "Date", vg_get_str(entry, "date"));
    if (details && vg_kind_of(details) == VG_OBJECT) {
        vg_json_key(&writer, "Details");
        vg_json_value(&writer, details);
    }
    put_time(&writer, "Expires", vg_get_str(entry, "expires"));
    vg_json_put_str(&writer, "Kind", vg_get_str(entry, "kind"));
    if (vg_get_str(entry, "link").len)
        vg_json_put_str(&writer, "Link", vg_get_str(entry, "link"));
    vg_json_put_str(&writer, "Owner", vg_get_str(entry, "owner"));
    vg_json_put_str(&writer, "Scope", scope);
    vg_json_put_str(&writer, "Statement", vg_get_str(entry, "statement"));
    vg_json_end_object(&writer);
    vg_str text = vg_arena_str(arena, vg_buf_str(&out));
    vg_buf_clear(&out);
    if (text.ptr && vg_json_read(arena, text, VG_STR(""), NULL, &doc, NULL) == VG_OK)
        vg_json_write_canonical(&out, doc.root);
    text = out.failed || !out.len ? (vg_str){0} : vg_arena_str(arena, vg_buf_str(&out));
    vg_buf_free(&out);
    return text;
}

static vg_status emit_statement(vg_arena *arena, const vg_value *entry, import_part *part, vg_error *err)
{
    vg_str kind = vg_get_str(entry, "kind"), scope = vg_get_str(entry, "scope");
    scope = scope.len ? scope : VG_STR("organization");
    bool is_account = vg_str_starts(scope, VG_STR("account:"));
    bool is_organization = vg_str_is(scope, "organization");
    vg_resource *resource = vg_vec_push(&part->resources);
    if (!resource)
        return out_of_memory(err);
    *resource = (vg_resource){
        .type = VG_STR("Vigil::Attestation::Statement"),
        .account = is_account ? vg_str_sub(scope, 8, VG_NPOS) : VG_STR(""),
        .region = VG_STR(""),
        .id = is_organization ? kind : vg_arena_printf(arena, "%.*s@%.*s", VG_ARG(kind), VG_ARG(scope)),
        .name = kind,
        .properties = write_statement(arena, entry, scope),
        .observed = part->call.time,
        .source = part->call.operation->name,
        .origin = part->call.path,
    };
    return resource->properties.ptr ? VG_OK : out_of_memory(err);
}

vg_status import_read_attestations(const import_world *world, vg_arena *arena, import_view_of *view,
                                   import_part *part, vg_error *err)
{
    size_t number = 0;
    part->call.parameter = vg_path_name(part->call.path);
    for (vg_items it = vg_items_of(vg_get(view->levels[0], VG_STR("attestations"))); vg_items_next(&it);) {
        const char *why = lacks(it.value, world->options->now);
        number++;
        if (!why) {
            VG_TRY(emit_statement(arena, it.value, part, err));
            continue;
        }
        part->truncated = true;
        if (!part->reason.len)
            part->reason = vg_arena_printf(arena, "attestation %zu (%.*s) %s", number,
                                           VG_ARG(vg_str_sub(vg_get_str(it.value, "kind"), 0, 60)), why);
    }
    return VG_OK;
}
