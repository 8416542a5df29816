/* fuzz_compare.c: two policies, one behind the other with a NUL byte between, compared both ways, and the first minified.
 *
 * Reading them must not fail, whatever they are; comparing must end within its work; nothing is new in a policy compared
 * with itself; a yes must be one that the engine confirms by itself, on the policies as a whole; and what the minifier
 * prints must read again. The first byte chooses the kind. */
#include "policy/policy.h"

#include <stdlib.h>

static bool read_policy(vg_arena *arena, vg_str text, vg_policy_kind kind, vg_policy_document *out)
{
    vg_error err;
    if (vg_policy_read_text(arena, text, kind, VG_STR("f"), out, &err) != VG_OK)
        abort();
    return out->issue_count == 0;
}

/* Identity policies alone: their layers need nothing beside them. */
static void check_witness(vg_arena *arena, const vg_policy_document *old_policy,
                          const vg_policy_document *new_policy, const vg_comparison *c)
{
    const vg_policy_document *const both[2] = {old_policy, new_policy};
    vg_str service = vg_str_sub(c->action, 0, 4);
    if (new_policy->kind != VG_POLICY_IDENTITY || vg_str_eq_icase(service, VG_STR("sts:")) ||
        vg_str_eq_icase(service, VG_STR("kms:")) || vg_str_find(c->resource, VG_STR(":kms:")) != VG_NPOS)
        return;
    for (size_t i = 0; i < 2; i++) {
        const vg_policy *policy;
        vg_error err;
        if (vg_policy_compile(arena, both[i], NULL, &policy, &err) != VG_OK)
            abort();
        vg_request request = {.caller = vg_caller_of(c->principal),
                              .action = c->action,
                              .resource = c->resource,
                              .resource_account = c->resource_account,
                              .context = c->context,
                              .context_count = c->context_count,
                              .wildcard_only_action = c->wildcard_only_action};
        vg_layers layers = {.identity = {.state = VG_LAYER_KNOWN, .policies = &policy, .count = 1}};
        if ((vg_policy_decide(&request, &layers).result == VG_ALLOWED) != (i == 1))
            abort();
    }
}

static void compare(vg_arena *arena, const vg_policy_document *old_policy,
                    const vg_policy_document *new_policy)
{
    vg_comparison c;
    vg_error err;
    vg_status status = vg_policy_compare(arena, old_policy, new_policy, &c, &err);
    if (status != VG_OK && status != VG_ERR_MEMORY)
        abort();
    if (status == VG_OK && c.result == VG_COMPARE_YES)
        check_witness(arena, old_policy, new_policy, &c);
    if (old_policy == new_policy && status == VG_OK && c.result == VG_COMPARE_YES)
        abort();
}

static void minify(vg_arena *arena, const vg_policy_document *policy)
{
    vg_minified m;
    vg_policy_document again;
    vg_error err;
    if (vg_policy_minify(arena, policy, NULL, &m, &err) == VG_OK &&
        !read_policy(arena, m.text, policy->kind, &again))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    vg_str rest = vg_str_of((const char *)bytes, size), old_text, new_text;
    vg_policy_document old_policy, new_policy;
    if (size == 0 || size > 1 << 16)
        return 0;
    vg_policy_kind kind = (vg_policy_kind)(bytes[0] % (VG_POLICY_RCP + 1));
    rest = vg_str_sub(rest, 1, rest.len);
    vg_str_split(rest, '\0', &old_text, &new_text);
    vg_arena *arena = vg_arena_new(512u << 20);
    bool old_fine = read_policy(arena, old_text, kind, &old_policy);
    bool new_fine = read_policy(arena, new_text, kind, &new_policy);
    if (old_fine) {
        compare(arena, &old_policy, &old_policy);
        minify(arena, &old_policy);
    }
    if (old_fine && new_fine) {
        compare(arena, &old_policy, &new_policy);
        compare(arena, &new_policy, &old_policy);
    }
    vg_arena_free(arena);
    return 0;
}
