/* script.c: the script of `vigil import --script`. Its text is content (content/import/collect.sh), a shell script that
 * runs as it is; the role's name is all that changes, and it must be one that IAM allows, so that nothing typed here can
 * become a command there. */
#include "evidence/evidence.h"

#include <ctype.h>

static bool is_role_name(vg_str name)
{
    enum { LONGEST = 512 + 64 }; /* IAM: a path of at most 512, a name of at most 64 */
    for (size_t i = 0; i < name.len; i++)
        if (!isalnum((unsigned char)name.ptr[i]) && !strchr("+=,.@_-/", name.ptr[i]))
            return false;
    return name.len > 0 && name.len <= LONGEST && name.ptr[0] != '/' && name.ptr[name.len - 1] != '/';
}

vg_status vg_import_script(vg_str template_text, vg_str role_name, vg_buf *out, vg_error *err)
{
    static const vg_str mark = VG_STR_INIT("@ROLE_NAME@");
    if (!is_role_name(role_name))
        return vg_fail(err, VG_ERR_VALUE,
                       "'%.*s' is no name of a role: letters, digits and +=,.@_- (a path in front "
                       "may be given, as in team/Audit)",
                       VG_ARG(vg_str_sub(role_name, 0, 80)));
    for (size_t at; (at = vg_str_find(template_text, mark)) != VG_NPOS;) {
        vg_buf_add_str(out, vg_str_sub(template_text, 0, at));
        vg_buf_add_str(out, role_name);
        template_text = vg_str_sub(template_text, at + mark.len, VG_NPOS);
    }
    vg_buf_add_str(out, template_text);
    return out->failed ? vg_fail(err, VG_ERR_MEMORY, "memory ran out") : VG_OK;
}
