/* control_files.c: rule files and documents for `vigil control`, found and read. */
#include "cli/control_parts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define RULE_FILE_MAX ((size_t)16 << 20)

static bool has_suffix(vg_str path, const char *const *suffixes)
{
    for (; *suffixes; suffixes++) {
        vg_str suffix = vg_str_from(*suffixes);
        if (path.len > suffix.len &&
            vg_str_eq_icase(vg_str_sub(path, path.len - suffix.len, suffix.len), suffix))
            return true;
    }
    return false;
}

bool control_is_rule_file(vg_str path)
{
    static const char *const suffixes[] = {".guard", ".ruleset", NULL};
    return has_suffix(path, suffixes);
}

bool control_is_document(vg_str path)
{
    static const char *const suffixes[] = {".json", ".jsn", ".yaml", ".yml", ".template", NULL};
    return has_suffix(path, suffixes);
}

static void note_skipped(void *context, const vg_error *err)
{
    vg_cli_error(context, err);
}

vg_vec control_find(vg_cli *cli, const vg_str *paths, size_t count, bool (*wanted)(vg_str path))
{
    vg_vec found = vg_vec_in(cli->arena, sizeof(vg_str));
    for (size_t i = 0; i < count; i++) {
        vg_error err = {0};
        vg_vec entries = vg_vec_in(cli->arena, sizeof(vg_dir_entry));
        bool is_folder = vg_dir_exists(paths[i]), is_standard_input = vg_str_is(paths[i], "-");
        vg_dir_entry *input = is_standard_input ? vg_vec_push(&entries) : NULL;
        if (input)
            *input = (vg_dir_entry){.path = paths[i]};
        if (!is_standard_input &&
            vg_dir_walk(cli->arena, paths[i], &entries, note_skipped, cli, &err) != VG_OK)
            vg_cli_error(cli, &err);
        for (size_t k = 0; k < entries.len; k++) {
            const vg_dir_entry *entry = vg_vec_at(&entries, k);
            vg_str *slot = !is_folder || wanted(entry->path) ? vg_vec_push(&found) : NULL;
            if (slot)
                *slot = entry->path;
        }
    }
    return found;
}

/* A file as most are, in four calls of the system and without a copy: a regular one that is as long as it says. Of any
 * other it answers false, and vg_file_read knows what to do and to say. */
static bool read_at_once(vg_arena *arena, vg_str path, size_t max, vg_str *out)
{
    const char *name = vg_arena_cstr(arena, path);
    int fd = name && !vg_str_is(path, "-") ? open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (fd < 0)
        return false;
    struct stat about;
    bool regular = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && (size_t)about.st_size <= max;
    size_t size = regular ? (size_t)about.st_size : 0;
    char *bytes = regular ? vg_arena_alloc(arena, size + 1) : NULL;
    ssize_t got = bytes ? read(fd, bytes, size + 1) : -1;
    close(fd);
    if (got < 0 || (size_t)got != size || size == 0)
        return false;
    bytes[size] = '\0';
    *out = vg_str_of(bytes, size);
    return true;
}

vg_status control_read(vg_arena *arena, vg_str path, size_t max, vg_str *out, vg_error *err)
{
    return read_at_once(arena, path, max, out) ? VG_OK : vg_file_read(arena, path, max, out, err);
}

/* Says which of several files do not parse, and leaves the others in sources. */
static size_t drop_bad(vg_cli *cli, vg_rule_source *sources, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        vg_error err = {0};
        vg_ruleset *one = NULL;
        if (vg_ruleset_compile(&sources[i], 1, &one, &err) == VG_OK)
            sources[kept++] = sources[i];
        else
            vg_cli_error(cli, &err);
        vg_ruleset_free(one);
    }
    return kept;
}

static size_t read_sources(vg_cli *cli, const vg_vec *paths, vg_rule_source *sources)
{
    size_t count = 0;
    for (size_t i = 0; i < paths->len; i++) {
        vg_error err = {0};
        vg_rule_source *source = &sources[count];
        source->name = *(const vg_str *)vg_vec_at(paths, i);
        source->borrowed = true;
        if (control_read(cli->arena, source->name, RULE_FILE_MAX, &source->text, &err) == VG_OK)
            count++;
        else
            vg_cli_error(cli, &err);
    }
    return count;
}

vg_ruleset *control_compile(vg_cli *cli, const vg_vec *paths)
{
    vg_error err = {0};
    vg_ruleset *rules = NULL;
    vg_rule_source *sources = VG_NEW_N(cli->arena, vg_rule_source, paths->len + 1);
    if (!sources) {
        vg_fail(&err, VG_ERR_MEMORY, "out of memory while reading rules");
        vg_cli_error(cli, &err);
        return NULL;
    }
    size_t count = read_sources(cli, paths, sources);
    if (count > 0 && vg_ruleset_compile(sources, count, &rules, &err) == VG_OK)
        return rules;
    count = drop_bad(cli, sources, count);
    if (count > 0 && vg_ruleset_compile(sources, count, &rules, &err) == VG_OK)
        return rules;
    vg_fail(&err, VG_ERR_NOT_FOUND, "no rules to evaluate; --rules takes .guard files and folders of them");
    vg_cli_error(cli, &err);
    return NULL;
}

/* Whether one of eight bytes is a control character: below 0x20, or 0x7F. Bytes from 0x80 on are none. */
static bool any_control(const char *bytes)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    uint64_t not_delete = word ^ (ones * 0x7F);
    return (((word - ones * 0x20) | (not_delete - ones)) & ~word & high) != 0;
}

void control_print_clean(vg_buf *out, vg_str text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        while (text.len - i > 8 && !any_control(text.ptr + i))
            i += 8;
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x20 && c != 0x7F)
            continue;
        vg_buf_add(out, text.ptr + from, i - from);
        vg_buf_add_char(out, ' ');
        from = i + 1;
    }
    if (text.len > from)
        vg_buf_add(out, text.ptr + from, text.len - from);
}

void control_print_number(vg_buf *out, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    vg_buf_add(out, digits + at, sizeof digits - at);
}
