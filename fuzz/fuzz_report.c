/* fuzz_report.c: any bytes as the names in an answer, written in every format, masked and not. What comes out must be
 * UTF-8 without control or bidirectional characters, JSON must read back, and CSV must have its rows. */
#include "report/report.h"

#include <stdlib.h>

static void check_bytes(vg_str out)
{
    static const vg_str NEVER[] = {VG_STR_INIT("\x1b"), VG_STR_INIT("\xE2\x80\xAE"),
                                   VG_STR_INIT("\xE2\x81\xA6"), VG_STR_INIT("\x7f"), VG_STR_INIT("\xC2\x9B")};
    if (!vg_utf8_valid(out, NULL))
        abort();
    for (size_t i = 0; i < VG_COUNT(NEVER); i++)
        if (vg_str_find(out, NEVER[i]) != VG_NPOS)
            abort();
}

static void check_csv(vg_arena *arena, vg_str out)
{
    vg_csv csv = vg_csv_over(arena, out, VG_STR("csv"));
    vg_vec fields = vg_vec_in(arena, sizeof(vg_str));
    bool more = true;
    for (size_t columns = 0; more; columns = fields.len) {
        if (vg_csv_next(&csv, &fields, &more, NULL) != VG_OK ||
            (columns > 0 && more && fields.len != columns))
            abort();
    }
}

static void check(vg_report_format format, vg_str out)
{
    vg_arena *arena = vg_arena_new(0);
    vg_doc doc;
    bool json = format == VG_REPORT_JSON || format == VG_REPORT_OCSF || format == VG_REPORT_ASFF ||
                format == VG_REPORT_SARIF;
    check_bytes(out);
    if (json && vg_json_read(arena, out, VG_STR("json"), NULL, &doc, NULL) != VG_OK)
        abort();
    if (format == VG_REPORT_CSV)
        check_csv(arena, out);
    vg_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    vg_str rest = vg_str_of((const char *)bytes, size), names[4] = {{0}};
    for (size_t i = 0; i < VG_COUNT(names) && vg_str_next(&rest, '|', &names[i]); i++)
        continue;
    vg_report_finding finding = {.finding = {.rule = names[0],
                                             .title = names[1],
                                             .message = names[2],
                                             .resource_type = VG_STR("AWS::IAM::User"),
                                             .account = VG_STR("111122223333"),
                                             .resource_id = names[3],
                                             .resource_name = names[2],
                                             .evidence = names[1],
                                             .verdict = VG_VERDICT_FAIL}};
    vg_report_control control = {
        .id = names[0], .title = names[1], .summary = names[2], .verdict = VG_VERDICT_FAIL};
    vg_report_action action = {
        .title = names[1], .commands = &names[3], .command_count = 1, .warning = names[2]};
    vg_report_practice practice = {
        .id = names[0], .title = names[1], .controls = &control, .control_count = 1};
    vg_report_answer answer = {.question = names[1],
                               .organisation = {.name = names[2],
                                                .practices = &practice,
                                                .practice_count = 1,
                                                .actions = &action,
                                                .action_count = 1},
                               .findings = &finding,
                               .finding_count = 1};
    unsigned choice = size > 0 ? bytes[0] : 0;
    for (vg_report_format format = VG_REPORT_TERMINAL; format <= VG_REPORT_JUNIT; format++) {
        vg_report_options options = {.redact = choice & 1,
                                     .unicode = choice & 2,
                                     .all = choice & 4,
                                     .width = 40 + choice,
                                     .names = &names[2],
                                     .name_count = 1};
        vg_buf out = {0};
        if (vg_report_write(&answer, format, &options, &out, NULL) != VG_OK)
            abort();
        check(format, vg_buf_str(&out));
        vg_buf_free(&out);
    }
    return 0;
}
