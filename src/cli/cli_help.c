/* cli_help.c: `--help`, read off the table, and the small text tools that the other generated texts share. */
#include "cli/cli_parts.h"

/* ---- text ------------------------------------------------------------------------------------------------------------ */

static bool is_break(const char *text)
{
    return text[0] == '\n' && (text[1] == '\n' || text[1] == '\0');
}

bool vg_paragraph_next(const char **text, vg_str *paragraph, bool *verbatim)
{
    if (!*text)
        return false;
    const char *start = *text;
    while (*start == '\n')
        start++;
    const char *end = start;
    while (*end && !is_break(end))
        end++;
    *text = end;
    *paragraph = vg_str_of(start, (size_t)(end - start));
    *verbatim = vg_str_starts(*paragraph, VG_STR("  "));
    return paragraph->len > 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

bool vg_word_next(vg_str *text, vg_str *word)
{
    size_t start = 0, end;
    while (start < text->len && is_space(text->ptr[start]))
        start++;
    for (end = start; end < text->len && !is_space(text->ptr[end]); end++)
        continue;
    *word = vg_str_sub(*text, start, end - start);
    *text = vg_str_sub(*text, end, VG_NPOS);
    return word->len > 0;
}

/* Columns that a word of UTF-8 takes, for the words that our own tables hold. */
static unsigned columns_of(vg_str word)
{
    unsigned columns = 0;
    for (size_t i = 0; i < word.len; i++)
        columns += ((unsigned char)word.ptr[i] & 0xC0) != 0x80;
    return columns;
}

void vg_wrap_print(FILE *out, vg_str text, unsigned column, unsigned indent, unsigned width)
{
    vg_str word;
    bool at_start = true;
    while (vg_word_next(&text, &word)) {
        unsigned columns = columns_of(word);
        if (!at_start && column + 1 + columns > width) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
            at_start = true;
        }
        fprintf(out, "%s%.*s", at_start ? "" : " ", VG_ARG(word));
        column += columns + !at_start;
        at_start = false;
    }
    fputc('\n', out);
}

static void print_description(FILE *out, const char *text, unsigned width)
{
    vg_str paragraph;
    bool verbatim;
    while (vg_paragraph_next(&text, &paragraph, &verbatim)) {
        fputc('\n', out);
        if (verbatim)
            fprintf(out, "%.*s\n", VG_ARG(paragraph));
        else
            vg_wrap_print(out, paragraph, 0, 0, width);
    }
}

/* ---- usage --------------------------------------------------------------------------------------------------------------- */

static void add_positionals(const vg_command *command, vg_buf *out)
{
    for (const vg_positional *word = command->positionals; word && word->name; word++)
        vg_buf_addf(out, " %s%s%s%s", word->optional ? "[" : "", word->name, word->repeatable ? "..." : "",
                    word->optional ? "]" : "");
}

bool vg_usage_line(const vg_command *command, const char *path, size_t i, vg_buf *out)
{
    size_t nested_at = command->run ? 1 : 0;
    if (i == 0 && command->run) {
        vg_buf_addf(out, "%s [OPTIONS]", path);
        add_positionals(command, out);
        return true;
    }
    if (!command->nested || i != nested_at)
        return false;
    vg_buf_addf(out, "%s COMMAND [OPTIONS] ...", path);
    return true;
}

static void print_usage(FILE *out, const vg_command *command, const char *path)
{
    vg_buf line = {0};
    for (size_t i = 0; vg_usage_line(command, path, i, &line); i++) {
        fprintf(out, "%s vigil %.*s\n", i ? "      " : "Usage:", VG_ARG(vg_buf_str(&line)));
        vg_buf_clear(&line);
    }
    vg_buf_free(&line);
}

/* ---- options ---------------------------------------------------------------------------------------------------------------- */

void vg_option_facts(const vg_option *option, vg_buf *out)
{
    if (option->choices) {
        vg_str rest = vg_str_from(option->choices), choice;
        const char *before = " One of: ";
        for (; vg_str_next(&rest, '|', &choice); before = ", ")
            vg_buf_addf(out, "%s%.*s", before, VG_ARG(choice));
        vg_buf_add_c(out, ".");
    }
    if (option->fallback)
        vg_buf_addf(out, " Default: %s.", option->fallback);
    if (option->repeatable)
        vg_buf_add_c(out, " May be given several times.");
}

enum { HELP_COLUMN = 26, NARROW = 60, NARROW_COLUMN = 8 };

/* "  -f, --format FORMAT   Help...", the help on its own line when the left side is too long. */
static void print_entry(FILE *out, vg_str left, vg_str help, unsigned width)
{
    unsigned column = width < NARROW ? NARROW_COLUMN : HELP_COLUMN, used = 2 + columns_of(left);
    fprintf(out, "  %.*s", VG_ARG(left));
    if (used + 2 > column)
        fprintf(out, "\n%*s", (int)column, "");
    else
        fprintf(out, "%*s", (int)(column - used), "");
    vg_wrap_print(out, help, column, column, width);
}

static void print_options(FILE *out, const char *title, const vg_option *options, unsigned width)
{
    vg_buf left = {0}, help = {0};
    bool titled = false;
    for (const vg_option *option = options; option && option->name; option++) {
        if (option->hidden)
            continue;
        vg_buf_clear(&left);
        vg_buf_clear(&help);
        if (option->letter)
            vg_buf_addf(&left, "-%c, --%s", option->letter, option->name);
        else
            vg_buf_addf(&left, "    --%s", option->name);
        if (option->argument)
            vg_buf_addf(&left, " %s", option->argument);
        vg_buf_add_c(&help, option->help);
        vg_option_facts(option, &help);
        if (!titled)
            fprintf(out, "\n%s:\n", title);
        titled = true;
        print_entry(out, vg_buf_str(&left), vg_buf_str(&help), width);
    }
    vg_buf_free(&left);
    vg_buf_free(&help);
}

/* ---- the rest ----------------------------------------------------------------------------------------------------------------- */

static void print_positionals(FILE *out, const vg_positional *words, unsigned width)
{
    for (const vg_positional *word = words; word && word->name; word++) {
        if (word == words)
            fputs("\nArguments:\n", out);
        print_entry(out, vg_str_from(word->name), vg_str_from(word->help), width);
    }
}

static void print_commands(FILE *out, const vg_command *const *commands, unsigned width)
{
    fputs("\nCommands:\n", out);
    for (; commands && *commands; commands++)
        if (!(*commands)->hidden)
            print_entry(out, vg_str_from((*commands)->name), vg_str_from((*commands)->summary), width);
}

static void print_examples(FILE *out, const vg_example *examples, unsigned width)
{
    for (const vg_example *example = examples; example && example->command; example++) {
        fputs(example == examples ? "\nExamples:\n  " : "  ", out);
        vg_wrap_print(out, vg_str_from(example->shows), 2, 2, width);
        fprintf(out, "    $ %s\n", example->command);
    }
}

static void print_exit_notes(FILE *out, const vg_exit_note *notes, unsigned width)
{
    for (const vg_exit_note *note = notes; note && note->meaning; note++) {
        fprintf(out, "%s  %d  ", note == notes ? "\nExit codes:\n" : "", note->code);
        vg_wrap_print(out, vg_str_from(note->meaning), 5, 5, width);
    }
}

static void print_program(FILE *out, const vg_cli_world *world, unsigned width)
{
    static const char about[] = "Vigil answers, from evidence, how securely an AWS organisation is operated, "
                                "and says what to do first. Import "
                                "the files that AWS itself emits, then ask for the review:\n\n"
                                "    vigil import exports/\n    vigil review";
    fputs("Usage: vigil COMMAND [OPTIONS] ...\n", out);
    print_description(out, about, width);
    print_commands(out, world->commands, width);
    print_options(out, "Options of every command", vg_global_options, width);
    fputs("\nExit codes:\n", out);
    for (int code = 0; code < 5; code++) {
        fprintf(out, "  %d  ", code);
        vg_wrap_print(out, vg_str_from(vg_exit_meanings[code]), 5, 5, width);
    }
    fputs("\nSee 'vigil COMMAND --help' for the options and examples of a command.\n", out);
}

void vg_help_print(FILE *out, const vg_cli_world *world, const vg_command *command, const char *path,
                   unsigned width)
{
    enum { WIDEST = 100 };
    width = width > WIDEST ? WIDEST : width;
    if (!command) {
        print_program(out, world, width);
        return;
    }
    fprintf(out, "%s\n\n", command->summary);
    print_usage(out, command, path);
    print_description(out, command->description, width);
    if (command->nested)
        print_commands(out, command->nested, width);
    print_positionals(out, command->positionals, width);
    print_options(out, "Options", command->options, width);
    print_options(out, "Options of every command", vg_global_options, width);
    print_examples(out, command->examples, width);
    print_exit_notes(out, command->exit_notes, width);
}
