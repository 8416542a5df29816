/* derived.c: fields below "vigil." that an event itself tells. */
#include "detect/detect_part.h"

bool vg_derived_field(const vg_event *event, vg_str name, vg_arena *arena, const vg_value **out)
{
    (void)event;
    (void)name;
    (void)arena;
    (void)out;
    return false;
}
