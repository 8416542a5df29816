/* iam_requests.c: `vigil iam can --requests`: a batch of requests, each with its policies, decided line by line.
 *
 * The file is read in blocks and a line at a time, so its size is bounded by its longest line alone. Lines are decided by
 * all processors, some thousands at a time, and answered in their order. A line that is no request costs itself: its
 * error goes to stderr with its number, and the exit code says that something was not read. */
#include <errno.h>
#include <stdlib.h>

#include "cli/cli_parts.h"
#include "cli/iam_parts.h"

enum { LINES = 512, BLOCK = 1 << 20, LONGEST = 256 << 20 };

/* One line, and what became of it. */
typedef struct {
    vg_str text;
    uint32_t number;
    vg_buf answer;
    vg_error error; /* code VG_OK: answered */
} line_work;

typedef struct {
    const vg_catalogue *catalogue;
    const vg_str *rcp_services;
    size_t rcp_service_count;
    vg_str file;
    line_work *lines;
} batch;

/* ---- answers -------------------------------------------------------------------------------------------------------- */

static void write_issue(vg_json_writer *w, const vg_policy_document *document, const vg_policy_issue *issue)
{
    vg_json_object(w);
    vg_json_put_str(w, "policy", document->name);
    if (issue->statement != UINT32_MAX)
        vg_json_put_i64(w, "statement", issue->statement);
    vg_json_put_str(w, "code", vg_str_from(issue->code));
    vg_json_put_i64(w, "column", issue->place.column);
    vg_json_put_str(w, "message", vg_str_from(issue->message));
    vg_json_end_object(w);
}

static void write_invalid(vg_json_writer *w, const vg_policy_case *one)
{
    bool any = false;
    for (size_t d = 0; d < one->document_count; d++)
        any |= one->documents[d]->issue_count > 0;
    if (!any)
        return;
    vg_json_key(w, "invalid");
    vg_json_array(w);
    for (size_t d = 0; d < one->document_count; d++)
        for (size_t i = 0; i < one->documents[d]->issue_count; i++)
            write_issue(w, one->documents[d], &one->documents[d]->issues[i]);
    vg_json_end_array(w);
}

static void write_answer(vg_buf *out, const vg_policy_case *one, const vg_decision *decision)
{
    vg_json_writer w = vg_json_writer_to(out, 0);
    vg_json_object(&w);
    vg_json_key(&w, "id");
    if (one->id)
        vg_json_value(&w, one->id);
    else
        vg_json_null(&w);
    vg_json_put_str(&w, "result", vg_str_from(vg_decision_name(decision->result)));
    vg_json_key(&w, "blockedBy");
    vg_json_array(&w);
    for (unsigned bit = 1; bit <= VG_BY_S3_SETTINGS; bit <<= 1)
        if (decision->blocked_by & bit)
            vg_json_string(&w, vg_str_from(vg_layer_bit_name(bit)));
    vg_json_end_array(&w);
    write_invalid(&w, one);
    vg_json_end_object(&w);
    vg_buf_add_char(out, '\n');
}

/* ---- a line ---------------------------------------------------------------------------------------------------------- */

static vg_status decide_line(const batch *b, line_work *work, vg_arena *arena)
{
    vg_doc doc;
    vg_policy_case one;
    VG_TRY(vg_json_read(arena, work->text, b->file, NULL, &doc, &work->error));
    VG_TRY(vg_policy_case_read(arena, &doc, doc.root, b->catalogue, &one, &work->error));
    one.layers.rcp_services = b->rcp_services;
    one.layers.rcp_service_count = b->rcp_service_count;
    vg_decision decision = vg_policy_decide(&one.request, &one.layers);
    write_answer(&work->answer, &one, &decision);
    return work->answer.failed ? vg_fail(&work->error, VG_ERR_MEMORY, "memory ran out") : VG_OK;
}

static void decide_one(void *context, size_t i)
{
    batch *b = context;
    line_work *work = &b->lines[i];
    vg_buf_clear(&work->answer);
    work->error = (vg_error){0};
    if (vg_str_trim(work->text).len == 0)
        return;
    vg_arena *arena = vg_arena_new(0);
    if (!arena)
        vg_fail(&work->error, VG_ERR_MEMORY, "memory ran out");
    else if (decide_line(b, work, arena) != VG_OK)
        /* Its own lines count from the first of this line's text. */
        vg_error_locate(&work->error, (vg_place){b->file, work->number,
                                                 work->error.place.line ? work->error.place.column : 0});
    vg_arena_free(arena);
}

static void decide_lines(vg_cli *cli, batch *b, size_t count)
{
    vg_parallel(cli->threads, count, decide_one, b);
    for (size_t i = 0; i < count; i++) {
        const line_work *work = &b->lines[i];
        if (work->error.code != VG_OK)
            vg_cli_error(cli, &work->error);
        else
            vg_cli_print(cli, vg_buf_str(&work->answer));
    }
}

/* ---- the file ---------------------------------------------------------------------------------------------------------- */

/* Reads until the buffer holds a whole line more, or the end. */
static vg_status fill(FILE *in, vg_buf *buf, bool *end, vg_error *err)
{
    if (buf->len > LONGEST)
        return vg_fail(err, VG_ERR_LIMIT, "a line of the requests is longer than %d MB", LONGEST >> 20);
    if (!vg_buf_reserve(buf, BLOCK))
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    size_t n = fread(buf->ptr + buf->len, 1, BLOCK, in);
    buf->len += n;
    *end = n == 0;
    return ferror(in) ? vg_fail_errno(err, errno, "the requests could not be read") : VG_OK;
}

/* Takes whole lines off the front of the buffer, at most LINES of them; *used: how many bytes. At the end the last line
 * needs no line break. */
static size_t take_lines(batch *b, vg_str text, bool end, uint32_t *number, size_t *used)
{
    size_t count = 0;
    *used = 0;
    while (count < LINES && *used < text.len) {
        vg_str rest = vg_str_sub(text, *used, text.len);
        size_t stop = vg_str_find_char(rest, '\n');
        if (stop == VG_NPOS && !end)
            break;
        b->lines[count].text = vg_str_sub(rest, 0, stop);
        b->lines[count++].number = ++*number;
        *used += stop == VG_NPOS ? rest.len : stop + 1;
    }
    return count;
}

static vg_status decide_file(vg_cli *cli, batch *b, FILE *in, vg_error *err)
{
    vg_buf buf = {0};
    bool end = false;
    uint32_t number = 0;
    vg_status status = VG_OK;
    while (status == VG_OK && (!end || buf.len)) {
        size_t used, count = take_lines(b, vg_buf_str(&buf), end, &number, &used);
        if (count == 0 && end)
            break;
        decide_lines(cli, b, count);
        if (used)
            memmove(buf.ptr, buf.ptr + used, buf.len - used);
        buf.len -= used;
        if (!end && count < LINES)
            status = fill(in, &buf, &end, err);
    }
    vg_buf_free(&buf);
    return status;
}

static vg_status open_requests(vg_cli *cli, vg_str path, FILE **out, vg_error *err)
{
    *out = vg_str_is(path, "-") ? cli->in : fopen(path.ptr, "rb");
    return *out ? VG_OK : vg_fail_errno(err, errno, "%.*s cannot be opened", VG_ARG(path));
}

static vg_status decide_all(vg_cli *cli, vg_str path, vg_error *err)
{
    FILE *in;
    batch b = {.file = vg_str_is(path, "-") ? VG_STR("standard input") : path};
    VG_TRY(vg_iam_catalogue(cli, &b.catalogue, err));
    VG_TRY(vg_iam_rcp_services(cli, &b.rcp_services, &b.rcp_service_count, err));
    b.lines = VG_NEW_N(cli->arena, line_work, LINES);
    if (!b.lines)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    VG_TRY(open_requests(cli, path, &in, err));
    vg_status status = decide_file(cli, &b, in, err);
    for (size_t i = 0; i < LINES; i++)
        vg_buf_free(&b.lines[i].answer);
    if (in != cli->in)
        fclose(in);
    return status;
}

int vg_iam_can_requests(vg_cli *cli, vg_str path)
{
    vg_error err = {0};
    return decide_all(cli, path, &err) == VG_OK ? VG_EXIT_OK : (int)vg_cli_error(cli, &err);
}
