/* light.c: matches told without a tree of the record.
 *
 * Where picked values alone decide that rules match (gate.c), what a finding or a correlation wants to know of the event
 * is mostly among them too. Who called stands in userIdentity, an object that is the same for all calls of a session: the
 * last few hundred of them are remembered, read. */
#include <string.h>

#include "detect/dispatch_part.h"

enum {
    WHO_SLOTS = 512,
    WHO_TEXT = 1400 /* bytes of a userIdentity that is remembered */
};

#define BEFORE "{\"userIdentity\":"

/* A userIdentity, read. Its texts are slices of `text`. */
typedef struct {
    uint64_t hash;
    uint64_t serial; /* another one for each object that the slot held */
    uint32_t len;    /* of the object; 0: the slot is empty */
    bool read;       /* the rest is filled */
    bool plain;      /* its texts hold no escapes, so that they are slices */
    vg_trail_identity identity;
    char text[WHO_TEXT + sizeof BEFORE + 1];
} who;

struct vg_light {
    const vg_dispatch *dispatch;
    vg_arena *arena, *scratch;
    who *slots;
    uint64_t serials;
    const char *last_object; /* of the event at hand; its slot */
    who *last;
    const vg_str *values; /* of the event at hand */
    const vg_brief *brief;
};

vg_light *vg_light_new(const vg_dispatch *dispatch)
{
    vg_arena *arena = vg_arena_new(0);
    vg_light *light = arena ? VG_NEW(arena, vg_light) : NULL;
    if (!light) {
        vg_arena_free(arena);
        return NULL;
    }
    light->dispatch = dispatch;
    light->arena = arena;
    light->scratch = vg_arena_new(0);
    light->slots = VG_NEW_N(arena, who, WHO_SLOTS);
    if (light->scratch && light->slots)
        return light;
    vg_light_free(light);
    return NULL;
}

void vg_light_free(vg_light *light)
{
    if (!light)
        return;
    vg_arena_free(light->scratch);
    vg_arena_free(light->arena);
}

/* ---- who --------------------------------------------------------------------------------------------------------------- */

static void read_who(vg_light *light, who *w)
{
    vg_doc doc;
    vg_trail_resource resources[VG_TRAIL_MOST_RESOURCES];
    vg_trail_record record;
    vg_str text = {w->text, sizeof BEFORE - 1 + w->len + 1};
    vg_arena_reset(light->scratch);
    w->read = true;
    w->plain = !memchr(text.ptr, '\\', text.len) &&
               vg_json_read(light->scratch, text, VG_STR(""), NULL, &doc, NULL) == VG_OK;
    if (!w->plain)
        return;
    vg_trail_record_of(doc.root, resources, &record);
    w->identity = record.identity;
}

/* The slot of a userIdentity; NULL: it is none that can be remembered. */
static who *slot_of(vg_light *light, vg_str object)
{
    if (object.len == 0 || object.len > WHO_TEXT || object.ptr[0] != '{')
        return NULL;
    if (object.ptr == light->last_object)
        return light->last;
    size_t before = sizeof BEFORE - 1;
    uint64_t hash = vg_hash64(object, 0);
    who *w = &light->slots[hash % WHO_SLOTS];
    light->last_object = object.ptr;
    light->last = w;
    if (w->hash == hash && w->len == object.len && memcmp(w->text + before, object.ptr, object.len) == 0)
        return w;
    w->hash = hash;
    w->serial = ++light->serials;
    w->read = false;
    w->len = (uint32_t)object.len;
    memcpy(w->text, BEFORE, before);
    memcpy(w->text + before, object.ptr, object.len);
    w->text[before + object.len] = '}';
    return w;
}

void vg_light_next(vg_light *light)
{
    light->last_object = NULL;
}

uint64_t vg_light_serial(vg_light *light, vg_str object)
{
    const who *w = slot_of(light, object);
    return w ? w->serial : 0;
}

const vg_trail_identity *vg_light_identity(vg_light *light, vg_str object)
{
    who *w = slot_of(light, object);
    if (w && !w->read)
        read_who(light, w);
    return w && w->plain ? &w->identity : NULL;
}

/* ---- the event ------------------------------------------------------------------------------------------------------------ */

/* A string without escapes, or nothing. False: it is something else. */
static bool plain_text(vg_str value, vg_str *out)
{
    *out = vg_plain(value);
    return out->ptr || !value.ptr || vg_str_is(value, "null");
}

bool vg_light_begin(vg_light *light, const vg_str *values, vg_arena *arena, vg_event *event, vg_brief *brief)
{
    const size_t *at = light->dispatch->glance;
    vg_trail_record record = {0};
    vg_str time, answer = values[at[VG_GLANCE_ANSWER]];
    const struct {
        vg_glance glance;
        vg_str *text;
    } texts[] = {
        {VG_GLANCE_TIME, &time},
        {VG_GLANCE_SOURCE, &record.source},
        {VG_GLANCE_NAME, &record.name},
        {VG_GLANCE_ID, &record.id},
        {VG_GLANCE_REGION, &record.region},
        {VG_GLANCE_ACCOUNT, &record.account},
        {VG_GLANCE_ADDRESS, &record.source_ip},
        {VG_GLANCE_ERROR, &record.error_code},
        {VG_GLANCE_ERROR_MESSAGE, &record.error_message},
    };
    for (size_t i = 0; i < VG_COUNT(texts); i++)
        if (!plain_text(values[at[texts[i].glance]], texts[i].text))
            return false;
    const vg_trail_identity *identity = vg_light_identity(light, values[at[VG_GLANCE_WHO]]);
    if (!identity || !record.id.len || !record.name.len || !record.account.len ||
        !vg_time_parse(time, &record.time) || vg_may_hold(answer, "failure\""))
        return false;
    record.identity = *identity;
    vg_brief_of_record(&record, record.error_code.len || record.error_message.len, arena, brief);
    *event = (vg_event){.log = VG_LOG_CLOUDTRAIL,
                        .time = record.time,
                        .id = record.id,
                        .account = record.account,
                        .region = record.region,
                        .source_ip = record.source_ip};
    light->values = values;
    light->brief = brief;
    return brief->name.ptr != NULL;
}

bool vg_light_text_of(void *context, vg_str path, vg_arena *arena, vg_str *out)
{
    const vg_light *light = context;
    vg_doc doc;
    if (vg_str_is(path, "vigil.actor")) {
        *out = light->brief->actor;
        return out->len > 0;
    }
    const vg_map_entry *place = vg_map_get(light->dispatch->place_of, path);
    vg_str value = place ? light->values[place->value.u64 - 1] : (vg_str){0};
    if (!value.ptr)
        return false;
    *out = vg_plain(value);
    if (out->ptr)
        return true;
    return vg_json_read(arena, value, VG_STR(""), NULL, &doc, NULL) == VG_OK &&
           vg_evaluator_first_text(doc.root, arena, out);
}
