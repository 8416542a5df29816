/* spelling.c: the other spellings in which a key is looked for when it is absent as written. Templates of several tools
 * spell one property differently (BucketName, bucketName, bucket_name); cfn-guard finds them all, by the conventions of
 * its string library, and so do we: the seven forms in guard_part.h's order. A word is told from the next by a
 * character that is neither letter nor digit, or by a step from lower to upper case. Only ASCII changes case. */
#include "control/guard_part.h"

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_upper(c) || is_lower(c) || is_digit(c) || (unsigned char)c >= 0x80;
}

static char upper(char c)
{
    return is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

static char lower(char c)
{
    return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

/* Without what is no word at its end. */
static vg_str trim(vg_str s)
{
    while (s.len > 0 && !is_word(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

/* How the spellings of the camel family differ. */
typedef struct {
    bool first_upper;   /* the first letter too */
    char separator;     /* between words, or 0 */
    bool digits_divide; /* a word ends behind a digit */
} camel_style;

static size_t spell_camel(vg_str key, camel_style style, char *out)
{
    bool new_word = style.first_upper, found = false, first = true;
    char last = ' ';
    size_t len = 0;
    key = trim(key);
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        if (!is_word(c)) {
            new_word = new_word || found;
        } else if (is_digit(c) && style.digits_divide) {
            found = new_word = true;
            out[len++] = c;
        } else if (new_word || (is_lower(last) && is_upper(c))) {
            if (!first && style.separator)
                out[len++] = style.separator;
            out[len++] = upper(c);
            new_word = false;
            found = true;
            first = false;
        } else {
            found = true;
            last = c;
            out[len++] = lower(c);
        }
    }
    return len;
}

static size_t spell_snake(vg_str key, char separator, char *out)
{
    bool first = true;
    size_t len = 0;
    vg_str all = key;
    key = trim(key);
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        if (!is_word(c)) {
            if (!first)
                out[len++] = separator;
            first = true;
            continue;
        }
        char next = i + 1 < all.len ? all.ptr[i + 1] : 'A', before = i > 0 ? all.ptr[i - 1] : 'A';
        if (!first && c == upper(c) && (is_lower(next) || is_lower(before)))
            out[len++] = separator;
        out[len++] = lower(c);
        first = false;
    }
    return len;
}

/* How plurals end, the most particular first: a word that ends in one of `endings` behind one of `stems` keeps the stem
 * and takes `singular`. */
static const struct {
    const char *stems, *endings, *singular; /* alternatives are separated by '|'; an empty stem is any */
} plurals[] = {
    {"database", "s", ""},
    {"quiz", "zes", ""},
    {"matr", "ices", "ix"},
    {"vert|ind", "ices", "ex"},
    {"alias|status", "es|", ""},
    {"octop|vir", "us|i", "us"},
    {"cris|test", "is|es", "is"},
    {"shoe", "s", ""},
    {"bus", "es|", ""},
    {"m|l", "ice", "ouse"},
    {"x|ch|ss|sh", "es", ""},
    {"m", "ovies", "ovie"},
    {"s", "eries", "eries"},
    {"qu|consonant", "ies", "y"},
    {"l|r", "ves", "f"},
    {"tive", "s", ""},
    {"hive", "s", ""},
    {"not-f", "ves", "fe"},
    {"analy|ba|diagno|parenthe|progno|synop|the", "sis|ses", "sis"},
    {"t|i", "a", "um"},
    {"o", "es", ""},
    {"n", "ews", "ews"},
    {"ss", "", ""},
    {"", "s", ""},
};

static bool stem_fits(vg_str stem, vg_str wanted)
{
    if (vg_str_is(wanted, "consonant"))
        return stem.len > 0 && memchr("aeiouy", stem.ptr[stem.len - 1], 6) == NULL;
    if (vg_str_is(wanted, "not-f"))
        return stem.len > 0 && stem.ptr[stem.len - 1] != 'f';
    return vg_str_ends(stem, wanted);
}

/* The stem's length if `word` ends as plurals[row] says, or VG_NPOS. */
static size_t stem_length(vg_str word, size_t row)
{
    vg_str endings = vg_str_from(plurals[row].endings), ending;
    bool more = true;
    while (more) {
        more = vg_str_split(endings, '|', &ending, &endings);
        if (!vg_str_ends(word, ending))
            continue;
        vg_str stem = vg_str_sub(word, 0, word.len - ending.len), stems = vg_str_from(plurals[row].stems),
               one;
        for (bool further = true; further;) {
            further = vg_str_split(stems, '|', &one, &stems);
            if (stem_fits(stem, one))
                return stem.len;
        }
    }
    return VG_NPOS;
}

/* PascalCase with its last word in the singular. */
static size_t spell_class(vg_str key, char *out)
{
    size_t len = spell_camel(key, (camel_style){true, 0, true}, out), word = len;
    while (word > 0 && !is_upper(out[word - 1]))
        word--;
    word = word > 0 ? word - 1 : 0;
    if (len == word || memchr("aeis", out[len - 1], 4) == NULL)
        return len; /* the letters that plurals end in */
    for (size_t row = 0; row < VG_COUNT(plurals); row++) {
        size_t stem = stem_length(vg_str_of(out + word, len - word), row);
        if (stem == VG_NPOS)
            continue;
        size_t more = strlen(plurals[row].singular);
        memcpy(out + word + stem, plurals[row].singular, more);
        return word + stem + more;
    }
    return len;
}

static size_t spell(unsigned k, vg_str key, char *out)
{
    switch (k) {
    case 0:
        return spell_camel(key, (camel_style){false, 0, true}, out);
    case 1:
        return spell_class(key, out);
    case 2:
        return spell_snake(key, '-', out);
    case 3:
        return spell_camel(key, (camel_style){true, 0, true}, out);
    case 4:
        return spell_snake(key, '_', out);
    case 5:
        return spell_camel(key, (camel_style){true, ' ', false}, out);
    default:
        return spell_camel(key, (camel_style){true, '-', true}, out);
    }
}

bool guard_key_spell(vg_arena *arena, guard_key *key)
{
    /* No spelling is longer than a separator before each character, and a singular's longer ending. */
    char *room = vg_arena_alloc(arena, (2 * key->text.len + 8) * GUARD_SPELLINGS);
    if (!room)
        return false;
    for (unsigned k = 0; k < GUARD_SPELLINGS; k++) {
        size_t len = spell(k, key->text, room);
        key->spelled[k] = vg_str_of(room, len);
        room += len;
        bool differs = !vg_str_eq(key->spelled[k], key->text);
        for (unsigned j = 0; j < k; j++)
            differs = differs && !vg_str_eq(key->spelled[k], key->spelled[j]);
        if (differs)
            key->differs |= (uint8_t)(1U << k);
    }
    return true;
}
