/* world_text.h: a world from a few lines of JSON, for tests of what is asked over worlds.
 *
 *     {"organization": "o-1", "management": "111111111111",
 *      "accounts":   {"222222222222": {"path": "o-1/r-1/ou-1/", "scps": [[DOC, ...], [DOC]], "rcps": [...]}},
 *      "principals": {"arn:...:role/r": {"identity": [DOC, ...], "boundary": DOC, "trust": DOC, "tags": {"k": "v"}}},
 *      "resources":  {"arn:aws:s3:::b": {"type": "AWS::S3::Bucket", "account": "...", "policy": DOC, "tags": {...}}}}
 *
 * A principal may have "managed" and "in" (ARNs of policies and groups), a resource "runs_as" (a role's ARN); "groups" are
 * {ARN: {"identity": [DOC]}}, "profiles" {ARN: role's ARN}. An account without "scps" has none; "path" puts it into the organisation. "unknown" in the place of a document makes its
 * layer UNKNOWN. */
#ifndef VIGIL_TEST_WORLD_TEXT_H
#define VIGIL_TEST_WORLD_TEXT_H

#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>

static inline void world_check(vg_status status, const vg_error *err, const char *what)
{
    char text[1024];
    if (status == VG_OK)
        return;
    vg_error_format(err, text, sizeof text);
    fprintf(stderr, "%s: %s\n", what, text);
    abort();
}
#define WORLD_OK(call) world_check((call), err, #call)

/* The catalogue that is built in. */
static inline const vg_catalogue *world_catalogue(vg_arena *arena)
{
    vg_error err[1] = {{0}};
    vg_str text;
    const vg_catalogue *catalogue;
    WORLD_OK(
        vg_file_read(arena, VG_STR(VIGIL_SOURCE_DIR "/content/catalogue/actions.txt"), 1 << 24, &text, err));
    WORLD_OK(vg_catalogue_open(arena, text, &catalogue, err));
    return catalogue;
}

static inline const vg_policy *world_policy(vg_world_builder *b, const vg_doc *doc, const vg_value *value,
                                            vg_policy_kind kind, vg_str name)
{
    vg_error err[1] = {{0}};
    const vg_policy *policy = NULL;
    if (value->kind == VG_OBJECT)
        WORLD_OK(vg_world_policy_value(b, VG_STR(""), kind, name, doc, value, &policy, err));
    return policy;
}

/* A document, or a list of them. */
static inline vg_layer world_layer(vg_world_builder *b, vg_arena *arena, const vg_doc *doc,
                                   const vg_value *value, vg_policy_kind kind, vg_str name)
{
    vg_error err[1] = {{0}};
    vg_layer layer = {.state = VG_LAYER_NONE};
    if (!value)
        return layer;
    const vg_policy **policies = VG_NEW_N(arena, const vg_policy *, vg_value_count(value) + 1);
    size_t count = 0;
    if (value->kind == VG_ARRAY)
        for (vg_items it = vg_items_of(value); vg_items_next(&it);)
            policies[count++] = world_policy(b, doc, it.value, kind, name);
    else
        policies[count++] = world_policy(b, doc, value, kind, name);
    WORLD_OK(vg_world_layer(b, policies, count, name, &layer, err));
    return layer;
}

static inline const vg_layer *world_levels(vg_world_builder *b, vg_arena *arena, const vg_doc *doc,
                                           const vg_value *value, vg_policy_kind kind, size_t *count)
{
    vg_layer *levels = VG_NEW_N(arena, vg_layer, (value ? vg_value_count(value) : 0) + 1);
    *count = 0;
    for (vg_items it = vg_items_of(value); vg_items_next(&it);)
        levels[(*count)++] = world_layer(b, arena, doc, it.value, kind, VG_STR("level"));
    return levels;
}

static inline const vg_world_tag *world_tags(vg_arena *arena, const vg_value *value, size_t *count)
{
    vg_world_tag *tags = VG_NEW_N(arena, vg_world_tag, (value ? vg_value_count(value) : 0) + 1);
    *count = 0;
    for (vg_items it = vg_items_of(value); vg_items_next(&it);)
        tags[(*count)++] = (vg_world_tag){it.key, vg_value_str(it.value)};
    return tags;
}

static inline vg_str world_account_in(vg_str arn)
{
    vg_arn parsed;
    return vg_arn_parse(arn, &parsed) ? parsed.account : (vg_str){0};
}

static inline const vg_str *world_texts(vg_arena *arena, const vg_value *value, size_t *count)
{
    vg_str *texts = VG_NEW_N(arena, vg_str, (value ? vg_value_count(value) : 0) + 1);
    *count = 0;
    for (vg_items it = vg_items_of(value); vg_items_next(&it);)
        texts[(*count)++] = vg_value_str(it.value);
    return texts;
}

static inline void world_groups(vg_world_builder *b, vg_arena *arena, const vg_doc *doc)
{
    vg_error err[1] = {{0}};
    for (vg_items it = vg_items_of(vg_get(doc->root, VG_STR("groups"))); vg_items_next(&it);) {
        vg_world_group g = {.arn = it.key, .account_id = world_account_in(it.key)};
        g.identity =
            world_layer(b, arena, doc, vg_get(it.value, VG_STR("identity")), VG_POLICY_IDENTITY, it.key);
        g.managed = world_texts(arena, vg_get(it.value, VG_STR("managed")), &g.managed_count);
        WORLD_OK(vg_world_add_group(b, &g, err));
    }
    for (vg_items it = vg_items_of(vg_get(doc->root, VG_STR("policies"))); vg_items_next(&it);)
        WORLD_OK(vg_world_add_managed(b, it.key, world_account_in(it.key), doc, it.value, err));
    for (vg_items it = vg_items_of(vg_get(doc->root, VG_STR("profiles"))); vg_items_next(&it);) {
        vg_str *role = VG_NEW(arena, vg_str);
        *role = vg_value_str(it.value);
        const vg_world_instance_profile profile = {
            .arn = it.key, .account_id = world_account_in(it.key), .roles = role, .role_count = 1};
        WORLD_OK(vg_world_add_instance_profile(b, &profile, err));
    }
}

static inline const vg_world *world_of_text(vg_arena *arena, const vg_catalogue *catalogue, vg_str text)
{
    vg_error err[1] = {{0}};
    vg_doc *doc = VG_NEW(arena, vg_doc);
    const vg_world *world;
    WORLD_OK(vg_json_read(arena, text, VG_STR("world.json"), NULL, doc, err));
    vg_world_builder *b = vg_world_builder_new(arena, catalogue);
    vg_world_builder_organization(b, vg_get_str(doc->root, "organization"),
                                  vg_get_str(doc->root, "management"));
    for (vg_items it = vg_items_of(vg_get(doc->root, VG_STR("accounts"))); vg_items_next(&it);) {
        vg_world_account a = {.id = it.key, .org_path = vg_get_str(it.value, "path")};
        a.in_organization = a.org_path.len > 0;
        a.standalone = vg_get_bool(it.value, "standalone", false);
        a.scps = world_levels(b, arena, doc, vg_get(it.value, VG_STR("scps")), VG_POLICY_SCP, &a.scp_count);
        a.rcps = world_levels(b, arena, doc, vg_get(it.value, VG_STR("rcps")), VG_POLICY_RCP, &a.rcp_count);
        WORLD_OK(vg_world_add_account(b, &a, err));
    }
    for (vg_items it = vg_items_of(vg_get(doc->root, VG_STR("principals"))); vg_items_next(&it);) {
        const vg_value *identity = vg_get(it.value, VG_STR("identity"));
        vg_world_principal p = {.arn = it.key, .account_id = world_account_in(it.key)};
        p.name = vg_str_sub(it.key, vg_str_rfind_char(it.key, '/') + 1, VG_NPOS);
        p.unique_id = vg_get_str(it.value, "id");
        p.identity = world_layer(b, arena, doc, identity, VG_POLICY_IDENTITY, p.name);
        if (!identity)
            p.identity.state = VG_LAYER_KNOWN;
        p.boundary =
            world_layer(b, arena, doc, vg_get(it.value, VG_STR("boundary")), VG_POLICY_BOUNDARY, p.name);
        p.boundary_arn = vg_get_str(it.value, "boundary_arn");
        p.trust = world_layer(b, arena, doc, vg_get(it.value, VG_STR("trust")), VG_POLICY_TRUST, p.name);
        p.tags = world_tags(arena, vg_get(it.value, VG_STR("tags")), &p.tag_count);
        p.managed = world_texts(arena, vg_get(it.value, VG_STR("managed")), &p.managed_count);
        p.groups = world_texts(arena, vg_get(it.value, VG_STR("in")), &p.group_count);
        WORLD_OK(vg_world_add_principal(b, &p, err));
    }
    for (vg_items it = vg_items_of(vg_get(doc->root, VG_STR("resources"))); vg_items_next(&it);) {
        vg_world_resource r = {.arn = it.key, .type = vg_get_str(it.value, "type")};
        vg_str account = vg_get_str(it.value, "account");
        r.account_id = account.len ? account : world_account_in(it.key);
        r.behind = vg_get_str(it.value, "behind");
        r.runs_as = vg_get_str(it.value, "runs_as");
        r.policy = world_layer(b, arena, doc, vg_get(it.value, VG_STR("policy")), VG_POLICY_RESOURCE, it.key);
        r.tags = world_tags(arena, vg_get(it.value, VG_STR("tags")), &r.tag_count);
        WORLD_OK(vg_world_add_resource(b, &r, err));
    }
    world_groups(b, arena, doc);
    WORLD_OK(vg_world_finish(b, &world, err));
    return world;
}

/* Text with ' for ", as tests write JSON. */
static inline vg_str world_quotes(vg_arena *arena, const char *text)
{
    vg_str copy = vg_arena_str(arena, vg_str_from(text));
    for (char *c = (char *)copy.ptr; *c; c++)
        if (*c == '\'')
            *c = '"';
    return copy;
}

#endif
