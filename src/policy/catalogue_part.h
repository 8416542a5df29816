/* catalogue_part.h: how the catalogue lies in memory (private to policy/).
 *
 * Plain arrays in the order of the text, and beside them what makes the questions quick:
 *
 *     actions      what vg_catalogue_action_at gives; its spans point into the arena, its name into the text
 *     lower        "a2c:getcontainerization...s3:getobject..." without gaps; action a is lower[lower_at[a] .. lower_at[a+1]).
 *                  Read by searches, which never touch `actions`
 *     action_slots hash of the lower-case name to id, open addressing, at most half full
 *     key_slots    the same for condition keys; variable_slots for what stands before the ${...} of a key
 *     templates    the resource types' ARNs, as elements that vg_catalogue_resource_fits runs over */
#ifndef VIGIL_POLICY_CATALOGUE_PART_H
#define VIGIL_POLICY_CATALOGUE_PART_H

#include "policy/policy_catalogue.h"

enum {
    VG_CATALOGUE_NAME_MAX = 255,    /* bytes of any name; longer text finds nothing */
    VG_CATALOGUE_TEMPLATE_MAX = 255 /* elements of an ARN's template */
};

typedef struct {
    uint32_t tag; /* the hash's upper half */
    uint32_t id;  /* VG_CATALOGUE_NONE: empty */
} vg_name_slot;
typedef struct {
    vg_name_slot *slots;
    uint32_t mask; /* slots - 1 */
} vg_name_table;

/* An ARN as elements: a literal byte, or a class of bytes (VG_TEMPLATE_...) taken once or any number of times. ${Name} is
 * ONE and RUN, '*' is RUN. */
enum {
    VG_TEMPLATE_ONE = 0x100,
    VG_TEMPLATE_RUN = 0x200,
    VG_TEMPLATE_NO_COLON = 0x400, /* the class is without ':' */
    VG_TEMPLATE_NO_SLASH = 0x800  /* the class is without '/' */
};
typedef struct {
    uint16_t *elements;
    uint16_t count;
    uint16_t resource_part; /* the element behind the fifth colon */
} vg_arn_template;

/* A key with a variable: "codebuild:secondarysources/" ${...} ".location". */
typedef struct {
    vg_str before, after; /* as the key spells them */
    uint32_t key;
} vg_key_variable;

struct vg_catalogue {
    vg_catalogue_origin origin;
    vg_catalogue_service *services;
    vg_catalogue_action *actions;
    vg_catalogue_resource *resources;
    vg_arn_template *const *templates; /* resource r has resources[r].arn_count of them */
    vg_catalogue_key *keys;
    vg_key_variable *variables;
    char *lower;
    uint32_t *lower_at;
    vg_name_table action_slots, key_slots, variable_slots;
};

/* Where a text's records begin, and what its head says of them. */
typedef struct {
    vg_str body;
    uint32_t body_line;
    vg_str body_sha256;
    vg_catalogue_origin origin;
} vg_catalogue_head;
vg_status vg_catalogue_read_head(vg_str text, vg_catalogue_head *out, vg_error *err);

static inline char vg_lower(char c)
{
    return (char)(c + (((unsigned char)(c - 'A') < 26) ? 32 : 0));
}
/* to holds s.len bytes. */
static inline void vg_lower_into(char *to, vg_str s)
{
    for (size_t i = 0; i < s.len; i++)
        to[i] = vg_lower(s.ptr[i]);
}
/* Byte order of lower-case names, shorter first on a tie. */
int vg_lower_cmp(vg_str a, vg_str b);

/* A hash that is extended byte by byte, so that one pass gives that of every beginning of a name. */
#define VG_NAME_HASH UINT64_C(0xCBF29CE484222325)
static inline uint64_t vg_name_hash_step(uint64_t hash, char c)
{
    return (hash ^ (unsigned char)vg_lower(c)) * UINT64_C(0x100000001B3);
}
uint64_t vg_name_hash(vg_str name);
/* A bijective last step: the low bits choose the slot, the high ones are the tag. */
static inline uint64_t vg_name_hash_end(uint64_t hash)
{
    hash ^= hash >> 32;
    hash *= UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

/* An empty table for `count` names; slots is NULL when memory is out. */
vg_name_table vg_name_table_new(vg_arena *arena, size_t count);
void vg_name_table_add(vg_name_table *table, uint64_t hash, uint32_t id);

/* Whether a key's variable may follow this byte. */
bool vg_ends_before_variable(char c);

/* The template of an ARN in the arena. */
vg_status vg_arn_template_read(vg_arena *arena, vg_str arn, vg_arn_template *out, vg_error *err);
/* Takes '/' and ':' from the variables that another of these templates continues with them (see
 * vg_catalogue_resource_fits). */
void vg_arn_templates_separate(vg_arn_template *templates, size_t count);

/* The lower-case name of an action; with its service's prefix. */
static inline vg_str vg_catalogue_lower(const vg_catalogue *catalogue, uint32_t action)
{
    return vg_str_of(catalogue->lower + catalogue->lower_at[action],
                     catalogue->lower_at[action + 1] - catalogue->lower_at[action]);
}

#endif
