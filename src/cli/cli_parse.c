/* cli_parse.c: from argv to a checked command and its values.
 *
 * The grammar is the one that users of GNU and AWS tools have in their fingers: `--name=value`, `--name value`,
 * `-n value`, `-nvalue`, flags bundled as `-ab`, `--` before words that start with a dash, options anywhere. Long names
 * are never abbreviated: a script that works today must not become ambiguous when an option is added. Everything the
 * table says (choices, kinds, repetition, missing words) is checked here, so that a command starts from good input. */
#include "cli/cli_parts.h"

#include <assert.h>
#include <stdlib.h>

typedef struct {
    vg_cli *cli;
    const char *const *words;
    size_t count, at;
    bool only_words; /* "--" was seen */
    vg_buf path;
} parser;

/* ---- finding things by name -------------------------------------------------------------------------------------- */

static const vg_option *find_in(const vg_option *options, vg_str name, char letter)
{
    for (const vg_option *option = options; option && option->name; option++)
        if (letter ? option->letter == letter : vg_str_is(name, option->name))
            return option;
    return NULL;
}

const vg_option *vg_option_find(const vg_command *command, vg_str name)
{
    const vg_option *own = command ? find_in(command->options, name, 0) : NULL;
    return own ? own : find_in(vg_global_options, name, 0);
}

const vg_option *vg_option_find_letter(const vg_command *command, char letter)
{
    const vg_option *own = command ? find_in(command->options, (vg_str){0}, letter) : NULL;
    return own ? own : find_in(vg_global_options, (vg_str){0}, letter);
}

static const vg_command *find_command(const vg_command *const *commands, const char *name)
{
    for (; commands && *commands; commands++)
        if (vg_text_is((*commands)->name, name))
            return *commands;
    return NULL;
}

const vg_command *vg_command_find(const vg_command *const *commands, const char *const *words, size_t count,
                                  size_t *used)
{
    const vg_command *found = NULL;
    for (*used = 0; *used < count; ++*used) {
        const vg_command *next = find_command(found ? found->nested : commands, words[*used]);
        if (!next)
            break;
        found = next;
    }
    return found;
}

/* Edit distance with swaps of neighbours (optimal string alignment); words longer than 31 bytes are far from all. */
static size_t distance(const char *a, const char *b)
{
    enum { MAX = 32 };
    size_t a_len = strlen(a), b_len = strlen(b), d[MAX][MAX];
    if (a_len >= MAX || b_len >= MAX)
        return MAX;
    for (size_t i = 0; i <= a_len; i++)
        for (size_t j = 0; j <= b_len; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
            best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    return d[a_len][b_len];
}

const char *vg_nearest(const char *word, const char *const *names, size_t count)
{
    size_t len = strlen(word), best = len / 3 + (len < 3) + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        bool is_start = len >= 3 && strncmp(word, names[i], len) == 0;
        size_t d = is_start ? 1 : distance(word, names[i]);
        if (d < best) {
            best = d;
            nearest = names[i];
        }
    }
    return nearest;
}

/* "; did you mean 'x'?" for a wrong word, or "". */
static const char *suggestion(vg_cli *cli, const char *word, const char *before, const vg_vec *names)
{
    const char *nearest = vg_nearest(word, names->items, names->len);
    return nearest ? vg_arena_printf(cli->arena, " (did you mean '%s%s'?)", before, nearest).ptr : "";
}

static void add_name(vg_vec *names, const char *name)
{
    const char **slot = vg_vec_push(names);
    if (slot)
        *slot = name;
}

static bool unknown_option(vg_cli *cli, vg_str name)
{
    vg_vec names = vg_vec_in(cli->arena, sizeof(const char *));
    const vg_option *tables[] = {cli->command ? cli->command->options : NULL, vg_global_options};
    for (size_t t = 0; t < VG_COUNT(tables); t++)
        for (const vg_option *option = tables[t]; option && option->name; option++)
            if (!option->hidden)
                add_name(&names, option->name);
    const char *word = vg_arena_cstr(cli->arena, name);
    vg_cli_usage(cli, "no option '--%s'%s", word, suggestion(cli, word, "--", &names));
    return false;
}

static bool unknown_command(vg_cli *cli, const vg_command *const *commands, const char *word)
{
    vg_vec names = vg_vec_in(cli->arena, sizeof(const char *));
    for (; *commands; commands++)
        if (!(*commands)->hidden)
            add_name(&names, (*commands)->name);
    vg_cli_usage(cli, "no command '%s'%s", word, suggestion(cli, word, "", &names));
    return false;
}

/* ---- checking values ---------------------------------------------------------------------------------------------- */

bool vg_duration_parse(vg_str text, vg_time *out)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    int64_t number;
    if (text.len < 2 || text.ptr[0] == '-' || !vg_str_to_i64(vg_str_sub(text, 0, text.len - 1), &number))
        return false;
    for (size_t i = 0; i < VG_COUNT(units); i++)
        if (units[i].unit == text.ptr[text.len - 1])
            return !__builtin_mul_overflow(number, units[i].seconds * VG_TIME_SECOND, out);
    return false;
}

static bool is_number(vg_str text)
{
    uint64_t number;
    return text.len && text.ptr[0] != '-' && vg_str_to_u64(text, &number);
}

static bool is_time(vg_str text)
{
    vg_time time;
    return vg_time_parse(text, &time);
}

static bool is_duration(vg_str text)
{
    vg_time duration;
    return vg_duration_parse(text, &duration);
}

static bool is_account(vg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return text.len == 12;
}

static bool is_not_empty(vg_str text)
{
    return text.len > 0;
}

static bool is_any(vg_str text)
{
    (void)text;
    return true;
}

static const struct {
    bool (*holds)(vg_str text);
    const char *wanted;
} kinds[] = {
    [VG_ARG_TEXT] = {is_any, "text"},
    [VG_ARG_PATH] = {is_not_empty, "a path"},
    [VG_ARG_FOLDER] = {is_not_empty, "a folder"},
    [VG_ARG_NUMBER] = {is_number, "a number"},
    [VG_ARG_TIME] = {is_time, "a time such as 2026-11-24 or 2026-11-24T10:00:00Z"},
    [VG_ARG_DURATION] = {is_duration, "a duration such as 12h, 90d or 4w"},
    [VG_ARG_ACCOUNT] = {is_account, "an account id of 12 digits"},
};

static bool check_choice(vg_cli *cli, const char *label, const char *choices, const char *value)
{
    vg_vec names = vg_vec_in(cli->arena, sizeof(const char *));
    vg_str rest = vg_str_from(choices), choice;
    while (vg_str_next(&rest, '|', &choice)) {
        if (vg_str_is(choice, value))
            return true;
        add_name(&names, vg_arena_cstr(cli->arena, choice));
    }
    vg_buf list = {0};
    for (size_t i = 0; i < names.len; i++)
        vg_buf_addf(&list, "%s%s", i ? ", " : "", *(const char **)vg_vec_at(&names, i));
    vg_cli_usage(cli, "%s: '%s' is none of %.*s%s", label, value, VG_ARG(vg_buf_str(&list)),
                 suggestion(cli, value, "", &names));
    vg_buf_free(&list);
    return false;
}

static bool check_value(vg_cli *cli, const char *label, vg_arg_kind kind, const char *choices,
                        const char *value)
{
    if (choices)
        return check_choice(cli, label, choices, value);
    if (kinds[kind].holds(vg_str_from(value)))
        return true;
    vg_cli_usage(cli, "%s: '%s' is not %s", label, value, kinds[kind].wanted);
    return false;
}

/* ---- options ------------------------------------------------------------------------------------------------------- */

static bool out_of_memory(vg_cli *cli)
{
    vg_error err;
    vg_fail(&err, VG_ERR_MEMORY, "memory ran out while reading the command line");
    vg_cli_error(cli, &err);
    return false;
}

static bool was_given(const vg_cli *cli, const vg_option *option)
{
    for (size_t i = 0; i < cli->parsed->given.len; i++)
        if (((const vg_cli_given *)vg_vec_at(&cli->parsed->given, i))->option == option)
            return true;
    return false;
}

static bool give(vg_cli *cli, const vg_option *option, const char *value)
{
    if (option->argument && !cli->parsed->help) {
        if (!option->repeatable && was_given(cli, option)) {
            vg_cli_usage(cli, "--%s is given twice, and only one can hold", option->name);
            return false;
        }
        const char *label = vg_arena_printf(cli->arena, "--%s", option->name).ptr;
        if (!check_value(cli, label, option->kind, option->choices, value))
            return false;
    }
    vg_cli_given *given = vg_vec_push(&cli->parsed->given);
    if (!given)
        return out_of_memory(cli);
    *given = (vg_cli_given){option, vg_str_from(value)};
    cli->parsed->version = cli->parsed->version || vg_text_is(option->name, "version");
    return true;
}

/* The next word as an option's value. One that starts with a dash is far more often a forgotten value. */
static bool take_value(parser *p, const vg_option *option, const char **value)
{
    const char *next = p->at < p->count ? p->words[p->at] : NULL;
    if (!next || (next[0] == '-' && next[1])) {
        vg_cli_usage(p->cli, "--%s needs a value: --%s=%s", option->name, option->name, option->argument);
        return false;
    }
    *value = next;
    p->at++;
    return true;
}

static bool parse_long(parser *p, const char *text)
{
    vg_str name, value;
    bool has_value = vg_str_split(vg_str_from(text), '=', &name, &value);
    const vg_option *option = vg_option_find(p->cli->command, name);
    if (!option)
        return unknown_option(p->cli, name);
    if (!option->argument && has_value) {
        vg_cli_usage(p->cli, "--%s takes no value", option->name);
        return false;
    }
    const char *given = has_value ? value.ptr : NULL;
    if (option->argument && !has_value && !take_value(p, option, &given))
        return false;
    return give(p->cli, option, given);
}

static bool parse_letters(parser *p, const char *letters)
{
    for (; *letters; letters++) {
        const vg_option *option = vg_option_find_letter(p->cli->command, *letters);
        if (!option) {
            vg_cli_usage(p->cli, "no option '-%c'", *letters);
            return false;
        }
        if (!option->argument) {
            if (!give(p->cli, option, NULL))
                return false;
            continue;
        }
        const char *value = letters + 1;
        if (!*value && !take_value(p, option, &value))
            return false;
        return give(p->cli, option, value);
    }
    return true;
}

/* ---- words --------------------------------------------------------------------------------------------------------- */

static bool enter_command(parser *p, const vg_command *command)
{
    vg_buf_addf(&p->path, "%s%s", p->path.len ? " " : "", command->name);
    p->cli->command = command;
    p->cli->path = vg_arena_cstr(p->cli->arena, vg_buf_str(&p->path));
    return p->cli->path || out_of_memory(p->cli);
}

static bool parse_word(parser *p, const char *word)
{
    vg_cli *cli = p->cli;
    const vg_command *const *inner = cli->command ? cli->command->nested : cli->world->commands;
    if (inner && cli->parsed->arguments.len == 0) {
        const vg_command *command = find_command(inner, word);
        if (command)
            return enter_command(p, command);
        if (!cli->command || !cli->command->run)
            return unknown_command(cli, inner, word);
    }
    vg_str *argument = vg_vec_push(&cli->parsed->arguments);
    if (!argument)
        return out_of_memory(cli);
    *argument = vg_str_from(word);
    return true;
}

static bool check_positional(vg_cli *cli, const vg_positional *positional, size_t *used)
{
    const vg_vec *arguments = &cli->parsed->arguments;
    if (*used == arguments->len && !positional->optional) {
        vg_cli_usage(cli, "%s is missing", positional->name);
        return false;
    }
    for (; *used < arguments->len; ++*used) {
        const vg_str *argument = vg_vec_at(arguments, *used);
        if (!check_value(cli, positional->name, positional->kind, positional->choices, argument->ptr))
            return false;
        if (!positional->repeatable) {
            ++*used;
            break;
        }
    }
    return true;
}

static bool check_words(vg_cli *cli)
{
    size_t used = 0;
    for (const vg_positional *positional = cli->command->positionals; positional && positional->name;
         positional++)
        if (!check_positional(cli, positional, &used))
            return false;
    if (used < cli->parsed->arguments.len) {
        const vg_str *extra = vg_vec_at(&cli->parsed->arguments, used);
        vg_cli_usage(cli, "'%.*s' is one word too many", VG_ARG(*extra));
        return false;
    }
    return true;
}

static bool parse_one(parser *p)
{
    const char *word = p->words[p->at++];
    if (p->only_words || word[0] != '-' || !word[1])
        return parse_word(p, word);
    if (vg_text_is(word, "--")) {
        p->only_words = true;
        return true;
    }
    return word[1] == '-' ? parse_long(p, word + 2) : parse_letters(p, word + 1);
}

/* Whoever asks for help gets it, whatever else is wrong in the line. */
static bool asks_for_help(const parser *p)
{
    for (size_t i = 1; i < p->count && !vg_text_is(p->words[i], "--"); i++)
        if (vg_text_is(p->words[i], "--help") || vg_text_is(p->words[i], "-h"))
            return true;
    return false;
}

bool vg_cli_parse(vg_cli *cli, int argc, const char *const *argv)
{
    size_t count = argc > 0 ? (size_t)argc : 0;
    parser p = {.cli = cli, .words = argv, .count = count, .at = 1};
    bool ok = true;
    cli->parsed->help = asks_for_help(&p);
    while (p.at < p.count && (ok || cli->parsed->help))
        ok = parse_one(&p);
    vg_buf_free(&p.path);
    if (cli->parsed->help || cli->parsed->version || !ok)
        return ok || cli->parsed->help;
    if (!cli->command)
        return true;
    if (!cli->command->run) {
        vg_cli_usage(cli, "name one of its commands, such as '%s %s'", cli->path,
                     cli->command->nested[0]->name);
        return false;
    }
    return check_words(cli);
}

/* ---- asking for what was typed --------------------------------------------------------------------------------------- */

static const vg_option *option_of(const vg_cli *cli, const char *name)
{
    const vg_option *option = vg_option_find(cli->command, vg_str_from(name));
    assert(option && "the command asks for an option that its table does not have");
    return option;
}

vg_str vg_cli_value(const vg_cli *cli, const char *name)
{
    const vg_option *option = option_of(cli, name);
    for (size_t i = cli->parsed->given.len; i-- > 0;) {
        const vg_cli_given *given = vg_vec_at(&cli->parsed->given, i);
        if (given->option == option)
            return given->value;
    }
    return vg_str_from(option->fallback);
}

bool vg_cli_flag(const vg_cli *cli, const char *name)
{
    return was_given(cli, option_of(cli, name));
}

size_t vg_cli_values(const vg_cli *cli, const char *name, const vg_str **values)
{
    const vg_option *option = option_of(cli, name);
    vg_vec found = vg_vec_in(cli->arena, sizeof(vg_str));
    for (size_t i = 0; i < cli->parsed->given.len; i++) {
        const vg_cli_given *given = vg_vec_at(&cli->parsed->given, i);
        vg_str *slot = given->option == option ? vg_vec_push(&found) : NULL;
        if (slot)
            *slot = given->value;
    }
    vg_str *fallback = found.len == 0 && option->fallback ? vg_vec_push(&found) : NULL;
    if (fallback)
        *fallback = vg_str_from(option->fallback);
    *values = found.items;
    return found.len;
}

bool vg_cli_number(const vg_cli *cli, const char *name, uint64_t *out)
{
    vg_str value = vg_cli_value(cli, name);
    return value.ptr && vg_str_to_u64(value, out);
}

bool vg_cli_time(const vg_cli *cli, const char *name, vg_time *out)
{
    vg_str value = vg_cli_value(cli, name);
    return value.ptr && vg_time_parse(value, out);
}

bool vg_cli_duration(const vg_cli *cli, const char *name, vg_time *out)
{
    vg_str value = vg_cli_value(cli, name);
    return value.ptr && vg_duration_parse(value, out);
}

size_t vg_cli_choice(const vg_cli *cli, const char *name)
{
    const vg_option *option = option_of(cli, name);
    vg_str value = vg_cli_value(cli, name), rest = vg_str_from(option->choices), choice;
    size_t i = 0;
    while (vg_str_next(&rest, '|', &choice) && !vg_str_eq(choice, value))
        i++;
    assert(value.ptr && option->choices);
    return i;
}

size_t vg_cli_arguments(const vg_cli *cli, const vg_str **arguments)
{
    *arguments = cli->parsed->arguments.items;
    return cli->parsed->arguments.len;
}
