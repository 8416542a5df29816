/* fact_sink.c: how facts are written down, and the table of the functions that make them.
 *
 * A fact is a resource like any other: canonical properties, a source ("fact:root"), a time. What is not known is not
 * written, so that a control which needs it is not assessed. */
#include "assess/assess_part.h"

const vg_fact_maker vg_fact_makers[] = {
    {"Vigil::Account::Account", "account", false, vg_make_account},
    {"Vigil::Account::Root", "root", false, vg_make_root},
    {"Vigil::Account::Contacts", "contacts", false, vg_make_contacts},
    {"Vigil::Account::PasswordPolicy", "password-policy", false, vg_make_password_policy},
    {"Vigil::Account::User", "user", false, vg_make_users},
    {"Vigil::Account::MfaRequirement", "mfa-requirement", false, vg_make_mfa_requirement},
    {"Vigil::Account::Access", "access", false, vg_make_access},
    {"Vigil::Account::Exposure", "exposure", false, vg_make_exposure},
    {"Vigil::Account::Escalation", "escalation", false, vg_make_escalation},
    {"Vigil::Account::UnusedAccess", "unused-access", false, vg_make_unused},
    {"Vigil::Account::PolicyLint", "policy-lint", false, vg_make_lint},
    {"Vigil::Account::Guardrails", "guardrails", false, vg_make_guardrails},
    {"Vigil::Region::Services", "services", false, vg_make_services},
    {"Vigil::Account::Trail", "trail", false, vg_make_trail},
    {"Vigil::Account::Findings", "findings", false, vg_make_findings},
    {"Vigil::Organization::Structure", "structure", true, vg_make_structure},
    {"Vigil::Workload::Workload", "workload", true, vg_make_workloads},
    {"Vigil::Attestation::Attestation", "attestation", true, vg_make_attestations},
};
const size_t vg_fact_maker_count = VG_COUNT(vg_fact_makers);

const char *vg_fact_kind(vg_str type)
{
    for (size_t i = 0; i < vg_fact_maker_count; i++)
        if (vg_str_is(type, vg_fact_makers[i].type))
            return vg_fact_makers[i].kind;
    return NULL;
}

vg_fact_sink vg_fact_sink_in(vg_arena *arena)
{
    return (vg_fact_sink){
        .arena = arena,
        .facts = vg_vec_in(arena, sizeof(vg_sighting)),
        .unknown = vg_vec_in(arena, sizeof(vg_str)),
    };
}

void vg_fact_begin(vg_fact_sink *sink, const char *type, vg_str account, vg_str region, vg_str id,
                   vg_str name)
{
    sink->open = (vg_sighting){
        .resource = {.type = vg_str_from(type), .account = account, .region = region, .id = id, .name = name},
        .seen = VG_TIME_NONE,
    };
    sink->builder = vg_builder_new(sink->arena);
    if (!sink->builder)
        sink->failed = true;
    else
        vg_builder_object(sink->builder);
}

void vg_fact_used(vg_fact_sink *sink, const vg_sighting *seen)
{
    if (!seen)
        return;
    bool older = sink->open.seen == VG_TIME_NONE || seen->seen < sink->open.seen;
    if (!older)
        return;
    sink->open.seen = seen->seen;
    sink->open.resource.origin = seen->resource.origin;
}

void vg_fact_bool(vg_fact_sink *sink, const char *key, bool value)
{
    if (sink->builder)
        vg_builder_put_bool(sink->builder, key, value);
}

void vg_fact_answer(vg_fact_sink *sink, const char *key, vg_answer answer)
{
    if (answer != VG_UNKNOWN)
        vg_fact_bool(sink, key, answer == VG_YES);
}

void vg_fact_str(vg_fact_sink *sink, const char *key, vg_str value)
{
    if (sink->builder && value.ptr)
        vg_builder_put_str(sink->builder, key, value);
}

void vg_fact_i64(vg_fact_sink *sink, const char *key, int64_t value)
{
    if (sink->builder)
        vg_builder_put_i64(sink->builder, key, value);
}

void vg_fact_list(vg_fact_sink *sink, const char *key, const vg_vec *strings)
{
    if (!sink->builder)
        return;
    vg_builder_key(sink->builder, vg_str_from(key));
    vg_builder_array(sink->builder);
    for (size_t i = 0; i < strings->len; i++)
        vg_builder_string(sink->builder, *(const vg_str *)vg_vec_at(strings, i));
    vg_builder_end(sink->builder);
}

void vg_fact_value(vg_fact_sink *sink, const char *key, const vg_value *value)
{
    if (sink->builder && value)
        vg_builder_put_value(sink->builder, key, value);
}

/* The canonical text, which history and hashes compare. */
static vg_str canonical(vg_arena *arena, const vg_value *properties)
{
    vg_buf text = {0};
    vg_json_write_canonical(&text, properties);
    vg_str copy = text.failed ? (vg_str){0} : vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return copy;
}

void vg_fact_end(vg_fact_sink *sink)
{
    if (!sink->builder)
        return;
    size_t nodes = 0;
    vg_builder_end(sink->builder);
    vg_status status = vg_builder_finish(sink->builder, &sink->open.properties, &nodes, NULL);
    sink->builder = NULL;
    vg_sighting *fact = status == VG_OK ? vg_vec_push(&sink->facts) : NULL;
    if (!fact) {
        sink->failed = true;
        return;
    }
    *fact = sink->open;
    fact->resource.observed = fact->seen;
    fact->resource.properties = canonical(sink->arena, fact->properties);
    if (!fact->resource.properties.ptr)
        sink->failed = true;
}

void vg_fact_unknown_set(vg_fact_sink *sink, const char *type)
{
    vg_str *unknown = vg_vec_push(&sink->unknown);
    if (unknown)
        *unknown = vg_str_from(type);
    else
        sink->failed = true;
}
