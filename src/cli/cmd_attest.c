/* cmd_attest.c: `vigil attest`: what no export can show. Prints the YAML to fill in for a kind of attestation, and lists
 * what was attested until when. Kinds are content (attestations.yaml). */
#include "cli/cli_listing.h"
#include "cli/cli_parts.h"
#include "cli/content_parts.h"

/* ---- kinds --------------------------------------------------------------------------------------------------------- */

static vg_status read_kinds(vg_cli *cli, vg_doc *out, vg_error *err)
{
    vg_str path = VG_STR("attestations.yaml"), text = vg_cli_content_file(cli, path);
    if (!text.ptr)
        return vg_fail(err, VG_ERR_NOT_FOUND, "content has no attestations.yaml");
    return vg_yaml_read(cli->arena, text, path, NULL, out, err);
}

static const vg_value *find_kind(const vg_doc *kinds, vg_str id)
{
    for (vg_items it = vg_items_of(vg_get(kinds->root, VG_STR("kinds"))); vg_items_next(&it);)
        if (vg_str_eq(vg_get_str(it.value, "id"), id))
            return it.value;
    return NULL;
}

/* ---- template ---------------------------------------------------------------------------------------------------------- */

/* Text as comment lines of at most 100 columns. */
static void print_comment(FILE *out, vg_str text)
{
    vg_str word;
    size_t column = 0;
    while (vg_word_next(&text, &word)) {
        if (column > 0 && column + 1 + word.len > 100) {
            fputc('\n', out);
            column = 0;
        }
        column += (size_t)fprintf(out, "%s%.*s", column == 0 ? "    # " : " ", VG_ARG(word));
    }
    if (column > 0)
        fputc('\n', out);
}

static void print_details(vg_cli *cli, const vg_value *details)
{
    vg_buf example = {0};
    if (!details || vg_value_count(details) == 0)
        return;
    fprintf(cli->out, "    details:\n");
    for (vg_items it = vg_items_of(details); vg_items_next(&it);) {
        const vg_value *shown = vg_get(it.value, VG_STR("example"));
        vg_buf_clear(&example);
        if (shown)
            vg_json_write(&example, shown, 0);
        fprintf(cli->out, "      %.*s: %.*s  # %s%.*s\n", VG_ARG(vg_get_str(it.value, "key")),
                VG_ARG(vg_buf_str(&example)), vg_get_bool(it.value, "required", false) ? "required: " : "",
                VG_ARG(vg_get_str(it.value, "about")));
    }
    vg_buf_free(&example);
}

static void print_template(vg_cli *cli, const vg_value *kind)
{
    enum { BY_DEFAULT = 365 };
    char today[VG_TIME_TEXT], until[VG_TIME_TEXT];
    int64_t days = BY_DEFAULT;
    vg_str scope = vg_get_str(kind, "scope");
    vg_get_i64(kind, "max_age_days", &days);
    vg_time_format_date(cli->now, today);
    vg_time_format_date(cli->now + days * VG_TIME_DAY, until);
    print_comment(cli->out, vg_get_str(kind, "title"));
    print_comment(cli->out, vg_get_str(kind, "asserts"));
    fprintf(cli->out, "  - kind: %.*s\n", VG_ARG(vg_get_str(kind, "id")));
    fprintf(cli->out, "    scope: %s  # or account:ID, or workload:NAME\n",
            vg_str_is(scope, "workload")  ? "workload:NAME"
            : vg_str_is(scope, "account") ? "account:ID"
                                          : "organization");
    fprintf(cli->out, "    statement: \"\"  # in your own words, what is so\n");
    fprintf(cli->out, "    owner: \"\"      # who vouches for it\n");
    fprintf(cli->out, "    link: \"\"       # where it can be seen\n");
    fprintf(cli->out, "    date: %s    # when it was last done\n", today);
    fprintf(cli->out, "    expires: %s # until when you vouch for it\n", until);
    print_details(cli, vg_get(kind, VG_STR("details")));
}

static int run_template(vg_cli *cli)
{
    vg_error err = {0};
    vg_doc kinds;
    const vg_str *words;
    size_t count = vg_cli_arguments(cli, &words);
    if (read_kinds(cli, &kinds, &err) != VG_OK)
        return vg_cli_error(cli, &err);
    for (size_t i = 0; i < count; i++)
        if (!find_kind(&kinds, words[i]))
            return vg_cli_usage(cli, "no kind of attestation is named '%.*s'; 'vigil attest list' names them",
                                VG_ARG(words[i]));
    fprintf(cli->out, "attestations:\n");
    for (size_t i = 0; i < count; i++)
        print_template(cli, find_kind(&kinds, words[i]));
    for (vg_items it = vg_items_of(vg_get(kinds.root, VG_STR("kinds"))); count == 0 && vg_items_next(&it);)
        print_template(cli, it.value);
    return VG_EXIT_OK;
}

/* ---- list ------------------------------------------------------------------------------------------------------------------ */

typedef struct {
    vg_cli *cli;
    vg_listing *rows;
    vg_map *given; /* kinds that somebody attested */
} attestation_list;

static const vg_listing_column columns[] = {
    {"Kind", "kind", VG_LIST_FIXED},
    {"Scope", "scope", VG_LIST_TEXT},
    {"State", "state", VG_LIST_FIXED},
    {"Expires", "expires", VG_LIST_FIXED},
    {"Owner or what it says", "about", VG_LIST_TEXT},
};

static vg_status take_attestation(void *context, const vg_evidence_row *row, vg_error *err)
{
    attestation_list *list = context;
    vg_doc doc;
    vg_time expires;
    vg_str text = vg_arena_str(list->cli->arena, row->resource.properties);
    VG_TRY(vg_json_read(list->cli->arena, text, row->resource.id, NULL, &doc, err));
    vg_str until = vg_get_str(doc.root, "Expires"), kind = vg_get_str(doc.root, "Kind");
    bool lapsed = vg_time_parse(until, &expires) && list->cli->now > expires;
    if (!vg_map_put(list->given, kind, NULL))
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    const vg_str cells[] = {
        kind,
        vg_get_str(doc.root, "Scope"),
        lapsed ? VG_STR("lapsed") : VG_STR("holds"),
        vg_str_sub(until, 0, VG_STR("2026-11-24").len),
        vg_get_str(doc.root, "Owner"),
    };
    return vg_listing_row(list->rows, cells, err);
}

static vg_status read_attestations(attestation_list *list, vg_error *err)
{
    vg_evidence *evidence;
    vg_evidence_options options = {.now = list->cli->now, .command = VG_STR("vigil attest")};
    vg_resource_filter filter = VG_RESOURCE_FILTER_ALL;
    vg_status status = vg_evidence_open(list->cli->workspace, &options, &evidence, err);
    if (status == VG_ERR_NOT_FOUND)
        return VG_OK;
    VG_TRY(status);
    filter.type = VG_STR("Vigil::Attestation::Statement");
    status = vg_evidence_resources(evidence, &filter, take_attestation, list, err);
    vg_evidence_close(evidence);
    return status;
}

static vg_status list_all(attestation_list *list, vg_error *err)
{
    vg_doc kinds;
    if (!list->given)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
    VG_TRY(read_kinds(list->cli, &kinds, err));
    VG_TRY(read_attestations(list, err));
    for (vg_items it = vg_items_of(vg_get(kinds.root, VG_STR("kinds"))); vg_items_next(&it);) {
        vg_str id = vg_get_str(it.value, "id");
        const vg_str cells[] = {id, vg_get_str(it.value, "scope"), VG_STR("missing"), VG_STR(""),
                                vg_get_str(it.value, "title")};
        if (!vg_map_get(list->given, id))
            VG_TRY(vg_listing_row(list->rows, cells, err));
    }
    return VG_OK;
}

static int run_list(vg_cli *cli)
{
    vg_error err = {0};
    vg_listing rows;
    attestation_list list = {cli, &rows, vg_map_new(cli->arena, 0)};
    vg_listing_begin(&rows, cli, columns, VG_COUNT(columns), vg_cli_choice(cli, "format") == 1);
    vg_status status = list_all(&list, &err);
    status = vg_listing_end(&rows, status, "content knows no kind of attestation", &err);
    return status == VG_OK ? VG_EXIT_OK : (int)vg_cli_error(cli, &err);
}

/* ---- the table ---------------------------------------------------------------------------------------------------------------- */

#define CONTENT_OPTION                                                                                       \
    {                                                                                                        \
        .name = "content", .argument = "DIR", .kind = VG_ARG_FOLDER,                                         \
        .help = "Your own content, as for 'vigil review'."                                                   \
    }

static const vg_option template_options[] = {CONTENT_OPTION, {0}};
static const vg_option list_options[] = {
    CONTENT_OPTION,
    {.name = "format",
     .argument = "FORMAT",
     .choices = "table|json",
     .fallback = "table",
     .help = "How to print."},
    {0},
};
static const vg_positional template_words[] = {
    {.name = "KIND",
     .help = "The kinds to print; all when none is named.",
     .optional = true,
     .repeatable = true},
    {0},
};
static const vg_example template_examples[] = {
    {"vigil attest template risk-register > attestations.yaml", "Start a file with one attestation."},
    {0},
};
static const vg_command template_command = {
    .name = "template",
    .summary = "Print the YAML of an attestation, to fill in",
    .description = "Prints what to fill in: statement, owner, link, date, expiry, and the details that the "
                   "kind asks for. Then "
                   "import the file with 'vigil import'.",
    .options = template_options,
    .positionals = template_words,
    .examples = template_examples,
    .run = run_template,
};
static const vg_example list_examples[] = {
    {"vigil attest list", "Show what is attested until when, and what is missing."},
    {"vigil attest list --now 2027-01-01 --format json", "Tell a program what will have lapsed by then."},
    {0},
};
static const vg_command list_command = {
    .name = "list",
    .summary = "List attestations, when they lapse, and the kinds that are missing",
    .description = "Lists what was imported, then the kinds of which nothing was. Expiry is judged at --now, "
                   "else by the clock.",
    .options = list_options,
    .examples = list_examples,
    .run = run_list,
};
static const vg_command *const nested[] = {&list_command, &template_command, NULL};

const vg_command vg_command_attest = {
    .name = "attest",
    .summary = "Say what no export can show",
    .description = "An attestation says in a named person's words that something is so, until a day: a plan "
                   "was drilled, risks "
                   "were reviewed. It is evidence like any other; without it the control is not assessed, "
                   "and lapsed it fails.",
    .nested = nested,
};
