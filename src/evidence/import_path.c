/* import_path.c: what the path of a file says of the answer in it.
 *
 * A path is read as words of letters and digits. Twelve digits are an account; words that join to the shape of a region,
 * an OU, a root, a policy or an organisation are one. The last of each kind counts, since folders go from the general
 * to the particular (AWSLogs/o-.../ACCOUNT/CloudTrail/REGION/...). The name of an operation, as the CLI or the API
 * spells it, may be followed by the parameter that tells its calls apart: list-mfa-devices@alice.json, or
 * list-mfa-devices/alice.json. What follows it is then the parameter and nothing else. */
#include "evidence/import_call.h"

#include <ctype.h>

static bool is_word(char c)
{
    return isalnum((unsigned char)c) != 0;
}

static size_t word_end(vg_str s, size_t from)
{
    while (from < s.len && is_word(s.ptr[from]))
        from++;
    return from;
}

/* The slice of `count` words from `start`, joined by hyphens; empty when the path has another separator. */
static vg_str words_at(vg_str s, size_t start, unsigned count)
{
    size_t end = word_end(s, start);
    for (unsigned i = 1; i < count; i++) {
        if (end + 1 >= s.len || s.ptr[end] != '-' || !is_word(s.ptr[end + 1]))
            return (vg_str){0};
        end = word_end(s, end + 1);
    }
    return vg_str_sub(s, start, end - start);
}

static bool is_lower_or_digit(vg_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.ptr[i] >= 'a' && s.ptr[i] <= 'z') || isdigit((unsigned char)s.ptr[i])))
            return false;
    return s.len > 0;
}

/* Ids as the Organizations API defines them: "o-" 10 to 32, "r-" 4 to 32, "ou-" 4 to 32 "-" 8 to 32, of lower-case
 * letters and digits; "p-" 8 to 128, of letters, digits and "_". */
static bool is_id(vg_str text, const char *prefix, size_t least, size_t most)
{
    vg_str rest = vg_str_sub(text, strlen(prefix), VG_NPOS);
    return vg_str_starts(text, vg_str_from(prefix)) && rest.len >= least && rest.len <= most &&
           is_lower_or_digit(rest);
}

static bool is_unit(vg_str text)
{
    vg_str first = vg_str_sub(text, 3, VG_NPOS), left, right;
    if (is_id(text, "r-", 4, 32))
        return true;
    return vg_str_starts(text, VG_STR("ou-")) && vg_str_split(first, '-', &left, &right) && left.len >= 4 &&
           right.len >= 8 && is_lower_or_digit(left) && is_lower_or_digit(right);
}

static bool is_policy(vg_str text)
{
    return vg_str_starts(text, VG_STR("p-")) && text.len >= 10;
}

static bool is_detector(vg_str word)
{
    enum { DETECTOR_ID = 32 };
    for (size_t i = 0; i < word.len; i++)
        if (!isxdigit((unsigned char)word.ptr[i]))
            return false;
    return word.len == DETECTOR_ID;
}

static void read_words(vg_str path, import_path_facts *facts)
{
    for (size_t at = 0; at < path.len; at = word_end(path, at) + 1) {
        if (!is_word(path.ptr[at]))
            continue;
        vg_str one = words_at(path, at, 1), two = words_at(path, at, 2), three = words_at(path, at, 3),
               four = words_at(path, at, 4);
        if (vg_is_account_id(one))
            facts->account = facts->child = one;
        if (is_detector(one))
            facts->detector = one;
        if (vg_is_region(four) || vg_is_region(three))
            facts->region = vg_is_region(four) ? four : three;
        if (is_unit(three) || is_unit(two))
            facts->unit = is_unit(three) ? three : two;
        if (is_unit(three))
            facts->child = three;
        if (is_policy(two))
            facts->policy = two;
        if (is_id(two, "o-", 10, 32))
            facts->organization = two;
    }
}

/* ---- the operation's name --------------------------------------------------------------------------------------------------- */

/* How much of `text` spells the operation at its start: "list-mfa-devices", "ListMFADevices", "list_mfa_devices". */
static size_t spelled(const import_operation *operation, vg_str text)
{
    size_t i = 0;
    for (size_t k = 0; k < operation->kebab.len; k++) {
        char want = operation->kebab.ptr[k],
             have = i < text.len ? (char)tolower((unsigned char)text.ptr[i]) : 0;
        if (want == '-' && have != '-' && have != '_')
            continue;
        if (have != want && !(want == '-' && have == '_'))
            return 0;
        i++;
    }
    return i == text.len || !is_word(text.ptr[i]) ? i : 0;
}

static vg_str without_extensions(vg_str name)
{
    static const char *const endings[] = {".gz",  ".zst", ".json", ".jsonl", ".ndjson", ".yaml",
                                          ".yml", ".csv", ".txt",  ".out",   ".log"};
    for (size_t i = 0; i < VG_COUNT(endings); i++) {
        vg_str ending = vg_str_from(endings[i]);
        if (vg_str_ends(name, ending)) {
            name.len -= ending.len;
            i = (size_t)-1;
        }
    }
    return name;
}

/* Finds the longest name among the candidates; *end is where it ends in the path. */
static const import_operation *find_name(vg_str path, const import_operation *const *candidates, size_t count,
                                         size_t *end)
{
    const import_operation *best = NULL;
    size_t longest = 0;
    for (size_t at = 0; at < path.len; at++) {
        if (!is_word(path.ptr[at]) || (at && is_word(path.ptr[at - 1])))
            continue;
        for (size_t i = 0; i < count; i++) {
            size_t length = spelled(candidates[i], vg_str_sub(path, at, VG_NPOS));
            if (length && length >= longest) {
                longest = length;
                best = candidates[i];
                *end = at + length;
            }
        }
    }
    return best;
}

/* What follows the name: in the same part of the path behind a separator, or as the next part. */
static vg_str parameter_behind(vg_str path, size_t end)
{
    vg_str rest = without_extensions(vg_str_sub(path, end, VG_NPOS));
    if (rest.len < 2)
        return (vg_str){0};
    vg_str parameter = vg_str_sub(rest, 1, VG_NPOS);
    size_t slash = vg_str_find_char(parameter, '/');
    return slash == VG_NPOS ? parameter : vg_str_sub(parameter, 0, slash);
}

import_path_facts import_path_facts_of(vg_str path, const import_operation *const *candidates, size_t count)
{
    import_path_facts facts = {0};
    size_t end = 0;
    read_words(path, &facts);
    facts.named = find_name(path, candidates, count, &end);
    if (!facts.named)
        return facts;
    facts.parameter = parameter_behind(path, end);
    /* An account behind the name is whom the call was about, not who was asked. */
    if (facts.named->needs && facts.parameter.len && facts.account.ptr >= path.ptr + end) {
        import_path_facts before = {0};
        read_words(vg_str_sub(path, 0, end), &before);
        facts.account = before.account;
    }
    return facts;
}

vg_str import_stable_path(vg_str path)
{
    size_t at = vg_str_find(path, VG_STR("AWSLogs/"));
    return at == VG_NPOS ? vg_path_name(path) : vg_str_sub(path, at, VG_NPOS);
}
