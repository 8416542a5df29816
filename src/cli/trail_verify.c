/* trail_verify.c: `vigil trail verify`: whether log files are what CloudTrail delivered. The lines are those of
 * `aws cloudtrail validate-logs`, so that who reads one can read the other. */
#include "cli/trail_parts.h"
#include "format/format.h"
#include "report/report.h"
#include "trail/trail.h"

enum { MOST_KEYS = 16 << 20, MOST_UNNAMED = 10 };

/* ---- the files and the keys ------------------------------------------------------------------------------------------- */

typedef struct {
    vg_cli *cli;
    vg_vec files; /* vg_dir_entry */
    vg_vec keys;  /* vg_digest_key */
    bool unread;  /* something in the folder could not be looked at */
} trail_files;

/* Said at once, and in the exit code at the end: what is INVALID outranks what could not be read. */
static void say_error(vg_cli *cli, const vg_error *err)
{
    char line[1024];
    vg_error_format(err, line, sizeof line);
    fprintf(cli->err, "vigil: %s\n", line);
}

static void on_skipped(void *context, const vg_error *err)
{
    trail_files *in = context;
    say_error(in->cli, err);
    in->unread = true;
}

static vg_status read_given_keys(trail_files *in, vg_error *err)
{
    const vg_str *paths;
    size_t count = vg_cli_values(in->cli, "keys", &paths);
    for (size_t i = 0; i < count; i++) {
        vg_str text;
        VG_TRY(vg_file_read(in->cli->arena, paths[i], MOST_KEYS, &text, err));
        VG_TRY(vg_digest_keys_read(in->cli->arena, text, paths[i], &in->keys, err));
    }
    return VG_OK;
}

/* Whether a file of the folder may hold keys: a small document that is no log and no digest. */
static bool may_be_keys(const vg_dir_entry *file)
{
    vg_str name = vg_path_name(file->path);
    return vg_str_ends(name, VG_STR(".json")) && !vg_str_ends(name, VG_STR(".head.json")) &&
           file->size <= MOST_KEYS && vg_str_find(name, VG_STR("_CloudTrail")) == VG_NPOS;
}

static vg_status find_keys(trail_files *in, vg_error *err)
{
    for (size_t i = 0; i < in->files.len; i++) {
        const vg_dir_entry *file = vg_vec_at(&in->files, i);
        vg_str text;
        vg_error bad = {0};
        if (!may_be_keys(file))
            continue;
        vg_status status = vg_file_read(in->cli->arena, file->path, MOST_KEYS, &text, &bad);
        if (status == VG_OK && vg_str_find(text, VG_STR("\"PublicKeyList\"")) != VG_NPOS)
            status = vg_digest_keys_read(in->cli->arena, text, file->path, &in->keys, &bad);
        if (status == VG_ERR_MEMORY)
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out while looking for keys");
        if (status != VG_OK) {
            vg_error_locate(&bad, (vg_place){.file = file->path});
            on_skipped(in, &bad);
        }
    }
    if (in->keys.len)
        vg_cli_say(
            in->cli,
            "the keys are from the folder itself, and can be trusted as far as it: give those that AWS "
            "has, by --keys");
    else
        vg_cli_say(
            in->cli,
            "no public keys: save the answer of `aws cloudtrail list-public-keys`, and give it by --keys");
    return VG_OK;
}

/* ---- for people --------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_cli *cli;
    const vg_digest_options *options;
    const vg_digest_report *report;
    bool verbose;
    vg_buf *out;
} printer;

static void add_time(vg_buf *out, vg_time time, const char *none)
{
    char text[VG_TIME_TEXT];
    if (time == VG_TIME_NONE) {
        vg_buf_add_c(out, none);
        return;
    }
    vg_time_format(time, text);
    vg_buf_add_c(out, text);
}

static void add_paint(const printer *p, const char *code)
{
    if (p->cli->colour)
        vg_buf_addf(p->out, "\x1b[%sm", code);
}

static void add_place(vg_buf *out, const vg_digest_result *result)
{
    if (result->object.len) {
        vg_buf_add_c(out, "s3://");
        vg_report_safe(out, result->bucket);
        vg_buf_add_char(out, '/');
        vg_report_safe(out, result->object);
    } else {
        vg_report_safe(out, result->file);
    }
}

static void add_gap(const printer *p, const vg_digest_result *result)
{
    vg_buf_add_c(p->out, result->kind == VG_DIGEST_GAP ? "No log files were delivered by CloudTrail between "
                                                       : "Nothing after ");
    add_time(p->out, result->from, "the beginning");
    vg_buf_add_c(p->out, result->kind == VG_DIGEST_GAP ? " and " : ": NOT ASSESSED up to ");
    add_time(p->out, result->to, "now");
    vg_buf_add_char(p->out, '\n');
}

static void add_result(const printer *p, const vg_digest_result *result)
{
    static const char *const kinds[] = {"Digest file", "(backfill) Digest file", "Log file"};
    static const struct {
        const char *word, *paint;
    } verdicts[VG_PROOF_COUNT] = {
        {"valid", "32"}, {"INVALID", "31"}, {"INVALID", "31"}, {"NOT ASSESSED", "33"}, {"note", "2"}};
    if (result->kind > VG_DIGEST_LOG) {
        add_gap(p, result);
        return;
    }
    vg_buf_addf(p->out, "%s\t", kinds[result->kind]);
    add_place(p->out, result);
    vg_buf_add_char(p->out, '\t');
    add_paint(p, verdicts[result->verdict].paint);
    vg_buf_add_c(p->out, verdicts[result->verdict].word);
    add_paint(p, "0");
    if (result->reason.len) {
        vg_buf_add_c(p->out, ": ");
        vg_report_safe(p->out, result->reason);
    }
    vg_buf_add_char(p->out, '\n');
}

/* "2/4 digest files valid, 1/4 digest files INVALID, 1/4 digest files NOT ASSESSED" */
static void add_ratio(vg_buf *out, const size_t counts[VG_PROOF_COUNT], const char *name)
{
    size_t invalid = counts[VG_PROOF_INVALID] + counts[VG_PROOF_MISSING];
    size_t total = counts[VG_PROOF_VALID] + invalid + counts[VG_PROOF_UNASSESSED];
    if (!total)
        return;
    vg_buf_addf(out, "%zu/%zu %s files valid", counts[VG_PROOF_VALID], total, name);
    if (invalid)
        vg_buf_addf(out, ", %zu/%zu %s files INVALID", invalid, total, name);
    if (counts[VG_PROOF_UNASSESSED])
        vg_buf_addf(out, ", %zu/%zu %s files NOT ASSESSED", counts[VG_PROOF_UNASSESSED], total, name);
    vg_buf_add_char(out, '\n');
}

static void add_head(const printer *p, const vg_digest_chain *chain)
{
    const vg_digest_name *name = &chain->name;
    vg_buf_add_c(p->out, "Validating log files for trail ");
    add_paint(p, "1");
    vg_report_safe(p->out, name->trail.len ? name->trail : VG_STR("(unknown)"));
    add_paint(p, "0");
    if (name->home.len) {
        vg_buf_add_c(p->out, " of ");
        vg_report_safe(p->out, name->home);
    }
    vg_buf_add_c(p->out, ", account ");
    vg_report_safe(p->out, name->account.len ? name->account : VG_STR("(unknown)"));
    vg_buf_add_c(p->out, ", region ");
    vg_report_safe(p->out, name->region.len ? name->region : VG_STR("(unknown)"));
    if (name->organization.len) {
        vg_buf_add_c(p->out, ", organization ");
        vg_report_safe(p->out, name->organization);
    }
    vg_buf_add_c(p->out, "\n\n");
}

static void add_summary(const printer *p, const vg_digest_chain *chain)
{
    static const char *const names[] = {"digest", "backfill digest", "log"};
    vg_time until = p->options->until;
    vg_buf_add_c(p->out, "Results requested for ");
    add_time(p->out, p->options->since, "the beginning");
    vg_buf_add_c(p->out, " to ");
    add_time(p->out, until, "the end");
    vg_buf_add_char(p->out, '\n');
    if (chain->from == VG_TIME_NONE) {
        vg_buf_add_c(p->out, "No valid digests found in range\n");
    } else {
        vg_buf_add_c(p->out, "Results found for ");
        add_time(p->out, chain->from, "");
        vg_buf_add_c(p->out, " to ");
        add_time(p->out, chain->to, "");
        vg_buf_add_c(p->out, ":\n");
    }
    vg_buf_add_char(p->out, '\n');
    for (size_t k = 0; k < VG_COUNT(names); k++)
        add_ratio(p->out, chain->counts[k], names[k]);
    if (chain->last != VG_TIME_NONE && (until == VG_TIME_NONE || chain->last < until)) {
        vg_buf_add_c(p->out, "Nothing after ");
        add_time(p->out, chain->last, "");
        vg_buf_add_c(p->out, ": no digest here tells of what was delivered since\n");
    }
    vg_buf_add_char(p->out, '\n');
}

/* Logs that no digest names, of which there may be many. */
static void add_unnamed(const printer *p)
{
    size_t shown = 0, more = 0;
    for (size_t i = 0; i < p->report->result_count; i++) {
        const vg_digest_result *result = &p->report->results[i];
        if (result->chain != SIZE_MAX ||
            (result->verdict == VG_PROOF_NOTE && result->kind == VG_DIGEST_LOG && !p->verbose))
            continue;
        if (!p->verbose && shown >= MOST_UNNAMED) {
            more++;
            continue;
        }
        add_result(p, result);
        shown++;
    }
    if (more)
        vg_buf_addf(p->out, "... and %zu more; --verbose shows all\n", more);
}

static void to_text(const printer *p)
{
    size_t at = 0;
    for (size_t c = 0; c < p->report->chain_count; c++) {
        bool any = false;
        add_head(p, &p->report->chains[c]);
        for (at = 0; at < p->report->result_count; at++) {
            const vg_digest_result *result = &p->report->results[at];
            if (result->chain != c || (result->verdict == VG_PROOF_VALID && !p->verbose))
                continue;
            add_result(p, result);
            any = true;
        }
        if (any)
            vg_buf_add_char(p->out, '\n');
        add_summary(p, &p->report->chains[c]);
    }
    if (p->report->chain_count == 0)
        vg_buf_add_c(p->out, "No digests found\n");
    add_unnamed(p);
}

/* ---- for programs ----------------------------------------------------------------------------------------------------- */

static void put_time(vg_json_writer *w, const char *key, vg_time time)
{
    char text[VG_TIME_TEXT];
    vg_json_key(w, key);
    if (time == VG_TIME_NONE) {
        vg_json_null(w);
        return;
    }
    vg_time_format(time, text);
    vg_json_string(w, vg_str_from(text));
}

static void put_optional(vg_json_writer *w, const char *key, vg_str text)
{
    if (text.len)
        vg_json_put_str(w, key, text);
}

static void chain_to_json(vg_json_writer *w, const vg_digest_chain *chain)
{
    static const char *const keys[] = {"digests", "backfill_digests", "logs"};
    static const char *const verdicts[] = {"valid", "invalid", "missing", "not_assessed"};
    vg_json_object(w);
    vg_json_put_str(w, "trail", chain->name.trail);
    vg_json_put_str(w, "home_region", chain->name.home);
    vg_json_put_str(w, "account", chain->name.account);
    vg_json_put_str(w, "region", chain->name.region);
    put_optional(w, "organization", chain->name.organization);
    put_time(w, "from", chain->from);
    put_time(w, "to", chain->to);
    put_time(w, "nothing_after", chain->last);
    for (size_t k = 0; k < VG_COUNT(keys); k++) {
        vg_json_key(w, keys[k]);
        vg_json_object(w);
        for (size_t i = 0; i < VG_COUNT(verdicts); i++)
            vg_json_put_i64(w, verdicts[i], (int64_t)chain->counts[k][i]);
        vg_json_end_object(w);
    }
    vg_json_end_object(w);
}

static void result_to_json(vg_json_writer *w, const vg_digest_result *result)
{
    vg_json_object(w);
    vg_json_put_str(w, "kind", vg_str_from(vg_digest_kind_names[result->kind]));
    vg_json_put_str(w, "verdict", vg_str_from(vg_proof_names[result->verdict]));
    if (result->chain != SIZE_MAX)
        vg_json_put_i64(w, "chain", (int64_t)result->chain);
    put_optional(w, "bucket", result->bucket);
    put_optional(w, "object", result->object);
    put_optional(w, "file", result->file);
    put_optional(w, "reason", result->reason);
    if (result->from != VG_TIME_NONE)
        put_time(w, "from", result->from);
    if (result->to != VG_TIME_NONE)
        put_time(w, "to", result->to);
    vg_json_end_object(w);
}

static void to_json(const printer *p)
{
    vg_json_writer w = vg_json_writer_to(p->out, 2);
    vg_json_object(&w);
    put_time(&w, "since", p->options->since);
    put_time(&w, "until", p->options->until);
    vg_json_key(&w, "chains");
    vg_json_array(&w);
    for (size_t i = 0; i < p->report->chain_count; i++)
        chain_to_json(&w, &p->report->chains[i]);
    vg_json_end_array(&w);
    vg_json_key(&w, "results");
    vg_json_array(&w);
    for (size_t i = 0; i < p->report->result_count; i++)
        if (p->verbose || p->report->results[i].verdict != VG_PROOF_VALID)
            result_to_json(&w, &p->report->results[i]);
    vg_json_end_array(&w);
    vg_json_end_object(&w);
    vg_buf_add_char(p->out, '\n');
}

/* ---- the command ------------------------------------------------------------------------------------------------------ */

static vg_status print(const printer *p, vg_error *err)
{
    vg_buf text = {0};
    printer to = *p;
    to.out = &text;
    if (vg_cli_choice(p->cli, "format") == 1)
        to_json(&to);
    else
        to_text(&to);
    bool failed = text.failed;
    if (!failed)
        fwrite(text.ptr, 1, text.len, p->cli->out);
    vg_buf_free(&text);
    return failed ? vg_fail(err, VG_ERR_MEMORY, "memory ran out while printing") : VG_OK;
}

static vg_status verify(vg_cli *cli, vg_exit *code, vg_error *err)
{
    trail_files in = {.cli = cli};
    const vg_str *arguments;
    vg_digest_report report;
    vg_cli_arguments(cli, &arguments);
    vg_digest_options options = {.root = arguments[0],
                                 .bucket = vg_cli_value(cli, "bucket"),
                                 .now = cli->now,
                                 .threads = cli->threads,
                                 .since = VG_TIME_NONE,
                                 .until = VG_TIME_NONE};
    in.files = vg_vec_in(cli->arena, sizeof(vg_dir_entry));
    in.keys = vg_vec_in(cli->arena, sizeof(vg_digest_key));
    vg_cli_time(cli, "since", &options.since);
    vg_cli_time(cli, "until", &options.until);
    VG_TRY(vg_dir_walk(cli->arena, options.root, &in.files, on_skipped, &in, err));
    VG_TRY(vg_cli_flag(cli, "keys") ? read_given_keys(&in, err) : find_keys(&in, err));
    options.files = in.files.items;
    options.file_count = in.files.len;
    options.keys = in.keys.items;
    options.key_count = in.keys.len;
    VG_TRY(vg_digest_verify(cli->arena, &options, &report, err));
    const printer p = {
        .cli = cli, .options = &options, .report = &report, .verbose = vg_cli_flag(cli, "verbose")};
    VG_TRY(print(&p, err));
    if (report.counts[VG_PROOF_INVALID] || report.counts[VG_PROOF_MISSING])
        *code = VG_EXIT_FINDINGS;
    else if (report.counts[VG_PROOF_UNASSESSED] || in.unread || !report.chain_count)
        *code = VG_EXIT_PARTIAL;
    return VG_OK;
}

static int run_verify(vg_cli *cli)
{
    vg_error err = {0};
    vg_exit code = VG_EXIT_OK;
    vg_time since, until;
    if (vg_cli_time(cli, "since", &since) && vg_cli_time(cli, "until", &until) && since > until)
        return vg_cli_usage(cli, "--since must not be after --until");
    return verify(cli, &code, &err) == VG_OK ? code : (int)vg_cli_error(cli, &err);
}

static const vg_option options[] = {
    {.name = "since",
     .argument = "TIME",
     .kind = VG_ARG_TIME,
     .help = "Verify what was delivered from then on. Without it, all that the chain names must be there, "
             "back to where "
             "validation was turned on."},
    {.name = "until",
     .argument = "TIME",
     .kind = VG_ARG_TIME,
     .help = "Verify what was delivered up to then. Digests must reach as far, or the rest is not assessed."},
    {.name = "keys",
     .argument = "FILE",
     .kind = VG_ARG_PATH,
     .repeatable = true,
     .help = "Public keys: the answer of `aws cloudtrail list-public-keys`. A region in the file's name says "
             "whose they "
             "are (public-keys-eu-west-1.json). Without it, such files are looked for in DIR."},
    {.name = "bucket",
     .argument = "NAME",
     .help = "The bucket that the copy is of. A digest of another one is INVALID."},
    {.name = "verbose", .help = "Show what is valid, too."},
    {.name = "format",
     .argument = "FORMAT",
     .choices = "text|json",
     .fallback = "text",
     .help = "How to print."},
    {0},
};
static const vg_positional positionals[] = {
    {.name = "DIR",
     .help = "A copy of the bucket, or of a part of it, with the folders as they are there.",
     .kind = VG_ARG_PATH},
    {0},
};
static const vg_example examples[] = {
    {"vigil trail verify logs --keys public-keys-eu-west-1.json", "Verify all that was copied."},
    {"vigil trail verify logs --keys keys.json --since 2026-11-01 --until 2026-12-01", "Verify November."},
    {"vigil trail verify logs --keys keys.json --format json | jq '.results[] | select(.verdict == "
     "\"missing\")'",
     "List what was deleted."},
    {0},
};
static const vg_exit_note exit_notes[] = {
    {1, "Something is INVALID or missing, whatever else could not be assessed."},
    {3, "Nothing is INVALID, but something is not assessed: the newest digest without its metadata, a log "
        "that no digest "
        "names, a time that no digest covers, a file that could not be read."},
    {0},
};

const vg_command vg_trail_verify = {
    .name = "verify",
    .summary = "Verify that log files are what CloudTrail delivered",
    .description = "Follows the chain of digest files of each trail, account and region as `aws cloudtrail "
                   "validate-logs` does, in a "
                   "copy of the bucket and without a network: each digest by its signature, each log by the "
                   "hash of what is in it.\n\n"
                   "The signature of a digest is metadata of its S3 object, which a copy loses, and stands "
                   "again in the digest after "
                   "it. So the newest one needs the answer of `aws s3api head-object` beside it, as "
                   "FILE.head.json (FILE being the "
                   "digest's own name); without it that digest is not assessed.\n\n"
                   "Nothing follows the newest digest, so nobody can see that a newer one was deleted: what "
                   "is said is after which "
                   "time nothing is known.",
    .options = options,
    .positionals = positionals,
    .examples = examples,
    .exit_notes = exit_notes,
    .run = run_verify,
};
