/* catalogue_text.h: small catalogues for tests: records in, a whole text with its head out. */
#ifndef VIGIL_TESTS_CATALOGUE_TEXT_H
#define VIGIL_TESTS_CATALOGUE_TEXT_H

#include "policy/policy_catalogue.h"

/* How many lines begin with `letter`. */
static inline unsigned catalogue_count(vg_str records, char letter)
{
    unsigned count = 0;
    for (vg_str line; vg_str_next(&records, '\n', &line);)
        count += line.len > 1 && line.ptr[0] == letter && line.ptr[1] == '\t';
    return count;
}

/* The text of a catalogue with these records; its head counts them and knows their SHA-256. */
static inline vg_str catalogue_text(vg_arena *arena, vg_str records)
{
    char hex[65];
    vg_sha256 hash = vg_sha256_bytes(records);
    vg_hex(hash.bytes, sizeof hash.bytes, hex);
    return vg_arena_printf(
        arena,
        "# a small catalogue\nH\tform\t1\nH\tsource\ta test\nH\tversion\t1.2\n"
        "H\tdate\t2026-09-26T04:46:59Z\nH\tdata-sha256\t00\nH\tbody-sha256\t%s\nH\tkeys\t%u\n"
        "H\tservices\t%u\nH\tresource-types\t%u\nH\tactions\t%u\n%.*s",
        hex, catalogue_count(records, 'G') + catalogue_count(records, 'K'), catalogue_count(records, 'S'),
        catalogue_count(records, 'R'), catalogue_count(records, 'A'), VG_ARG(records));
}

/* The line of the text on which the records begin. */
enum { CATALOGUE_FIRST_LINE = 12 };

#endif
