/* header.c: the YAML header of a control file: comment lines between two `# ---`, at the file's start. The header is
 * the control's meaning for people (title, severity, what to do); the rules below it are its meaning for the engine,
 * and an unmodified Guard file remains one. */
#include "control/control.h"

#define FENCE "---"

/* The next line of *rest without its `# `, or false when it is no comment. */
static bool next_comment(vg_str *rest, vg_str *line)
{
    vg_str raw;
    if (!vg_str_next(rest, '\n', &raw))
        return false;
    if (raw.len > 0 && raw.ptr[raw.len - 1] == '\r')
        raw.len--;
    if (raw.len == 0 || raw.ptr[0] != '#')
        return false;
    *line = vg_str_sub(raw, raw.len > 1 && raw.ptr[1] == ' ' ? 2 : 1, VG_NPOS);
    return true;
}

/* The header's YAML, an empty line for its fence, so that lines count as in the file. */
static vg_status take_header(vg_arena *arena, vg_str text, vg_str name, vg_str *yaml, bool *found,
                             vg_error *err)
{
    vg_buf buf = {0};
    vg_str rest = text, line;
    *found = next_comment(&rest, &line) && vg_str_is(vg_str_trim(line), FENCE);
    if (!*found)
        return VG_OK;
    bool ended = false;
    vg_buf_add_char(&buf, '\n');
    while (!ended && next_comment(&rest, &line)) {
        ended = vg_str_is(vg_str_trim(line), FENCE);
        if (ended)
            break;
        vg_buf_add_str(&buf, line);
        vg_buf_add_char(&buf, '\n');
    }
    *yaml = vg_arena_str(arena, vg_buf_str(&buf));
    bool failed = buf.failed || !yaml->ptr;
    vg_buf_free(&buf);
    if (failed)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory while reading a control");
    if (!ended)
        return vg_fail_at(err, VG_ERR_SYNTAX, (vg_place){name, 1, 1},
                          "the header has no end; close it with `# ---`");
    return VG_OK;
}

static vg_status require(const vg_control_header *header, const char *key, vg_str *out, vg_error *err)
{
    *out = vg_get_str(header->doc.root, key);
    if (out->len > 0)
        return VG_OK;
    return vg_fail_at(err, VG_ERR_VALUE, (vg_place){header->doc.name, 1, 1}, "the header needs `%s`, a text",
                      key);
}

static vg_status read_severity(vg_control_header *header, vg_error *err)
{
    const vg_value *value = vg_get(header->doc.root, VG_STR("severity"));
    header->severity = VG_SEVERITY_MEDIUM;
    if (!value || (value->kind == VG_STRING && vg_severity_parse(vg_value_str(value), &header->severity)))
        return VG_OK;
    return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(&header->doc, value),
                      "severity is informational, low, medium, high or critical");
}

static vg_status read_known_keys(vg_control_header *header, vg_error *err)
{
    const vg_value *root = header->doc.root;
    if (!root || root->kind != VG_OBJECT)
        return vg_fail_at(err, VG_ERR_VALUE, (vg_place){header->doc.name, 1, 1},
                          "the header must be `key: value` lines");
    VG_TRY(require(header, "id", &header->id, err));
    VG_TRY(require(header, "title", &header->title, err));
    VG_TRY(read_severity(header, err));
    header->rationale = vg_get_str(root, "rationale");
    header->remediation = vg_get_str(root, "remediation");
    header->warning = vg_get_str(root, "warning");
    header->practice = vg_get(root, VG_STR("practice"));
    header->resource = vg_get(root, VG_STR("resource"));
    header->needs = vg_get(root, VG_STR("needs"));
    header->commands = vg_get(root, VG_STR("commands"));
    header->mappings = vg_get(root, VG_STR("mappings"));
    header->attestation = vg_get(root, VG_STR("attestation"));
    return VG_OK;
}

vg_status vg_control_header_read(vg_arena *arena, vg_str text, vg_str name, vg_control_header *out,
                                 bool *found, vg_error *err)
{
    vg_str yaml;
    *out = (vg_control_header){0};
    VG_TRY(take_header(arena, text, name, &yaml, found, err));
    if (!*found)
        return VG_OK;
    VG_TRY(vg_yaml_read(arena, yaml, name, NULL, &out->doc, err));
    return read_known_keys(out, err);
}

bool vg_control_item(const vg_value *list_or_string, size_t i, vg_str *out)
{
    const vg_value *item = list_or_string;
    if (item && item->kind == VG_ARRAY)
        item = vg_value_item(item, i);
    else if (i > 0)
        item = NULL;
    if (!item || item->kind != VG_STRING)
        return false;
    *out = vg_value_str(item);
    return true;
}
