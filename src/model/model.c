/* model.c: names of the nouns' enumerations, ids, and the shapes of AWS's own names. */
#include "model/model.h"

static const char *const severity_names[] = {"informational", "low", "medium", "high", "critical"};
static const char *const verdict_names[] = {"pass", "fail", "partly", "not-applicable", "not-assessed"};
static const char *const workflow_names[] = {"NEW", "NOTIFIED", "SUPPRESSED", "RESOLVED"};

static bool parse_name(vg_str text, const char *const *names, size_t count, unsigned *out)
{
    for (size_t i = 0; i < count; i++)
        if (vg_str_eq_icase(text, vg_str_from(names[i]))) {
            *out = (unsigned)i;
            return true;
        }
    return false;
}

const char *vg_severity_name(vg_severity severity)
{
    return severity_names[severity];
}

const char *vg_verdict_name(vg_verdict verdict)
{
    return verdict_names[verdict];
}

const char *vg_workflow_name(vg_workflow workflow)
{
    return workflow_names[workflow];
}

bool vg_severity_parse(vg_str text, vg_severity *out)
{
    unsigned i;
    if (!parse_name(text, severity_names, VG_COUNT(severity_names), &i))
        return false;
    *out = (vg_severity)i;
    return true;
}

bool vg_verdict_parse(vg_str text, vg_verdict *out)
{
    unsigned i;
    if (!parse_name(text, verdict_names, VG_COUNT(verdict_names), &i))
        return false;
    *out = (vg_verdict)i;
    return true;
}

bool vg_workflow_parse(vg_str text, vg_workflow *out)
{
    unsigned i;
    if (!parse_name(text, workflow_names, VG_COUNT(workflow_names), &i))
        return false;
    *out = (vg_workflow)i;
    return true;
}

static vg_id id_of(const vg_str *parts, size_t count)
{
    vg_id id;
    vg_sha256 hash = vg_sha256_parts(parts, count);
    vg_hex(hash.bytes, sizeof hash.bytes, id.hex);
    return id;
}

vg_id vg_finding_id(const vg_finding *f)
{
    const vg_str parts[] = {f->rule, f->resource_type, f->account, f->region, f->resource_id, f->sub_key};
    return id_of(parts, VG_COUNT(parts));
}

vg_id vg_resource_id(vg_str type, vg_str account, vg_str region, vg_str id)
{
    const vg_str parts[] = {type, account, region, id};
    return id_of(parts, VG_COUNT(parts));
}

bool vg_arn_parse(vg_str text, vg_arn *out)
{
    vg_str rest = text, prefix;
    vg_str *const parts[] = {&prefix, &out->partition, &out->service, &out->region, &out->account};
    for (size_t i = 0; i < VG_COUNT(parts); i++) {
        vg_str tail;
        if (!vg_str_split(rest, ':', parts[i], &tail))
            return false;
        rest = tail;
    }
    out->resource = rest;
    return vg_str_is(prefix, "arn");
}

bool vg_is_account_id(vg_str text)
{
    uint64_t number;
    return text.len == 12 && vg_str_to_u64(text, &number);
}

/* Letters, one or more further words of letters, and a number of one or two digits, joined by '-'. */
bool vg_is_region(vg_str text)
{
    vg_str rest = text, piece, last = {0};
    size_t words = 0;
    while (vg_str_next(&rest, '-', &piece)) {
        if (last.len)
            for (size_t i = 0; i < last.len; i++)
                if (last.ptr[i] < 'a' || last.ptr[i] > 'z')
                    return false;
        if (piece.len == 0)
            return false;
        last = piece;
        words++;
    }
    uint64_t number;
    if (words < 3 || words > 4 || last.len > 2 || !vg_str_to_u64(last, &number))
        return false;
    return text.ptr[2] == '-' || vg_str_starts(text, VG_STR("eusc-"));
}
