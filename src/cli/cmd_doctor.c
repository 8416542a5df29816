/* cmd_doctor.c: `vigil doctor`: is the workspace whole, who can read it, how large is it. */
#include "cli/cli_listing.h"
#include "evidence/evidence.h"

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
    {0},
};

const vg_command vg_command_doctor = {
    .name = "doctor",
    .summary = "Check that the workspace is whole and private",
    .description =
        "Checks the store's schema, every page and index of it, the permissions of the folder and its files, "
        "and tells their sizes. It changes nothing.",
    .options = options,
    .examples = (const vg_example[]){{"vigil doctor --workspace /srv/vigil", "Check a workspace."}, {0}},
    .exit_notes = (const vg_exit_note[]){{1, "A check is bad; its detail says what to do."}, {0}},
    .run = run_doctor};
