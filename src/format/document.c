/* document.c: JSON or YAML, told apart by content and not by the file's name, because exports and templates are saved
 * under any name. Nearly all JSON is YAML too, but the JSON reader is a hundred times faster and stricter, so it goes
 * first where the text begins as JSON does. */
#include "format/format.h"

static bool looks_like_json(vg_str text)
{
    vg_str trimmed = vg_str_trim(text);
    return trimmed.len > 0 && (trimmed.ptr[0] == '{' || trimmed.ptr[0] == '[');
}

vg_status vg_document_read(vg_arena *arena, vg_str source, vg_str name, const vg_limits *limits, vg_doc *out,
                           vg_error *err)
{
    vg_str text;
    vg_status status = vg_text_to_utf8(arena, source, &text, err);
    if (status != VG_OK) {
        vg_error_locate(err, (vg_place){name, 0, 0});
        return status;
    }
    if (!looks_like_json(text))
        return vg_yaml_read(arena, text, name, limits, out, err);
    vg_error as_json = {0};
    status = vg_json_read(arena, text, name, limits, out, &as_json);
    if (status == VG_OK)
        return VG_OK;
    /* Flow YAML begins as JSON does. What is neither was most likely meant as JSON: that error is the helpful one. */
    if (status == VG_ERR_SYNTAX && vg_yaml_read(arena, text, name, limits, out, NULL) == VG_OK)
        return VG_OK;
    vg_error_copy(err, &as_json);
    return status;
}
