/* sigma_item.c: `field|modifiers: values` becomes tests.
 *
 * A value passes through its modifiers in the order in which they are written and may become several on its way (base64offset,
 * placeholders); of those one must hold. The values of a list are joined by OR, with `all` by AND; `neq` negates the whole.
 * Source: Sigma specification 2.1.0, "Value Modifiers", "Placeholders", "Special Field Values", and the appendix of
 * modifiers. */
#include "detect/sigma_part.h"

#include <math.h>

enum {
    MOST_ALTERNATIVES = 20000, /* of one value */
    MOST_DASHES = 3125         /* ways to write a value that is encoded behind windash: 5 dashes */
};

/* One item on its way. */
typedef struct {
    sigma_rule *rule;
    const vg_value *key, *value; /* value: the one at hand */
    const sigma_chain *chain;
    uint32_t field;
    vg_arena *arena;
    vg_vec nodes; /* uint32_t: alternatives of the value at hand */
} item;

#define PLACES                                                                                               \
    (UINT64_C(1) << SIGMA_MOD_CONTAINS | UINT64_C(1) << SIGMA_MOD_STARTSWITH |                               \
     UINT64_C(1) << SIGMA_MOD_ENDSWITH)
#define ENCODES                                                                                              \
    (UINT64_C(1) << SIGMA_MOD_BASE64 | UINT64_C(1) << SIGMA_MOD_BASE64OFFSET |                               \
     UINT64_C(1) << SIGMA_MOD_UTF16 | UINT64_C(1) << SIGMA_MOD_UTF16LE | UINT64_C(1) << SIGMA_MOD_UTF16BE |  \
     UINT64_C(1) << SIGMA_MOD_WINDASH)

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling detections");
}

static vg_status add_test(item *it, const vg_predicate *predicate, vg_error *err)
{
    uint32_t node;
    vg_status status = sigma_node_test(it->rule, predicate, &node, err);
    if (status != VG_OK) {
        vg_error_locate(err, vg_doc_place(it->rule->doc, it->value));
        return status;
    }
    uint32_t *slot = vg_vec_push(&it->nodes);
    if (!slot)
        return out_of_memory(err);
    *slot = node;
    return VG_OK;
}

/* ---- text -------------------------------------------------------------------------------------------------------------- */

static vg_status push_text(vg_vec *texts, const sigma_text *text, vg_error *err)
{
    sigma_text *slot = vg_vec_push(texts);
    if (!slot)
        return out_of_memory(err);
    *slot = *text;
    return VG_OK;
}

static size_t count_units(const sigma_text *text, uint16_t unit)
{
    size_t count = 0;
    for (size_t i = 0; i < text->len; i++)
        count += text->units[i] == unit;
    return count;
}

/* Writes out every dash of windash, because what follows encodes them. */
static vg_status spread_dashes(item *it, const sigma_text *text, vg_vec *out, vg_error *err)
{
    static const char *const dashes[] = {"-", "/", "\xE2\x80\x93", "\xE2\x80\x94", "\xE2\x80\x95"};
    size_t ways = 1, count = count_units(text, SIGMA_UNIT + SIGMA_DASH);
    for (size_t i = 0; i < count && ways <= MOST_DASHES; i++)
        ways *= VG_COUNT(dashes);
    if (ways > MOST_DASHES)
        return sigma_fail(it->rule, it->value, err,
                          "%zu dashes make more than %d texts to encode: split the value", count,
                          MOST_DASHES);
    for (size_t way = 0; way < ways; way++) {
        uint16_t *units = vg_arena_alloc(it->arena, (text->len + count * 2 + 1) * sizeof *units);
        if (!units)
            return out_of_memory(err);
        size_t len = 0, choice = way;
        for (size_t i = 0; i < text->len; i++) {
            if (text->units[i] != SIGMA_UNIT + SIGMA_DASH) {
                units[len++] = text->units[i];
                continue;
            }
            for (const char *c = dashes[choice % VG_COUNT(dashes)]; *c; c++)
                units[len++] = (uint8_t)*c;
            choice /= VG_COUNT(dashes);
        }
        VG_TRY(push_text(out, &(sigma_text){units, len, text->raw}, err));
    }
    return VG_OK;
}

static vg_status encode_base64(item *it, const sigma_text *text, bool offsets, vg_vec *out, vg_error *err)
{
    if (!sigma_text_is_plain(text))
        return sigma_fail(it->rule, it->value, err,
                          "a value with wildcards cannot be encoded as base64: escape them with \\");
    if (!text->len)
        return sigma_fail(it->rule, it->value, err, "an empty value cannot be encoded as base64");
    for (unsigned offset = offsets ? 0 : SIGMA_BASE64_WHOLE;
         offset < (offsets ? 3U : SIGMA_BASE64_WHOLE + 1U); offset++) {
        sigma_text encoded;
        if (sigma_text_base64(it->arena, text, offset, &encoded) != VG_OK)
            return out_of_memory(err);
        VG_TRY(push_text(out, &encoded, err));
    }
    return VG_OK;
}

static vg_status put_around(item *it, const sigma_text *text, bool before, bool behind, sigma_text *out,
                            vg_error *err)
{
    static const uint16_t any[] = {SIGMA_UNIT + SIGMA_MANY};
    const sigma_text many = {any, 1, false};
    vg_status status = VG_OK;
    *out = *text;
    if (before)
        status = sigma_text_join(it->arena, &many, out, out);
    if (behind && status == VG_OK)
        status = sigma_text_join(it->arena, out, &many, out);
    return status == VG_OK ? VG_OK : out_of_memory(err);
}

/* One modifier on one text, which becomes one or more. */
static vg_status modify(item *it, sigma_modifier modifier, const sigma_text *text, vg_vec *out, vg_error *err)
{
    sigma_text made = *text;
    vg_status status = VG_OK;
    bool offset = modifier == SIGMA_MOD_BASE64OFFSET;
    switch (modifier) {
    case SIGMA_MOD_BASE64:
    case SIGMA_MOD_BASE64OFFSET:
        return encode_base64(it, text, offset, out, err);
    case SIGMA_MOD_UTF16:
        status = sigma_text_widen(it->arena, text, SIGMA_UTF16, &made);
        break;
    case SIGMA_MOD_UTF16LE:
        status = sigma_text_widen(it->arena, text, SIGMA_UTF16LE, &made);
        break;
    case SIGMA_MOD_UTF16BE:
        status = sigma_text_widen(it->arena, text, SIGMA_UTF16BE, &made);
        break;
    case SIGMA_MOD_WINDASH:
        status = sigma_text_dashes(it->arena, text, &made);
        if (status == VG_OK && it->chain->set & ENCODES & ~(UINT64_C(1) << SIGMA_MOD_WINDASH))
            return spread_dashes(it, &made, out, err);
        break;
    case SIGMA_MOD_CONTAINS:
    case SIGMA_MOD_STARTSWITH:
    case SIGMA_MOD_ENDSWITH:
        VG_TRY(put_around(it, text, modifier != SIGMA_MOD_STARTSWITH, modifier != SIGMA_MOD_ENDSWITH, &made,
                          err));
        break;
    default:
        break;
    }
    return status == VG_OK ? push_text(out, &made, err) : out_of_memory(err);
}

/* The test that a pattern makes: wildcards at its ends alone need no search for them. */
static void choose_test(vg_str pattern, vg_predicate *out)
{
    size_t from = 0, to = pattern.len, kept = 0;
    while (from < to && (uint8_t)pattern.ptr[from] == SIGMA_MANY)
        from++;
    while (to > from && (uint8_t)pattern.ptr[to - 1] == SIGMA_MANY)
        to--;
    bool before = from > 0, behind = to < pattern.len;
    for (size_t i = from; i < to; i++)
        kept += (uint8_t)pattern.ptr[i] < SIGMA_DASH;
    out->text = pattern;
    out->op = VG_TEST_GLOB;
    if (kept != to - from)
        return;
    out->text = vg_str_sub(pattern, from, to - from);
    out->op = !out->text.len && before ? VG_TEST_CONTAINS
              : before && behind       ? VG_TEST_CONTAINS
              : before                 ? VG_TEST_ENDS
              : behind                 ? VG_TEST_STARTS
                                       : VG_TEST_EXACT;
}

static vg_status add_text(item *it, const sigma_text *text, vg_error *err)
{
    sigma_text around = *text;
    bool keyword = it->field == VG_FIELD_ALL && !(it->chain->set & PLACES);
    bool offset = sigma_has(it->chain, SIGMA_MOD_BASE64OFFSET) && !(it->chain->set & PLACES);
    if (keyword || offset)
        VG_TRY(put_around(it, text, true, true, &around, err));
    vg_predicate p = {.field = it->field, .cased = sigma_has(it->chain, SIGMA_MOD_CASED)};
    vg_str pattern;
    if (sigma_text_pattern(it->arena, &around, &pattern) != VG_OK)
        return out_of_memory(err);
    if (!p.cased)
        pattern = sigma_fold(it->arena, pattern);
    if (!pattern.ptr)
        return out_of_memory(err);
    choose_test(pattern, &p);
    return add_test(it, &p, err);
}

static vg_status compile_text(item *it, vg_str value, vg_error *err)
{
    vg_vec texts = vg_vec_in(it->arena, sizeof(sigma_text));
    sigma_text text;
    if (sigma_text_read(it->arena, value, &text) != VG_OK)
        return out_of_memory(err);
    VG_TRY(push_text(&texts, &text, err));
    for (size_t m = 0; m < it->chain->count; m++) {
        vg_vec next = vg_vec_in(it->arena, sizeof(sigma_text));
        for (size_t i = 0; i < texts.len; i++)
            VG_TRY(modify(it, it->chain->order[m], vg_vec_at(&texts, i), &next, err));
        texts = next;
    }
    for (size_t i = 0; i < texts.len; i++)
        VG_TRY(add_text(it, vg_vec_at(&texts, i), err));
    return VG_OK;
}

/* ---- other kinds of values --------------------------------------------------------------------------------------------- */

static vg_status compile_regex(item *it, vg_str value, vg_error *err)
{
    unsigned flags = (sigma_has(it->chain, SIGMA_MOD_I) ? SIGMA_REGEX_I : 0U) |
                     (sigma_has(it->chain, SIGMA_MOD_M) ? SIGMA_REGEX_M : 0U) |
                     (sigma_has(it->chain, SIGMA_MOD_S) ? SIGMA_REGEX_S : 0U);
    const char *format = sigma_has(it->chain, SIGMA_MOD_STARTSWITH) ? "\\A(?:%.*s)"
                         : sigma_has(it->chain, SIGMA_MOD_ENDSWITH) ? "(?:%.*s)\\z"
                                                                    : NULL;
    vg_str pattern = value;
    if (format)
        pattern = sigma_has(it->chain, SIGMA_MOD_STARTSWITH)
                      ? vg_arena_printf(it->arena, "\\A(?:%.*s)", VG_ARG(value))
                      : vg_arena_printf(it->arena, "(?:%.*s)\\z", VG_ARG(value));
    if (!pattern.ptr)
        return out_of_memory(err);
    vg_predicate p = {
        .field = it->field, .op = VG_TEST_REGEX, .cased = true, .text = pattern, .number = flags};
    return add_test(it, &p, err);
}

static vg_status compile_cidr(item *it, vg_str value, vg_error *err)
{
    sigma_cidr *cidr = VG_NEW(it->arena, sigma_cidr);
    bool host;
    if (!cidr)
        return out_of_memory(err);
    if (!sigma_cidr_read(value, cidr, &host))
        return sigma_fail(it->rule, it->value, err,
                          "\"%.*s\" is no network: write one like 10.0.0.0/8 or 2001:db8::/32",
                          VG_ARG(value));
    if (host)
        VG_TRY(sigma_lint(it->rule, it->value, err,
                          "the network %.*s has bits set behind its prefix: they are left out",
                          VG_ARG(value)));
    vg_predicate p = {.field = it->field, .op = VG_TEST_CIDR, .cased = true, .text = value, .program = cidr};
    return add_test(it, &p, err);
}

static vg_status compile_fieldref(item *it, vg_str value, vg_error *err)
{
    sigma_text text;
    if (sigma_text_read(it->arena, value, &text) != VG_OK)
        return out_of_memory(err);
    if (!sigma_text_is_plain(&text) || !value.len)
        return sigma_fail(it->rule, it->value, err,
                          "fieldref needs the name of one field, without wildcards");
    vg_predicate p = {.field = it->field,
                      .op = VG_TEST_FIELD,
                      .how = sigma_has(it->chain, SIGMA_MOD_CONTAINS)     ? VG_TEST_CONTAINS
                             : sigma_has(it->chain, SIGMA_MOD_STARTSWITH) ? VG_TEST_STARTS
                             : sigma_has(it->chain, SIGMA_MOD_ENDSWITH)   ? VG_TEST_ENDS
                                                                          : VG_TEST_EXACT,
                      .cased = sigma_has(it->chain, SIGMA_MOD_CASED)};
    VG_TRY(sigma_set_field(it->rule->set, value, &p.other, err));
    return add_test(it, &p, err);
}

static uint8_t comparison(const sigma_chain *chain)
{
    return sigma_has(chain, SIGMA_MOD_LT)    ? VG_TEST_LT
           : sigma_has(chain, SIGMA_MOD_LTE) ? VG_TEST_LTE
           : sigma_has(chain, SIGMA_MOD_GT)  ? VG_TEST_GT
           : sigma_has(chain, SIGMA_MOD_GTE) ? VG_TEST_GTE
                                             : VG_TEST_NUMBER;
}

/* What the number of a part of a time can be. */
static const struct {
    sigma_modifier modifier;
    sigma_time_part part;
    const char *name;
    int least, most;
} times[] = {
    {SIGMA_MOD_MINUTE, SIGMA_MINUTE, "minute", 0, 59}, {SIGMA_MOD_HOUR, SIGMA_HOUR, "hour", 0, 23},
    {SIGMA_MOD_DAY, SIGMA_DAY, "day", 1, 31},          {SIGMA_MOD_WEEK, SIGMA_WEEK, "week", 1, 53},
    {SIGMA_MOD_MONTH, SIGMA_MONTH, "month", 1, 12},    {SIGMA_MOD_YEAR, SIGMA_YEAR, "year", 1, 9999},
};

static vg_status compile_number(item *it, vg_str value, vg_error *err)
{
    vg_predicate p = {.field = it->field, .op = comparison(it->chain), .cased = true};
    vg_value text = {.kind = VG_STRING, .len = (uint32_t)(value.len & 0xFFFFFFF), .as.string = value.ptr};
    bool is_number = it->value->kind != VG_BOOL && sigma_number(&text, &p.number);
    size_t time = 0;
    while (time < VG_COUNT(times) && !sigma_has(it->chain, times[time].modifier))
        time++;
    if (!is_number)
        return sigma_fail(it->rule, it->value, err, "\"%.*s\" is no number, which the modifier needs",
                          VG_ARG(value));
    if (time == VG_COUNT(times))
        return add_test(it, &p, err);
    if (p.number < times[time].least || p.number > times[time].most || floor(p.number) != p.number)
        return sigma_fail(it->rule, it->value, err, "%s is a whole number from %d to %d", times[time].name,
                          times[time].least, times[time].most);
    p.how = p.op;
    p.op = VG_TEST_TIME;
    p.other = times[time].part;
    return add_test(it, &p, err);
}

static vg_status compile_exists(item *it, vg_error *err)
{
    if (it->value->kind != VG_BOOL)
        return sigma_fail(it->rule, it->value, err, "exists needs true or false, without quotation marks");
    vg_predicate p = {.field = it->field, .op = VG_TEST_EXISTS, .cased = true};
    VG_TRY(add_test(it, &p, err));
    uint32_t *node = vg_vec_at(&it->nodes, it->nodes.len - 1);
    return it->value->as.boolean ? VG_OK : sigma_node_not(it->rule, *node, node, err);
}

/* ---- placeholders ------------------------------------------------------------------------------------------------------ */

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

/* The first placeholder at or behind `from` that no backslash escapes: its name, and where it begins. */
static bool find_placeholder(vg_str text, size_t from, size_t *at, vg_str *name)
{
    for (size_t i = from; i < text.len; i++) {
        if (text.ptr[i] == '\\') {
            i++;
            continue;
        }
        if (text.ptr[i] != '%')
            continue;
        size_t end = i + 1;
        while (end < text.len && is_name_char(text.ptr[end]))
            end++;
        if (end > i + 1 && end < text.len && text.ptr[end] == '%') {
            *at = i;
            *name = vg_str_sub(text, i + 1, end - i - 1);
            return true;
        }
    }
    return false;
}

static const vg_placeholder *placeholder_of(const item *it, vg_str name)
{
    const vg_rules_options *options = it->rule->set->options;
    for (size_t i = 0; options && i < options->placeholder_count; i++)
        if (vg_str_eq(options->placeholders[i].name, name))
            return &options->placeholders[i];
    return NULL;
}

static vg_status note_missing(item *it, vg_str name, vg_error *err)
{
    vg_vec *missing = &it->rule->missing;
    for (size_t i = 0; i < missing->len; i++)
        if (vg_str_eq(*(vg_str *)vg_vec_at(missing, i), name))
            return VG_OK;
    vg_str *slot = vg_vec_push(missing);
    if (!slot)
        return out_of_memory(err);
    *slot = vg_arena_str(it->arena, name);
    return slot->ptr ? VG_OK : out_of_memory(err);
}

/* In a regular expression a placeholder's value is plain text. */
static void add_quoted(vg_buf *buf, vg_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (strchr("\\^$.[]|()?*+{}", value.ptr[i]) && value.ptr[i])
            vg_buf_add_char(buf, '\\');
        vg_buf_add_char(buf, value.ptr[i]);
    }
}

/* text up to `at`, the value, and what is behind the placeholder. */
static vg_status fill_in(item *it, vg_str text, size_t at, size_t len, vg_str value, vg_str *out,
                         size_t *resume, vg_error *err)
{
    vg_buf buf = {0};
    vg_buf_add_str(&buf, vg_str_sub(text, 0, at));
    if (sigma_has(it->chain, SIGMA_MOD_RE))
        add_quoted(&buf, value);
    else
        vg_buf_add_str(&buf, value);
    *resume = buf.len;
    vg_buf_add_str(&buf, vg_str_sub(text, at + len, text.len));
    *out = buf.failed ? (vg_str){0} : vg_arena_str(it->arena, vg_buf_str(&buf));
    vg_buf_free(&buf);
    return out->ptr ? VG_OK : out_of_memory(err);
}

typedef struct {
    vg_str text;
    size_t from; /* placeholders before are filled in */
} partly;

static vg_str without_escapes(vg_arena *arena, vg_str text)
{
    char *out = vg_arena_alloc(arena, text.len + 1);
    size_t len = 0;
    if (!out)
        return (vg_str){0};
    for (size_t i = 0; i < text.len; i++) {
        bool pair = text.ptr[i] == '\\' && i + 1 < text.len;
        if (pair && text.ptr[i + 1] == '%')
            i++;
        else if (pair)
            out[len++] = text.ptr[i++];
        out[len++] = text.ptr[i];
    }
    return (vg_str){out, len};
}

/* Every text that the placeholders of `value` make, pushed on `out` (of partly). Nothing is pushed for what is missing. */
static vg_status expand(item *it, vg_str value, vg_vec *out, vg_error *err)
{
    vg_vec queue = vg_vec_in(it->arena, sizeof(partly));
    partly *first = vg_vec_push(&queue);
    if (!first)
        return out_of_memory(err);
    *first = (partly){value, 0};
    for (size_t i = 0; i < queue.len; i++) {
        partly at = *(partly *)vg_vec_at(&queue, i);
        size_t start;
        vg_str name;
        if (!find_placeholder(at.text, at.from, &start, &name)) {
            partly *done = vg_vec_push(out);
            if (!done)
                return out_of_memory(err);
            done->text = without_escapes(it->arena, at.text);
            if (!done->text.ptr)
                return out_of_memory(err);
            continue;
        }
        const vg_placeholder *known = placeholder_of(it, name);
        if (!known || !known->values.count)
            return note_missing(it, name, err);
        if (queue.len + known->values.count > MOST_ALTERNATIVES)
            return sigma_fail(it->rule, it->value, err, "placeholders make more than %d values of this one",
                              MOST_ALTERNATIVES);
        for (size_t v = 0; v < known->values.count; v++) {
            partly next;
            VG_TRY(fill_in(it, at.text, start, name.len + 2, known->values.items[v], &next.text, &next.from,
                           err));
            partly *slot = vg_vec_push(&queue);
            if (!slot)
                return out_of_memory(err);
            *slot = next;
        }
    }
    return VG_OK;
}

/* ---- one value, and all ------------------------------------------------------------------------------------------------- */

static bool is_number_kind(const vg_value *value)
{
    return value->kind == VG_INT || value->kind == VG_UINT || value->kind == VG_DOUBLE ||
           value->kind == VG_NUMBER;
}

static vg_status compile_scalar_text(item *it, vg_str text, vg_error *err)
{
    const uint64_t compares = UINT64_C(1) << SIGMA_MOD_LT | UINT64_C(1) << SIGMA_MOD_LTE |
                              UINT64_C(1) << SIGMA_MOD_GT | UINT64_C(1) << SIGMA_MOD_GTE;
    const uint64_t parts = UINT64_C(1) << SIGMA_MOD_MINUTE | UINT64_C(1) << SIGMA_MOD_HOUR |
                           UINT64_C(1) << SIGMA_MOD_DAY | UINT64_C(1) << SIGMA_MOD_WEEK |
                           UINT64_C(1) << SIGMA_MOD_MONTH | UINT64_C(1) << SIGMA_MOD_YEAR;
    if (sigma_has(it->chain, SIGMA_MOD_RE))
        return compile_regex(it, text, err);
    if (sigma_has(it->chain, SIGMA_MOD_CIDR))
        return compile_cidr(it, text, err);
    if (sigma_has(it->chain, SIGMA_MOD_FIELDREF))
        return compile_fieldref(it, text, err);
    if (it->chain->set & (compares | parts))
        return compile_number(it, text, err);
    vg_predicate p = {.field = it->field, .op = VG_TEST_NUMBER, .text = text};
    if (is_number_kind(it->value) && it->field != VG_FIELD_ALL && !(it->chain->set & (PLACES | ENCODES)) &&
        sigma_number(it->value, &p.number))
        return add_test(it, &p, err);
    return compile_text(it, text, err);
}

static vg_status compile_value(item *it, vg_error *err)
{
    const uint64_t lists = UINT64_C(1) << SIGMA_MOD_ALL | UINT64_C(1) << SIGMA_MOD_NEQ;
    if (vg_value_is_container(it->value))
        return sigma_fail(it->rule, it->value, err, "a %s cannot be the value of a field: %s",
                          it->value->kind == VG_OBJECT ? "map" : "list in a list",
                          it->value->kind == VG_OBJECT ? "name the nested field with dots"
                                                       : "write one list");
    if (sigma_has(it->chain, SIGMA_MOD_EXISTS))
        return compile_exists(it, err);
    if (it->value->kind == VG_NULL) {
        if (it->chain->set & ~lists || it->field == VG_FIELD_ALL)
            return sigma_fail(it->rule, it->value, err,
                              "null is no text: write '' or leave the modifiers out");
        return add_test(it, &(vg_predicate){.field = it->field, .op = VG_TEST_NULL, .cased = true}, err);
    }
    vg_str text;
    if (!sigma_scalar_text(it->value, it->arena, &text))
        return out_of_memory(err);
    if (!sigma_has(it->chain, SIGMA_MOD_EXPAND))
        return compile_scalar_text(it, text, err);
    vg_vec texts = vg_vec_in(it->arena, sizeof(partly));
    VG_TRY(expand(it, text, &texts, err));
    for (size_t i = 0; i < texts.len; i++)
        VG_TRY(compile_scalar_text(it, ((partly *)vg_vec_at(&texts, i))->text, err));
    return VG_OK;
}

/* The node of the value at hand: one of its alternatives must hold. */
static vg_status value_node(item *it, const vg_value *value, uint32_t *out, vg_error *err)
{
    it->value = value;
    it->nodes = vg_vec_in(it->arena, sizeof(uint32_t));
    VG_TRY(compile_value(it, err));
    if (!it->nodes.len)
        return sigma_node_constant(it->rule, false, out, err);
    return sigma_node_many(it->rule, VG_EXPR_OR, it->nodes.items, it->nodes.len, out, err);
}

static vg_status check_key(const item *it, vg_error *err)
{
    const sigma_chain *chain = it->chain;
    if (chain->field.len)
        return VG_OK;
    if (!chain->count)
        return sigma_fail(it->rule, it->key, err, "the name of the field is missing");
    static const sigma_modifier need_field[] = {
        SIGMA_MOD_EXISTS, SIGMA_MOD_FIELDREF, SIGMA_MOD_NEQ,    SIGMA_MOD_LT,   SIGMA_MOD_LTE,
        SIGMA_MOD_GT,     SIGMA_MOD_GTE,      SIGMA_MOD_MINUTE, SIGMA_MOD_HOUR, SIGMA_MOD_DAY,
        SIGMA_MOD_WEEK,   SIGMA_MOD_MONTH,    SIGMA_MOD_YEAR};
    for (size_t i = 0; i < VG_COUNT(need_field); i++)
        if (sigma_has(chain, need_field[i]))
            return sigma_fail(it->rule, it->key, err, "this modifier needs the name of a field before it");
    return VG_OK;
}

static vg_status compile_values(item *it, const vg_value *value, uint32_t *out, vg_error *err)
{
    bool all = sigma_has(it->chain, SIGMA_MOD_ALL);
    if (value->kind != VG_ARRAY) {
        if (all && !vg_value_is_container(value))
            VG_TRY(sigma_lint(it->rule, value, err, "all has nothing to join: the value is a single one"));
        return value_node(it, value, out, err);
    }
    size_t count = vg_value_count(value), i = 0;
    if (!count)
        return sigma_fail(it->rule, value, err, "the list has no values, so nothing could match it");
    if (all && count == 1)
        VG_TRY(sigma_lint(it->rule, value, err, "all has nothing to join: the list has one value"));
    if (sigma_has(it->chain, SIGMA_MOD_EXISTS))
        return sigma_fail(it->rule, value, err, "exists needs true or false, no list");
    uint32_t *nodes = vg_arena_alloc(it->arena, count * sizeof *nodes);
    if (!nodes)
        return out_of_memory(err);
    for (vg_items items = vg_items_of(value); vg_items_next(&items); i++) {
        if (items.value->kind == VG_NULL && count > 1)
            VG_TRY(sigma_lint(it->rule, items.value, err,
                              "null should not stand in a list of values: give it a selection of its own"));
        VG_TRY(value_node(it, items.value, &nodes[i], err));
    }
    return sigma_node_many(it->rule, all ? VG_EXPR_AND : VG_EXPR_OR, nodes, count, out, err);
}

/* neq: the field is there, and none of the values. */
static vg_status differ(item *it, uint32_t *node, vg_error *err)
{
    uint32_t both[2];
    const vg_predicate exists = {.field = it->field, .op = VG_TEST_EXISTS, .cased = true};
    VG_TRY(sigma_node_test(it->rule, &exists, &both[0], err));
    VG_TRY(sigma_node_not(it->rule, *node, &both[1], err));
    return sigma_node_many(it->rule, VG_EXPR_AND, both, 2, node, err);
}

vg_status sigma_item_compile(sigma_rule *rule, const vg_value *key, const vg_value *value, uint32_t *out,
                             vg_error *err)
{
    sigma_chain chain = {0};
    item it = {.rule = rule, .key = key, .value = value, .chain = &chain, .arena = rule->set->arena};
    it.field = VG_FIELD_ALL;
    if (key) {
        VG_TRY(sigma_chain_read(rule, key, &chain, err));
        VG_TRY(check_key(&it, err));
    }
    if (chain.field.len)
        VG_TRY(sigma_set_field(rule->set, chain.field, &it.field, err));
    VG_TRY(compile_values(&it, value, out, err));
    return sigma_has(&chain, SIGMA_MOD_NEQ) ? differ(&it, out, err) : VG_OK;
}
