/* control_eval.c: `vigil control eval`: any Guard rules over any documents, as `cfn-guard validate` does.
 *
 * Documents are evaluated side by side, a batch at a time; each writes what it came to into a buffer of its own, and
 * buffers are put together in the documents' order, so that neither the number of threads nor that of documents shows
 * in the output or in the memory. */
#include "cli/control_parts.h"
#include "report/report.h"

#include <stdlib.h>

#define DOCUMENT_MAX ((size_t)1 << 30)
#define BATCH        64

typedef enum { FORMAT_TABLE, FORMAT_JSON, FORMAT_SARIF, FORMAT_JUNIT } eval_format;

typedef struct {
    size_t documents, pass, fail, skip, error;
} tally;

typedef struct {
    vg_cli *cli;
    const vg_ruleset *rules;
    const vg_vec *paths; /* vg_str: the documents */
    const vg_doc *parameters;
    size_t parameter_count;
    eval_format format;
    bool all; /* tables: passed and skipped rules too */
    vg_guard_options options;
    size_t first; /* of the batch */
} eval_run;

/* A finding for the formats that report/ writes, with its text in the document's own arena. */
typedef struct {
    vg_report_finding finding;
} eval_finding;

/* One document under evaluation. */
typedef struct {
    const eval_run *run;
    vg_str path;
    vg_arena *arena, *scratch;
    vg_buf out;      /* table, json */
    vg_buf pending;  /* the violations of the rule under way */
    vg_vec findings; /* sarif, junit: eval_finding */
    size_t violations;
    tally count;
    vg_status status;
    vg_error err;
} eval_slot;

/* ---- what a document came to, as a table ----------------------------------------------------------------------------- */

static void print_place(vg_buf *out, vg_place place)
{
    control_print_clean(out, place.file);
    if (place.line == 0)
        return;
    vg_buf_add_char(out, ':');
    control_print_number(out, place.line);
    vg_buf_add_char(out, ':');
    control_print_number(out, place.column);
}

/* A message's lines, each cleaned and set in. */
static void print_message(vg_buf *out, vg_str message)
{
    vg_str line;
    while (vg_str_next(&message, '\n', &line)) {
        line = vg_str_trim(line);
        if (line.len == 0)
            continue;
        vg_buf_add_c(out, "        ");
        control_print_clean(out, line);
        vg_buf_add_char(out, '\n');
    }
}

static void table_violation(eval_slot *slot, const vg_guard_violation *v)
{
    vg_buf_add_c(&slot->pending, "      ");
    if (v->path.len > 0 || v->value) {
        control_print_clean(&slot->pending, v->path.len > 0 ? v->path : VG_STR("/"));
        vg_buf_add_c(&slot->pending, " (");
        print_place(&slot->pending, v->place);
        vg_buf_add_c(&slot->pending, "): ");
    }
    control_print_clean(&slot->pending, v->why);
    vg_buf_add_c(&slot->pending, " [rule line ");
    control_print_number(&slot->pending, v->clause_place.line);
    vg_buf_add_c(&slot->pending, "]\n");
    print_message(&slot->pending, v->message);
}

static void table_rule(eval_slot *slot, const vg_rule_info *info, vg_guard_status status,
                       const vg_error *error)
{
    vg_buf_add_c(&slot->out, "  ");
    vg_buf_add_c(&slot->out, vg_guard_status_name(status));
    vg_buf_add_c(&slot->out, status == VG_GUARD_ERROR ? " " : "  ");
    control_print_clean(&slot->out, info->name);
    vg_buf_add_c(&slot->out, "  (");
    control_print_clean(&slot->out, vg_path_name(info->file));
    vg_buf_add_c(&slot->out, ")\n");
    vg_buf_add_str(&slot->out, vg_buf_str(&slot->pending));
    if (!error)
        return;
    char text[900];
    vg_error_format(error, text, sizeof text);
    vg_buf_addf(&slot->out, "      %s\n", text);
}

static const char *verdict_of(const tally *t)
{
    return t->error > 0 ? "ERROR" : t->fail > 0 ? "FAIL" : t->pass > 0 ? "PASS" : "SKIP";
}

static void table_head(const eval_slot *slot, vg_buf *out)
{
    const tally *t = &slot->count;
    control_print_clean(out, slot->path);
    vg_buf_addf(out, ": %s (%zu passed, %zu failed, %zu skipped", verdict_of(t), t->pass, t->fail, t->skip);
    vg_buf_addf(out, t->error > 0 ? ", %zu could not be evaluated)\n" : ")\n", t->error);
}

/* ---- as JSON --------------------------------------------------------------------------------------------------------- */

static void json_place(vg_json_writer *w, vg_place place)
{
    vg_json_put_i64(w, "line", place.line);
    vg_json_put_i64(w, "column", place.column);
}

static void json_violation(eval_slot *slot, const vg_guard_violation *v)
{
    vg_json_writer w = vg_json_writer_to(&slot->pending, 0);
    if (slot->violations > 0)
        vg_buf_add_char(&slot->pending, ',');
    vg_json_object(&w);
    vg_json_put_str(&w, "path", v->path);
    json_place(&w, v->place);
    if (v->missing.len > 0)
        vg_json_put_str(&w, "missing", v->missing);
    else if (v->value)
        vg_json_put_str(&w, "value", vg_guard_value_text(slot->scratch, v->value));
    vg_json_key(&w, "expected");
    vg_json_array(&w);
    for (size_t i = 0; i < v->expected_count; i++)
        vg_json_string(&w, vg_guard_value_text(slot->scratch, v->expected[i]));
    vg_json_end_array(&w);
    vg_json_put_str(&w, "why", v->why);
    vg_json_put_str(&w, "message", v->message);
    vg_json_put_str(&w, "clause", v->clause);
    vg_json_key(&w, "rule_place");
    vg_json_object(&w);
    json_place(&w, v->clause_place);
    vg_json_end_object(&w);
    vg_json_end_object(&w);
}

static void json_rule(eval_slot *slot, const vg_rule_info *info, vg_guard_status status,
                      const vg_error *error)
{
    const tally *t = &slot->count;
    vg_json_writer w = vg_json_writer_to(&slot->out, 0);
    if (t->pass + t->fail + t->skip + t->error > 1)
        vg_buf_add_char(&slot->out, ',');
    vg_json_object(&w);
    vg_json_put_str(&w, "rule", info->name);
    vg_json_put_str(&w, "file", info->file);
    vg_json_put_str(&w, "status", vg_str_from(vg_guard_status_name(status)));
    if (error) {
        char text[900];
        vg_error_format(error, text, sizeof text);
        vg_json_put_str(&w, "error", vg_str_from(text));
    }
    vg_json_key(&w, "violations");
    vg_json_array(&w);
    vg_buf_add_str(&slot->out, vg_buf_str(&slot->pending));
    vg_json_end_array(&w);
    vg_json_end_object(&w);
}

static void json_head(const eval_slot *slot, vg_buf *out)
{
    vg_json_writer w = vg_json_writer_to(out, 0);
    vg_json_object(&w);
    vg_json_put_str(&w, "document", slot->path);
    vg_json_put_str(&w, "status", vg_str_from(verdict_of(&slot->count)));
    vg_buf_add_c(out, ",\"rules\":[");
}

/* ---- as findings, for SARIF and JUnit ---------------------------------------------------------------------------------- */

static vg_finding *push_finding(eval_slot *slot, size_t rule, vg_verdict verdict)
{
    static const vg_finding none = {0};
    vg_rule_info info = vg_ruleset_rule(slot->run->rules, rule);
    eval_finding *f = vg_vec_push(&slot->findings);
    if (!f) {
        slot->status = vg_fail(&slot->err, VG_ERR_MEMORY, "out of memory while evaluating rules");
        return NULL;
    }
    f->finding.first_seen = f->finding.last_seen = VG_TIME_NONE;
    vg_finding *finding = &f->finding.finding;
    *finding = none;
    finding->rule = finding->title = info.name;
    finding->product = VG_STR("guard");
    finding->severity = VG_SEVERITY_MEDIUM;
    finding->verdict = verdict;
    finding->resource_type = VG_STR("Document");
    finding->resource_id = slot->path;
    finding->observed = slot->run->cli->now;
    return finding;
}

static vg_str place_evidence(eval_slot *slot, const vg_guard_violation *v)
{
    vg_buf text = {0};
    vg_json_writer w = vg_json_writer_to(&text, 0);
    vg_json_object(&w);
    vg_json_put_str(&w, "file", slot->path);
    json_place(&w, v->place);
    vg_json_put_str(&w, "path", v->path);
    vg_json_end_object(&w);
    vg_str kept = vg_arena_str(slot->arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return kept;
}

static void finding_violation(eval_slot *slot, const vg_guard_violation *v)
{
    vg_finding *f = push_finding(slot, v->rule, VG_VERDICT_FAIL);
    if (!f)
        return;
    f->message = v->message.len > 0
                     ? vg_arena_printf(slot->arena, "%.*s: %.*s", VG_ARG(v->message), VG_ARG(v->why))
                     : vg_arena_str(slot->arena, v->why);
    f->resource_name = vg_arena_str(slot->arena, v->path);
    f->sub_key = vg_arena_printf(slot->arena, "%u:%.*s", v->clause_place.line, VG_ARG(v->path));
    f->evidence = place_evidence(slot, v);
}

static void finding_rule(eval_slot *slot, size_t rule, vg_guard_status status, const vg_error *error)
{
    bool junit = slot->run->format == FORMAT_JUNIT;
    if (status == VG_GUARD_FAIL ? slot->violations > 0 : status != VG_GUARD_ERROR && !junit)
        return;
    static const vg_verdict verdicts[] = {VG_VERDICT_PASS, VG_VERDICT_FAIL, VG_VERDICT_NOT_APPLICABLE,
                                          VG_VERDICT_NOT_ASSESSED};
    vg_finding *f = push_finding(slot, rule, verdicts[status]);
    if (!f || !error)
        return;
    char text[900];
    vg_error_format(error, text, sizeof text);
    f->message = vg_arena_str(slot->arena, vg_str_from(text));
}

/* ---- one document ------------------------------------------------------------------------------------------------------ */

static void on_violation(void *context, const vg_guard_violation *v)
{
    eval_slot *slot = context;
    if (slot->run->format == FORMAT_TABLE)
        table_violation(slot, v);
    else if (slot->run->format == FORMAT_JSON)
        json_violation(slot, v);
    else
        finding_violation(slot, v);
    slot->violations++;
}

static void on_rule(void *context, size_t rule, vg_guard_status status, const vg_error *error)
{
    eval_slot *slot = context;
    slot->count.pass += status == VG_GUARD_PASS;
    slot->count.fail += status == VG_GUARD_FAIL;
    slot->count.skip += status == VG_GUARD_SKIP;
    slot->count.error += status == VG_GUARD_ERROR;
    bool failed = status == VG_GUARD_FAIL || status == VG_GUARD_ERROR;
    if (slot->run->format == FORMAT_TABLE && !failed && !slot->run->all)
        return;
    vg_rule_info info = vg_ruleset_rule(slot->run->rules, rule);
    if (slot->run->format == FORMAT_TABLE)
        table_rule(slot, &info, status, error);
    else if (slot->run->format == FORMAT_JSON)
        json_rule(slot, &info, status, error);
    else
        finding_rule(slot, rule, status, error);
    vg_buf_clear(&slot->pending);
    slot->violations = 0;
}

/* The document, with the input parameters joined to it. */
static vg_status read_document(eval_slot *slot, vg_doc *out)
{
    const eval_run *run = slot->run;
    vg_str text;
    VG_TRY(control_read(slot->arena, slot->path, DOCUMENT_MAX, &text, &slot->err));
    vg_status status = vg_guard_document_read(slot->arena, text, slot->path, out, &slot->err);
    if (status != VG_OK || run->parameter_count == 0)
        return status;
    vg_doc *all = VG_NEW_N(slot->arena, vg_doc, run->parameter_count + 1);
    if (!all)
        return vg_fail(&slot->err, VG_ERR_MEMORY, "out of memory while reading documents");
    memcpy(all, run->parameters, run->parameter_count * sizeof *all);
    all[run->parameter_count] = *out;
    return vg_guard_document_merge(slot->arena, all, run->parameter_count + 1, out, &slot->err);
}

static void evaluate_slot(void *context, size_t i)
{
    eval_slot *slot = (eval_slot *)context + i;
    vg_doc doc;
    slot->arena = vg_arena_new(0);
    slot->scratch = vg_arena_new(0);
    if (!slot->arena || !slot->scratch) {
        slot->status = vg_fail(&slot->err, VG_ERR_MEMORY, "out of memory while reading documents");
        return;
    }
    slot->findings = vg_vec_in(slot->arena, sizeof(eval_finding));
    slot->status = read_document(slot, &doc);
    vg_guard_sink sink = {on_violation, on_rule, slot};
    if (slot->status == VG_OK)
        slot->status = vg_ruleset_evaluate(slot->run->rules, &doc, &slot->run->options, slot->scratch, &sink,
                                           &slot->err);
    vg_arena_free(slot->scratch);
    slot->scratch = NULL;
    if (slot->findings.len > 0)
        return; /* their text is in the arena */
    vg_arena_free(slot->arena);
    slot->arena = NULL;
}

/* ---- all documents ------------------------------------------------------------------------------------------------------ */

static void add_tally(tally *total, const tally *one)
{
    total->documents++;
    total->pass += one->pass;
    total->fail += one->fail;
    total->skip += one->skip;
    total->error += one->error;
}

static void flush(vg_cli *cli, vg_buf *out)
{
    fwrite(out->ptr ? out->ptr : "", 1, out->len, cli->out);
    vg_buf_clear(out);
}

static vg_status put_slot(eval_slot *slot, vg_report_writer *writer, bool first, vg_buf *out, vg_error *err)
{
    if (slot->run->format == FORMAT_TABLE) {
        table_head(slot, out);
        vg_buf_add_str(out, vg_buf_str(&slot->out));
    } else if (slot->run->format == FORMAT_JSON) {
        vg_buf_add_c(out, first ? "\n" : ",\n");
        json_head(slot, out);
        vg_buf_add_str(out, vg_buf_str(&slot->out));
        vg_buf_add_c(out, "]}");
    } else {
        for (size_t i = 0; i < slot->findings.len; i++)
            VG_TRY(vg_report_findings_add(writer, &((eval_finding *)vg_vec_at(&slot->findings, i))->finding,
                                          err));
    }
    return slot->out.failed || slot->pending.failed || out->failed
               ? vg_fail(err, VG_ERR_MEMORY, "out of memory while writing results")
               : VG_OK;
}

static void free_slot(eval_slot *slot)
{
    vg_buf_free(&slot->out);
    vg_buf_free(&slot->pending);
    vg_arena_free(slot->scratch);
    vg_arena_free(slot->arena);
}

static vg_status run_batch(eval_run *run, size_t count, vg_report_writer *writer, vg_buf *out, tally *total,
                           vg_error *err)
{
    vg_status status = VG_OK;
    eval_slot *slots = calloc(count, sizeof *slots);
    if (!slots)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory while evaluating rules");
    for (size_t i = 0; i < count; i++) {
        slots[i].run = run;
        slots[i].path = *(const vg_str *)vg_vec_at(run->paths, run->first + i);
    }
    vg_parallel(run->cli->threads, count, evaluate_slot, slots);
    for (size_t i = 0; i < count; i++) {
        if (slots[i].status != VG_OK) {
            vg_cli_error(run->cli, &slots[i].err);
        } else if (status == VG_OK) {
            status = put_slot(&slots[i], writer, total->documents == 0, out, err);
            add_tally(total, &slots[i].count);
        }
        free_slot(&slots[i]);
    }
    free(slots);
    if (run->format == FORMAT_TABLE || run->format == FORMAT_JSON)
        flush(run->cli, out);
    return status;
}

static void put_tail(const eval_run *run, const tally *t, vg_buf *out)
{
    if (run->format == FORMAT_TABLE) {
        vg_buf_addf(out, "%zu document%s, %zu rule%s each: %zu passed, %zu failed, %zu skipped", t->documents,
                    t->documents == 1 ? "" : "s", vg_ruleset_count(run->rules),
                    vg_ruleset_count(run->rules) == 1 ? "" : "s", t->pass, t->fail, t->skip);
        vg_buf_addf(out, t->error > 0 ? ", %zu could not be evaluated\n" : "\n", t->error);
    } else if (run->format == FORMAT_JSON) {
        vg_buf_addf(out, "\n],\"passed\":%zu,\"failed\":%zu,\"skipped\":%zu,\"errors\":%zu}\n", t->pass,
                    t->fail, t->skip, t->error);
    }
}

static vg_status run_all(eval_run *run, tally *total, vg_buf *out, vg_error *err)
{
    vg_report_writer *writer = NULL;
    vg_report_options options = {.version = VG_STR(VIGIL_VERSION)};
    if (run->format == FORMAT_JSON)
        vg_buf_add_c(out, "{\"schema\":\"vigil.guard/1\",\"documents\":[");
    if (run->format == FORMAT_SARIF || run->format == FORMAT_JUNIT)
        VG_TRY(vg_report_findings_begin(run->format == FORMAT_SARIF ? VG_REPORT_SARIF : VG_REPORT_JUNIT,
                                        VG_STR("Guard rules"), &options, out, &writer, err));
    vg_status status = VG_OK;
    for (; run->first < run->paths->len && status == VG_OK; run->first += BATCH) {
        size_t left = run->paths->len - run->first;
        status = run_batch(run, left < BATCH ? left : BATCH, writer, out, total, err);
    }
    vg_status ended = vg_report_findings_end(writer, err);
    put_tail(run, total, out);
    flush(run->cli, out);
    return status != VG_OK ? status : ended;
}

static vg_status read_parameters(vg_cli *cli, const vg_vec *paths, vg_doc **out, vg_error *err)
{
    vg_doc *docs = VG_NEW_N(cli->arena, vg_doc, paths->len + 1);
    if (!docs)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory while reading input parameters");
    for (size_t i = 0; i < paths->len; i++) {
        vg_str path = *(const vg_str *)vg_vec_at(paths, i), text;
        VG_TRY(vg_file_read(cli->arena, path, DOCUMENT_MAX, &text, err));
        VG_TRY(vg_guard_document_read(cli->arena, text, path, &docs[i], err));
    }
    *out = docs;
    return VG_OK;
}

static vg_exit exit_of(const vg_cli *cli, const tally *t)
{
    vg_exit code =
        t->fail > 0 && vg_str_is(vg_cli_value(cli, "fail-on"), "fail") ? VG_EXIT_FINDINGS : VG_EXIT_OK;
    return t->error > 0 ? vg_exit_worse(code, VG_EXIT_PARTIAL) : code;
}

static vg_vec find_documents(vg_cli *cli)
{
    const vg_str *values, standard_input = VG_STR("-");
    size_t count = vg_cli_values(cli, "data", &values);
    if (count > 0)
        return control_find(cli, values, count, control_is_document);
    vg_vec found = vg_vec_in(cli->arena, sizeof(vg_str));
    vg_str *slot = vg_vec_push(&found);
    if (slot)
        *slot = standard_input;
    return found;
}

int control_run_eval(vg_cli *cli)
{
    const vg_str *values;
    size_t count = vg_cli_values(cli, "rules", &values);
    if (count == 0)
        return vg_cli_usage(cli, "--rules is needed: a .guard file, or a folder of them");
    vg_vec rule_paths = control_find(cli, values, count, control_is_rule_file);
    vg_vec documents = find_documents(cli);
    if (documents.len == 0) {
        vg_error none = {0};
        vg_fail(
            &none, VG_ERR_NOT_FOUND,
            "no documents to evaluate; --data takes .json, .yaml and .template files and folders of them");
        return vg_cli_error(cli, &none);
    }
    count = vg_cli_values(cli, "input-parameters", &values);
    vg_vec parameters = control_find(cli, values, count, control_is_document);
    eval_run run = {.cli = cli,
                    .paths = &documents,
                    .parameter_count = parameters.len,
                    .format = (eval_format)vg_cli_choice(cli, "format"),
                    .all = vg_cli_flag(cli, "all"),
                    .options = {.now = cli->now}};
    vg_error err = {0};
    vg_doc *parameter_docs = NULL;
    if (read_parameters(cli, &parameters, &parameter_docs, &err) != VG_OK)
        return vg_cli_error(cli, &err);
    run.parameters = parameter_docs;
    vg_ruleset *rules = control_compile(cli, &rule_paths);
    if (!rules)
        return VG_EXIT_PARTIAL;
    run.rules = rules;
    tally total = {0};
    vg_buf out = {0};
    vg_status status = run_all(&run, &total, &out, &err);
    vg_buf_free(&out);
    vg_ruleset_free(rules);
    return status == VG_OK ? exit_of(cli, &total) : vg_cli_error(cli, &err);
}
