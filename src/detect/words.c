/* words.c: which rules a record's bytes allow, told in one pass over them before anything of it is read.
 *
 * Many rules know no event name, but need some text to stand in the record: a keyword, a `contains`, the plain part of an
 * expression. A *word* is a run of such a text that JSON writes in one way alone (letters, digits, `-`, `_`, `.`), so that
 * a record whose bytes hold none of a rule's words cannot match it. Two records tell nothing: one with `\u`, for it may
 * write a letter by its number, and one with a byte that is not ASCII, for some of those fold to ASCII.
 *
 * Of each word two pieces of 4 bytes stand in the index, one behind the other: at an even place of the record one of them
 * stands, so every second place is looked at. Upper and lower case are made one by setting a bit of each byte; that takes
 * some other bytes for one as well, which costs a rule a look, and never a match. */
#include "detect/dispatch_part.h"

#include <string.h>

enum { PIECE = 4, NO_ENTRY = UINT32_MAX, BITS_A_PIECE = 32, MOST_OF_WORD = 64 };
#define LOWER UINT32_C(0x20202020)

typedef struct {
    uint32_t piece, word;
    uint32_t next;   /* entry of the same bucket */
    uint32_t offset; /* of the piece in its word */
} entry;

struct vg_words {
    const vg_word *words; /* their texts with the bits of LOWER */
    unsigned shift;       /* of the hash: its upper bits */
    uint8_t *bits;        /* whether a bucket has entries */
    uint32_t *buckets;
    entry *entries;
    uint32_t entry_count;
};

/* ---- what is a word -------------------------------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_of_word(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* What stands in most records, and so tells little of any: names of keys, and of services. */
static bool is_common(vg_str word)
{
    static const char common[] =
        "eventversion useridentity type principalid accountid accesskeyid username sessioncontext "
        "sessionissuer webidfederationdata attributes creationdate mfaauthenticated invokedby eventtime "
        "eventsource eventname awsregion sourceipaddress useragent errorcode errormessage "
        "requestparameters responseelements additionaleventdata requestid eventid eventtype apiversion "
        "readonly resources managementevent recipientaccountid sharedeventid eventcategory tlsdetails "
        "tlsversion tlsv1.2 tlsv1.3 ciphersuite clientprovidedhostheader awsapicall awsserviceevent "
        "awsconsolesignin management assumedrole assumed-role iamuser awsaccount awsservice root user "
        "role false true us-east-1 eu-west-1 aws-cli aws-sdk- boto3 botocore python linux mozilla "
        "unauthorizedoperation accessdenied";
    char text[MOST_OF_WORD];
    size_t len = word.len < sizeof text ? word.len : sizeof text;
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(is_letter(word.ptr[i]) ? word.ptr[i] | 0x20 : word.ptr[i]);
    vg_str lower = {text, len};
    return vg_str_find(vg_str_from(common), lower) != VG_NPOS ||
           vg_str_find(lower, VG_STR("amazonaws")) != VG_NPOS;
}

/* Numbers are written in more ways than one: they have one letter at most. */
static bool is_word(vg_str run)
{
    size_t letters = 0;
    for (size_t i = 0; i < run.len; i++)
        letters += is_letter(run.ptr[i]);
    return run.len > PIECE && letters >= 2 && !is_common(run);
}

vg_str vg_word_in(vg_str text)
{
    vg_str best = {0};
    for (size_t start = 0, i = 0; text.len && i <= text.len; i++) {
        if (i < text.len && is_of_word(text.ptr[i]))
            continue;
        vg_str run = {text.ptr + start, i - start};
        if (run.len > best.len && is_word(run))
            best = run;
        start = i + 1;
    }
    return best;
}

/* ---- building ---------------------------------------------------------------------------------------------------------- */

static uint32_t piece_at(const char *text)
{
    uint32_t piece;
    memcpy(&piece, text, PIECE);
    return piece | LOWER;
}

static uint32_t bucket_of(uint32_t piece, unsigned shift)
{
    return piece * 0x9E3779B1U >> shift;
}

/* Letters that English has most; digits and signs say more than they. */
static unsigned commonness(const char *text, size_t len)
{
    unsigned sum = 0;
    for (size_t i = 0; i < len; i++)
        sum += text[i] && strchr("etaoinsr", text[i] | 0x20) ? 2 : is_letter(text[i]);
    return sum;
}

/* Where the two rarest pieces begin. */
static uint32_t rarest(vg_str word)
{
    uint32_t best = 0;
    unsigned least = UINT32_MAX;
    for (size_t at = 0; at + PIECE < word.len && at < MOST_OF_WORD; at++) {
        unsigned sum = commonness(word.ptr + at, PIECE + 1);
        if (sum < least) {
            least = sum;
            best = (uint32_t)at;
        }
    }
    return best;
}

static void add_piece(vg_words *words, vg_str text, uint32_t word, uint32_t offset)
{
    uint32_t piece = piece_at(text.ptr + offset), bucket = bucket_of(piece, words->shift);
    words->entries[words->entry_count] = (entry){piece, word, words->buckets[bucket], offset};
    words->buckets[bucket] = words->entry_count++;
    words->bits[bucket / 8] = (uint8_t)(words->bits[bucket / 8] | 1U << bucket % 8);
}

vg_words *vg_words_new(vg_arena *arena, const vg_word *given, size_t count)
{
    unsigned log = 10;
    while (log < 26 && ((size_t)1 << log) < count * 2 * BITS_A_PIECE)
        log++;
    size_t buckets = (size_t)1 << log;
    vg_words *words = VG_NEW(arena, vg_words);
    vg_word *own = VG_NEW_N(arena, vg_word, count + 1);
    if (!words || !own || count > INT32_MAX)
        return NULL;
    *words = (vg_words){.words = own, .shift = 32 - log};
    words->bits = VG_NEW_N(arena, uint8_t, buckets / 8);
    words->buckets = VG_NEW_N(arena, uint32_t, buckets);
    words->entries = VG_NEW_N(arena, entry, 2 * count + 1);
    if (!words->bits || !words->buckets || !words->entries)
        return NULL;
    memset(words->buckets, 0xFF, buckets * sizeof *words->buckets);
    for (uint32_t i = 0; i < count; i++) {
        char *text = vg_arena_alloc(arena, given[i].text.len);
        if (!text)
            return NULL;
        for (size_t k = 0; k < given[i].text.len; k++)
            text[k] = (char)(given[i].text.ptr[k] | 0x20);
        own[i] = (vg_word){{text, given[i].text.len}, given[i].rule};
        uint32_t at = rarest(given[i].text);
        add_piece(words, given[i].text, i, at);
        add_piece(words, given[i].text, i, at + 1);
    }
    return words;
}

/* ---- looking ----------------------------------------------------------------------------------------------------------- */

bool vg_word_tells(vg_str record)
{
    uint64_t high = 0, chunk;
    size_t at = 0;
    for (; at + sizeof chunk <= record.len; at += sizeof chunk) {
        memcpy(&chunk, record.ptr + at, sizeof chunk);
        high |= chunk;
    }
    for (; at < record.len; at++)
        high |= (uint8_t)record.ptr[at];
    if (high & UINT64_C(0x8080808080808080))
        return false;
    const char *p = record.ptr, *end = record.ptr + record.len;
    while ((p = memchr(p, '\\', (size_t)(end - p))) && p + 1 < end) {
        if (p[1] == 'u')
            return false;
        p += 2; /* the second of a pair begins none */
    }
    return true;
}

static bool stands(vg_str word, vg_str record, size_t at)
{
    if (record.len - at < word.len)
        return false;
    for (size_t i = 0; i < word.len; i++)
        if ((record.ptr[at + i] | 0x20) != word.ptr[i])
            return false;
    return true;
}

static void look_into(const vg_words *words, vg_str record, size_t at, uint32_t piece, uint32_t bucket,
                      void (*found)(void *context, uint32_t rule), void *context)
{
    for (uint32_t e = words->buckets[bucket]; e != NO_ENTRY; e = words->entries[e].next) {
        const entry *x = &words->entries[e];
        if (x->piece == piece && at >= x->offset &&
            stands(words->words[x->word].text, record, at - x->offset))
            found(context, words->words[x->word].rule);
    }
}

bool vg_words_find(const vg_words *words, vg_str record, void (*found)(void *context, uint32_t rule),
                   void *context)
{
    if (!vg_word_tells(record))
        return false;
    const uint8_t *bits = words->bits;
    const unsigned shift = words->shift;
    for (size_t at = 0; at + PIECE <= record.len; at += 2) {
        uint32_t piece = piece_at(record.ptr + at), bucket = bucket_of(piece, shift);
        if (bits[bucket / 8] >> bucket % 8 & 1)
            look_into(words, record, at, piece, bucket, found, context);
    }
    return true;
}

/* ---- one literal ------------------------------------------------------------------------------------------------------- */

/* Whether 8 bytes stand at one of the first places of a text, in whatever case. */
static bool holds_at(const char *text, size_t places, uint64_t want)
{
    const uint64_t lower = UINT64_C(0x2020202020202020);
    uint64_t have;
    for (size_t i = 0; i < places; i++) {
        memcpy(&have, text + i, sizeof have);
        if ((have | lower) == (want | lower))
            return true;
    }
    return false;
}

/* Blocks of the text are passed over that hold nowhere its first byte and its fifth behind that (a loop that compilers make
 * one of vectors). */
static bool holds_literal(vg_str text, const char *literal)
{
    enum { BLOCK = 32, ONE_CASE = 0x20, APART = 4 };
    uint64_t want;
    memcpy(&want, literal, sizeof want);
    size_t at = 0;
    for (; at + BLOCK + sizeof want <= text.len; at += BLOCK) {
        const char *block = text.ptr + at;
        uint8_t any = 0;
        for (size_t i = 0; i < BLOCK; i++)
            any |= (uint8_t)((block[i] | ONE_CASE) == literal[0]) &
                   (uint8_t)((block[i + APART] | ONE_CASE) == literal[APART]);
        if (any && holds_at(block, BLOCK, want))
            return true;
    }
    return at + sizeof want <= text.len && holds_at(text.ptr + at, text.len - at - sizeof want + 1, want);
}

bool vg_may_hold(vg_str text, const char *literal)
{
    return text.len > 0 && (holds_literal(text, literal) || !vg_word_tells(text));
}
