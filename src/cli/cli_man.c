/* cli_man.c: man pages in mdoc(7), read off the table: vigil(1), and vigil-NAME(1) for each command with its nested
 * ones. Sentences start on their own line, as mdoc asks, so that mandoc -T lint has nothing to say. */
#include "cli/cli_parts.h"

#include <ctype.h>

/* ---- escaping ------------------------------------------------------------------------------------------------------- */

/* Text that roff must take as it is: backslashes and the quotes that end an argument. */
static void print_escaped(FILE *out, vg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\\')
            fputs("\\e", out);
        else if (c == '"')
            fputs("\\(dq", out);
        else if (c == '-')
            fputs("\\-", out);
        else
            fputc(c, out);
    }
}

/* An argument of a macro. A leading zero-width `\&` keeps words such as "Ar" from being macros. */
static void print_argument(FILE *out, const char *text)
{
    fputs(" \"\\&", out);
    print_escaped(out, vg_str_from(text));
    fputc('"', out);
}

/* Running text: a new line after each sentence; a word that would start a request is guarded. */
static void print_text(FILE *out, vg_str text)
{
    vg_str word;
    bool at_start = true;
    while (vg_word_next(&text, &word)) {
        char first = word.ptr[0], last = word.ptr[word.len - 1];
        fputs(at_start ? (first == '.' || first == '\'' ? "\\&" : "") : " ", out);
        print_escaped(out, word);
        at_start = word.len > 1 && (last == '.' || last == '?' || last == '!');
        if (at_start)
            fputc('\n', out);
    }
    if (!at_start)
        fputc('\n', out);
}

static void print_literal(FILE *out, vg_str lines)
{
    vg_str line;
    fputs(".Bd -literal\n", out);
    while (vg_str_next(&lines, '\n', &line)) {
        fputs(line.len && (line.ptr[0] == '.' || line.ptr[0] == '\'') ? "\\&" : "", out);
        print_escaped(out, line);
        fputc('\n', out);
    }
    fputs(".Ed\n", out);
}

static void print_description(FILE *out, const char *text, bool after_heading)
{
    vg_str paragraph;
    bool verbatim;
    while (vg_paragraph_next(&text, &paragraph, &verbatim)) {
        if (!after_heading && !verbatim)
            fputs(".Pp\n", out);
        after_heading = false;
        if (verbatim)
            print_literal(out, paragraph);
        else
            print_text(out, paragraph);
    }
}

/* ---- parts ----------------------------------------------------------------------------------------------------------- */

static void print_head(FILE *out, const char *name, const char *summary, vg_time date)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    char day[VG_TIME_TEXT];
    uint64_t month = 1, day_of_month = 1;
    vg_time_format_date(date, day);
    vg_str_to_u64(vg_str_of(day + 5, 2), &month);
    vg_str_to_u64(vg_str_of(day + 8, 2), &day_of_month);
    fprintf(out, ".\\\" Generated from the program's table of commands and options.\n.Dd %s %u, %.4s\n.Dt ",
            months[(month - 1) % 12], (unsigned)day_of_month, day);
    for (const char *c = name; *c; c++)
        fputc(toupper((unsigned char)*c), out);
    fprintf(out, " 1\n.Os\n.Sh NAME\n.Nm %s\n.Nd ", name);
    for (const char *c = summary; *c; c++)
        fputc(c == summary && islower((unsigned char)c[1]) ? tolower((unsigned char)*c) : *c, out);
    fputc('\n', out);
}

static void print_synopsis_line(FILE *out, const vg_command *command, const char *path)
{
    vg_buf line = {0};
    for (size_t i = 0; vg_usage_line(command, path, i, &line); i++) {
        vg_str words = vg_buf_str(&line), word;
        fputs(".Nm vigil\n", out);
        while (vg_word_next(&words, &word)) {
            bool is_name = word.ptr[0] >= 'a' && word.ptr[0] <= 'z';
            fputs(is_name ? ".Cm \\&" : ".Ar \\&", out);
            print_escaped(out, word);
            fputc('\n', out);
        }
        vg_buf_clear(&line);
    }
    vg_buf_free(&line);
}

static void print_option(FILE *out, const vg_option *option)
{
    vg_buf help = {0};
    fputs(".It ", out);
    if (option->letter)
        fprintf(out, "Fl %c , ", option->letter);
    fprintf(out, "Fl \\-");
    print_escaped(out, vg_str_from(option->name));
    if (option->argument) {
        fputs(" Ar", out);
        print_argument(out, option->argument);
    }
    fputc('\n', out);
    vg_buf_add_c(&help, option->help);
    vg_option_facts(option, &help);
    print_text(out, vg_buf_str(&help));
    vg_buf_free(&help);
}

static void print_options(FILE *out, const vg_option *options)
{
    bool titled = false;
    for (const vg_option *option = options; option && option->name; option++) {
        if (option->hidden)
            continue;
        fputs(titled ? "" : ".Bl -tag -width Ds\n", out);
        titled = true;
        print_option(out, option);
    }
    if (titled)
        fputs(".El\n", out);
}

static void print_positionals(FILE *out, const vg_positional *words)
{
    for (const vg_positional *word = words; word && word->name; word++) {
        fputs(word == words ? ".Bl -tag -width Ds\n.It Ar" : ".It Ar", out);
        print_argument(out, word->name);
        fputc('\n', out);
        print_text(out, vg_str_from(word->help));
        fputs(word[1].name ? "" : ".El\n", out);
    }
}

static void print_examples_of(FILE *out, const vg_command *command, bool *after_heading)
{
    for (const vg_example *example = command->examples; example && example->command; example++) {
        fputs(*after_heading ? "" : ".Pp\n", out);
        *after_heading = false;
        print_text(out, vg_str_from(example->shows));
        fputs(".Dl", out);
        print_argument(out, example->command);
        fputc('\n', out);
    }
    for (const vg_command *const *nested = command->nested; nested && *nested; nested++)
        if (!(*nested)->hidden)
            print_examples_of(out, *nested, after_heading);
}

static bool has_examples(const vg_command *command)
{
    if (command->examples)
        return true;
    for (const vg_command *const *nested = command->nested; nested && *nested; nested++)
        if (!(*nested)->hidden && has_examples(*nested))
            return true;
    return false;
}

static void print_exit_codes(FILE *out, const vg_exit_note *notes)
{
    fputs(".Sh EXIT STATUS\n.Bl -tag -width Ds\n", out);
    for (int code = 0; code < 5; code++) {
        const char *meaning = vg_exit_meanings[code];
        for (const vg_exit_note *note = notes; note && note->meaning; note++)
            meaning = note->code == code ? note->meaning : meaning;
        fprintf(out, ".It %d\n", code);
        print_text(out, vg_str_from(meaning));
    }
    fputs(".El\n.Pp\nWhen several apply, the first of 4, 2, 3, 1 is given.\n", out);
}

/* ---- pages ----------------------------------------------------------------------------------------------------------- */

static void print_nested(FILE *out, const vg_command *command, const char *path)
{
    for (const vg_command *const *nested = command->nested; nested && *nested; nested++) {
        if ((*nested)->hidden)
            continue;
        vg_buf inner = {0};
        vg_buf_addf(&inner, "%s %s", path, (*nested)->name);
        vg_buf_add_char(&inner, '\0');
        fprintf(out, ".Ss %s\n", inner.ptr);
        print_text(out, vg_str_from((*nested)->summary));
        print_description(out, (*nested)->description, false);
        print_positionals(out, (*nested)->positionals);
        print_options(out, (*nested)->options);
        print_nested(out, *nested, inner.ptr);
        vg_buf_free(&inner);
    }
}

static void print_synopsis(FILE *out, const vg_command *command, const char *path)
{
    if (command->run)
        print_synopsis_line(out, command, path);
    for (const vg_command *const *nested = command->nested; nested && *nested; nested++) {
        vg_buf inner = {0};
        vg_buf_addf(&inner, "%s %s", path, (*nested)->name);
        vg_buf_add_char(&inner, '\0');
        if (!(*nested)->hidden)
            print_synopsis(out, *nested, inner.ptr);
        vg_buf_free(&inner);
    }
}

static void print_command_page(FILE *out, const vg_command *command, vg_time date)
{
    vg_buf name = {0};
    vg_buf_addf(&name, "vigil-%s", command->name);
    vg_buf_add_char(&name, '\0');
    print_head(out, name.ptr, command->summary, date);
    vg_buf_free(&name);
    fputs(".Sh SYNOPSIS\n", out);
    print_synopsis(out, command, command->name);
    fputs(".Sh DESCRIPTION\n", out);
    print_description(out, command->description, true);
    print_positionals(out, command->positionals);
    print_options(out, command->options);
    fputs(command->options || command->positionals ? "" : ".Pp\n", out);
    fputs("The options of every command are described in\n.Xr vigil 1 .\n", out);
    print_nested(out, command, command->name);
    print_exit_codes(out, command->exit_notes);
    if (has_examples(command)) {
        bool after_heading = true;
        fputs(".Sh EXAMPLES\n", out);
        print_examples_of(out, command, &after_heading);
    }
    fputs(".Sh SEE ALSO\n.Xr vigil 1\n", out);
}

static void print_program_page(FILE *out, const vg_command *const *commands, vg_time date)
{
    print_head(out, "vigil", "Answer from evidence how securely an AWS organisation is operated", date);
    fputs(".Sh SYNOPSIS\n.Nm vigil\n.Ar COMMAND\n.Op Ar OPTIONS\n.Ar ...\n.Sh DESCRIPTION\n"
          "Vigil reads the files that AWS itself emits, keeps what they say in a workspace, and answers how "
          "securely the\n"
          "organisation is operated, with evidence and with what to do first.\n.Bl -tag -width Ds\n",
          out);
    for (const vg_command *const *command = commands; *command; command++)
        if (!(*command)->hidden)
            fprintf(out, ".It Cm %s\n%s; see\n.Xr vigil-%s 1 .\n", (*command)->name, (*command)->summary,
                    (*command)->name);
    fputs(".El\n.Ss Options of every command\n", out);
    print_options(out, vg_global_options);
    fputs(".Sh ENVIRONMENT\n.Bl -tag -width Ds\n"
          ".It Ev VIGIL_WORKSPACE\nThe workspace, where\n.Fl \\-workspace\ndoes not name one.\n"
          ".It Ev NO_COLOR\nWhen set and not empty, nothing is coloured unless\n.Fl \\-color\nasks for it.\n"
          ".It Ev COLUMNS\nThe width to fill.\n.El\n"
          ".Sh FILES\n.Bl -tag -width Ds\n.It Pa .vigil\nThe workspace where nothing else names one.\n.El\n",
          out);
    print_exit_codes(out, NULL);
    fputs(".Sh SEE ALSO\n", out);
    for (const vg_command *const *command = commands; *command; command++) {
        const vg_command *const *next = command + 1;
        while (*next && (*next)->hidden)
            next++;
        if (!(*command)->hidden)
            fprintf(out, ".Xr vigil-%s 1%s\n", (*command)->name, *next ? " ," : "");
    }
}

void vg_help_man(FILE *out, const vg_command *const *commands, const vg_command *command, vg_time date)
{
    if (command)
        print_command_page(out, command, date);
    else
        print_program_page(out, commands, date);
}
