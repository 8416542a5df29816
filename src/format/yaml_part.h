/* yaml_part.h: what a scalar of YAML means, between yaml.c (structure) and yaml_scalar.c (meaning). */
#ifndef VIGIL_YAML_PART_H
#define VIGIL_YAML_PART_H

#include "format/format.h"

/* What a tag asks of the value that it stands before. */
typedef enum {
    YAML_TAG_NONE, /* no tag: plain scalars are typed by their text */
    YAML_TAG_TEXT, /* a string, whatever it looks like: `!`, `!!str`, and tags that we don't know */
    YAML_TAG_NULL,
    YAML_TAG_BOOL,
    YAML_TAG_INT,
    YAML_TAG_FLOAT,
    YAML_TAG_MERGE,
    YAML_TAG_INTRINSIC, /* a CloudFormation short form */
    YAML_TAG_GET_ATT    /* the one short form whose text becomes a list */
} yaml_tag_kind;

typedef struct {
    yaml_tag_kind kind;
    vg_str long_form; /* of an INTRINSIC or GET_ATT: "Ref", "Fn::Sub"; static */
} yaml_tag;

/* What `tag`, resolved by libyaml (NULL: none), asks. Never fails: an unknown tag is YAML_TAG_TEXT. */
yaml_tag yaml_tag_of(const char *tag);

/* Types a scalar: kind, len and value of *out; the text of strings and numbers is borrowed from `text`, which must
 * outlive the tree. `plain` is false for quoted and block scalars. False when the tag demands what the text is not. */
bool yaml_type_scalar(vg_str text, bool plain, yaml_tag_kind tag, vg_value *out);

#endif
