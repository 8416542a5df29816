/* readings.c: what the ledger says was read in full.
 *
 * An empty answer of AWS leaves no resource behind; only the ledger knows that somebody asked. The operations whose
 * emptiness means something are listed here, each with what its scope is; a reading is kept under its exact scope and
 * under the wider ones that are asked for. A truncated or denied reading proves nothing and is not kept. */
#include "assess/assess_part.h"

typedef enum { OF_REGION, OF_ACCOUNT, OF_ORGANIZATION } reading_scope;

static const struct {
    vg_str operation;
    reading_scope scope;
} operations[] = {
    {VG_STR_INIT("accessanalyzer:ListAnalyzers"), OF_REGION},
    {VG_STR_INIT("asff"), OF_ORGANIZATION},
    {VG_STR_INIT("cloudtrail:DescribeTrails"), OF_REGION},
    {VG_STR_INIT("config-snapshot"), OF_ACCOUNT},
    {VG_STR_INIT("config:DescribeConfigurationRecorderStatus"), OF_REGION},
    {VG_STR_INIT("config:DescribeConfigurationRecorders"), OF_REGION},
    {VG_STR_INIT("config:DescribeDeliveryChannels"), OF_REGION},
    {VG_STR_INIT("guardduty:ListDetectors"), OF_REGION},
    {VG_STR_INIT("iam:GetAccountAuthorizationDetails"), OF_ACCOUNT},
    {VG_STR_INIT("iam:GetCredentialReport"), OF_ACCOUNT},
    {VG_STR_INIT("iam:ListOrganizationsFeatures"), OF_ORGANIZATION},
    {VG_STR_INIT("iam:ListVirtualMFADevices"), OF_ACCOUNT},
    {VG_STR_INIT("organizations:ListAWSServiceAccessForOrganization"), OF_ORGANIZATION},
    {VG_STR_INIT("organizations:ListAccounts"), OF_ORGANIZATION},
    {VG_STR_INIT("organizations:ListDelegatedAdministrators"), OF_ORGANIZATION},
    {VG_STR_INIT("organizations:ListOrganizationalUnitsForParent"), OF_ORGANIZATION},
    {VG_STR_INIT("organizations:ListPolicies"), OF_ORGANIZATION},
    {VG_STR_INIT("organizations:ListPoliciesForTarget"), OF_ORGANIZATION},
    {VG_STR_INIT("organizations:ListTargetsForPolicy"), OF_ORGANIZATION},
    {VG_STR_INIT("sso-admin:ListInstances"), OF_ORGANIZATION},
};

struct vg_readings {
    vg_arena *arena;
    vg_map *map; /* "operation\nparameter\naccount\nregion" */
};

vg_readings *vg_readings_new(vg_arena *arena)
{
    vg_readings *readings = VG_NEW(arena, vg_readings);
    if (!readings)
        return NULL;
    *readings = (vg_readings){arena, vg_map_new(arena, 0)};
    return readings->map ? readings : NULL;
}

enum { KEY_SIZE = 512 };

/* A key in `out`; no reading has parts so long that they do not fit. */
static vg_str key_of(char out[KEY_SIZE], vg_str operation, vg_str parameter, vg_str account, vg_str region)
{
    int len = snprintf(out, KEY_SIZE, "%.*s\n%.*s\n%.*s\n%.*s", VG_ARG(operation), VG_ARG(parameter),
                       VG_ARG(account), VG_ARG(region));
    return len > 0 && len < KEY_SIZE ? vg_str_of(out, (size_t)len) : (vg_str){0};
}

static bool keep(vg_readings *readings, vg_str operation, vg_str parameter, vg_str account, vg_str region)
{
    char text[KEY_SIZE];
    vg_str key = key_of(text, operation, parameter, account, region);
    if (key.len == 0 || vg_map_get(readings->map, key))
        return true;
    key = vg_arena_str(readings->arena, key);
    return key.ptr && vg_map_put(readings->map, key, NULL);
}

static bool is_full(const vg_ledger_entry *entry)
{
    return (entry->outcome == VG_LEDGER_IMPORTED || entry->outcome == VG_LEDGER_ABSENT) && !entry->truncated;
}

bool vg_readings_add(vg_readings *readings, const vg_ledger_entry *entry)
{
    size_t i = 0;
    while (i < VG_COUNT(operations) && !vg_str_eq(operations[i].operation, entry->operation))
        i++;
    if (i == VG_COUNT(operations) || !is_full(entry))
        return true;
    const vg_str none = VG_STR("");
    switch (operations[i].scope) {
    case OF_REGION:
        return keep(readings, entry->operation, none, entry->account, entry->region) &&
               keep(readings, entry->operation, none, entry->account, none);
    case OF_ACCOUNT:
        return keep(readings, entry->operation, none, entry->account, none);
    default:
        return keep(readings, entry->operation, entry->parameter, none, none) &&
               keep(readings, entry->operation, none, none, none);
    }
}

bool vg_was_read(const vg_readings *readings, const char *operation, vg_str parameter, vg_str account,
                 vg_str region)
{
    char text[KEY_SIZE];
    vg_str key = key_of(text, vg_str_from(operation), parameter, account, region);
    return readings && key.len > 0 && vg_map_get(readings->map, key);
}
