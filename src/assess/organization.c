/* organization.c: the organisation as a tree: who is under whom, what the names of the OUs say, which policies are
 * attached where, and where the user's mapping places workloads.
 *
 * Exports may contradict each other: a parent that nobody described, or a unit that is its own ancestor, leaves a node
 * outside the tree (in_tree false), and what would follow from its path is unknown. The names of OUs are read by the
 * whitepaper "Organizing Your AWS Environment Using Multiple Accounts", section "Recommended OUs and accounts". */
#include "assess/assess_part.h"

#define ORGANIZATION "Vigil::Organization::"

/* ---- what names say ---------------------------------------------------------------------------------------------------- */

static const char *const function_names[] = {
    [VG_OU_OTHER] = "other",
    [VG_OU_SECURITY] = "security",
    [VG_OU_INFRASTRUCTURE] = "infrastructure",
    [VG_OU_WORKLOADS] = "workloads",
    [VG_OU_WORKLOADS_PROD] = "workloads-prod",
    [VG_OU_WORKLOADS_NONPROD] = "workloads-nonprod",
    [VG_OU_SANDBOX] = "sandbox",
    [VG_OU_SUSPENDED] = "suspended",
    [VG_OU_POLICY_STAGING] = "policy-staging",
    [VG_OU_DEPLOYMENTS] = "deployments",
    [VG_OU_EXCEPTIONS] = "exceptions",
    [VG_OU_TRANSITIONAL] = "transitional",
    [VG_OU_BUSINESS_USERS] = "individual-business-users",
};

const char *vg_ou_function_name(vg_ou_function function)
{
    return function_names[function];
}

/* Names by their lower-case letters and digits alone: "Policy Staging" is "policystaging". */
static const struct {
    const char *name;
    vg_ou_function function;
} ou_names[] = {
    {"security", VG_OU_SECURITY},
    {"core", VG_OU_SECURITY},
    {"audit", VG_OU_SECURITY},
    {"infrastructure", VG_OU_INFRASTRUCTURE},
    {"infra", VG_OU_INFRASTRUCTURE},
    {"sharedservices", VG_OU_INFRASTRUCTURE},
    {"network", VG_OU_INFRASTRUCTURE},
    {"networking", VG_OU_INFRASTRUCTURE},
    {"platform", VG_OU_INFRASTRUCTURE},
    {"workloads", VG_OU_WORKLOADS},
    {"workload", VG_OU_WORKLOADS},
    {"applications", VG_OU_WORKLOADS},
    {"sandbox", VG_OU_SANDBOX},
    {"sandboxes", VG_OU_SANDBOX},
    {"suspended", VG_OU_SUSPENDED},
    {"quarantine", VG_OU_SUSPENDED},
    {"closed", VG_OU_SUSPENDED},
    {"graveyard", VG_OU_SUSPENDED},
    {"policystaging", VG_OU_POLICY_STAGING},
    {"deployments", VG_OU_DEPLOYMENTS},
    {"deployment", VG_OU_DEPLOYMENTS},
    {"cicd", VG_OU_DEPLOYMENTS},
    {"exceptions", VG_OU_EXCEPTIONS},
    {"transitional", VG_OU_TRANSITIONAL},
    {"migration", VG_OU_TRANSITIONAL},
    {"individualbusinessusers", VG_OU_BUSINESS_USERS},
    {"businessusers", VG_OU_BUSINESS_USERS},
};

#define W VG_STR_INIT
static const vg_str department_words[] = {
    W("finance"),      W("accounting"),  W("marketing"), W("sales"),       W("hr"),
    W("legal"),        W("procurement"), W("people"),    W("department"),  W("dept"),
    W("division"),     W("bu"),          W("team"),      W("engineering"), W("humanresources"),
    W("businessunit"), W("departments"), W("divisions"), W("teams"),       W("research")};
static const vg_str prod_words[] = {W("prod"), W("prd"), W("production"), W("live")};
static const vg_str nonprod_words[] = {W("nonprod"), W("nonproduction"), W("preprod"),     W("preproduction"),
                                       W("dev"),     W("devel"),         W("development"), W("test"),
                                       W("testing"), W("stage"),         W("staging"),     W("qa"),
                                       W("uat"),     W("sdlc"),          W("integration"), W("nonprd")};

enum { NAME_SIZE = 128 };

/* Letters and digits in lower case, the rest dropped; bytes behind NAME_SIZE are not looked at. */
static vg_str squeeze(vg_str name, char out[NAME_SIZE])
{
    size_t len = 0;
    for (size_t i = 0; i < name.len && len < NAME_SIZE; i++) {
        char c = name.ptr[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[len++] = c;
    }
    return vg_str_of(out, len);
}

static bool is_one_of(vg_str word, const vg_str *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (vg_str_eq(word, words[i]))
            return true;
    return false;
}

/* The next word of a name: split at what is no letter or digit, and before a capital behind a small letter. */
static bool next_word(vg_str *rest, vg_str *word)
{
    size_t start = 0, end;
    while (start < rest->len && !((rest->ptr[start] | 32) >= 'a' && (rest->ptr[start] | 32) <= 'z') &&
           !(rest->ptr[start] >= '0' && rest->ptr[start] <= '9'))
        start++;
    for (end = start; end < rest->len; end++) {
        char c = rest->ptr[end];
        bool is_small = c >= 'a' && c <= 'z', is_capital = c >= 'A' && c <= 'Z';
        bool was_small = end > start && rest->ptr[end - 1] >= 'a' && rest->ptr[end - 1] <= 'z';
        if ((!is_small && !is_capital && !(c >= '0' && c <= '9')) || (is_capital && was_small))
            break;
    }
    *word = vg_str_sub(*rest, start, end - start);
    *rest = vg_str_sub(*rest, end, VG_NPOS);
    return word->len > 0;
}

bool vg_name_has(vg_str name, const vg_str *words, size_t count)
{
    char text[NAME_SIZE], pair[NAME_SIZE];
    if (is_one_of(squeeze(name, text), words, count))
        return true;
    vg_str word, previous = {0};
    for (vg_str rest = name; next_word(&rest, &word); previous = word) {
        if (is_one_of(squeeze(word, text), words, count))
            return true;
        vg_str both = vg_str_of(previous.ptr, (size_t)(word.ptr + word.len - previous.ptr));
        if (previous.ptr && is_one_of(squeeze(both, pair), words, count))
            return true;
    }
    return false;
}

vg_stage vg_stage_of_name(vg_str name)
{
    if (vg_name_has(name, nonprod_words, VG_COUNT(nonprod_words)))
        return VG_STAGE_NONPROD;
    return vg_name_has(name, prod_words, VG_COUNT(prod_words)) ? VG_STAGE_PROD : VG_STAGE_NONE;
}

bool vg_is_department_name(vg_str name)
{
    return vg_name_has(name, department_words, VG_COUNT(department_words));
}

/* The name squeezed, without words that every OU's name may have and numbers at its end: "Sandbox 2", "SecurityOU". */
static vg_str without_filling(vg_str name, char out[NAME_SIZE])
{
    static const vg_str filling[] = {W("ou"), W("unit"), W("account"), W("accounts"), W("aws")};
    char text[NAME_SIZE];
    vg_str word;
    size_t len = 0;
    while (next_word(&name, &word)) {
        vg_str squeezed = squeeze(word, text);
        if (is_one_of(squeezed, filling, VG_COUNT(filling)) || len + squeezed.len > NAME_SIZE)
            continue;
        memcpy(out + len, squeezed.ptr, squeezed.len);
        len += squeezed.len;
    }
    while (len > 0 && out[len - 1] >= '0' && out[len - 1] <= '9')
        len--;
    return vg_str_of(out, len);
}

static vg_ou_function function_of_name(vg_str name)
{
    char text[NAME_SIZE];
    vg_str telling = without_filling(name, text);
    for (size_t i = 0; i < VG_COUNT(ou_names); i++)
        if (vg_str_is(telling, ou_names[i].name))
            return ou_names[i].function;
    return VG_OU_OTHER;
}

/* Reads the names from the top: the deepest function counts, and below workloads the stage. Security/Prod is security. */
static vg_ou_function function_of_path(vg_str path)
{
    vg_str name;
    vg_ou_function function = VG_OU_OTHER;
    vg_stage stage = VG_STAGE_NONE;
    vg_str_next(&path, '/', &name);
    while (vg_str_next(&path, '/', &name)) {
        vg_ou_function own = function_of_name(name);
        vg_stage own_stage = vg_stage_of_name(name);
        if (own != VG_OU_OTHER)
            function = own;
        if (own_stage != VG_STAGE_NONE)
            stage = own_stage;
    }
    bool may_be_workloads = function == VG_OU_WORKLOADS || function == VG_OU_OTHER;
    if (may_be_workloads && stage != VG_STAGE_NONE)
        return stage == VG_STAGE_PROD ? VG_OU_WORKLOADS_PROD : VG_OU_WORKLOADS_NONPROD;
    return function;
}

static bool path_has_department(vg_str path)
{
    vg_str name;
    vg_str_next(&path, '/', &name);
    while (vg_str_next(&path, '/', &name))
        if (function_of_name(name) == VG_OU_OTHER && vg_is_department_name(name))
            return true;
    return false;
}

/* ---- nodes ----------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_arena *arena;
    vg_org *org;
    vg_vec nodes, policies, placements;
    vg_map *policy_by_id;
    bool failed;
} org_builder;

static vg_node *node_of(org_builder *b, vg_str id)
{
    bool added = false;
    vg_map_entry *entry = vg_map_put(b->org->by_id, id, &added);
    if (entry && !added)
        return vg_vec_at(&b->nodes, entry->value.u64);
    vg_node *node = entry ? vg_vec_push(&b->nodes) : NULL;
    if (!node) {
        b->failed = true;
        return NULL;
    }
    entry->value.u64 = b->nodes.len - 1;
    *node = (vg_node){.id = id, .parent = VG_NO_NODE, .is_account = vg_is_account_id(id)};
    return node;
}

static void add_nodes(org_builder *b, const char *type)
{
    vg_sightings all = vg_sightings_of(b->org->all, type);
    for (size_t i = 0; i < all.count; i++) {
        const vg_sighting *seen = &all.items[i];
        vg_node *node = node_of(b, seen->resource.id);
        if (!node)
            return;
        node->seen = seen;
        node->name = vg_prop_str(seen, "Name");
        node->email = vg_prop_str(seen, "Email");
        node->status = vg_prop_str(seen, "Status");
        if (!node->status.ptr)
            node->status = vg_prop_str(seen, "State");
        node->is_root = vg_str_ends(vg_str_from(type), VG_STR("::Root"));
    }
}

/* Nodes move while they are added, so parents are set once all of them are there. */
static void add_parents(org_builder *b)
{
    vg_sightings all = vg_sightings_of(b->org->all, ORGANIZATION "Parent");
    for (size_t i = 0; i < all.count; i++) {
        vg_str child = vg_prop_str(&all.items[i], "ChildId"), parent = vg_prop_str(&all.items[i], "ParentId");
        if (child.len == 0 || parent.len == 0)
            continue;
        vg_node *above = node_of(b, parent);
        if (!above)
            return;
        if (vg_str_starts(parent, VG_STR("r-")))
            above->is_root = true;
        uint32_t index = (uint32_t)vg_map_get(b->org->by_id, parent)->value.u64;
        vg_node *node = node_of(b, child);
        if (node)
            node->parent = index;
    }
}

/* Fills path and depth of a node by going up; more steps than there are nodes is a cycle. */
static void place_node(org_builder *b, vg_node *node)
{
    vg_org *org = b->org;
    enum { MOST = 64 };
    uint32_t chain[MOST];
    size_t length = 0;
    uint32_t at = node->is_account ? node->parent : (uint32_t)(node - org->nodes);
    for (; at != VG_NO_NODE && length < MOST; at = org->nodes[at].parent) {
        chain[length++] = at;
        if (org->nodes[at].is_root)
            break;
    }
    node->in_tree = length > 0 && org->nodes[chain[length - 1]].is_root;
    if (!node->in_tree)
        return;
    vg_buf path = {0};
    for (size_t i = length; i-- > 0;) {
        const vg_node *unit = &org->nodes[chain[i]];
        vg_buf_add_str(&path, unit->name.len ? unit->name : unit->is_root ? VG_STR("Root") : unit->id);
        if (i > 0)
            vg_buf_add_char(&path, '/');
    }
    node->path = vg_arena_str(b->arena, vg_buf_str(&path));
    b->failed = b->failed || path.failed || !node->path.ptr;
    vg_buf_free(&path);
    node->depth = (uint32_t)(length - 1);
    node->function = function_of_path(node->path);
    node->department = path_has_department(node->path);
}

/* ---- policies ---------------------------------------------------------------------------------------------------------- */

static vg_org_policy *policy_of(org_builder *b, vg_str id)
{
    bool added = false;
    vg_map_entry *entry = vg_map_put(b->policy_by_id, id, &added);
    if (entry && !added)
        return vg_vec_at(&b->policies, entry->value.u64);
    vg_org_policy *policy = entry ? vg_vec_push(&b->policies) : NULL;
    if (!policy) {
        b->failed = true;
        return NULL;
    }
    entry->value.u64 = b->policies.len - 1;
    policy->id = id;
    policy->is_default = vg_str_is(id, "p-FullAWSAccess") || vg_str_is(id, "p-RCPFullAWSAccess");
    if (policy->is_default) {
        policy->kind_known = true;
        policy->kind = vg_str_is(id, "p-FullAWSAccess") ? VG_ORG_SCP : VG_ORG_RCP;
    }
    return policy;
}

static void add_policies(org_builder *b, const char *type)
{
    vg_sightings all = vg_sightings_of(b->org->all, type);
    for (size_t i = 0; i < all.count; i++) {
        const vg_sighting *seen = &all.items[i];
        vg_org_policy *policy = policy_of(b, seen->resource.id);
        if (!policy)
            return;
        vg_str kind = vg_prop_str(seen, "Type");
        policy->seen = seen;
        policy->name = vg_prop_str(seen, "Name");
        policy->is_default = policy->is_default || vg_prop_bool(seen, "AwsManaged") == VG_YES;
        if (kind.len > 0) {
            policy->kind_known = true;
            policy->kind = vg_str_is(kind, "SERVICE_CONTROL_POLICY")    ? VG_ORG_SCP
                           : vg_str_is(kind, "RESOURCE_CONTROL_POLICY") ? VG_ORG_RCP
                                                                        : VG_ORG_POLICY_OTHER;
        }
        const vg_value *content = vg_prop(seen, "Content");
        if (content && content->kind == VG_OBJECT)
            policy->content = content;
    }
}

static vg_status compile_text(vg_arena *arena, vg_policy_kind kind, const char *text, const vg_policy **out,
                              vg_error *err)
{
    vg_policy_document *document = VG_NEW(arena, vg_policy_document);
    if (!document)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading the organisation");
    VG_TRY(vg_policy_read_text(arena, vg_str_from(text), kind, VG_STR("everything"), document, err));
    return vg_policy_compile(arena, document, NULL, out, err);
}

/* Once for all accounts. A document that AWS would refuse is none that is attached: nobody knows what is. */
static vg_status compile_policy(vg_arena *arena, vg_org_policy *policy, vg_error *err)
{
    vg_doc *doc = VG_NEW(arena, vg_doc);
    vg_policy_document *document = VG_NEW(arena, vg_policy_document);
    vg_policy_kind kind = policy->kind == VG_ORG_SCP ? VG_POLICY_SCP : VG_POLICY_RCP;
    if (!doc || !document)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading the organisation");
    *doc = (vg_doc){.root = policy->seen->properties,
                    .name = policy->seen->resource.origin,
                    .source = policy->seen->resource.properties};
    VG_TRY(vg_policy_read(arena, doc, policy->content, kind, policy->name, document, err));
    return document->issue_count > 0 ? VG_OK : vg_policy_compile(arena, document, NULL, &policy->policy, err);
}

static vg_status compile_policies(vg_arena *arena, vg_org *org, vg_error *err)
{
    VG_TRY(compile_text(arena, VG_POLICY_SCP,
                        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\","
                        "\"Resource\":\"*\"}]}",
                        &org->everything, err));
    VG_TRY(
        compile_text(arena, VG_POLICY_RESOURCE,
                     "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\","
                     "\"Action\":\"*\",\"Resource\":\"*\"}]}",
                     &org->anybody, err));
    for (size_t i = 0; i < org->policy_count; i++) {
        vg_org_policy *policy = &org->policies[i];
        if (policy->kind_known && policy->kind != VG_ORG_POLICY_OTHER && policy->content)
            VG_TRY(compile_policy(arena, policy, err));
    }
    return VG_OK;
}

/* One pass counts, one places: the policies of a node stand together. */
static void attach(org_builder *b)
{
    vg_org *org = b->org;
    vg_sightings all = vg_sightings_of(org->all, ORGANIZATION "PolicyTarget");
    uint32_t *attached = VG_NEW_N(b->arena, uint32_t, all.count + 1);
    if (!attached) {
        b->failed = true;
        return;
    }
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < all.count; i++) {
            const vg_map_entry *node = vg_map_get(org->by_id, vg_prop_str(&all.items[i], "TargetId"));
            const vg_map_entry *policy = vg_map_get(b->policy_by_id, vg_prop_str(&all.items[i], "PolicyId"));
            if (!node || !policy)
                continue;
            vg_node *target = &org->nodes[node->value.u64];
            if (pass == 1) {
                attached[target->policy_first + target->policy_count] = (uint32_t)policy->value.u64;
                org->policies[policy->value.u64].target_count++;
            }
            target->policy_count++;
        }
        uint32_t first = 0;
        for (size_t i = 0; pass == 0 && i < org->node_count; i++) {
            org->nodes[i].policy_first = first;
            first += org->nodes[i].policy_count;
            org->nodes[i].policy_count = 0;
        }
    }
    org->attached = attached;
}

static void add_target_policies(org_builder *b)
{
    vg_sightings all = vg_sightings_of(b->org->all, ORGANIZATION "PolicyTarget");
    for (size_t i = 0; i < all.count; i++) {
        vg_str policy = vg_prop_str(&all.items[i], "PolicyId"),
               target = vg_prop_str(&all.items[i], "TargetId");
        if (policy.len == 0 || target.len == 0)
            continue;
        policy_of(b, policy);
        node_of(b, target);
    }
}

/* Whether each node of the tree was asked for its policies: then all targets of all policies are known. */
static bool all_nodes_were_asked(const vg_org *org)
{
    for (size_t i = 0; i < org->node_count; i++)
        if (!vg_was_read(org->readings, "organizations:ListPoliciesForTarget", org->nodes[i].id, VG_STR(""),
                         VG_STR("")))
            return false;
    return org->node_count > 0;
}

static void learn_targets(vg_org *org)
{
    bool all = all_nodes_were_asked(org);
    for (size_t i = 0; i < org->policy_count; i++) {
        vg_org_policy *policy = &org->policies[i];
        policy->targets_known = all || policy->target_count > 0 ||
                                vg_was_read(org->readings, "organizations:ListTargetsForPolicy", policy->id,
                                            VG_STR(""), VG_STR(""));
    }
}

/* The policy types that are on, as the roots list them. */
static void learn_policy_types(vg_org *org)
{
    vg_sightings roots = vg_sightings_of(org->all, ORGANIZATION "Root");
    for (size_t i = 0; i < roots.count; i++) {
        const vg_value *types = vg_prop(&roots.items[i], "PolicyTypes");
        if (!types)
            continue;
        org->scp_known = org->rcp_known = true;
        for (vg_items it = vg_items_of(types); vg_items_next(&it);) {
            bool on = vg_str_is(vg_get_str(it.value, "Status"), "ENABLED");
            vg_str type = vg_get_str(it.value, "Type");
            org->scp_on = org->scp_on || (on && vg_str_is(type, "SERVICE_CONTROL_POLICY"));
            org->rcp_on = org->rcp_on || (on && vg_str_is(type, "RESOURCE_CONTROL_POLICY"));
        }
    }
}

/* ---- the mapping -------------------------------------------------------------------------------------------------------- */

static void add_placement(org_builder *b, const vg_sighting *seen, const vg_value *environment)
{
    const vg_value *accounts = vg_get(environment, VG_STR("Accounts"));
    vg_placement *placement = vg_vec_push(&b->placements);
    vg_str *ids = VG_NEW_N(b->arena, vg_str, vg_value_count(accounts ? accounts : environment) + 1);
    if (!placement || !ids) {
        b->failed = true;
        return;
    }
    *placement = (vg_placement){
        .name = vg_prop_str(seen, "Name"),
        .function = vg_prop_str(seen, "Function"),
        .owner = vg_prop_str(seen, "Owner"),
        .environment = vg_get_str(environment, "Name"),
        .accounts = ids,
        .seen = seen,
    };
    if (!placement->name.ptr)
        placement->name = seen->resource.id;
    placement->stage = vg_stage_of_name(placement->environment);
    for (vg_items it = vg_items_of(accounts); vg_items_next(&it);)
        ids[placement->account_count++] = vg_value_str(it.value);
}

static void add_placements(org_builder *b)
{
    vg_sightings all = vg_sightings_of(b->org->all, "Vigil::Workload::Mapping");
    for (size_t i = 0; i < all.count; i++)
        for (vg_items it = vg_items_of(vg_prop(&all.items[i], "Environments")); vg_items_next(&it);)
            add_placement(b, &all.items[i], it.value);
}

/* ---- all together --------------------------------------------------------------------------------------------------------- */

static void describe(vg_org *org)
{
    vg_sightings all = vg_sightings_of(org->all, ORGANIZATION "Organization");
    vg_arn arn;
    org->partition = VG_STR("aws");
    if (all.count == 0)
        return;
    org->about = &all.items[0];
    org->known = true;
    org->id = org->about->resource.id;
    org->management = vg_prop_str(org->about, "ManagementAccountId");
    if (!org->management.ptr)
        org->management = vg_prop_str(org->about, "MasterAccountId");
    if (!org->management.ptr)
        org->management = org->about->resource.account;
    if (vg_arn_parse(vg_prop_str(org->about, "Arn"), &arn))
        org->partition = arn.partition;
}

vg_status vg_org_build(vg_arena *arena, vg_sighting *items, size_t count, const vg_readings *readings,
                       vg_org *out, vg_error *err)
{
    vg_sightings_sort(items, count);
    *out = (vg_org){.all = {items, count}, .readings = readings, .by_id = vg_map_new(arena, 0)};
    org_builder b = {
        .arena = arena,
        .org = out,
        .nodes = vg_vec_in(arena, sizeof(vg_node)),
        .policies = vg_vec_in(arena, sizeof(vg_org_policy)),
        .placements = vg_vec_in(arena, sizeof(vg_placement)),
        .policy_by_id = vg_map_new(arena, 0),
    };
    if (!out->by_id || !b.policy_by_id)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading the organisation");
    describe(out);
    add_nodes(&b, ORGANIZATION "Root");
    add_nodes(&b, ORGANIZATION "OrganizationalUnit");
    add_nodes(&b, ORGANIZATION "Account");
    add_parents(&b);
    add_policies(&b, ORGANIZATION "PolicySummary");
    add_policies(&b, ORGANIZATION "Policy");
    add_target_policies(&b);
    add_placements(&b);
    out->nodes = b.nodes.items;
    out->node_count = b.nodes.len;
    out->policies = b.policies.items;
    out->policy_count = b.policies.len;
    out->placements = b.placements.items;
    out->placement_count = b.placements.len;
    for (size_t i = 0; i < out->node_count && !b.failed; i++)
        place_node(&b, &out->nodes[i]);
    attach(&b);
    learn_targets(out);
    learn_policy_types(out);
    out->trails = vg_sightings_of(out->all, "AWS::CloudTrail::Trail");
    out->trail_status = vg_sightings_of(out->all, "Vigil::CloudTrail::TrailStatus");
    out->analyzers = vg_sightings_of(out->all, "AWS::AccessAnalyzer::Analyzer");
    if (b.failed)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading the organisation");
    return compile_policies(arena, out, err);
}

const vg_node *vg_org_node(const vg_org *org, vg_str id)
{
    const vg_map_entry *entry = vg_map_get(org->by_id, id);
    return entry ? &org->nodes[entry->value.u64] : NULL;
}

bool vg_placement_has(const vg_placement *placement, vg_str account)
{
    for (size_t i = 0; i < placement->account_count; i++)
        if (vg_str_eq(placement->accounts[i], account))
            return true;
    return false;
}
