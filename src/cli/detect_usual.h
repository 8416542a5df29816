/* detect_usual.h: what was normal for the actor of a finding (private to cli/). */
#ifndef VIGIL_CLI_DETECT_USUAL_H
#define VIGIL_CLI_DETECT_USUAL_H

#include "cli/cli.h"
#include "detect/detect.h"

/* Puts the key `usual`, when the finding's rules look at what is new and the baseline (NULL: none) knows its account. */
void vg_detect_put_usual(vg_cli *cli, const vg_rules *rules, const vg_baseline *baseline,
                         const vg_detect_finding *f, vg_json_writer *json);
/* The same for people; empty when there is nothing to say. */
vg_str vg_detect_usual_text(vg_cli *cli, const vg_rules *rules, const vg_baseline *baseline,
                            const vg_detect_finding *f);
/* "new api, by ...": what a rule asks a baseline; empty: nothing. */
vg_str vg_detect_asks_text(vg_cli *cli, const vg_rules *rules, size_t rule);

#endif
