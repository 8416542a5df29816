/* digest_part.h: what the files of digest verification share (private to trail/). */
#ifndef VIGIL_TRAIL_DIGEST_PART_H
#define VIGIL_TRAIL_DIGEST_PART_H

#include "trail/trail.h"

/* Digests come every hour, some time after its end. What is younger than this may have none yet. */
#define VG_DIGEST_DELAY (INT64_C(7200) * VG_TIME_SECOND)

/* A digest file as found in the folder. */
typedef struct {
    vg_str file;
    vg_str bucket, object; /* of a file that could not be read: what the next digest calls it, or empty */
    vg_digest digest;      /* when read */
    vg_digest_name name;
    vg_sha256 hash;
    vg_time end; /* when it ends, by its content or its name */
    vg_str head_signature, head_algorithm;
    bool read, in_range;
    vg_proof verdict;
    vg_str reason;
    size_t chain;
    size_t previous;   /* 1 + index of the one that this names as its previous; 0: not here */
    size_t next;       /* 1 + index of one that names this as its previous; 0: none */
    size_t next_other; /* 1 + index of another that names the same previous; 0: none */
} vg_digest_node;

/* One verification at work. */
typedef struct {
    vg_arena *arena;
    const vg_digest_options *options;
    vg_digest_report *report;
    vg_vec nodes;    /* vg_digest_node: by chain, back-fill last, newest first */
    vg_vec chains;   /* vg_digest_chain */
    vg_vec results;  /* vg_digest_result */
    vg_map *by_name; /* of files that are no digests: vg_digest_plain_name -> 1 + index in options->files */
    uint32_t *same_name; /* by index of file: 1 + index of another of the same name; 0: none */
    bool *named;         /* by index of file: a digest names it */
    vg_map *signers;     /* of vg_digest_signer: what the digests read name */
    bool many_regions;   /* the digests read are of more than one */
    vg_map *heads;       /* path without ".head.json" -> 1 + index of file */
} vg_verifying;

/* The name without ".gz" or ".zst": the hash is over what is inside, so a log may be stored either way. */
vg_str vg_digest_plain_name(vg_str path);
/* Whether a file may be the S3 object: its path ends with the object's, or, below the root, is the end of it. */
bool vg_digest_in_place(vg_str root, vg_str file, vg_str object);
/* Reads "20260105T010000Z" and what vg_time_parse reads. */
bool vg_digest_time(vg_str text, vg_time *out);
/* Whether two hexadecimal numbers are the same, whatever their case and leading zeros. */
bool vg_digest_same_hash(vg_str hexadecimal, const vg_sha256 *hash);
/* Reads and uncompresses a file. */
vg_status vg_digest_file_text(vg_arena *arena, vg_str file, vg_str *text, vg_error *err);
/* What failing to read a file says of it: INVALID for wrong bytes, not assessed for what the system or a limit refused.
 */
vg_proof vg_digest_unreadable(vg_arena *arena, vg_str file, vg_status failure, const char *why,
                              vg_str *reason);

/* Adds a result and counts it. */
vg_status vg_digest_add(vg_verifying *v, const vg_digest_result *result, vg_error *err);

/* Whether what a digest says may be told: it is proven, or it is among those told to be not assessed. */
bool vg_digest_counts(const vg_digest_node *node);
/* A region and a fingerprint, as one key. */
vg_str vg_digest_signer(const vg_verifying *v, vg_str region, vg_str fingerprint);

/* digest_judge.c: verdicts of the nodes, which stand in order. */
vg_status vg_digest_judge(vg_verifying *v, vg_error *err);

/* digest_log.c: a log file that a digest names, and what was found of it. */
typedef struct {
    const vg_digest_node *node;
    const vg_digest_log *log;
    vg_proof verdict;
    vg_str file;      /* what the verdict is about */
    vg_str elsewhere; /* a file of its name in another place */
    vg_status failure;
    char why[160]; /* it could not be read */
} vg_digest_log_job;
/* Looks for the log files of all nodes in range, in the order of nodes, and hashes them, on several threads. */
vg_status vg_digest_logs_search(vg_verifying *v, vg_vec *jobs, vg_error *err);
/* Adds what is to be said of one. */
vg_status vg_digest_log_add(vg_verifying *v, const vg_digest_log_job *job, vg_error *err);
/* Adds the log files that no digest names. */
vg_status vg_digest_logs_unnamed(vg_verifying *v, vg_error *err);

#endif
