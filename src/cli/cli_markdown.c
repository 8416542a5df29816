/* cli_markdown.c: docs/reference/cli.md, read off the table. `.ci/run` fails when the file in the tree is another. */
#include "cli/cli_parts.h"

/* Text in a table cell or a paragraph: what Markdown would take for its own is escaped. */
static void print_text(FILE *out, vg_str text)
{
    vg_str word;
    for (bool first = true; vg_word_next(&text, &word); first = false) {
        fputs(first ? "" : " ", out);
        for (size_t i = 0; i < word.len; i++)
            fprintf(out, strchr("|*_<>`\\", word.ptr[i]) ? "\\%c" : "%c", word.ptr[i]);
    }
}

static void print_description(FILE *out, const char *text)
{
    vg_str paragraph;
    bool verbatim;
    while (vg_paragraph_next(&text, &paragraph, &verbatim)) {
        if (verbatim) {
            fprintf(out, "\n```\n%.*s\n```\n", VG_ARG(paragraph));
            continue;
        }
        fputc('\n', out);
        print_text(out, paragraph);
        fputc('\n', out);
    }
}

static void print_usage(FILE *out, const vg_command *command, const char *path)
{
    vg_buf line = {0};
    fputs("\n```\n", out);
    for (size_t i = 0; vg_usage_line(command, path, i, &line); i++) {
        fprintf(out, "vigil %.*s\n", VG_ARG(vg_buf_str(&line)));
        vg_buf_clear(&line);
    }
    fputs("```\n", out);
    vg_buf_free(&line);
}

static void print_positionals(FILE *out, const vg_positional *words)
{
    for (const vg_positional *word = words; word && word->name; word++) {
        if (word == words)
            fputs("\n| argument | meaning |\n|---|---|\n", out);
        fputs("| ", out);
        print_text(out, vg_str_from(word->name));
        fputs(" | ", out);
        print_text(out, vg_str_from(word->help));
        fputs(" |\n", out);
    }
}

static void print_options(FILE *out, const vg_option *options)
{
    vg_buf help = {0};
    bool titled = false;
    for (const vg_option *option = options; option && option->name; option++) {
        if (option->hidden)
            continue;
        if (!titled)
            fputs("\n| option | meaning |\n|---|---|\n", out);
        titled = true;
        vg_buf_clear(&help);
        vg_buf_add_c(&help, option->help);
        vg_option_facts(option, &help);
        fputs("| ", out);
        if (option->letter)
            fprintf(out, "`-%c`, ", option->letter);
        fprintf(out, "`--%s%s%s` | ", option->name, option->argument ? " " : "",
                option->argument ? option->argument : "");
        print_text(out, vg_buf_str(&help));
        fputs(" |\n", out);
    }
    vg_buf_free(&help);
}

static void print_examples(FILE *out, const vg_example *examples)
{
    for (const vg_example *example = examples; example && example->command; example++) {
        fputc('\n', out);
        print_text(out, vg_str_from(example->shows));
        fprintf(out, "\n\n```sh\n%s\n```\n", example->command);
    }
}

static void print_exit_notes(FILE *out, const vg_exit_note *notes)
{
    for (const vg_exit_note *note = notes; note && note->meaning; note++) {
        fprintf(out, "%sExit code %d: ", note == notes ? "\n" : "", note->code);
        print_text(out, vg_str_from(note->meaning));
        fputc('\n', out);
    }
}

/* Depth of nesting is what our own tables have: two or three. */
static void print_command(FILE *out, const vg_command *command, const char *path, int level)
{
    fprintf(out, "\n%.*s vigil %s\n\n%s.\n", level, "######", path, command->summary);
    print_usage(out, command, path);
    print_description(out, command->description);
    print_positionals(out, command->positionals);
    print_options(out, command->options);
    print_examples(out, command->examples);
    print_exit_notes(out, command->exit_notes);
    for (const vg_command *const *nested = command->nested; nested && *nested; nested++) {
        vg_buf inner = {0};
        vg_buf_addf(&inner, "%s %s", path, (*nested)->name);
        vg_buf_add_char(&inner, '\0');
        if (!(*nested)->hidden)
            print_command(out, *nested, inner.ptr, level + 1);
        vg_buf_free(&inner);
    }
}

void vg_help_markdown(FILE *out, const vg_command *const *commands)
{
    fputs("# Command line\n\n"
          "Generated from the program's own table of commands and options (`vigil help --markdown`); do not "
          "edit.\n\n"
          "`vigil COMMAND [OPTIONS] ...`. Options may stand anywhere; `--` ends them.\n\n"
          "| command | what it does |\n|---|---|\n",
          out);
    for (const vg_command *const *command = commands; *command; command++)
        if (!(*command)->hidden)
            fprintf(out, "| [%s](#vigil-%s) | %s |\n", (*command)->name, (*command)->name,
                    (*command)->summary);

    fputs("\n## Options of every command\n", out);
    print_options(out, vg_global_options);

    fputs("\n## Exit codes\n\n| code | meaning |\n|---|---|\n", out);
    for (int code = 0; code < 5; code++)
        fprintf(out, "| %d | %s |\n", code, vg_exit_meanings[code]);
    fputs("\nWhen several apply, the first of 4, 2, 3, 1 is given.\n", out);

    for (const vg_command *const *command = commands; *command; command++)
        if (!(*command)->hidden)
            print_command(out, *command, (*command)->name, 2);
}
