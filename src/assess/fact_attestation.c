/* fact_attestation.c: Vigil::Attestation::Attestation: what no export can show, said by a named owner, until a day.
 *
 * The day is judged against --now; without it, against the time of the latest evidence of all, which the assessment
 * gives as the view's time, so that an old workspace answers as it did. */
#include "assess/assess_part.h"

void vg_make_attestations(const vg_view *view, vg_fact_sink *sink)
{
    static const char *const texts[] = {"Kind", "Scope", "Statement", "Owner", "Link", "Date"};
    vg_sightings all = vg_sightings_of(view->org->all, "Vigil::Attestation::Statement");
    for (size_t i = 0; i < all.count; i++) {
        const vg_sighting *seen = &all.items[i];
        vg_time date, expires;
        vg_fact_begin(sink, "Vigil::Attestation::Attestation", seen->resource.account, VG_STR(""),
                      seen->resource.id, vg_prop_str(seen, "Kind"));
        vg_fact_used(sink, seen);
        for (size_t t = 0; t < VG_COUNT(texts); t++)
            vg_fact_str(sink, texts[t], vg_prop_str(seen, texts[t]));
        if (vg_prop_time(seen, "Date", &date))
            vg_fact_i64(sink, "AgeDays", vg_view_days(view, date, seen));
        vg_time now = view->now != VG_TIME_NONE ? view->now : seen->seen;
        if (vg_prop_time(seen, "Expires", &expires))
            vg_fact_bool(sink, "Lapsed", now > expires);
        vg_fact_value(sink, "Details", vg_prop(seen, "Details"));
        vg_fact_end(sink);
    }
}
