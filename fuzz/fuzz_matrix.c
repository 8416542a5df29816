/* fuzz_matrix.c: the matrix of any policies, beside the plain engine.
 *
 * The input is two documents with a NUL byte between them: identity policy and boundary of a role; without a NUL, the first
 * alone. Laying them out and joining them must come to an end in bounded memory, and no cell may say less than the engine
 * decides: where the engine allows an action on a fresh ARN of one of its types, the cell is some or all; where it cannot
 * tell, the cell is not none; and where the cell is all, the engine allows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

#define ACCOUNT "222222222222"

static const vg_catalogue *catalogue_of(void)
{
    static vg_arena *arena;
    static const vg_catalogue *catalogue;
    vg_str text;
    if (arena)
        return catalogue;
    arena = vg_arena_new(0);
    const char *given = getenv("VIGIL_CATALOGUE");
    vg_str path = given ? vg_str_from(given) : VG_STR(VIGIL_SOURCE_DIR "/content/catalogue/actions.txt");
    if (vg_file_read(arena, path, 64 << 20, &text, NULL) != VG_OK ||
        vg_catalogue_open(arena, text, &catalogue, NULL) != VG_OK)
        catalogue = NULL;
    return catalogue;
}

static vg_status role_world(vg_arena *arena, vg_str first, vg_str second, const vg_world **out)
{
    vg_world_builder *b = vg_world_builder_new(arena, catalogue_of());
    const vg_policy *identity, *boundary = NULL;
    vg_world_principal role = {.arn = VG_STR("arn:aws:iam::" ACCOUNT ":role/app"),
                               .account_id = VG_STR(ACCOUNT)};
    vg_world_account account = {.id = VG_STR(ACCOUNT), .standalone = true};
    VG_TRY(vg_world_add_account(b, &account, NULL));
    VG_TRY(vg_world_policy_text(b, VG_STR(""), VG_POLICY_IDENTITY, VG_STR("i"), first, &identity, NULL));
    VG_TRY(vg_world_layer(b, &identity, 1, VG_STR(""), &role.identity, NULL));
    if (second.len > 0) {
        VG_TRY(vg_world_policy_text(b, VG_STR(""), VG_POLICY_BOUNDARY, VG_STR("b"), second, &boundary, NULL));
        VG_TRY(vg_world_layer(b, &boundary, 1, VG_STR(""), &role.boundary, NULL));
    }
    VG_TRY(vg_world_add_principal(b, &role, NULL));
    return vg_world_finish(b, out, NULL);
}

/* An ARN of a type: its variables filled with what hardly any pattern names. */
static vg_str fresh_arn(vg_str template, char out[512])
{
    size_t len = 0;
    for (size_t i = 0; i < template.len && len < 480;) {
        vg_str rest = vg_str_sub(template, i, VG_NPOS);
        size_t end = vg_str_starts(rest, VG_STR("${")) ? vg_str_find_char(rest, '}') : VG_NPOS;
        if (end == VG_NPOS) {
            out[len++] = template.ptr[i++];
            continue;
        }
        vg_str name = vg_str_sub(rest, 2, end - 2);
        const char *put = vg_str_is(name, "Partition") ? "aws"
                          : vg_str_is(name, "Account") ? ACCOUNT
                                                       : "zq-9";
        memcpy(out + len, put, strlen(put));
        len += strlen(put);
        i += end + 1;
    }
    return vg_str_of(out, len);
}

static void check_cell(const vg_world *world, const vg_world_principal *role, uint32_t action, vg_cell cell)
{
    static vg_world_scratch scratch;
    const vg_catalogue_action *a = vg_catalogue_action_at(world->catalogue, action);
    vg_world_caller caller = vg_world_caller_of(world, role->arn);
    vg_world_target none = vg_world_target_of(world, VG_STR("*"));
    const vg_layers layers = {.identity = role->identity, .boundary = role->boundary};
    char text[512];
    for (uint32_t u = 0; u < (a->use_count ? a->use_count : 1); u++) {
        vg_request request;
        vg_world_request(world, &caller, &none, a->name, NULL, 0, &scratch, &request);
        request.resource_account = role->account_id;
        if (a->use_count)
            request.resource =
                fresh_arn(vg_catalogue_resource_at(world->catalogue, a->uses[u].resource)->arns[0], text);
        vg_decision_result result = vg_policy_decide(&request, &layers).result;
        if ((result == VG_ALLOWED && cell < VG_CELL_SOME) ||
            (result == VG_DECISION_UNKNOWN && cell == VG_CELL_NONE) ||
            (cell == VG_CELL_ALL && result != VG_ALLOWED)) {
            fprintf(stderr, "%.*s on %.*s: %s, the cell %s\n", VG_ARG(a->name), VG_ARG(request.resource),
                    vg_decision_name(result), vg_cell_name(cell));
            abort();
        }
    }
}

/* Keys and roles ask for policies of the resource as well, which the matrix does not look at. */
static bool needs_resource_policy(vg_str name)
{
    return vg_str_starts(name, VG_STR("kms:")) || vg_str_starts(name, VG_STR("sts:")) ||
           vg_str_starts(name, VG_STR("iam:"));
}

static void check_world(vg_arena *arena, const vg_world *world, uint32_t seed)
{
    const vg_matrix *matrix;
    uint32_t role = (uint32_t)(vg_world_principal_of(world, VG_STR("arn:aws:iam::" ACCOUNT ":role/app")) -
                               world->principals);
    uint32_t actions = (uint32_t)vg_catalogue_origin_of(world->catalogue)->action_count;
    if (vg_matrix_build_for(arena, world, &role, 1, false, &matrix, NULL) != VG_OK)
        return;
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t action = (seed * 2654435761u + i * 347) % actions;
        if (!needs_resource_policy(vg_catalogue_action_at(world->catalogue, action)->name))
            check_cell(world, &world->principals[role], action, vg_matrix_cell(matrix, 0, action));
    }
    for (vg_cell cell = VG_CELL_CONDITIONAL; cell <= VG_CELL_ALL; cell++) {
        vg_action_set set = vg_matrix_actions(matrix, 0, cell);
        uint32_t action = vg_action_set_next(&set, 0);
        for (uint32_t i = 0; i < 64 && action != VG_CATALOGUE_NONE;
             i++, action = vg_action_set_next(&set, action + 1))
            if (!needs_resource_policy(vg_catalogue_action_at(world->catalogue, action)->name))
                check_cell(world, &world->principals[role], action, cell);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vg_str input = vg_str_of((const char *)data, size), first, second;
    const vg_world *world;
    vg_str_split(input, '\0', &first, &second);
    if (!catalogue_of())
        return 0;
    vg_arena *arena = vg_arena_new(512 << 20);
    if (role_world(arena, first, second, &world) == VG_OK)
        check_world(arena, world, (uint32_t)size);
    vg_arena_free(arena);
    return 0;
}
