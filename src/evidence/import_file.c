/* import_file.c: from the bytes of a file to its parts: decompression, encodings, JSON, JSON lines, YAML, text.
 *
 * A file is one answer, a list of envelopes, or lines with an answer each. What it is follows from its bytes alone. What
 * cannot be read is told in one line that says what to do; in a file of lines the other lines go on. */
#include "evidence/import_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const size_t DEFAULT_MAX_FILE = (size_t)1 << 30;

static import_part *add_part(import_file *file, uint32_t line)
{
    import_part *part = vg_vec_push(&file->parts);
    if (!part) {
        file->failed = true;
        return NULL;
    }
    vg_str none = VG_STR("");
    part->call = (import_call){
        .operation_name = none,
        .parameter = none,
        .also = none,
        .account = none,
        .region = none,
        .partition = none,
        .organization = none,
        .management = none,
        .time = file->modified,
        .path = file->path,
        .line = line,
    };
    part->reason = part->note = none;
    part->outcome = VG_LEDGER_ERROR;
    part->resources = vg_vec_in(file->arena, sizeof(vg_resource));
    part->relations = vg_vec_in(file->arena, sizeof(vg_relation));
    part->findings = vg_vec_in(file->arena, sizeof(vg_finding));
    part->policies.refused = vg_vec_in(file->arena, sizeof(import_refused));
    return part;
}

static void refuse(import_file *file, uint32_t line, vg_ledger_outcome outcome, const char *message,
                   const char *advice)
{
    import_part *part = add_part(file, line);
    if (part)
        import_refuse(file->arena, part, outcome, "%s%s%s", message, *advice ? "; " : "", advice);
}

/* An error of a reader with its place, which the file's name in front of it makes complete. */
static void refuse_error(import_file *file, uint32_t line, const vg_error *why, const char *advice)
{
    char text[640];
    if (why->place.line)
        snprintf(text, sizeof text, "line %u, column %u: %s", why->place.line, why->place.column,
                 why->message);
    else
        snprintf(text, sizeof text, "%s", why->message);
    refuse(file, line, VG_LEDGER_ERROR, text, advice);
}

/* ---- documents ------------------------------------------------------------------------------------------------------------ */

/* The document that a value stands in, and how many lines of the file stand before it. */
typedef struct {
    const vg_doc *doc;
    uint32_t lines_before;
} import_source_of;

static void read_value(const import_world *world, import_file *file, const vg_value *value,
                       const import_source_of *source, uint32_t line)
{
    import_part *part = add_part(file, line);
    vg_error err = {0};
    if (!part)
        return;
    part->call.doc = source->doc;
    part->call.lines_before = source->lines_before;
    part->policies.judge = world->options->policy;
    if (import_part_read(world, file->arena, value, part, &err) != VG_OK)
        file->failed = true;
    const import_operation *operation = part->call.operation;
    file->keep = file->keep || (operation && operation->reader == IMPORT_READ_CONFIG);
    if (operation && operation->reader == IMPORT_READ_WORKLOADS)
        part->workloads = file->content;
}

static bool is_envelope(const vg_value *value)
{
    return value && vg_get_str(value, "vigil").ptr;
}

/* Parts that wait for the organisation still point into the document. */
static void read_document(const import_world *world, import_file *file, const vg_doc *doc,
                          uint32_t lines_before, uint32_t line)
{
    vg_doc *kept = VG_NEW(file->arena, vg_doc);
    if (!kept) {
        file->failed = true;
        return;
    }
    *kept = *doc;
    import_source_of source = {kept, lines_before};
    if (vg_kind_of(doc->root) != VG_ARRAY || !is_envelope(vg_value_item(doc->root, 0))) {
        read_value(world, file, doc->root, &source, line);
        return;
    }
    uint32_t number = 0;
    for (vg_items it = vg_items_of(doc->root); vg_items_next(&it) && !file->failed;)
        read_value(world, file, it.value, &source, ++number);
}

/* ---- lines ------------------------------------------------------------------------------------------------------------------ */

/* The next line with something on it. */
static bool next_line(vg_str *rest, uint32_t *number, vg_str *line)
{
    vg_str raw;
    while (vg_str_next(rest, '\n', &raw)) {
        ++*number;
        *line = vg_str_trim(raw);
        if (line->len)
            return true;
    }
    return false;
}

/* Whether there are at least two lines and the first is an object of its own. */
static bool is_lines(vg_str text)
{
    vg_str rest = text, first, second;
    uint32_t number = 0;
    return next_line(&rest, &number, &first) && first.len > 1 && first.ptr[0] == '{' &&
           first.ptr[first.len - 1] == '}' && next_line(&rest, &number, &second) && second.ptr[0] == '{';
}

static void read_lines(const import_world *world, import_file *file, vg_str text)
{
    vg_str rest = text, line;
    uint32_t number = 0;
    while (!file->failed && next_line(&rest, &number, &line)) {
        vg_doc doc;
        vg_error why = {0};
        if (vg_json_read(file->arena, line, file->path, NULL, &doc, &why) == VG_OK) {
            read_document(world, file, &doc, number - 1, number);
            continue;
        }
        why.place = (vg_place){0};
        bool is_cut = line.ptr[line.len - 1] != '}';
        refuse_error(file, number, &why, is_cut ? "partly written: export it again" : "export it again");
    }
}

/* ---- the content of a file -------------------------------------------------------------------------------------------------- */

static void read_json(const import_world *world, import_file *file, vg_str text, uint32_t lines_before)
{
    vg_doc doc;
    vg_error why = {0};
    if (vg_json_read(file->arena, text, file->path, NULL, &doc, &why) == VG_OK) {
        read_document(world, file, &doc, lines_before, 0);
        return;
    }
    vg_str trimmed = vg_str_trim(text);
    char last = trimmed.ptr[trimmed.len - 1];
    bool is_cut = last != '}' && last != ']';
    refuse_error(file, 0, &why, is_cut ? "partly written: export it again" : "export it again");
}

/* What import_text_read knows by its first line, before YAML is tried. */
static bool is_known_text(vg_str text)
{
    vg_str first = vg_str_sub(text, 0, vg_str_find_char(text, '\n'));
    return !text.len || vg_str_starts(text, VG_STR("user,arn,")) ||
           vg_str_find(first, VG_STR("An error occurred (")) != VG_NPOS ||
           vg_str_find_char(first, '\t') != VG_NPOS ||
           (vg_str_starts(first, VG_STR("---")) && first.len > 4) || vg_str_starts(first, VG_STR("+--")) ||
           text.ptr[0] == '|';
}

static void read_other(const import_world *world, import_file *file, vg_str text)
{
    vg_doc doc;
    vg_error why = {0};
    vg_str trimmed = vg_str_trim(text);
    size_t bad;
    if (!vg_utf8_valid(text, &bad)) {
        char message[96];
        snprintf(message, sizeof message, "byte %zu is not UTF-8", bad + 1);
        refuse(file, 0, VG_LEDGER_ERROR, message, "save it as UTF-8, or export it again");
        return;
    }
    bool is_yaml = !is_known_text(trimmed) &&
                   vg_yaml_read(file->arena, text, file->path, NULL, &doc, &why) == VG_OK &&
                   vg_value_is_container(doc.root);
    if (is_yaml) {
        read_document(world, file, &doc, 0, 0);
        return;
    }
    bool was_yaml = vg_str_ends(file->path, VG_STR(".yaml")) || vg_str_ends(file->path, VG_STR(".yml"));
    if (was_yaml && why.code != VG_OK) {
        refuse_error(file, 0, &why, "");
        return;
    }
    import_part *part = add_part(file, 0);
    if (part && import_text_read(world, file->arena, text, part, &why) != VG_OK)
        file->failed = true;
}

static uint32_t lines_in(vg_str text)
{
    uint32_t lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    return lines;
}

static void read_content(const import_world *world, import_file *file)
{
    vg_str text;
    vg_error why = {0};
    if (vg_is_archive(file->content)) {
        file->is_archive = true;
        return;
    }
    if (vg_text_to_utf8(file->arena, file->content, &text, &why) != VG_OK) {
        refuse_error(file, 0, &why, "save it as UTF-8, or export it again");
        return;
    }
    file->content = text;
    vg_str trimmed = vg_str_trim(text);
    if (!trimmed.len || (trimmed.ptr[0] != '{' && trimmed.ptr[0] != '['))
        read_other(world, file, text);
    else if (is_lines(trimmed))
        read_lines(world, file, text);
    else
        read_json(world, file, trimmed, lines_in(vg_str_of(text.ptr, (size_t)(trimmed.ptr - text.ptr))));
}

/* What the bytes may become. Exports shrink twenty- or fiftyfold; a bomb a thousandfold, and as many of them as there are
 * threads would be in memory at once. */
static size_t most_content(vg_str bytes, size_t max)
{
    static const size_t always = (size_t)64 << 20, fold = 200;
    if (!vg_is_compressed(bytes) || bytes.len > max / fold)
        return max;
    size_t most = bytes.len * fold > always ? bytes.len * fold : always;
    return most < max ? most : max;
}

void import_file_read(const import_world *world, import_file *file)
{
    size_t max = world->options->max_file ? world->options->max_file : DEFAULT_MAX_FILE;
    vg_error why = {0};
    file->arena = vg_arena_new(0);
    file->failed = !file->arena;
    if (file->failed)
        return;
    file->parts = vg_vec_in(file->arena, sizeof(import_part));
    bool is_read = file->bytes.ptr || vg_file_read(file->arena, file->path, max, &file->bytes, &why) == VG_OK;
    if (is_read)
        file->sha256 = vg_sha256_bytes(file->bytes);
    if (is_read && vg_decompress(file->arena, file->bytes, most_content(file->bytes, max), &file->content,
                                 &why) == VG_OK) {
        read_content(world, file);
        if (file->keep && world->options->originals.len &&
            import_original_keep(world->options->originals, file, &why) != VG_OK)
            refuse_error(file, 0, &why, "the original could not be kept");
        return;
    }
    refuse_error(file, 0, &why,
                 why.code == VG_ERR_LIMIT    ? "split it, or leave it out"
                 : why.code == VG_ERR_DENIED ? "let this user read it"
                                             : "");
}

void import_file_free(import_file *file)
{
    vg_arena_free(file->arena);
    file->arena = NULL;
}

/* ---- originals ---------------------------------------------------------------------------------------------------------------- */

static vg_status write_all(int fd, vg_str bytes, vg_error *err)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vg_fail_errno(err, errno, "the original could not be written");
        bytes = vg_str_sub(bytes, (size_t)n, VG_NPOS);
    }
    return VG_OK;
}

vg_status import_original_keep(vg_str folder, const import_file *file, vg_error *err)
{
    char hex[65], path[4096], temporary[4128];
    vg_hex(file->sha256.bytes, sizeof file->sha256.bytes, hex);
    const char *ending = vg_is_compressed(file->bytes) ? ".json.gz" : ".json";
    int n = snprintf(path, sizeof path, "%.*s/%.2s", VG_ARG(folder), hex);
    if (n < 0 || (size_t)n + sizeof hex + 16 > sizeof path)
        return vg_fail(err, VG_ERR_LIMIT, "the workspace's path is too long");
    VG_TRY(vg_dir_make(vg_str_from(path), 0700, err));
    snprintf(path + n, sizeof path - (size_t)n, "/%s%s", hex, ending);
    if (vg_file_exists(vg_str_from(path)))
        return VG_OK;
    snprintf(temporary, sizeof temporary, "%s.%p.part", path, (const void *)file);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return vg_fail_errno(err, errno, "the original could not be kept");
    vg_status status = write_all(fd, file->bytes, err);
    if (close(fd) != 0 && status == VG_OK)
        status = vg_fail_errno(err, errno, "the original could not be kept");
    if (status == VG_OK && rename(temporary, path) != 0)
        status = vg_fail_errno(err, errno, "the original could not be kept");
    if (status != VG_OK)
        unlink(temporary);
    return status;
}

vg_status import_originals_sync(vg_str folder, vg_error *err)
{
    char path[4096];
    snprintf(path, sizeof path, "%.*s", VG_ARG(folder));
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? VG_OK : vg_fail_errno(err, errno, "the kept originals could not be synced");
    int failed = syncfs(fd) != 0 ? errno : 0;
    close(fd);
    return failed ? vg_fail_errno(err, failed, "the kept originals could not be synced") : VG_OK;
}
