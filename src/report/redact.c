/* redact.c: masks what tells who somebody is, so that a report can leave the company: e-mail addresses, phone numbers,
 * the ids of AWS accounts, and names that the caller lists. One pass over each text; the same text gets the same mask
 * throughout a report, numbered in the order of appearance, so that a reader can still tell two accounts apart:
 *
 *     alice@example.com  person-1@masked.example      123456789012  000000000001
 *     +1 555 0100 199    phone-1                      Alice Doe     name-1
 *
 * A mask is never masked again. Masks keep the shape that formats demand (an account id has 12 digits). A phone number is
 * known by its plus sign, by brackets, by a leading zero with separators, or by groups of 3, 3 and 4 digits; dates,
 * addresses and plain numbers are none. */
#include "report/report_part.h"

typedef struct named {
    vg_str lower; /* the name, in lower case */
    const struct named *next;
} named;

#define NAME_BUCKETS 4096U

struct redactor {
    vg_arena *arena;
    vg_map *masks;                    /* what (in lower case) to its mask, masks to themselves; char * */
    vg_map *listed;                   /* names that were added, in lower case */
    const named *names[NAME_BUCKETS]; /* by their first two bytes, longest first */
    unsigned accounts, people, phones, known;
};

/* Account names that are words of every organisation: masking them in running text would make it unreadable. */
static const char *const COMMON[] = {
    "account",  "accounts",     "admin",        "archive",  "audit",          "backup",  "data",
    "default",  "dev",          "devops",       "identity", "infrastructure", "log",     "logging",
    "logs",     "main",         "management",   "master",   "monitoring",     "network", "networking",
    "nonprod",  "organisation", "organization", "prod",     "production",     "qa",      "root",
    "sandbox",  "security",     "shared",       "stage",    "staging",        "test",    "tooling",
    "workload", "workloads",
};

redactor *report_redactor_new(vg_arena *arena)
{
    redactor *r = VG_NEW(arena, redactor);
    if (r) {
        r->arena = arena;
        r->masks = vg_map_new(arena, 0);
        r->listed = vg_map_new(arena, 0);
    }
    return r && r->masks && r->listed ? r : NULL;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || (unsigned char)c >= 0x80;
}

static vg_str to_lower(vg_arena *arena, vg_str text)
{
    char *copy = vg_arena_cstr(arena, text);
    for (size_t i = 0; copy && i < text.len; i++)
        copy[i] = lower(copy[i]);
    return vg_str_of(copy, copy ? text.len : 0);
}

#define SHORT_TEXT 256

/* The entry of `text` in any case, found without keeping a copy of it. */
static const vg_map_entry *find_lower(const vg_map *map, vg_str text)
{
    char key[SHORT_TEXT];
    for (size_t i = 0; i < text.len && i < SHORT_TEXT; i++)
        key[i] = lower(text.ptr[i]);
    return text.len <= SHORT_TEXT ? vg_map_get(map, vg_str_of(key, text.len)) : NULL;
}

/* Of a text of two bytes or more. */
static size_t bucket_of(vg_str text)
{
    size_t first = (unsigned char)lower(text.ptr[0]), second = (unsigned char)lower(text.ptr[1]);
    return (first * 31 + second) % NAME_BUCKETS;
}

void report_redactor_add(redactor *r, vg_str name)
{
    vg_str trimmed = vg_str_trim(name);
    if (trimmed.len < 3 || trimmed.len > SHORT_TEXT || (trimmed.len == 12 && vg_is_account_id(trimmed)))
        return;
    for (size_t i = 0; i < VG_COUNT(COMMON); i++)
        if (vg_str_eq_icase(trimmed, vg_str_from(COMMON[i])))
            return;
    if (find_lower(r->listed, trimmed))
        return;
    named *n = VG_NEW(r->arena, named);
    vg_str text = to_lower(r->arena, trimmed);
    if (!n || !text.ptr || !vg_map_put(r->listed, text, NULL))
        return;
    n->lower = text;
    const named **at = &r->names[bucket_of(text)];
    while (*at && (*at)->lower.len > text.len)
        at = (const named **)&(*at)->next;
    n->next = *at;
    *at = n;
}

/* ---- recognising ------------------------------------------------------------------------------------------------ */

static size_t match_name(const redactor *r, vg_str text, size_t at)
{
    if (at > 0 && is_word(text.ptr[at - 1]))
        return 0;
    vg_str rest = vg_str_sub(text, at, text.len);
    for (const named *n = rest.len > 1 ? r->names[bucket_of(rest)] : NULL; n; n = n->next) {
        size_t len = n->lower.len;
        if (rest.len >= len && vg_str_eq_icase(vg_str_sub(rest, 0, len), n->lower) &&
            (rest.len == len || !is_word(rest.ptr[len])))
            return len;
    }
    return 0;
}

static bool is_local_part(char c)
{
    return is_word(c) || (c && strchr("._%+'-", c) != NULL);
}

/* local@domain, the domain with a dot in it. */
static size_t match_email(vg_str text, size_t at)
{
    if (at > 0 && is_local_part(text.ptr[at - 1]))
        return 0;
    size_t i = at;
    while (i < text.len && is_local_part(text.ptr[i]))
        i++;
    if (i == at || i >= text.len || text.ptr[i] != '@')
        return 0;
    size_t domain = ++i, end = i;
    bool dot = false;
    for (; i < text.len && (is_word(text.ptr[i]) || text.ptr[i] == '.' || text.ptr[i] == '-'); i++)
        if (is_word(text.ptr[i]))
            end = i + 1;
    for (size_t k = domain; k < end; k++)
        dot = dot || text.ptr[k] == '.';
    return dot ? end - at : 0;
}

static size_t match_account(vg_str text, size_t at)
{
    bool bounded =
        (at == 0 || !is_digit(text.ptr[at - 1])) && (at + 12 >= text.len || !is_digit(text.ptr[at + 12]));
    return bounded && vg_is_account_id(vg_str_sub(text, at, 12)) ? 12 : 0;
}

#define GROUPS_MAX 8

/* Digits in groups, as they stand in a text. */
typedef struct {
    size_t end, digits, groups, group[GROUPS_MAX];
    bool separated, plus, bracket;
} digits;

static bool is_separator(char c)
{
    return c == ' ' || c == '-' || c == '(' || c == ')' || c == '/' || c == '.';
}

static digits read_digits(vg_str text, size_t at)
{
    digits d = {.plus = text.ptr[at] == '+', .bracket = text.ptr[at] == '('};
    bool in_group = false;
    for (size_t i = at + (d.plus ? 1 : 0); i < text.len; i++) {
        if (is_digit(text.ptr[i])) {
            if (!in_group && d.groups++ == GROUPS_MAX)
                return (digits){0};
            in_group = true;
            d.group[d.groups - 1]++;
            d.digits++;
            d.end = i + 1;
        } else if (is_separator(text.ptr[i]) && (i == at || text.ptr[i - 1] != '.')) {
            d.separated = d.separated || d.digits > 0;
            in_group = false;
            if (text.ptr[i] == '.' && !d.plus)
                break; /* a version, an address or the end of a sentence */
        } else {
            break;
        }
    }
    return d;
}

static size_t match_phone(vg_str text, size_t at)
{
    char first = text.ptr[at];
    if ((!is_digit(first) && first != '+' && first != '(') || (at > 0 && is_word(text.ptr[at - 1])))
        return 0;
    if (first != '+' && at > 0 && strchr("-./:_", text.ptr[at - 1])) /* part of an id or an address */
        return 0;
    digits d = read_digits(text, at);
    if (d.end == 0 || d.digits < 7 || d.digits > 15 || (d.end < text.len && is_word(text.ptr[d.end])))
        return 0;
    bool by_groups = d.groups == 3 && d.group[0] == 3 && d.group[1] == 3 && d.group[2] == 4;
    bool domestic = d.groups > 1 && d.digits >= 9 && (first == '0' || d.bracket);
    return d.plus || by_groups || domestic ? d.end - at : 0;
}

/* ---- masking ---------------------------------------------------------------------------------------------------- */

typedef enum { MASK_NONE, MASK_NAME, MASK_EMAIL, MASK_ACCOUNT, MASK_PHONE } mask_kind;

static mask_kind match(const redactor *r, vg_str text, size_t at, size_t *len)
{
    if ((*len = match_email(text, at)) > 0) /* first: an address may begin with a name */
        return MASK_EMAIL;
    if ((*len = match_name(r, text, at)) > 0)
        return MASK_NAME;
    if ((*len = match_account(text, at)) > 0)
        return MASK_ACCOUNT;
    if ((*len = match_phone(text, at)) > 0)
        return MASK_PHONE;
    return MASK_NONE;
}

static vg_str new_mask(redactor *r, mask_kind kind)
{
    switch (kind) {
    case MASK_EMAIL:
        return vg_arena_printf(r->arena, "person-%u@masked.example", ++r->people);
    case MASK_ACCOUNT:
        return vg_arena_printf(r->arena, "%012u", ++r->accounts);
    case MASK_PHONE:
        return vg_arena_printf(r->arena, "phone-%u", ++r->phones);
    default:
        return vg_arena_printf(r->arena, "name-%u", ++r->known);
    }
}

/* The mask of `what`; the one it got before, or a new one. What is too long to be looked up is no address or name. */
static const char *mask_of(redactor *r, mask_kind kind, vg_str what)
{
    if (what.len > SHORT_TEXT)
        return "***";
    const vg_map_entry *known = find_lower(r->masks, what);
    if (known)
        return known->value.ptr;
    vg_str key = to_lower(r->arena, what);
    vg_str mask = new_mask(r, kind);
    vg_map_entry *entry = mask.ptr && key.ptr ? vg_map_put(r->masks, key, NULL) : NULL;
    if (!entry)
        return "***"; /* no memory: masked all the same */
    entry->value.ptr = (void *)(uintptr_t)mask.ptr;
    entry = vg_map_put(r->masks, mask, NULL);
    if (entry)
        entry->value.ptr = (void *)(uintptr_t)mask.ptr;
    return mask.ptr;
}

vg_str report_redact(redactor *r, vg_arena *scratch, vg_str text)
{
    vg_buf out = {0};
    size_t copied = 0, len = 0;
    for (size_t at = 0; at<text.len; at += len> 0 ? len : 1) {
        mask_kind kind = match(r, text, at, &len);
        if (kind == MASK_NONE)
            continue;
        vg_buf_add_str(&out, vg_str_sub(text, copied, at - copied));
        vg_buf_add_c(&out, mask_of(r, kind, vg_str_sub(text, at, len)));
        copied = at + len;
    }
    if (copied == 0)
        return text;
    vg_buf_add_str(&out, vg_str_sub(text, copied, text.len));
    vg_str masked = out.failed ? VG_STR("***") : vg_arena_str(scratch, vg_buf_str(&out));
    vg_buf_free(&out);
    return masked.ptr ? masked : VG_STR("***");
}
