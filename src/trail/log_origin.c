/* log_origin.c: what the path of a log says of the account and region that it is of.
 *
 * AWS delivers logs below AWSLogs/[o-ORGANISATION/]ACCOUNT/SERVICE/REGION/..., or with the parts named
 * (aws-account-id=ACCOUNT/aws-service=.../aws-region=REGION/...), and repeats both in the name of the file, which survives
 * when files are copied flat. S3 server access logs with dates in their keys stand below ACCOUNT/REGION/BUCKET/YYYY/MM/DD.
 * Source: VPC User Guide, "Flow log files"; S3 User Guide, "Log object key format". */
#include "trail/log_part.h"

bool vg_log_is_account(vg_str s)
{
    if (s.len != 12)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return true;
}

/* aa-word-1, aa-word-word-1 */
static bool is_region(vg_str s)
{
    size_t dashes = 0;
    if (s.len < 8 || s.len > 24 || s.ptr[2] != '-' || s.ptr[s.len - 2] != '-' || s.ptr[s.len - 1] < '0' ||
        s.ptr[s.len - 1] > '9')
        return false;
    for (size_t i = 0; i < s.len - 1; i++) {
        char c = s.ptr[i];
        if (c != '-' && (c < 'a' || c > 'z'))
            return false;
        dashes += c == '-';
    }
    return dashes >= 2;
}

/* name=value is value. */
static vg_str value_of(vg_str part)
{
    vg_str name, value;
    return vg_str_split(part, '=', &name, &value) ? value : part;
}

/* The last pair of an account, and a region behind it with at most one part between them. */
static vg_log_origin origin_of(vg_str text, char separator)
{
    vg_log_origin found = {0};
    vg_str part, account = {0};
    for (unsigned distance = 0; vg_str_next(&text, separator, &part); distance++) {
        vg_str value = value_of(part);
        if (vg_log_is_account(value)) {
            account = value;
            distance = 0;
        } else if (account.len && distance <= 2 && is_region(value)) {
            found = (vg_log_origin){account, value};
        }
    }
    return found;
}

vg_log_origin vg_log_origin_of(vg_str path)
{
    vg_log_origin by_folder = origin_of(vg_path_folder(path), '/');
    return by_folder.account.len ? by_folder : origin_of(vg_path_name(path), '_');
}
