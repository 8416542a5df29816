/* access_s3.h: what the organisation says of S3's Block Public Access; private to access/. */
#ifndef VIGIL_ACCESS_S3_H
#define VIGIL_ACCESS_S3_H

#include "access/access_part.h"

typedef struct {
    vg_map *blocked; /* ids of accounts whose buckets it blocks */
    bool unknown;    /* S3 policies are switched on and were not listed in full */
} vg_access_s3;

vg_status vg_access_s3_of(const vg_access_reader *reader, vg_access_s3 *out, vg_error *err);

#endif
