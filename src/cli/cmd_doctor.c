/* cmd_doctor.c: `vigil doctor`: is the workspace whole, who can read it, how large is it; how old is what Vigil knows of
 * AWS's actions. */
#include "cli/cli_listing.h"
#include "cli/content_parts.h"
#include "evidence/evidence.h"
#include "policy/policy.h"

/* AWS adds some ten actions a day; a catalogue of this age lacks what whole services can do. */
enum { CATALOGUE_OLD_DAYS = 180 };

static const vg_listing_column columns[] = {
    {"Check", "check", VG_LIST_TEXT},
    {"State", "state", VG_LIST_TEXT},
    {"Detail", "detail", VG_LIST_TEXT},
};

typedef struct {
    vg_listing listing;
    bool all_well;
    vg_status status;
    vg_error *err;
} examination;

static void take_check(void *context, const vg_evidence_check_row *row)
{
    examination *e = context;
    const vg_str cells[] = {row->check, row->ok ? VG_STR("ok") : VG_STR("bad"), row->detail};
    e->all_well &= row->ok;
    if (e->status == VG_OK)
        e->status = vg_listing_row(&e->listing, cells, e->err);
}

/* The row of the catalogue. Its age is a hint, not a fault: what it lacks, policies still match by name. */
static void check_catalogue(vg_cli *cli, examination *e)
{
    vg_error err = {0};
    const vg_catalogue *catalogue = NULL;
    vg_str text = vg_cli_content_file(cli, VG_STR("catalogue/actions.txt"));
    vg_evidence_check_row row = {.check = VG_STR("catalogue of actions")};
    if (vg_catalogue_open(cli->arena, text, &catalogue, &err) != VG_OK ||
        vg_catalogue_verify(text, &err) != VG_OK) {
        row.detail = vg_str_from(err.message);
        take_check(e, &row);
        return;
    }
    const vg_catalogue_origin *origin = vg_catalogue_origin_of(catalogue);
    long long days = (long long)vg_catalogue_age_days(catalogue, cli->now);
    char date[VG_TIME_TEXT];
    vg_time_format_date(origin->date, date);
    row.ok = true;
    row.detail = vg_arena_printf(
        cli->arena, "%.*s %.*s of %s, %lld days old: %zu actions of %zu services%s", VG_ARG(origin->source),
        VG_ARG(origin->version), date, days, origin->action_count, origin->service_count,
        days > CATALOGUE_OLD_DAYS ? "; AWS has added more since, and a newer version of Vigil knows them"
                                  : "");
    take_check(e, &row);
}

static int run_doctor(vg_cli *cli)
{
    vg_error err = {0};
    vg_evidence *evidence = NULL;
    const vg_evidence_options options = {.now = cli->now, .command = VG_STR("vigil doctor")};
    examination e = {.all_well = true, .err = &err};
    if (vg_evidence_open(cli->workspace, &options, &evidence, &err) != VG_OK)
        return vg_cli_error(cli, &err);
    vg_listing_begin(&e.listing, cli, columns, VG_COUNT(columns), vg_cli_choice(cli, "format") == 1);
    vg_status status = vg_evidence_check(evidence, take_check, &e, &err);
    check_catalogue(cli, &e);
    status = vg_listing_end(&e.listing, status == VG_OK ? e.status : status, "", &err);
    vg_evidence_close(evidence);
    if (status != VG_OK)
        return vg_cli_error(cli, &err);
    return e.all_well ? VG_EXIT_OK : VG_EXIT_FINDINGS;
}

static const vg_option options[] = {
    {.name = "format",
     .argument = "FORMAT",
     .choices = "table|json",
     .fallback = "table",
     .help = "How to print."},
    {.name = "content",
     .argument = "DIR",
     .kind = VG_ARG_FOLDER,
     .help = "A folder of content that replaces or adds to what is built in. Also named by VIGIL_CONTENT; "
             "else the "
             "folder content of the workspace."},
    {0},
};

const vg_command vg_command_doctor = {
    .name = "doctor",
    .summary = "Check that the workspace is whole and private",
    .description =
        "Checks the store's schema, every page and index of it, the permissions of the folder and its files, "
        "and tells their sizes; and how old the catalogue of AWS's actions is that answers about policies "
        "rest on. It "
        "changes nothing.",
    .options = options,
    .examples = (const vg_example[]){{"vigil doctor --workspace /srv/vigil", "Check a workspace."}, {0}},
    .exit_notes = (const vg_exit_note[]){{1, "A check is bad; its detail says what to do."}, {0}},
    .run = run_doctor};
