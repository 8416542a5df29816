/* unicode.c: characters, as far as showing them safely needs: decoding UTF-8, which characters hide or reorder text, and
 * how many columns a terminal gives them (Unicode 15: DerivedBidiClass and the Cf category for what hides, UAX 11 for
 * what is wide, categories Mn and Me for what takes no column; ranges are joined where nothing else lies between). */
#include "report/report_part.h"

typedef struct {
    uint32_t first, last;
} range;

/* C0, DEL and C1 controls; marks, embeddings, overrides and isolates of direction; separators that break lines; what is
 * invisible. The joiners U+200C and U+200D are left: scripts and emoji need them. */
static const range HIDDEN[] = {
    {0x00, 0x1F},     {0x7F, 0x9F},     {0x61C, 0x61C},     {0x180E, 0x180E},
    {0x200B, 0x200B}, {0x200E, 0x200F}, {0x2028, 0x202E},   {0x2060, 0x206F},
    {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
};

static const range ZERO_WIDTH[] = {
    {0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},   {0x5BF, 0x5BF},   {0x5C1, 0x5C2},
    {0x5C4, 0x5C5},   {0x610, 0x61A},   {0x64B, 0x65F},   {0x670, 0x670},   {0x6D6, 0x6DC},
    {0x6DF, 0x6E4},   {0x6E7, 0x6E8},   {0x6EA, 0x6ED},   {0x900, 0x902},   {0x93A, 0x93A},
    {0x93C, 0x93C},   {0x941, 0x948},   {0x94D, 0x94D},   {0xE31, 0xE31},   {0xE34, 0xE3A},
    {0xE47, 0xE4E},   {0x1AB0, 0x1ACE}, {0x1DC0, 0x1DFF}, {0x200C, 0x200D}, {0x20D0, 0x20F0},
    {0x302A, 0x302D}, {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF},
};

static const range WIDE[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x25FD, 0x25FE},   {0x2614, 0x2615},
    {0x26A1, 0x26A1},   {0x26D4, 0x26D4},   {0x2705, 0x2705},   {0x274C, 0x274C},   {0x2753, 0x2757},
    {0x2B50, 0x2B55},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},
    {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},
    {0xFFE0, 0xFFE6},   {0x16FE0, 0x18CFF}, {0x1B000, 0x1B2FF}, {0x1F18E, 0x1F19A}, {0x1F200, 0x1F320},
    {0x1F32D, 0x1F335}, {0x1F337, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD},
};

static bool is_in(const range *ranges, size_t count, uint32_t code)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > ranges[middle].last)
            low = middle + 1;
        else if (code < ranges[middle].first)
            high = middle;
        else
            return true;
    }
    return false;
}

bool report_is_hidden(uint32_t code)
{
    return is_in(HIDDEN, VG_COUNT(HIDDEN), code);
}

unsigned report_width(uint32_t code)
{
    if (code < 0x300)
        return 1;
    if (is_in(ZERO_WIDTH, VG_COUNT(ZERO_WIDTH), code))
        return 0;
    return is_in(WIDE, VG_COUNT(WIDE), code) ? 2 : 1;
}

/* How many bytes a character with this first byte takes; 0: none begins so. */
static size_t length_of(unsigned char lead)
{
    return lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
}

size_t report_decode(vg_str text, size_t at, uint32_t *code)
{
    static const unsigned char LEAD_BITS[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    unsigned char lead = (unsigned char)text.ptr[at];
    size_t len = length_of(lead);
    *code = CODE_INVALID;
    if (len == 0 || !vg_utf8_valid(vg_str_sub(text, at, len), NULL) || len > text.len - at)
        return 1;
    uint32_t value = lead & LEAD_BITS[len];
    for (size_t i = 1; i < len; i++)
        value = value << 6 | ((unsigned char)text.ptr[at + i] & 0x3F);
    *code = value;
    return len;
}
