/* import_credentials.c: IAM's credential report, one resource a line.
 *
 * The CSV's columns (IAM User Guide, "Getting credential reports for your AWS account") become properties by name:
 * access_key_1_last_used_date is AccessKey1LastUsedDate. N/A, not_supported and no_information are no values; true and
 * false are booleans; times are RFC 3339. The account is that of the users' ARNs. */
#include "evidence/import_call.h"

#include <ctype.h>
#include <stdlib.h>

typedef struct {
    vg_str property;
    size_t column;
} report_column;

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
}

/* "mfa_active" gives "MfaActive". */
static vg_str property_of(vg_arena *arena, vg_str column)
{
    char *out = vg_arena_alloc(arena, column.len + 1);
    size_t n = 0;
    bool starts = true;
    for (size_t i = 0; out && i < column.len; i++) {
        char c = column.ptr[i];
        if (c != '_')
            out[n++] = starts ? (char)toupper((unsigned char)c) : c;
        starts = c == '_';
    }
    return (vg_str){out, n};
}

static int compare_columns(const void *a, const void *b)
{
    return vg_str_cmp(((const report_column *)a)->property, ((const report_column *)b)->property);
}

static report_column *read_header(vg_arena *arena, const vg_vec *fields)
{
    report_column *columns = VG_NEW_N(arena, report_column, fields->len + 1);
    for (size_t i = 0; columns && i < fields->len; i++)
        columns[i] = (report_column){property_of(arena, *(vg_str *)vg_vec_at(fields, i)), i};
    if (columns)
        qsort(columns, fields->len, sizeof *columns, compare_columns);
    return columns;
}

static bool is_no_value(vg_str text)
{
    static const char *const words[] = {"", "N/A", "not_supported", "no_information"};
    for (size_t i = 0; i < VG_COUNT(words); i++)
        if (vg_str_is(text, words[i]))
            return true;
    return false;
}

static void write_field(vg_json_writer *writer, vg_str text)
{
    vg_time time;
    char formatted[VG_TIME_TEXT];
    bool is_dated = text.len >= 10 && isdigit((unsigned char)text.ptr[0]) && vg_time_parse(text, &time);
    if (is_dated) {
        vg_time_format(time, formatted);
        vg_json_string(writer, vg_str_from(formatted));
    } else if (vg_str_eq_icase(text, VG_STR("true")) || vg_str_eq_icase(text, VG_STR("false"))) {
        vg_json_bool(writer, text.len == 4);
    } else {
        vg_json_string(writer, text);
    }
}

static vg_str write_line(vg_arena *arena, const report_column *columns, const vg_vec *fields)
{
    vg_buf out = {0};
    vg_str text = {0};
    vg_json_writer writer = vg_json_writer_to(&out, 0);
    vg_json_object(&writer);
    for (size_t i = 0; i < fields->len; i++) {
        vg_str value = *(vg_str *)vg_vec_at(fields, columns[i].column);
        if (is_no_value(value))
            continue;
        vg_json_key_str(&writer, columns[i].property);
        write_field(&writer, value);
    }
    vg_json_end_object(&writer);
    if (!out.failed)
        text = vg_arena_str(arena, vg_buf_str(&out));
    vg_buf_free(&out);
    return text;
}

/* Where the columns that identify a user stand. */
static bool find_column(const report_column *columns, size_t count, const char *property, size_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (vg_str_is(columns[i].property, property)) {
            *out = columns[i].column;
            return true;
        }
    }
    return false;
}

typedef struct {
    const report_column *columns;
    size_t count, user, arn;
} credential_report;

static vg_status emit_line(vg_arena *arena, const credential_report *report, const vg_vec *fields,
                           import_part *part, vg_error *err)
{
    vg_arn arn;
    vg_str id = *(vg_str *)vg_vec_at(fields, report->arn);
    if (!vg_arn_parse(id, &arn) || !vg_is_account_id(arn.account))
        return import_refuse(arena, part, VG_LEDGER_ERROR,
                             "a line of the credential report has no ARN, but '%.*s'",
                             VG_ARG(vg_str_sub(id, 0, 80)));
    if (part->resources.len == 0)
        part->call.account = arn.account, part->call.partition = arn.partition;
    if (!vg_str_eq(part->call.account, arn.account))
        return import_refuse(arena, part, VG_LEDGER_ERROR,
                             "holds users of two accounts, %.*s and %.*s: a credential report is of one",
                             VG_ARG(part->call.account), VG_ARG(arn.account));
    vg_resource *resource = vg_vec_push(&part->resources);
    if (!resource)
        return out_of_memory(err);
    *resource = (vg_resource){
        .type = part->call.operation->resources[0].type,
        .account = arn.account,
        .region = VG_STR(""),
        .id = id,
        .name = *(vg_str *)vg_vec_at(fields, report->user),
        .properties = write_line(arena, report->columns, fields),
        .observed = part->call.time,
        .source = part->call.operation->name,
        .origin = part->call.path,
    };
    return resource->properties.ptr ? VG_OK : out_of_memory(err);
}

static vg_status read_lines(vg_arena *arena, vg_csv *csv, const credential_report *report, import_part *part,
                            vg_error *err)
{
    vg_vec fields = vg_vec_in(arena, sizeof(vg_str));
    bool more = true;
    vg_error why = {0};
    while (part->outcome == VG_LEDGER_IMPORTED) {
        if (vg_csv_next(csv, &fields, &more, &why) != VG_OK)
            return import_refuse(arena, part, VG_LEDGER_ERROR, "credential report, line %u: %s", csv->line,
                                 why.message);
        if (!more)
            break;
        if (fields.len == report->count) {
            VG_TRY(emit_line(arena, report, &fields, part, err));
            continue;
        }
        part->truncated = true;
        part->reason =
            vg_arena_printf(arena,
                            "line %u of the credential report has %zu fields where its head has %zu: "
                            "partly written; export it again",
                            csv->line - 1, fields.len, report->count);
    }
    return VG_OK;
}

vg_status import_read_csv(const import_world *world, vg_arena *arena, vg_str text, import_part *part,
                          vg_error *err)
{
    vg_csv csv = vg_csv_over(arena, text, part->call.path);
    vg_vec fields = vg_vec_in(arena, sizeof(vg_str));
    vg_error why = {0};
    bool more = false;
    (void)world;
    if (vg_csv_next(&csv, &fields, &more, &why) != VG_OK || !more)
        return import_refuse(arena, part, VG_LEDGER_ERROR, "the credential report has no lines");
    credential_report report = {.count = fields.len};
    report.columns = read_header(arena, &fields);
    if (!report.columns)
        return out_of_memory(err);
    if (!find_column(report.columns, report.count, "Arn", &report.arn) ||
        !find_column(report.columns, report.count, "User", &report.user))
        return import_refuse(arena, part, VG_LEDGER_ERROR,
                             "the credential report has no columns 'user' and 'arn'");
    part->outcome = VG_LEDGER_IMPORTED;
    part->call.region = VG_STR(""); /* IAM has none, whatever the envelope says */
    VG_TRY(read_lines(arena, &csv, &report, part, err));
    if (part->outcome == VG_LEDGER_IMPORTED && !part->resources.len)
        return import_refuse(arena, part, VG_LEDGER_ERROR, "the credential report has no lines but its head");
    part->content = vg_hash64(text, 0);
    part->items = part->resources.len;
    part->complete = part->outcome == VG_LEDGER_IMPORTED && !part->truncated;
    return VG_OK;
}

/* {"Content": "...", "ReportFormat": "text/csv", "GeneratedTime": "..."}: base64, as the CLI prints it, or the CSV. */
vg_status import_read_credentials(const import_world *world, vg_arena *arena, import_view_of *view,
                                  import_part *part, vg_error *err)
{
    vg_str content = vg_get_str(view->levels[0], "Content"), csv = content;
    vg_error why = {0};
    bool is_plain = vg_str_starts(vg_str_trim(content), VG_STR("user,arn"));
    if (!is_plain && vg_base64_decode(arena, content, &csv, &why) != VG_OK)
        return import_refuse(arena, part, VG_LEDGER_ERROR,
                             "the credential report's Content is neither base64 nor CSV");
    return import_read_csv(world, arena, csv, part, err);
}
