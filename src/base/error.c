/* error.c: one clear line about what went wrong and where. Messages may quote hostile input, so control characters
 * are replaced before anyone prints them. */
#include "base/base.h"

#include <errno.h>

static const char *const status_names[] = {
    [VG_OK] = "ok",
    [VG_ERR_USAGE] = "usage",
    [VG_ERR_SYNTAX] = "syntax",
    [VG_ERR_VALUE] = "value",
    [VG_ERR_LIMIT] = "limit",
    [VG_ERR_NOT_FOUND] = "not-found",
    [VG_ERR_DENIED] = "denied",
    [VG_ERR_IO] = "io",
    [VG_ERR_FULL] = "full",
    [VG_ERR_BUSY] = "busy",
    [VG_ERR_VERSION] = "version",
    [VG_ERR_CORRUPT] = "corrupt",
    [VG_ERR_UNSUPPORTED] = "unsupported",
    [VG_ERR_MEMORY] = "memory",
    [VG_ERR_CANCELLED] = "cancelled",
    [VG_ERR_INTERNAL] = "internal",
};

const char *vg_status_name(vg_status code)
{
    return (size_t)code < VG_COUNT(status_names) ? status_names[code] : "unknown";
}

static void neutralise(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p; p++)
        if (*p < 0x20 || *p == 0x7F)
            *p = '?';
}

/* Cuts an UTF-8 sequence that the end of the buffer split. */
static void mend_tail(char *text)
{
    size_t bad, len = strlen(text);
    if (!vg_utf8_valid(vg_str_of(text, len), &bad) && len - bad < 4)
        text[bad] = '\0';
}

void vg_error_locate(vg_error *err, vg_place place)
{
    if (!err)
        return;
    vg_str file = place.file;
    if (file.len >= sizeof err->file_text) /* a long path keeps its telling end */
        file = vg_str_sub(file, file.len - (sizeof err->file_text - 1), file.len);
    if (file.ptr != err->file_text)
        memmove(err->file_text, file.ptr ? file.ptr : "", file.len);
    err->file_text[file.len] = '\0';
    neutralise(err->file_text);
    err->place = place;
    err->place.file = vg_str_of(err->file_text, file.len);
}

void vg_error_copy(vg_error *to, const vg_error *from)
{
    if (!to || !from)
        return;
    *to = *from;
    to->place.file = vg_str_of(to->file_text, strlen(to->file_text));
}

static void fill(vg_error *err, vg_status code, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
static void fill(vg_error *err, vg_status code, const char *format, va_list args)
{
    err->code = code;
    vsnprintf(err->message, sizeof err->message, format, args);
    neutralise(err->message);
    mend_tail(err->message);
}

vg_status vg_fail(vg_error *err, vg_status code, const char *format, ...)
{
    if (!err)
        return code;
    va_list args;
    va_start(args, format);
    fill(err, code, format, args);
    va_end(args);
    vg_error_locate(err, (vg_place){0});
    return code;
}

vg_status vg_fail_at(vg_error *err, vg_status code, vg_place place, const char *format, ...)
{
    if (!err)
        return code;
    va_list args;
    va_start(args, format);
    fill(err, code, format, args);
    va_end(args);
    vg_error_locate(err, place);
    return code;
}

static vg_status status_of_errno(int errno_value)
{
    static const struct {
        int number;
        vg_status code;
    } rows[] = {
        {ENOENT, VG_ERR_NOT_FOUND}, {ENOTDIR, VG_ERR_NOT_FOUND}, {EACCES, VG_ERR_DENIED},
        {EPERM, VG_ERR_DENIED},     {EROFS, VG_ERR_DENIED},      {ENOSPC, VG_ERR_FULL},
        {EDQUOT, VG_ERR_FULL},      {EFBIG, VG_ERR_FULL},        {ENOMEM, VG_ERR_MEMORY},
        {EBUSY, VG_ERR_BUSY},       {EAGAIN, VG_ERR_BUSY},       {EINTR, VG_ERR_CANCELLED},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++)
        if (rows[i].number == errno_value)
            return rows[i].code;
    return VG_ERR_IO;
}

vg_status vg_fail_errno(vg_error *err, int errno_value, const char *format, ...)
{
    vg_status code = status_of_errno(errno_value);
    if (!err)
        return code;
    va_list args;
    va_start(args, format);
    fill(err, code, format, args);
    va_end(args);
    char reason[128];
    size_t used = strlen(err->message);
    snprintf(err->message + used, sizeof err->message - used, ": %s",
             strerror_r(errno_value, reason, sizeof reason));
    vg_error_locate(err, (vg_place){0});
    return code;
}

void vg_error_format(const vg_error *err, char *out, size_t out_size)
{
    const vg_place *at = &err->place;
    if (at->file.len && at->line && at->column)
        snprintf(out, out_size, "%s:%u:%u: %s", err->file_text, at->line, at->column, err->message);
    else if (at->file.len && at->line)
        snprintf(out, out_size, "%s:%u: %s", err->file_text, at->line, err->message);
    else if (at->file.len)
        snprintf(out, out_size, "%s: %s", err->file_text, err->message);
    else if (at->line)
        snprintf(out, out_size, "%u:%u: %s", at->line, at->column, err->message);
    else
        snprintf(out, out_size, "%s", err->message);
}
