/* value_order.h: the pairs of an object in the order of their keys' bytes, for the canonical writer and for equality,
 * which both must not see the order of the source nor the earlier ones of repeated keys. */
#ifndef VIGIL_FORMAT_VALUE_ORDER_H
#define VIGIL_FORMAT_VALUE_ORDER_H

#include "format/format.h"

/* Appends to `stack`, as `const vg_value *` items, the key nodes of `object` sorted by bytes, of repeated keys the
 * last alone, and returns how many. A value follows its key node. stack->failed tells that memory was out. */
size_t vg_value_sorted_keys(const vg_value *object, vg_buf *stack);

/* The place of byte `offset` of a document's bytes: a leading byte order mark has no width. */
vg_place vg_source_place(vg_str source, vg_str name, size_t offset);

#endif
