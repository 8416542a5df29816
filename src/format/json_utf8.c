/* json_utf8.c: whether a block of 64 bytes is well-formed UTF-8 (Unicode 15, table 3-7), byte by byte: for the paths
 * of the index that have no byte shuffle, and only for blocks that are not ASCII. */
#include "format/json_index_block.h"

/* Per lead byte: length, and the bounds of the second byte. Length 0: no lead byte. */
static const struct {
    uint8_t first, last, length, low, high;
} leads[] = {
    {0x00, 0x7F, 1, 0, 0},       {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF}, {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF}, {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F},
};

/* Bytes of the sequence at p, `left` of which may be read: its length, or more than `left` when it runs past them and
 * is good so far, or 0 when it is wrong. */
static size_t sequence_length(const uint8_t *p, size_t left)
{
    size_t row = 0;
    while (row < VG_COUNT(leads) && p[0] > leads[row].last)
        row++;
    if (row == VG_COUNT(leads) || p[0] < leads[row].first)
        return 0;
    size_t length = leads[row].length;
    if (length > 1 && left > 1 && (p[1] < leads[row].low || p[1] > leads[row].high))
        return 0;
    for (size_t i = 2; i < length && i < left; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return length;
}

bool vg_json_block_utf8(const uint8_t *block)
{
    const uint8_t *at = block, *end = block + VG_JSON_BLOCK;
    for (int back = 1; back <= 3; back++)
        if (block[-back] >= 0xC0) {
            at = block - back;
            break;
        }
    while (at < end) {
        size_t length = *at < 0x80 ? 1 : sequence_length(at, (size_t)(end - at));
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}
