/* import_value.c: evaluating the expressions of content/import/ over an answer.
 *
 * What is written is canonical JSON: objects' keys were sorted when the rules were read, and whole values are written
 * by vg_json_write_canonical. An expression without a value writes nothing, so that absence stays absence. */
#include "evidence/import_call.h"

#include <ctype.h>
#include <stdlib.h>

/* ---- finding values -------------------------------------------------------------------------------------------------------- */

/* A string that holds a JSON object or list, read; else the value itself. */
static const vg_value *open_string(const vg_value *value, const import_view_of *view)
{
    vg_str text = vg_value_str(value);
    if (!view->opens_strings || vg_kind_of(value) != VG_STRING || !text.len ||
        (text.ptr[0] != '{' && text.ptr[0] != '['))
        return value;
    vg_doc doc;
    return vg_json_read(view->arena, text, VG_STR(""), NULL, &doc, NULL) == VG_OK ? doc.root : value;
}

const vg_value *import_path_find(const import_path *path, const vg_value *from, const import_view_of *view)
{
    for (size_t i = 0; from && i < path->count; i++)
        from = vg_get(open_string(from, view), path->steps[i].key);
    return from && vg_kind_of(from) != VG_NULL ? from : NULL;
}

static vg_status walk(const import_path *path, size_t step, const vg_value *value, import_view_of *view,
                      vg_status (*each)(void *, import_view_of *, vg_error *), void *context, vg_error *err)
{
    for (; step < path->count && !path->steps[step].each; step++)
        value = value ? vg_get(open_string(value, view), path->steps[step].key) : NULL;
    if (!value || vg_kind_of(value) == VG_NULL || view->depth == IMPORT_LEVELS)
        return VG_OK;
    if (step == path->count) {
        bool is_deeper = path->count > 0 && !path->steps[path->count - 1].each;
        if (is_deeper)
            view->levels[view->depth++] = value;
        vg_status status = each(context, view, err);
        view->depth -= is_deeper;
        return status;
    }
    const vg_value *list =
        path->steps[step].key.len ? vg_get(open_string(value, view), path->steps[step].key) : value;
    for (vg_items it = vg_items_of(list ? open_string(list, view) : NULL); vg_items_next(&it);) {
        view->levels[view->depth++] = it.value;
        vg_status status = walk(path, step + 1, it.value, view, each, context, err);
        view->depth--;
        VG_TRY(status);
    }
    return VG_OK;
}

vg_status import_path_each(const import_path *path, import_view_of *view,
                           vg_status (*each)(void *context, import_view_of *view, vg_error *err),
                           void *context, vg_error *err)
{
    return walk(path, 0, view->levels[view->depth - 1], view, each, context, err);
}

/* Whether two names are the same but for case, hyphens and underscores. */
static bool same_name(vg_str a, vg_str b)
{
    size_t i = 0, k = 0;
    for (;;) {
        while (i < a.len && (a.ptr[i] == '-' || a.ptr[i] == '_'))
            i++;
        while (k < b.len && (b.ptr[k] == '-' || b.ptr[k] == '_'))
            k++;
        if (i == a.len || k == b.len)
            return i == a.len && k == b.len;
        if (tolower((unsigned char)a.ptr[i++]) != tolower((unsigned char)b.ptr[k++]))
            return false;
    }
}

const vg_value *import_parameter(const vg_value *parameters, vg_str name)
{
    for (vg_items it = vg_items_of(parameters); name.len && it.is_object && vg_items_next(&it);)
        if (same_name(it.key, name) && vg_kind_of(it.value) != VG_NULL)
            return it.value;
    return NULL;
}

static vg_str known_text(const import_call *call, vg_str name)
{
    const struct {
        const char *name;
        vg_str value;
    } known[] = {
        {"account", call->account},           {"region", call->region},
        {"organization", call->organization}, {"partition", call->partition},
        {"file", vg_path_name(call->path)},   {"path", import_stable_path(call->path)},
    };
    for (size_t i = 0; i < VG_COUNT(known); i++)
        if (vg_str_is(name, known[i].name))
            return known[i].value;
    return (vg_str){0};
}

/* A value, or a text that stands in no answer. */
typedef struct {
    const vg_value *value;
    vg_str text;
} import_found;

static bool find_source(const import_source *source, const import_view_of *view, import_found *out)
{
    *out = (import_found){0};
    switch (source->origin) {
    case IMPORT_FROM_TEXT:
        out->text = source->text;
        return true;
    case IMPORT_FROM_KNOWN:
        out->text = known_text(view->call, source->text);
        return out->text.len > 0;
    case IMPORT_FROM_PARAMETER: {
        const import_operation *operation = view->call->operation;
        bool is_main = operation && vg_str_eq(operation->parameter, source->text);
        bool is_also = operation && vg_str_eq(operation->also, source->text);
        out->text = is_main ? view->call->parameter : is_also ? view->call->also : (vg_str){0};
        return out->text.len > 0;
    }
    default:
        if (source->up >= view->depth)
            return false;
        out->value = import_path_find(&source->path, view->levels[view->depth - 1 - source->up], view);
        return out->value != NULL;
    }
}

static bool find_value(const import_expr *expr, const import_view_of *view, import_found *out)
{
    for (size_t i = 0; i < expr->source_count; i++)
        if (find_source(&expr->sources[i], view, out))
            return true;
    return false;
}

/* ---- text -------------------------------------------------------------------------------------------------------------------- */

static vg_str text_of(const import_found *found, vg_arena *arena)
{
    if (!found->value)
        return found->text;
    switch (vg_kind_of(found->value)) {
    case VG_STRING:
    case VG_NUMBER:
        return vg_value_str(found->value);
    case VG_INT:
        return vg_arena_printf(arena, "%lld", (long long)found->value->as.i64);
    case VG_BOOL:
        return found->value->as.boolean ? VG_STR("true") : VG_STR("false");
    default:
        return (vg_str){0};
    }
}

/* A bare name completed to an ARN of the call's place; `kind` is "SERVICE PREFIX". */
static vg_str complete_arn(vg_str name, vg_str kind, const import_view_of *view)
{
    vg_str service, prefix;
    const import_call *call = view->call;
    if (vg_str_starts(name, VG_STR("arn:")) || !name.len)
        return name;
    vg_str_split(kind, ' ', &service, &prefix);
    return vg_arena_printf(view->arena, "arn:%.*s:%.*s:%.*s:%.*s:%.*s%.*s", VG_ARG(call->partition),
                           VG_ARG(service), VG_ARG(call->region), VG_ARG(call->account), VG_ARG(prefix),
                           VG_ARG(name));
}

static vg_str target_type(vg_str id)
{
    return vg_str_starts(id, VG_STR("r-"))    ? VG_STR("ROOT")
           : vg_str_starts(id, VG_STR("ou-")) ? VG_STR("ORGANIZATIONAL_UNIT")
                                              : VG_STR("ACCOUNT");
}

/* What stands behind the last of these characters; all of it when it has none of them. */
static vg_str text_behind(vg_str text, vg_str marks)
{
    size_t start = text.len;
    while (start > 0 && vg_str_find_char(marks, text.ptr[start - 1]) == VG_NPOS)
        start--;
    return vg_str_sub(text, start, VG_NPOS);
}

/* The text, when one of its words (by comma) is one of `words` (by space). */
static vg_str text_with(vg_str text, vg_str words)
{
    vg_str rest = text, word, wanted;
    while (vg_str_next(&rest, ',', &word))
        for (vg_str left = words; vg_str_next(&left, ' ', &wanted);)
            if (vg_str_eq_icase(vg_str_trim(word), wanted))
                return text;
    return (vg_str){0};
}

/* Filters that make a text of a text. */
static vg_str filter_text(const import_expr *expr, vg_str text, const import_view_of *view)
{
    switch (expr->filter) {
    case IMPORT_ARN:
        return complete_arn(text, expr->argument, view);
    case IMPORT_TARGET_TYPE:
        return target_type(text);
    case IMPORT_BEHIND:
        return text_behind(text, expr->argument);
    case IMPORT_HAS:
        return text_with(text, expr->argument);
    default:
        return text;
    }
}

static vg_str join_template(const import_expr *expr, const import_view_of *view)
{
    vg_str whole = VG_STR("");
    for (size_t i = 0; i < expr->part_count; i++) {
        vg_str piece = import_expr_text(&expr->parts[i], view);
        if (!piece.ptr)
            return (vg_str){0};
        whole = vg_arena_join(view->arena, whole, piece);
    }
    return whole;
}

vg_str import_expr_text(const import_expr *expr, const import_view_of *view)
{
    import_found value;
    if (!expr)
        return (vg_str){0};
    if (expr->kind == IMPORT_TEMPLATE)
        return join_template(expr, view);
    if (expr->kind != IMPORT_SOURCES || !find_value(expr, view, &value))
        return (vg_str){0};
    vg_str text = text_of(&value, view->arena);
    return filter_text(expr, text, view);
}

typedef struct {
    const import_path *path;
    bool (*accept)(vg_str text, vg_str *out);
    vg_str answer;
} search;

static vg_status search_one(void *context, import_view_of *view, vg_error *err)
{
    search *s = context;
    (void)err;
    vg_str text = vg_value_str(view->levels[view->depth - 1]);
    if (!s->answer.len && text.len)
        s->accept(text, &s->answer);
    return VG_OK;
}

vg_str import_expr_search(const import_expr *expr, const import_view_of *view,
                          bool (*accept)(vg_str text, vg_str *out))
{
    search s = {.accept = accept};
    import_view_of inner = *view;
    for (size_t i = 0; expr && i < expr->source_count && !s.answer.len; i++) {
        const import_source *source = &expr->sources[i];
        import_found found;
        if (source->origin == IMPORT_FROM_VALUE)
            import_path_each(&source->path, &inner, search_one, &s, NULL);
        else if (find_source(source, view, &found))
            accept(text_of(&found, view->arena), &s.answer);
    }
    return s.answer;
}

/* ---- time -------------------------------------------------------------------------------------------------------------------- */

bool import_time_of(const vg_value *value, vg_time *out)
{
    static const double LATEST = 253402300799.0; /* 9999-12-31T23:59:59Z */
    switch (vg_kind_of(value)) {
    case VG_STRING:
        return vg_time_parse(vg_value_str(value), out);
    case VG_INT:
        if (value->as.i64 < 0 || (double)value->as.i64 > LATEST)
            return false;
        *out = value->as.i64 * VG_TIME_SECOND;
        return true;
    case VG_DOUBLE:
        if (!(value->as.f64 >= 0 && value->as.f64 <= LATEST))
            return false;
        *out = (vg_time)(value->as.f64 * 1e6 + 0.5);
        return true;
    default:
        return false;
    }
}

/* ---- writing ------------------------------------------------------------------------------------------------------------------- */

static void write_text(vg_buf *out, vg_str text)
{
    vg_json_writer writer = vg_json_writer_to(out, 0);
    vg_json_string(&writer, text);
}

static void write_time(vg_buf *out, const vg_value *value)
{
    char text[VG_TIME_TEXT];
    vg_time time;
    if (!import_time_of(value, &time)) {
        vg_json_write_canonical(out, value);
        return;
    }
    vg_time_format(time, text);
    write_text(out, vg_str_from(text));
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* IAM percent-encodes policy documents (RFC 3986); the CLI decodes them, its recordings and SDKs do not. */
static vg_str percent_decode(vg_arena *arena, vg_str text)
{
    char *out = vg_arena_alloc(arena, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < text.len; i++) {
        bool is_code = text.ptr[i] == '%' && i + 2 < text.len && hex_digit(text.ptr[i + 1]) >= 0 &&
                       hex_digit(text.ptr[i + 2]) >= 0;
        out[n++] =
            is_code ? (char)(hex_digit(text.ptr[i + 1]) * 16 + hex_digit(text.ptr[i + 2])) : text.ptr[i];
        i += is_code ? 2 : 0;
    }
    return (vg_str){out, out ? n : 0};
}

static void write_json(vg_buf *out, const vg_value *value, vg_arena *arena)
{
    vg_str text = vg_value_str(value);
    vg_doc doc;
    if (text.len && text.ptr[0] == '%')
        text = percent_decode(arena, text);
    bool is_json = vg_kind_of(value) == VG_STRING && text.len && strchr("{[ \t\r\n", text.ptr[0]) &&
                   vg_json_read(arena, text, VG_STR(""), NULL, &doc, NULL) == VG_OK;
    vg_json_write_canonical(out, is_json ? doc.root : value);
}

/* A policy as JSON; as text where a tree would lose what AWS refuses in it. */
static void write_policy(vg_buf *out, const import_expr *expr, const vg_value *value,
                         const import_view_of *view)
{
    vg_import_refusal refusal;
    vg_buf text = {0};
    if (import_policy_check(view, expr->argument, value, &refusal, NULL) != VG_OK)
        out->failed = true;
    if (!refusal.keep_text) {
        write_json(out, value, view->arena);
        return;
    }
    if (vg_kind_of(value) == VG_STRING)
        vg_buf_add_str(&text, vg_value_str(value));
    else
        vg_json_write(&text, value, 0);
    write_text(out, vg_buf_str(&text));
    out->failed |= text.failed;
    vg_buf_free(&text);
}

static void write_integer(vg_buf *out, const vg_value *value)
{
    int64_t number;
    if (vg_kind_of(value) == VG_STRING && vg_str_to_i64(vg_value_str(value), &number))
        vg_buf_addf(out, "%lld", (long long)number);
    else
        vg_json_write_canonical(out, value);
}

typedef struct {
    vg_str key;
    const vg_value *value;
} pair;

static int compare_upper(const void *a, const void *b)
{
    return vg_str_cmp(((const pair *)a)->key, ((const pair *)b)->key);
}

static void write_upper(vg_buf *out, const vg_value *value, vg_arena *arena, unsigned depth);

/* An object with the first letter of each key as a capital, sorted as it then is. */
static void write_upper_object(vg_buf *out, const vg_value *value, vg_arena *arena, unsigned depth)
{
    size_t count = vg_value_count(value), n = 0;
    pair *pairs = VG_NEW_N(arena, pair, count + 1);
    for (vg_items it = vg_items_of(value); pairs && vg_items_next(&it);) {
        char *key = vg_arena_cstr(arena, it.key);
        if (!key || vg_kind_of(it.value) == VG_NULL)
            continue;
        key[0] = (char)toupper((unsigned char)key[0]);
        pairs[n++] = (pair){{key, it.key.len}, it.value};
    }
    if (n)
        qsort(pairs, n, sizeof *pairs, compare_upper);
    vg_buf_add_char(out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i && vg_str_eq(pairs[i].key, pairs[i - 1].key))
            continue;
        vg_buf_add_c(out, i ? "," : "");
        write_text(out, pairs[i].key);
        vg_buf_add_char(out, ':');
        write_upper(out, pairs[i].value, arena, depth + 1);
    }
    vg_buf_add_char(out, '}');
}

static void write_upper(vg_buf *out, const vg_value *value, vg_arena *arena, unsigned depth)
{
    enum { DEEPEST = 32 };
    if (depth > DEEPEST || !vg_value_is_container(value)) {
        vg_json_write_canonical(out, value);
        return;
    }
    if (vg_kind_of(value) == VG_OBJECT) {
        write_upper_object(out, value, arena, depth);
        return;
    }
    vg_buf_add_char(out, '[');
    bool is_first = true;
    for (vg_items it = vg_items_of(value); vg_items_next(&it); is_first = false) {
        vg_buf_add_c(out, is_first ? "" : ",");
        write_upper(out, it.value, arena, depth + 1);
    }
    vg_buf_add_char(out, ']');
}

/* Tags as CloudFormation has them, [{"Key", "Value"}], from a map or from a list with either spelling. */
static void write_tags(vg_buf *out, const vg_value *value, vg_arena *arena)
{
    if (vg_kind_of(value) != VG_OBJECT) {
        write_upper(out, value, arena, 0);
        return;
    }
    pair *pairs = VG_NEW_N(arena, pair, vg_value_count(value) + 1);
    size_t n = 0;
    for (vg_items it = vg_items_of(value); pairs && vg_items_next(&it);)
        pairs[n++] = (pair){it.key, it.value};
    if (n)
        qsort(pairs, n, sizeof *pairs, compare_upper);
    vg_buf_add_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        vg_buf_add_c(out, i ? ",{\"Key\":" : "{\"Key\":");
        write_text(out, pairs[i].key);
        vg_buf_add_c(out, ",\"Value\":");
        vg_json_write_canonical(out, pairs[i].value);
        vg_buf_add_char(out, '}');
    }
    vg_buf_add_char(out, ']');
}

static void write_list(vg_buf *out, const vg_value *value)
{
    bool is_list = vg_kind_of(value) == VG_ARRAY;
    vg_buf_add_c(out, is_list ? "" : "[");
    vg_json_write_canonical(out, value);
    vg_buf_add_c(out, is_list ? "" : "]");
}

/* Filters that give a truth or a text; false when the filter keeps the value's own form. */
static bool write_derived(const import_expr *expr, const import_found *found, const import_view_of *view,
                          vg_buf *out)
{
    vg_str text = text_of(found, view->arena);
    switch (expr->filter) {
    case IMPORT_IS:
        vg_buf_add_c(out, vg_str_eq_icase(text, expr->argument) ? "true" : "false");
        return true;
    case IMPORT_NOT:
        vg_buf_add_c(out, vg_str_eq_icase(text, expr->argument) ? "false" : "true");
        return true;
    case IMPORT_SET:
        vg_buf_add_c(out, "true");
        return true;
    case IMPORT_ARN:
    case IMPORT_TARGET_TYPE:
    case IMPORT_BEHIND:
        write_text(out, filter_text(expr, text, view));
        return true;
    default:
        return false;
    }
}

static bool write_sources(const import_expr *expr, const import_view_of *view, vg_buf *out)
{
    import_found value;
    if (!find_value(expr, view, &value)) {
        vg_buf_add_c(out, expr->filter == IMPORT_SET ? "false" : "");
        return expr->filter == IMPORT_SET;
    }
    if (write_derived(expr, &value, view, out))
        return true;
    if (!value.value) {
        write_text(out, value.text);
        return true;
    }
    switch (expr->filter) {
    case IMPORT_TIME:
        write_time(out, value.value);
        break;
    case IMPORT_JSON:
        write_json(out, value.value, view->arena);
        break;
    case IMPORT_POLICY:
        write_policy(out, expr, value.value, view);
        break;
    case IMPORT_INTEGER:
        write_integer(out, value.value);
        break;
    case IMPORT_LIST:
        write_list(out, value.value);
        break;
    case IMPORT_UPPER_KEYS:
        write_upper(out, open_string(value.value, view), view->arena, 0);
        break;
    case IMPORT_TAGS:
        write_tags(out, open_string(value.value, view), view->arena);
        break;
    default:
        vg_json_write_canonical(out, value.value);
    }
    return true;
}

/* An object of what has a value; nothing at all when none has (false). */
static bool write_object(const import_expr *expr, import_view_of *view, vg_buf *out)
{
    size_t start = out->len;
    bool has_any = false;
    vg_buf_add_char(out, '{');
    for (size_t i = 0; i < expr->part_count; i++) {
        size_t before = out->len;
        vg_buf_add_c(out, has_any ? "," : "");
        vg_buf_add_str(out, expr->keys[i]);
        if (import_expr_write(&expr->parts[i], view, out))
            has_any = true;
        else
            out->len = before;
    }
    vg_buf_add_char(out, '}');
    if (!has_any)
        out->len = start;
    return has_any;
}

static bool passes(const vg_value *where, const vg_value *item)
{
    for (vg_items it = vg_items_of(where); vg_items_next(&it);) {
        const vg_value *held = vg_get(item, it.key);
        if (!held || !vg_value_equal(held, it.value))
            return false;
    }
    return true;
}

typedef struct {
    const import_expr *expr;
    vg_buf *out;
    size_t written;
} list_write;

static vg_status write_item(void *context, import_view_of *view, vg_error *err)
{
    list_write *list = context;
    size_t before = list->out->len;
    (void)err;
    if (list->expr->kind == IMPORT_FIRST && list->written)
        return VG_OK;
    if (list->expr->where && !passes(list->expr->where, view->levels[view->depth - 1]))
        return VG_OK;
    vg_buf_add_c(list->out, list->written ? "," : "");
    if (import_expr_write(list->expr->as, view, list->out))
        list->written++;
    else
        list->out->len = before;
    return VG_OK;
}

/* Items without brackets. *exists: the (outermost) list is there, though perhaps empty. */
static size_t write_items(const import_expr *expr, import_view_of *view, vg_buf *out, bool *exists)
{
    list_write list = {expr, out, 0};
    const vg_value *value = view->levels[view->depth - 1];
    for (size_t i = 0; value && i < expr->list.count; i++) {
        value = vg_get(open_string(value, view), expr->list.steps[i].key);
        if (expr->list.steps[i].each)
            break;
    }
    *exists = value && vg_kind_of(value) != VG_NULL;
    import_path_each(&expr->list, view, write_item, &list, NULL);
    return list.written;
}

static bool write_each(const import_expr *expr, import_view_of *view, vg_buf *out)
{
    bool exists;
    size_t start = out->len;
    vg_buf_add_char(out, '[');
    write_items(expr, view, out, &exists);
    vg_buf_add_char(out, ']');
    if (!exists)
        out->len = start;
    return exists;
}

static bool write_concat(const import_expr *expr, import_view_of *view, vg_buf *out)
{
    size_t start = out->len, written = 0;
    bool any = false;
    vg_buf_add_char(out, '[');
    for (size_t i = 0; i < expr->part_count; i++) {
        size_t before = out->len;
        bool exists = false;
        vg_buf_add_c(out, written ? "," : "");
        size_t n = expr->parts[i].kind == IMPORT_EACH ? write_items(&expr->parts[i], view, out, &exists)
                                                      : import_expr_write(&expr->parts[i], view, out);
        any = any || exists || n;
        written += n;
        if (!n)
            out->len = before;
    }
    vg_buf_add_char(out, ']');
    if (!any)
        out->len = start;
    return any;
}

static bool write_mapped(const import_expr *expr, const import_view_of *view, vg_buf *out)
{
    vg_str text = import_expr_text(expr->as, view);
    const vg_value *mapped = text.ptr ? vg_get(expr->constant, text) : NULL;
    if (mapped)
        vg_json_write_canonical(out, mapped);
    else if (text.ptr)
        write_text(out, text);
    return text.ptr != NULL;
}

bool import_expr_write(const import_expr *expr, import_view_of *view, vg_buf *out)
{
    bool exists;
    switch (expr->kind) {
    case IMPORT_SOURCES:
        return write_sources(expr, view, out);
    case IMPORT_TEMPLATE: {
        vg_str text = join_template(expr, view);
        if (text.ptr)
            write_text(out, text);
        return text.ptr != NULL;
    }
    case IMPORT_OBJECT:
        return write_object(expr, view, out);
    case IMPORT_EACH:
        return write_each(expr, view, out);
    case IMPORT_FIRST:
        return write_items(expr, view, out, &exists) > 0;
    case IMPORT_CONCAT:
        return write_concat(expr, view, out);
    case IMPORT_MAP:
        return write_mapped(expr, view, out);
    default:
        vg_json_write_canonical(out, expr->constant);
        return true;
    }
}
