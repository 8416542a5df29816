/* bench_json.h: the pieces of the JSON benchmark: what is read (samples), and who reads it (readers). */
#ifndef VIGIL_BENCH_JSON_H
#define VIGIL_BENCH_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a reader saw: equal for all readers of one text, so that nobody skips work. */
typedef struct {
    uint64_t values, string_bytes, string_sum; /* keys count as strings; the sum is of first and last bytes */
    double numbers;
} bench_seen;

/* simdjson's DOM by the kernel of that name; NULL when this machine or build lacks it. The parser is kept between
 * documents, as its authors advise. `text` has 64 readable bytes behind it. */
typedef struct bench_simdjson bench_simdjson;
bench_simdjson *bench_simdjson_new(const char *kernel);
bool bench_simdjson_read(bench_simdjson *reader, const char *text, size_t length, bench_seen *seen);
const char *bench_simdjson_best(void);

#ifdef __cplusplus
}
#else
#include "base/base.h"

/* Generated texts, the same each time: of about `bytes` bytes. */
void bench_cloudtrail(vg_buf *out, size_t bytes); /* a CloudTrail log file: {"Records": [...]} */
void bench_organization(vg_buf *out,
                        size_t bytes);          /* list-accounts, policies, roles with embedded documents */
void bench_messages(vg_buf *out, size_t bytes); /* social messages: nested, Unicode, escapes, 18-digit ids */
void bench_template(vg_buf *out, size_t bytes); /* an indented CloudFormation template */
void bench_metrics(vg_buf *out, size_t bytes);  /* arrays of floating-point numbers */
#endif

#endif
