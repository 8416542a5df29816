/* access_name.c: what people call principals, and whom they mean.
 *
 * "role/ci@123456789012" is the resource part of the ARN and the account. Whoever types a name may leave out the path, the
 * kind or the account as long as one principal is left; else they are told which there are. */
#include "access/access.h"

enum { NAMES_SHOWN = 5 };

vg_str vg_access_short_name(vg_arena *arena, vg_str text)
{
    vg_arn arn;
    bool is_iam = vg_arn_parse(text, &arn) && arn.account.len > 0 &&
                  (vg_str_is(arn.service, "iam") || vg_str_is(arn.service, "sts"));
    if (!is_iam)
        return text;
    vg_str name = vg_arena_printf(arena, "%.*s@%.*s", VG_ARG(arn.resource), VG_ARG(arn.account));
    return name.ptr ? name : text;
}

/* ---- matching ---------------------------------------------------------------------------------------------------------- */

static vg_str local_part(const vg_world_principal *p)
{
    vg_arn arn;
    return vg_arn_parse(p->arn, &arn) ? arn.resource : p->arn;
}

/* "role/service/app" answers to itself, to "app", to "role/app" and to "service/app". */
static bool answers_to(const vg_world_principal *p, vg_str name)
{
    vg_str local = local_part(p), kind, rest, typed_kind, typed_name;
    if (vg_str_eq(local, name) || vg_str_eq(p->name, name))
        return true;
    bool is_tail = vg_str_ends(local, name) && name.len > 0 && local.len > name.len &&
                   local.ptr[local.len - name.len - 1] == '/';
    return is_tail ||
           (vg_str_split(local, '/', &kind, &rest) && vg_str_split(name, '/', &typed_kind, &typed_name) &&
            vg_str_eq(kind, typed_kind) && vg_str_eq(p->name, typed_name));
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

/* Letters that must be changed, added or left out; `most` + 1 when it is more. */
static size_t distance(vg_str a, vg_str b, size_t most)
{
    enum { LONGEST = 80 };
    size_t row[LONGEST + 1];
    if (a.len > LONGEST || b.len > LONGEST)
        return most + 1;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t change = diagonal + (lower(a.ptr[i - 1]) != lower(b.ptr[j - 1]));
            size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < other ? change : other;
        }
    }
    return row[b.len];
}

static bool comes_near(const vg_world_principal *p, vg_str name)
{
    size_t slash = vg_str_rfind_char(name, '/');
    vg_str last = slash == VG_NPOS ? name : vg_str_sub(name, slash + 1, VG_NPOS);
    size_t most = 1 + last.len / 4;
    return (last.len >= 3 && vg_str_find(p->name, last) != VG_NPOS) || distance(p->name, last, most) <= most;
}

/* ---- asking ------------------------------------------------------------------------------------------------------------ */

typedef struct {
    vg_arena *arena;
    vg_buf names;
    size_t count;
} shown;

static void show(shown *s, const vg_world_principal *p)
{
    if (s->count++ >= NAMES_SHOWN)
        return;
    if (s->count > 1)
        vg_buf_add_c(&s->names, ", ");
    vg_buf_add_str(&s->names, vg_access_short_name(s->arena, p->arn));
}

static vg_status not_found(const vg_world *world, vg_arena *arena, vg_str text, vg_str name, vg_error *err)
{
    shown s = {.arena = arena};
    for (size_t i = 0; i < world->principal_count && s.count < NAMES_SHOWN; i++)
        if (comes_near(&world->principals[i], name))
            show(&s, &world->principals[i]);
    vg_status status =
        s.count
            ? vg_fail(err, VG_ERR_NOT_FOUND, "no principal %.*s in the evidence; did you mean %.*s?",
                      VG_ARG(vg_str_sub(text, 0, 150)), VG_ARG(vg_buf_str(&s.names)))
            : vg_fail(
                  err, VG_ERR_NOT_FOUND,
                  "no principal %.*s in the evidence; 'vigil evidence list --type AWS::IAM::*' shows those "
                  "that were collected",
                  VG_ARG(vg_str_sub(text, 0, 150)));
    vg_buf_free(&s.names);
    return status;
}

static vg_status ambiguous(const vg_world *world, vg_arena *arena, vg_str text, vg_str name, vg_str account,
                           vg_error *err)
{
    shown s = {.arena = arena};
    for (size_t i = 0; i < world->principal_count; i++) {
        const vg_world_principal *p = &world->principals[i];
        if (answers_to(p, name) && (account.len == 0 || vg_str_eq(p->account_id, account)))
            show(&s, p);
    }
    vg_status status = vg_fail(err, VG_ERR_VALUE, "%.*s may be any of %zu principals: %.*s%s",
                               VG_ARG(vg_str_sub(text, 0, 150)), s.count, VG_ARG(vg_buf_str(&s.names)),
                               s.count > NAMES_SHOWN ? ", ..." : "");
    vg_buf_free(&s.names);
    return status;
}

static vg_status find_name(const vg_world *world, vg_arena *arena, vg_str text, vg_world_caller *out,
                           vg_error *err)
{
    vg_str name = text, account = {0};
    size_t at = vg_str_rfind_char(text, '@'), found = 0;
    if (at != VG_NPOS && vg_is_account_id(vg_str_sub(text, at + 1, VG_NPOS))) {
        name = vg_str_sub(text, 0, at);
        account = vg_str_sub(text, at + 1, VG_NPOS);
    }
    for (size_t i = 0; i < world->principal_count; i++) {
        const vg_world_principal *p = &world->principals[i];
        if (!answers_to(p, name) || (account.len > 0 && !vg_str_eq(p->account_id, account)))
            continue;
        *out = vg_world_caller_at(world, (uint32_t)i);
        found++;
    }
    if (found == 1)
        return VG_OK;
    return found ? ambiguous(world, arena, text, name, account, err)
                 : not_found(world, arena, text, name, err);
}

/* Whether the account's principals are in the evidence, so that one that is not there does not exist. */
static bool is_collected(const vg_world_caller *caller)
{
    return caller->account && caller->account->principal_count > 1;
}

vg_status vg_access_find_caller(const vg_world *world, vg_arena *arena, vg_str text, vg_world_caller *out,
                                vg_error *err)
{
    *out = vg_world_caller_of(world, text);
    vg_caller_kind kind = out->caller.kind;
    if (out->principal) {
        if (kind == VG_CALLER_UNKNOWN) /* a unique id or an account's */
            *out = vg_world_caller_at(world, (uint32_t)(out->principal - world->principals));
        return VG_OK;
    }
    bool is_iam = kind == VG_CALLER_USER || kind == VG_CALLER_ROLE || kind == VG_CALLER_ROLE_SESSION;
    if (kind != VG_CALLER_UNKNOWN)
        return is_iam && is_collected(out) ? not_found(world, arena, text, out->caller.name, err) : VG_OK;
    return find_name(world, arena, text, out, err);
}
