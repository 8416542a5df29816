/* iam_pairs.c: `vigil iam compare --pairs`: many changes at once, one JSON object a line, answered in their order.
 *
 * Lines are compared by all processors, some hundreds at a time. A line that cannot be read, or a policy that AWS would
 * refuse, costs itself: its answer is maybe with the reason, stderr says where, and the exit code is 3. */
#include <errno.h>

#include "cli/cli_parts.h"
#include "cli/iam_pairs.h"

enum { LINES = 512, BLOCK = 1 << 20, MOST = 1 << 30 };

typedef struct {
    vg_str text;
    uint32_t number;
    vg_buf answer;
    vg_error error; /* code VG_OK: nothing to report */
    vg_compare_result result;
} line_work;

typedef struct {
    vg_str file;
    const vg_policy_kind *kind;
    line_work *lines;
} batch;

/* ---- kinds ----------------------------------------------------------------------------------------------------------- */

static bool is_trust(const vg_policy_document *policy)
{
    for (size_t i = 0; i < policy->statement_count; i++) {
        const vg_statement *s = &policy->statements[i];
        if (s->has_resource || s->action_count == 0)
            return false;
        for (size_t a = 0; a < s->action_count; a++)
            if (!vg_str_eq_icase(vg_str_sub(s->actions[a], 0, 4), VG_STR("sts:")))
                return false;
    }
    return policy->statement_count > 0;
}

static bool names_principals(const vg_policy_document *policy)
{
    for (size_t i = 0; i < policy->statement_count; i++)
        if (policy->statements[i].has_principal)
            return true;
    return false;
}

vg_policy_kind vg_iam_guess_kind(const vg_policy_document *old_policy, const vg_policy_document *new_policy)
{
    if (!names_principals(old_policy) && !names_principals(new_policy))
        return VG_POLICY_IDENTITY;
    return is_trust(old_policy) && is_trust(new_policy) ? VG_POLICY_TRUST : VG_POLICY_RESOURCE;
}

/* ---- answers --------------------------------------------------------------------------------------------------------- */

static void write_context(vg_json_writer *w, const vg_comparison *comparison)
{
    vg_json_key(w, "contextVariables");
    vg_json_object(w);
    for (size_t i = 0; i < comparison->context_count; i++) {
        const vg_context_entry *entry = &comparison->context[i];
        vg_json_key_str(w, entry->key);
        if (entry->multi)
            vg_json_array(w);
        for (uint32_t v = 0; v < entry->value_count; v++)
            vg_json_string(w, entry->values[v]);
        if (entry->multi)
            vg_json_end_array(w);
    }
    vg_json_end_object(w);
}

void vg_iam_write_witness(vg_json_writer *w, const vg_comparison *comparison)
{
    vg_json_key(w, "witness");
    if (comparison->result != VG_COMPARE_YES) {
        vg_json_null(w);
        return;
    }
    vg_json_object(w);
    vg_json_put_str(w, "principal", comparison->principal);
    vg_json_put_str(w, "action", comparison->action);
    vg_json_key(w, "resource");
    vg_json_object(w);
    vg_json_put_str(w, "resource", comparison->resource);
    vg_json_put_str(w, "accountId", comparison->resource_account);
    vg_json_end_object(w);
    write_context(w, comparison);
    if (comparison->wildcard_only_action) {
        vg_json_key(w, "wildcardOnlyAction");
        vg_json_bool(w, true);
    }
    vg_json_end_object(w);
}

static void write_answer(line_work *work, const vg_value *id, const vg_comparison *comparison,
                         const char *reason)
{
    vg_json_writer w = vg_json_writer_to(&work->answer, 0);
    vg_json_object(&w);
    vg_json_key(&w, "id");
    if (id)
        vg_json_value(&w, id);
    else
        vg_json_null(&w);
    vg_json_put_str(&w, "result", vg_str_from(vg_compare_result_name(comparison->result)));
    vg_iam_write_witness(&w, comparison);
    if (reason)
        vg_json_put_str(&w, "reason", vg_str_from(reason));
    vg_json_end_object(&w);
    vg_buf_add_char(&work->answer, '\n');
    work->result = comparison->result;
}

/* ---- a line ---------------------------------------------------------------------------------------------------------- */

/* A policy of the line: an object, or a string that holds JSON. */
static vg_status read_policy(vg_arena *arena, const vg_doc *doc, const char *key, vg_policy_kind kind,
                             vg_policy_document *out, vg_error *err)
{
    const vg_value *value = vg_get(doc->root, vg_str_from(key));
    if (!value)
        return vg_fail(err, VG_ERR_VALUE, "the pair has no \"%s\"", key);
    if (value->kind == VG_STRING)
        return vg_policy_read_text(arena, vg_value_str(value), kind, vg_str_from(key), out, err);
    return vg_policy_read(arena, doc, value, kind, vg_str_from(key), out, err);
}

static vg_status read_pair(vg_arena *arena, const batch *b, const vg_doc *doc, vg_policy_document pair[2],
                           vg_error *err)
{
    static const char *const keys[] = {"old", "new"};
    vg_policy_kind kind = b->kind ? *b->kind : VG_POLICY_IDENTITY;
    vg_str named = vg_get_str(doc->root, "kind");
    bool given = b->kind != NULL;
    if (named.ptr && !given) {
        given = vg_policy_kind_parse(named, &kind);
        if (!given)
            return vg_fail(err, VG_ERR_VALUE, "no kind of policy is named '%.*s'",
                           VG_ARG(vg_str_sub(named, 0, 40)));
    }
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 2; i++)
            VG_TRY(read_policy(arena, doc, keys[i], kind, &pair[i], err));
        vg_policy_kind guess = given ? kind : vg_iam_guess_kind(&pair[0], &pair[1]);
        if (guess == kind)
            break;
        kind = guess;
    }
    return VG_OK;
}

static vg_status compare_line(const batch *b, line_work *work, vg_arena *arena)
{
    vg_doc doc;
    vg_policy_document pair[2];
    vg_comparison comparison = {.result = VG_COMPARE_MAYBE};
    VG_TRY(vg_json_read(arena, work->text, b->file, NULL, &doc, &work->error));
    const vg_value *id = vg_get(doc.root, VG_STR("id"));
    vg_status status = read_pair(arena, b, &doc, pair, &work->error);
    if (status == VG_OK)
        status = vg_policy_compare(arena, &pair[0], &pair[1], &comparison, &work->error);
    if (status == VG_OK) {
        write_answer(work, id, &comparison, comparison.reason);
        return VG_OK;
    }
    comparison.result = VG_COMPARE_MAYBE;
    write_answer(work, id, &comparison, work->error.message);
    return status;
}

static void compare_one(void *context, size_t i)
{
    batch *b = context;
    line_work *work = &b->lines[i];
    vg_buf_clear(&work->answer);
    work->error = (vg_error){0};
    work->result = VG_COMPARE_NO;
    if (vg_str_trim(work->text).len == 0)
        return;
    vg_arena *arena = vg_arena_new(0);
    if (!arena)
        vg_fail(&work->error, VG_ERR_MEMORY, "memory ran out");
    else if (compare_line(b, work, arena) != VG_OK) {
        /* Its own lines count from the first of this line's text. */
        work->error.place.line = 0;
        vg_error_locate(&work->error, (vg_place){b->file, work->number, work->error.place.column});
        work->error.place.line = work->number;
    }
    vg_arena_free(arena);
}

static void compare_lines(vg_cli *cli, batch *b, size_t count)
{
    vg_parallel(cli->threads, count, compare_one, b);
    for (size_t i = 0; i < count; i++) {
        const line_work *work = &b->lines[i];
        if (work->error.code != VG_OK)
            vg_cli_error(cli, &work->error);
        else if (work->result == VG_COMPARE_MAYBE)
            vg_cli_note(cli, VG_EXIT_PARTIAL);
        else if (work->result == VG_COMPARE_YES)
            vg_cli_note(cli, VG_EXIT_FINDINGS);
        vg_cli_print(cli, vg_buf_str(&work->answer));
    }
}

/* ---- the file -------------------------------------------------------------------------------------------------------- */

static vg_status read_all(FILE *in, vg_buf *buf, vg_error *err)
{
    for (size_t n = 1; n;) {
        if (buf->len > MOST)
            return vg_fail(err, VG_ERR_LIMIT, "the pairs are more than %d MB", MOST >> 20);
        if (!vg_buf_reserve(buf, BLOCK))
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
        n = fread(buf->ptr + buf->len, 1, BLOCK, in);
        buf->len += n;
    }
    return ferror(in) ? vg_fail_errno(err, errno, "the pairs could not be read") : VG_OK;
}

static void compare_text(vg_cli *cli, batch *b, vg_str text)
{
    uint32_t number = 0;
    for (bool more = true; more;) {
        size_t count = 0;
        while (count < LINES && (more = vg_str_next(&text, '\n', &b->lines[count].text)))
            b->lines[count++].number = ++number;
        compare_lines(cli, b, count);
    }
}

static vg_status compare_file(vg_cli *cli, batch *b, vg_str path, vg_error *err)
{
    vg_buf text = {0};
    b->lines = VG_NEW_N(cli->arena, line_work, LINES);
    if (!b->lines)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    bool is_file = !vg_str_is(path, "-");
    FILE *file = is_file ? fopen(path.ptr, "rb") : NULL;
    if (is_file && !file)
        return vg_fail_errno(err, errno, "%.*s cannot be opened", VG_ARG(path));
    vg_status status = read_all(is_file ? file : cli->in, &text, err);
    if (file)
        fclose(file);
    if (status == VG_OK)
        compare_text(cli, b, vg_buf_str(&text));
    for (size_t i = 0; i < LINES; i++)
        vg_buf_free(&b->lines[i].answer);
    vg_buf_free(&text);
    return status;
}

int vg_iam_compare_pairs(vg_cli *cli, vg_str path, const vg_policy_kind *kind)
{
    vg_error err = {0};
    batch b = {.file = vg_str_is(path, "-") ? VG_STR("standard input") : path, .kind = kind};
    return compare_file(cli, &b, path, &err) == VG_OK ? VG_EXIT_OK : (int)vg_cli_error(cli, &err);
}
