/* detect_test.c: `vigil detect test`: detections against the cases that stand
 * beside them.
 *
 * A folder of rules has a folder `tests` whose files NAME_tests.yml hold cases
 * for NAME.yml:
 *
 *     - name: a user stops the trail
 *       kind: match                       match, near, failed or evasion: for
 * people, and for counting events: [{eventSource: ..., eventName: ..., ...}]
 *       log: cloudtrail                   cloudtrail (default), vpcflow,
 * route53, s3access or other expect: {match: true, outcome: succeeded, count:
 * 1} rule: TITLE                       of a file with several rules; else any
 * rule of the file may match
 *
 * Events become a log file as the log's own writer would write it, and are read
 * back as any log is. */
#include <string.h>

#include "cli/cli_parts.h"
#include "cli/content_parts.h"
#include "cli/detect_parts.h"
#include "content.h"

enum { LARGEST_TEST = 4 << 20 };

typedef struct {
    vg_cli *cli;
    size_t passed, failed, kinds[4], rules_without;
    bool verbose;
} testing;

static const char *const kinds[] = {"match", "near", "failed", "evasion"};

/* ---- events
 * --------------------------------------------------------------------------------------------------------------
 */

/* What a whole event has and a case may leave out: distinct, so that events are
 * not taken for one. */
static void put_event(vg_json_writer *json, const vg_value *event, bool is_trail, size_t number)
{
    char id[48], time[VG_TIME_TEXT];
    vg_time_format(INT64_C(1767225600) * VG_TIME_SECOND + (vg_time)number * VG_TIME_SECOND, time);
    snprintf(id, sizeof id, "00000000-0000-4000-8000-%012zu", number);
    const struct {
        const char *key, *value;
    } defaults[] = {{"eventVersion", "1.11"},
                    {"eventTime", time},
                    {"eventID", id},
                    {"awsRegion", "eu-west-1"},
                    {"recipientAccountId", "111122223333"},
                    {"sourceIPAddress", "203.0.113.7"}};
    vg_json_object(json);
    for (size_t i = 0; is_trail && i < VG_COUNT(defaults); i++)
        if (!vg_get(event, vg_str_from(defaults[i].key)))
            vg_json_put_str(json, defaults[i].key, vg_str_from(defaults[i].value));
    for (vg_items it = vg_items_of(event); vg_items_next(&it);) {
        vg_json_key_str(json, it.key);
        vg_json_value(json, it.value);
    }
    vg_json_end_object(json);
}

static void put_text(vg_buf *out, const vg_value *value)
{
    if (value->kind == VG_STRING)
        vg_buf_add_str(out, vg_value_str(value));
    else
        vg_json_write(out, value, 0);
}

/* Flow logs and S3 access logs are text: a header line, and `-` for what a case
 * leaves out. */
static void write_flow(vg_buf *out, const vg_value *events)
{
    vg_buf names = {0};
    for (vg_items it = vg_items_of(events); vg_items_next(&it);)
        for (vg_items field = vg_items_of(it.value); vg_items_next(&field);) {
            vg_buf one = {0};
            vg_buf_addf(&one, " %.*s ", VG_ARG(field.key));
            if (vg_str_find(vg_buf_str(&names), vg_buf_str(&one)) == VG_NPOS)
                vg_buf_add_str(&names, vg_buf_str(&one));
            vg_buf_free(&one);
        }
    vg_str rest = vg_buf_str(&names), name;
    for (bool first = true; (rest = vg_str_trim(rest)).len; first = false) {
        vg_str_split(rest, ' ', &name, &rest);
        vg_buf_addf(out, first ? "%.*s" : " %.*s", VG_ARG(name));
    }
    for (vg_items it = vg_items_of(events); vg_items_next(&it);) {
        vg_buf_add_char(out, '\n');
        rest = vg_buf_str(&names);
        for (bool first = true; (rest = vg_str_trim(rest)).len; first = false) {
            vg_str_split(rest, ' ', &name, &rest);
            const vg_value *value = vg_get(it.value, name);
            vg_buf_add_c(out, first ? "" : " ");
            if (value)
                put_text(out, value);
            else
                vg_buf_add_char(out, '-');
        }
    }
    vg_buf_add_char(out, '\n');
    vg_buf_free(&names);
}

static void write_log(vg_buf *out, const vg_value *events, vg_str log)
{
    bool is_trail = vg_str_is(log, "cloudtrail");
    vg_json_writer json = vg_json_writer_to(out, 0);
    size_t number = 0;
    if (vg_str_is(log, "vpcflow")) {
        write_flow(out, events);
        return;
    }
    if (!is_trail) {
        for (vg_items it = vg_items_of(events); vg_items_next(&it);) {
            vg_json_writer line = vg_json_writer_to(out, 0);
            if (it.value->kind == VG_STRING)
                vg_buf_add_str(out, vg_value_str(it.value));
            else
                put_event(&line, it.value, false, ++number);
            vg_buf_add_char(out, '\n');
        }
        return;
    }
    vg_json_object(&json);
    vg_json_key(&json, "Records");
    vg_json_array(&json);
    for (vg_items it = vg_items_of(events); vg_items_next(&it);)
        put_event(&json, it.value, true, ++number);
    vg_json_end_array(&json);
    vg_json_end_object(&json);
}

/* ---- one case
 * --------------------------------------------------------------------------------------------------------------
 */

typedef struct {
    vg_str name, rule;
    bool match, has_outcome, succeeded, has_count;
    int64_t count;
} expectation;

static bool read_expectation(const vg_value *c, expectation *out)
{
    const vg_value *expect = vg_get(c, VG_STR("expect"));
    const vg_value *match = expect ? vg_get(expect, VG_STR("match")) : NULL;
    vg_str outcome = expect ? vg_get_str(expect, "outcome") : (vg_str){0};
    const vg_value *count = expect ? vg_get(expect, VG_STR("count")) : NULL;
    *out = (expectation){.name = vg_get_str(c, "name"), .rule = vg_get_str(c, "rule")};
    if (!match || match->kind != VG_BOOL)
        return false;
    out->match = match->as.boolean;
    out->has_outcome = outcome.len > 0;
    out->succeeded = vg_str_is(outcome, "succeeded");
    out->has_count = count && count->kind == VG_INT;
    out->count = out->has_count ? count->as.i64 : 0;
    return true;
}

static void judge(const vg_rules *rules, const vg_detect_findings *found, const expectation *want,
                  vg_arena *arena, vg_str *why)
{
    const vg_detect_finding *hit = NULL;
    *why = (vg_str){0};
    for (size_t i = 0; i < found->count && !hit; i++) {
        const vg_rule *rule = vg_rules_at(rules, found->items[i]->rule);
        if (!want->rule.len || vg_str_eq(want->rule, rule->title) || vg_str_eq(want->rule, rule->id) ||
            vg_str_eq(want->rule, rule->name))
            hit = found->items[i];
    }
    if (!!hit != want->match)
        *why = hit ? vg_arena_printf(arena, "matched: %.*s", VG_ARG(vg_rules_at(rules, hit->rule)->title))
                   : VG_STR("no match");
    else if (hit && want->has_outcome && hit->succeeded != want->succeeded)
        *why = hit->succeeded ? VG_STR("outcome is succeeded") : VG_STR("outcome is attempted");
    else if (hit && want->has_count && (int64_t)hit->count != want->count)
        *why = vg_arena_printf(arena, "%llu events", (unsigned long long)hit->count);
}

/* `baseline: {new: [api], country: XX}`: what a case says is known of its events; `country: {ADDRESS: XX}`: of those from
 * there. */
static bool ask_case(void *context, const vg_event *event, vg_str name, vg_arena *arena, const vg_value **out)
{
    (void)arena;
    *out = vg_get(context, name);
    if (*out && (*out)->kind == VG_OBJECT)
        *out = vg_get(*out, event->source_ip);
    return *out != NULL;
}

/* `intel: {LIST: [indicator, ...]}` */
static vg_status case_intel(vg_arena *arena, const vg_value *lists, vg_intel **out, vg_error *err)
{
    vg_str block;
    vg_intel_builder *builder = vg_intel_builder_new();
    if (!builder)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while testing detections");
    for (vg_items list = vg_items_of(lists); vg_items_next(&list);)
        for (vg_items it = vg_items_of(list.value); vg_items_next(&it);)
            vg_intel_add_one(builder, list.key, vg_value_str(it.value), false);
    vg_status status = vg_intel_compile(arena, builder, &block, err);
    vg_intel_builder_free(builder);
    return status == VG_OK ? vg_intel_open(arena, block, out, err) : status;
}

static vg_status case_sources(vg_arena *arena, const vg_value *c, vg_detect_source sources[2], size_t *count,
                              vg_error *err)
{
    const vg_value *known = vg_get(c, VG_STR("baseline")), *lists = vg_get(c, VG_STR("intel"));
    vg_intel *intel = NULL;
    *count = 0;
    if (lists) {
        VG_TRY(case_intel(arena, lists, &intel, err));
        sources[(*count)++] = (vg_detect_source){vg_intel_ask, intel};
    }
    if (known) /* only read, through a pointer to what is not const */
        sources[(*count)++] = (vg_detect_source){ask_case, (void *)(uintptr_t)known};
    return VG_OK;
}

/* `ours: [account, ...]` */
static vg_status case_ours(vg_arena *arena, const vg_value *c, const vg_map **out, vg_error *err)
{
    const vg_value *accounts = vg_get(c, VG_STR("ours"));
    vg_map *ours = vg_map_new(arena, 0x6f);
    bool failed = !ours;
    for (vg_items it = vg_items_of(accounts); !failed && vg_items_next(&it);)
        failed = !vg_map_put(ours, vg_value_str(it.value), NULL);
    *out = ours;
    return failed ? vg_fail(err, VG_ERR_MEMORY, "memory ran out while testing detections") : VG_OK;
}

typedef struct {
    vg_arena *arena;
    vg_str text;
} first_complaint;

static void on_bad(void *context, const vg_error *err)
{
    first_complaint *first = context;
    if (!first->text.len)
        first->text = vg_arena_str(first->arena, vg_str_from(err->message));
}

static vg_status run_case(const vg_detect_set *set, const vg_value *c, vg_arena *arena, vg_str *why,
                          vg_error *err)
{
    const vg_value *events = vg_get(c, VG_STR("events"));
    expectation want;
    vg_detect_findings found;
    vg_trail_counts counts = {0};
    vg_buf text = {0};
    first_complaint bad = {.arena = arena};
    vg_str log = vg_get_str(c, "log");
    if (!events || events->kind != VG_ARRAY || !read_expectation(c, &want)) {
        *why = VG_STR("a case needs `events` and `expect: {match: true|false}`");
        return VG_OK;
    }
    vg_detect_source sources[2];
    vg_detector_options options = {.since = VG_TIME_NONE, .until = VG_TIME_NONE, .sources = sources};
    VG_TRY(case_sources(arena, c, sources, &options.source_count, err));
    VG_TRY(case_ours(arena, c, &options.ours, err));
    vg_detector *detector = vg_detector_new(set->rules, &options);
    if (!detector)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while testing detections");
    write_log(&text, events, log.len ? log : VG_STR("cloudtrail"));
    vg_status status =
        vg_detect_log(detector, vg_buf_str(&text), VG_STR("case"), NULL, on_bad, &bad, &counts, err);
    if (status == VG_OK)
        status = vg_detect_finish(arena, &detector, 1, &found, err);
    if (status == VG_OK && bad.text.len)
        *why = vg_arena_printf(arena, "an event could not be read: %.*s", VG_ARG(bad.text));
    else if (status == VG_OK)
        judge(set->rules, &found, &want, arena, why);
    vg_detector_free(detector);
    vg_buf_free(&text);
    return status;
}

/* ---- files
 * ------------------------------------------------------------------------------------------------------------------
 */

static void count_kind(testing *t, const vg_value *c)
{
    for (size_t i = 0; i < VG_COUNT(kinds); i++)
        t->kinds[i] += vg_str_is(vg_get_str(c, "kind"), kinds[i]);
}

static vg_status test_file(testing *t, vg_str name, vg_str bytes, const vg_detect_set *set, vg_error *err)
{
    vg_doc doc;
    vg_arena *arena = vg_arena_new(0);
    if (!arena)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while testing detections");
    vg_status status = vg_yaml_read(arena, bytes, name, NULL, &doc, err);
    if (status == VG_OK && doc.root->kind != VG_ARRAY)
        status = vg_fail_at(err, VG_ERR_VALUE, (vg_place){.file = name, .line = 1},
                            "a file of tests is a list of cases");
    for (vg_items it = vg_items_of(status == VG_OK ? doc.root : NULL);
         status == VG_OK && vg_items_next(&it);) {
        vg_str why = {0};
        status = run_case(set, it.value, arena, &why, err);
        count_kind(t, it.value);
        t->passed += status == VG_OK && !why.len;
        t->failed += status == VG_OK && why.len > 0;
        if (status != VG_OK || (!why.len && !t->verbose))
            continue;
        vg_place place = vg_doc_place(&doc, it.value);
        fprintf(t->cli->out, "%s %.*s:%u: %.*s%s%.*s\n", why.len ? "FAIL" : "ok  ", VG_ARG(name), place.line,
                VG_ARG(vg_get_str(it.value, "name")), why.len ? ": " : "", VG_ARG(why));
    }
    vg_arena_free(arena);
    return status;
}

/* content/detections/AREA/NAME.yml ->
 * content/detections/AREA/tests/NAME_tests.yml */
static vg_str tests_of(vg_arena *arena, vg_str rule_file)
{
    vg_str name = vg_path_name(rule_file), folder = vg_path_folder(rule_file);
    size_t dot = vg_str_rfind_char(name, '.');
    return vg_arena_printf(arena, "%.*s/tests/%.*s_tests.yml", VG_ARG(folder),
                           VG_ARG(vg_str_sub(name, 0, dot)));
}

static bool read_tests(vg_cli *cli, vg_str path, vg_str *out)
{
    vg_error err = {0};
    for (size_t i = 0; i < vg_content_count; i++)
        if (vg_str_eq(vg_content_files[i].path, path)) {
            *out = vg_content_files[i].bytes;
            return true;
        }
    return vg_file_exists(path) && vg_file_read(cli->arena, path, LARGEST_TEST, out, &err) == VG_OK;
}

/* Rules of one file see the cases of that file; all others of the set stand by,
 * for correlations. */
static vg_status test_rule_file(testing *t, const vg_rule_file *file, vg_error *err)
{
    vg_str tests = tests_of(t->cli->arena, file->name), bytes;
    if (!read_tests(t->cli, tests, &bytes)) {
        t->rules_without++;
        if (t->verbose)
            fprintf(t->cli->out, "none %.*s: no %.*s\n", VG_ARG(file->name), VG_ARG(tests));
        return VG_OK;
    }
    vg_detect_set one;
    VG_TRY(vg_detect_set_of_file(t->cli, file, &one, err));
    vg_detect_set_tell(&one);
    return test_file(t, tests, bytes, &one, err);
}

static int run_test(vg_cli *cli)
{
    testing t = {.cli = cli, .verbose = vg_cli_flag(cli, "verbose")};
    vg_detect_set set;
    vg_error err = {0};
    const vg_str *paths;
    size_t count = vg_cli_arguments(cli, &paths);
    vg_status status =
        count ? vg_detect_set_load_paths(cli, paths, count, &set, &err) : vg_detect_set_load(cli, &set, &err);
    for (size_t i = 0; status == VG_OK && i < set.files.len; i++)
        status = test_rule_file(&t, vg_vec_at(&set.files, i), &err);
    if (status != VG_OK)
        return vg_cli_error(cli, &err);
    fprintf(cli->out,
            "%zu files of rules (%zu without tests): match %zu, near %zu, failed "
            "%zu, evasion %zu\n",
            set.files.len, t.rules_without, t.kinds[0], t.kinds[1], t.kinds[2], t.kinds[3]);
    fprintf(cli->out, "%zu passed, %zu failed\n", t.passed, t.failed);
    return t.failed ? VG_EXIT_FINDINGS : VG_EXIT_OK;
}

static const vg_option options[] = {
    VG_DETECT_RULE_OPTIONS,
    {.name = "verbose", .letter = 'v', .help = "Show the cases that pass, and the rules without tests, too."},
    {0},
};

static const vg_positional positionals[] = {
    {.name = "DIR|FILE",
     .help = "Rules to test, each by the file tests/NAME_tests.yml beside it. "
             "Without one: the built-in detections.",
     .optional = true,
     .repeatable = true,
     .kind = VG_ARG_PATH},
    {0},
};

static const vg_example examples[] = {
    {"vigil detect test", "Test every built-in detection."},
    {"vigil detect test my-rules/ --verbose", "Test rules of your own, and show every case."},
    {0},
};

static const vg_exit_note exit_notes[] = {{VG_EXIT_FINDINGS, "a case failed"}, {0}};

const vg_command vg_detect_test = {
    .name = "test",
    .summary = "Run the tests of detections",
    .description = "Shows the events of each case to the rules of its file, and compares "
                   "what they find with what is "
                   "expected. See docs/reference/detections.md for the form of the files.",
    .options = options,
    .positionals = positionals,
    .examples = examples,
    .exit_notes = exit_notes,
    .run = run_test,
};
