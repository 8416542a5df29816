/* fill.c: commands, with what is known put into them.
 *
 * A command of a control's header is a template (content/practices.yaml, "commands"). A name in lower case stands for
 * the subject's place: {account}, {region}, {target}. A name with a capital is a property: of the subject, else of its
 * account, else of the organisation; of {LogBucket.common}, else what every fact that has it agrees on. A list gives one
 * command an item. What nobody knows stays as a word in angle brackets, which content/placeholders.yaml explains: a shell takes it for a file
 * that is not there, and does nothing.
 *
 * Values come from evidence and could be anything, so one that a shell would read as more than a word is never put in. */
#include "review/review_part.h"

#include <stdlib.h>

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while writing commands");
}

/* ---- what is known ------------------------------------------------------------------------------------------------------- */

/* Values of a property: one, or the items of a list. */
typedef struct {
    const vg_str *items;
    size_t count;
    bool is_known, is_list;
} known_values;

struct vg_filler {
    const vg_assessment *assessment;
    vg_arena *arena;
    vg_map *accounts;          /* id -> const vg_value *: the properties of its Vigil::Account::Account */
    const vg_value *structure; /* NULL: the organisation is not known */
    vg_map *spread;            /* property -> vg_vec *: each value that some fact has of it, in order */
    vg_vec regions;            /* in use anywhere, in order */
};

static int compare_words(const void *left, const void *right)
{
    return vg_str_cmp(*(const vg_str *)left, *(const vg_str *)right);
}

static void sort_once(vg_vec *words)
{
    size_t kept = 0;
    vg_str *items = words->items;
    if (words->len > 1)
        qsort(items, words->len, sizeof *items, compare_words);
    for (size_t i = 0; i < words->len; i++)
        if (kept == 0 || !vg_str_eq(items[kept - 1], items[i]))
            items[kept++] = items[i];
    words->len = kept;
}

static vg_status read_properties(const vg_resource *resource, vg_arena *arena, const vg_value **out,
                                 vg_error *err)
{
    vg_doc doc = {0};
    *out = NULL;
    if (resource->properties.len > 0)
        VG_TRY(vg_json_read(arena, resource->properties, resource->id, NULL, &doc, err));
    *out = doc.root;
    return VG_OK;
}

static vg_status push_word(vg_vec *words, const vg_value *value, vg_arena *arena, vg_error *err)
{
    vg_str text = value->kind == VG_INT ? vg_arena_printf(arena, "%lld", (long long)value->as.i64)
                                        : vg_value_str(value);
    vg_str *word = vg_vec_push(words);
    if (!word)
        return no_memory(err);
    *word = text;
    return VG_OK;
}

/* A string or number, or the strings and numbers of a list. */
static vg_status push_words(vg_vec *words, const vg_value *value, vg_arena *arena, vg_error *err)
{
    if (value->kind != VG_ARRAY)
        return push_word(words, value, arena, err);
    for (vg_items it = vg_items_of(value); vg_items_next(&it);)
        VG_TRY(push_word(words, it.value, arena, err));
    return VG_OK;
}

vg_status vg_filler_new(const vg_assessment *assessment, vg_arena *arena, vg_filler **out, vg_error *err)
{
    vg_filler *f = VG_NEW(arena, vg_filler);
    if (!f)
        return no_memory(err);
    *f = (vg_filler){.assessment = assessment,
                     .arena = arena,
                     .accounts = vg_map_new(arena, 0),
                     .spread = vg_map_new(arena, 0),
                     .regions = vg_vec_in(arena, sizeof(vg_str))};
    if (!f->accounts || !f->spread)
        return no_memory(err);
    for (size_t i = 0; i < assessment->subject_count; i++) {
        const vg_resource *resource = &assessment->subjects[i].resource;
        const vg_value *properties;
        bool is_account = vg_str_is(resource->type, "Vigil::Account::Account");
        if (!is_account && !vg_str_is(resource->type, "Vigil::Organization::Structure"))
            continue;
        VG_TRY(read_properties(resource, arena, &properties, err));
        if (!is_account) {
            f->structure = properties;
            continue;
        }
        vg_map_entry *entry = vg_map_put(f->accounts, resource->account, NULL);
        if (!entry)
            return no_memory(err);
        entry->value.ptr = (void *)properties;
        const vg_value *regions = vg_get(properties, VG_STR("RegionsInUse"));
        if (regions)
            VG_TRY(push_words(&f->regions, regions, arena, err));
    }
    sort_once(&f->regions);
    *out = f;
    return VG_OK;
}

/* Every value that a fact has of the property. Facts without the key's letters in their text are not read. */
static vg_status find_spread(vg_filler *f, vg_str property, const vg_vec **out, vg_error *err)
{
    bool added = false;
    vg_map_entry *entry = vg_map_put(f->spread, property, &added);
    if (!entry)
        return no_memory(err);
    if (!added) {
        *out = entry->value.ptr;
        return VG_OK;
    }
    vg_vec *values = VG_NEW(f->arena, vg_vec);
    vg_str key = vg_arena_printf(f->arena, "\"%.*s\":", VG_ARG(property));
    if (!values || !key.ptr)
        return no_memory(err);
    *values = vg_vec_in(f->arena, sizeof(vg_str));
    entry->value.ptr = values;
    *out = values;
    for (size_t i = 0; i < f->assessment->subject_count; i++) {
        const vg_resource *resource = &f->assessment->subjects[i].resource;
        const vg_value *properties;
        if (!vg_str_starts(resource->type, VG_STR("Vigil::")) ||
            vg_str_find(resource->properties, key) == VG_NPOS)
            continue;
        VG_TRY(read_properties(resource, f->arena, &properties, err));
        const vg_value *value = vg_get(properties, property);
        if (value)
            VG_TRY(push_words(values, value, f->arena, err));
    }
    sort_once(values);
    return VG_OK;
}

/* ---- one subject ------------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_filler *filler;
    const vg_resource *resource;
    const vg_value *properties; /* the resource's */
    vg_str target;
    vg_arena *arena;
} filling;

/* "{Roles.name|role-name}": a name, what of it is taken, and the word when it is unknown. */
typedef struct {
    vg_str name, part, otherwise;
} placeholder;

static bool is_word_char(char c, bool is_first)
{
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (!is_first && ((c >= '0' && c <= '9') || c == '-'));
}

static bool is_word(vg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_word_char(text.ptr[i], i == 0))
            return false;
    return text.len > 0;
}

static bool is_property(vg_str name)
{
    return name.len > 0 && name.ptr[0] >= 'A' && name.ptr[0] <= 'Z';
}

/* Reads what stands between braces; false when it is something else that has braces: JSON, a query, a shell's own. */
static bool read_placeholder(vg_str text, placeholder *out)
{
    static const char *const parts[] = {"name", "first", "json", "common"};
    static const char *const places[] = {"account", "region",     "resource",     "name",   "ou",
                                         "target",  "management", "organization", "regions"};
    vg_str rest = text;
    *out = (placeholder){0};
    bool has_word = vg_str_split(rest, '|', &rest, &out->otherwise),
         has_part = vg_str_split(rest, '.', &out->name, &out->part), is_known = !has_part;
    if (!is_word(out->name) || (has_word && !is_word(out->otherwise)))
        return false;
    for (size_t i = 0; i < VG_COUNT(parts); i++)
        is_known = is_known || vg_str_is(out->part, parts[i]);
    bool is_place = is_property(out->name);
    for (size_t i = 0; i < VG_COUNT(places); i++)
        is_place = is_place || vg_str_is(out->name, places[i]);
    return is_known && is_place;
}

/* The bytes of the placeholder that begins here, braces included; 0 when none does. */
static size_t placeholder_at(vg_str text, placeholder *out)
{
    size_t close = text.len && text.ptr[0] == '{' ? vg_str_find_char(text, '}') : VG_NPOS;
    return close != VG_NPOS && read_placeholder(vg_str_sub(text, 1, close - 1), out) ? close + 1 : 0;
}

static bool is_plain_word(vg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_alphanumeric && !memchr("_+=,.@:/-", c, 9))
            return false;
    }
    return text.len > 0 && text.ptr[0] != '-';
}

static vg_str place_of(const filling *f, vg_str name)
{
    const vg_assessment *assessment = f->filler->assessment;
    const vg_resource *resource = f->resource;
    size_t at = vg_find_account(assessment, resource->account);
    vg_str unit = at == VG_NPOS ? (vg_str){0} : assessment->accounts[at].parent;
    const struct {
        const char *name;
        vg_str value;
    } values[] = {
        {"account", resource->account.len ? resource->account : assessment->management},
        {"region", resource->region},
        {"resource", resource->id},
        {"name", resource->name.len ? resource->name : resource->id},
        {"ou", unit},
        {"target", f->target.len ? f->target
                   : unit.len    ? unit
                                 : resource->account},
        {"management", assessment->management},
        {"organization", assessment->organization},
    };
    for (size_t i = 0; i < VG_COUNT(values); i++)
        if (vg_str_is(name, values[i].name))
            return values[i].value;
    return (vg_str){0};
}

/* is_common: whether what all facts agree on will do; then all their values are given when they do not. */
static vg_status find_property(const filling *f, vg_str name, bool is_common, known_values *out,
                               vg_error *err)
{
    const vg_str account =
        f->resource->account.len ? f->resource->account : f->filler->assessment->management;
    const vg_map_entry *entry = vg_map_get(f->filler->accounts, account);
    const vg_value *of_account = entry ? entry->value.ptr : NULL;
    const vg_value *places[] = {f->properties, of_account, f->filler->structure}, *value = NULL;
    for (size_t i = 0; i < VG_COUNT(places) && !value; i++)
        value = places[i] ? vg_get(places[i], name) : NULL;
    vg_vec words = vg_vec_in(f->arena, sizeof(vg_str));
    const vg_vec *found = &words;
    if (value)
        VG_TRY(push_words(&words, value, f->arena, err));
    else if (is_common)
        VG_TRY(find_spread(f->filler, name, &found, err));
    *out =
        (known_values){found->items, found->len, value || found->len == 1, value && value->kind == VG_ARRAY};
    return VG_OK;
}

static vg_status find_values(const filling *f, const placeholder *of, known_values *out, vg_error *err)
{
    if (is_property(of->name))
        return find_property(f, of->name, vg_str_is(of->part, "common"), out, err);
    if (vg_str_is(of->name, "regions")) {
        *out = (known_values){f->filler->regions.items, f->filler->regions.len, f->filler->regions.len > 0,
                              true};
        return VG_OK;
    }
    vg_str *value = VG_NEW(f->arena, vg_str);
    if (!value)
        return no_memory(err);
    *value = place_of(f, of->name);
    *out = (known_values){value, 1, true, false};
    return VG_OK;
}

/* ---- one command -------------------------------------------------------------------------------------------------------------- */

/* Commands are written for the partition aws. In China and GovCloud, ARNs carry another name and the services that are
 * global are called in another region (AWS General Reference, "Service endpoints"). Bytes of `text` replaced, or 0. */
static size_t fill_partition(vg_buf *out, vg_str partition, vg_str text)
{
    static const struct {
        const char *partition, *home;
    } others[] = {{"aws-cn", "cn-northwest-1"}, {"aws-us-gov", "us-gov-west-1"}};
    static const vg_str arn = {"arn:aws:", 8}, home = {"us-east-1", 9};
    for (size_t i = 0; i < VG_COUNT(others); i++) {
        if (!vg_str_is(partition, others[i].partition))
            continue;
        if (vg_str_starts(text, arn)) {
            vg_buf_addf(out, "arn:%s:", others[i].partition);
            return arn.len;
        }
        if (vg_str_starts(text, home)) {
            vg_buf_add_c(out, others[i].home);
            return home.len;
        }
    }
    return 0;
}

/* Adds one value, or all of them as JSON does; false when one is no plain word. */
static bool add_values(vg_buf *out, const placeholder *of, const known_values *values, size_t item)
{
    bool is_json = vg_str_is(of->part, "json"), is_first = vg_str_is(of->part, "first");
    size_t from = is_json || is_first || !values->is_list ? 0 : item,
           end = is_json ? values->count : from + 1;
    for (size_t i = from; i < end; i++) {
        vg_str value = i < values->count ? values->items[i] : (vg_str){0};
        size_t slash = vg_str_is(of->part, "name") ? vg_str_rfind_char(value, '/') : VG_NPOS;
        if (!is_plain_word(value))
            return false;
        vg_buf_add_c(out, i > from ? "," : "");
        vg_buf_add_c(out, is_json ? "\"" : "");
        vg_buf_add_str(out, slash == VG_NPOS ? value : vg_str_sub(value, slash + 1, VG_NPOS));
        vg_buf_add_c(out, is_json ? "\"" : "");
    }
    return end > from;
}

/* The command for the given item of its lists. `unusable` gets the name of what could not be put in. */
static vg_status fill_item(const filling *f, vg_str text, size_t item, vg_buf *out, vg_str *unusable,
                           vg_error *err)
{
    bool is_home = vg_str_is(f->filler->assessment->partition, "aws"); /* what commands are written for */
    for (size_t i = 0; i < text.len; i++) {
        placeholder of;
        known_values values;
        vg_str rest = vg_str_sub(text, i, VG_NPOS);
        size_t plain = is_home ? vg_str_find_char(rest, '{') : 0;
        if (plain > 0) {
            vg_str kept = vg_str_sub(rest, 0, plain);
            vg_buf_add_str(out, kept);
            i += kept.len - 1;
            continue;
        }
        size_t length = placeholder_at(rest, &of);
        if (length == 0) {
            length = fill_partition(out, f->filler->assessment->partition, rest);
            if (length == 0)
                vg_buf_add_char(out, text.ptr[i]);
            i += length ? length - 1 : 0;
            continue;
        }
        VG_TRY(find_values(f, &of, &values, err));
        if (of.otherwise.len && (!values.is_known || values.count == 0))
            vg_buf_addf(out, "<%.*s>", VG_ARG(of.otherwise));
        else if (!values.is_known || !add_values(out, &of, &values, item))
            *unusable = of.name;
        i += length - 1;
    }
    return VG_OK;
}

/* How many commands the template gives: the items of its longest list, or one. */
static vg_status count_items(const filling *f, vg_str text, size_t *out, vg_error *err)
{
    size_t longest = 0;
    bool has_list = false;
    for (size_t i = 0; i < text.len; i++) {
        placeholder of;
        known_values values;
        size_t plain = vg_str_find_char(vg_str_sub(text, i, VG_NPOS), '{');
        if (plain == VG_NPOS)
            break;
        i += plain;
        size_t length = placeholder_at(vg_str_sub(text, i, VG_NPOS), &of);
        if (length == 0)
            continue;
        i += length - 1;
        if (vg_str_is(of.part, "json") || vg_str_is(of.part, "first"))
            continue;
        VG_TRY(find_values(f, &of, &values, err));
        bool is_list = values.is_known && values.is_list && (values.count > 0 || of.otherwise.len == 0);
        has_list = has_list || is_list;
        longest = is_list && values.count > longest ? values.count : longest;
    }
    *out = has_list ? longest : 1;
    return VG_OK;
}

static vg_status fill_template(const filling *f, vg_str text, size_t most, vg_vec *out, size_t *left,
                               vg_error *err)
{
    size_t count;
    VG_TRY(count_items(f, text, &count, err));
    *left += count > most ? count - most : 0;
    for (size_t item = 0; item < count && item < most; item++) {
        vg_buf filled = {0};
        vg_str unusable = {0}, *command = vg_vec_push(out);
        vg_status status = command ? fill_item(f, text, item, &filled, &unusable, err) : no_memory(err);
        if (status == VG_OK)
            *command = unusable.len == 0
                           ? vg_arena_str(f->arena, vg_str_trim(vg_buf_str(&filled)))
                           : vg_arena_printf(
                                 f->arena,
                                 "# by hand for %.*s: its %.*s is unknown or would need quoting in a shell",
                                 VG_ARG(f->resource->account.len ? f->resource->account
                                                                 : VG_STR("the organisation")),
                                 VG_ARG(unusable));
        bool is_whole = status != VG_OK || (!filled.failed && command->ptr);
        vg_buf_free(&filled);
        VG_TRY(status);
        if (!is_whole)
            return no_memory(err);
    }
    return VG_OK;
}

vg_status vg_fill_commands(vg_filler *filler, const vg_control *control, const vg_resource *resource,
                           vg_str target, size_t most, vg_arena *arena, vg_vec *out, size_t *left,
                           vg_error *err)
{
    filling f = {.filler = filler, .resource = resource, .target = target, .arena = arena};
    vg_str text;
    VG_TRY(read_properties(resource, arena, &f.properties, err));
    for (size_t i = 0; vg_control_item(control->header.commands, i, &text); i++)
        VG_TRY(fill_template(&f, text, most, out, left, err));
    return VG_OK;
}

/* ---- words that are left -------------------------------------------------------------------------------------------------------- */

static const vg_word *word_named(const vg_content *content, vg_str name)
{
    for (size_t i = 0; i < content->word_count; i++)
        if (vg_str_eq(content->words[i].name, name))
            return &content->words[i];
    return NULL;
}

/* "# <policy-id>: the policy to attach (p-1, p-2 or another)". */
static vg_status explain(const filling *f, const vg_word *word, vg_str *out, vg_error *err)
{
    enum { MOST = 8 };
    known_values choices = {0};
    vg_buf text = {0};
    size_t shown = 0;
    if (word->choices.len)
        VG_TRY(find_property(f, word->choices, true, &choices, err));
    vg_buf_addf(&text, "# <%.*s>: %.*s", VG_ARG(word->name), VG_ARG(word->about));
    for (size_t i = 0; i < choices.count && shown < MOST; i++)
        if (is_plain_word(choices.items[i]))
            vg_buf_addf(&text, "%s%.*s", shown++ ? ", " : "; known: ", VG_ARG(choices.items[i]));
    if (shown == MOST && choices.count > MOST)
        vg_buf_add_c(&text, ", ...");
    *out = text.failed ? (vg_str){0} : vg_arena_str(f->arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out->ptr ? VG_OK : no_memory(err);
}

/* The next word in angle brackets, from *from on; false at the end. */
static bool next_word(vg_str text, size_t *from, vg_str *name)
{
    while (*from < text.len) {
        vg_str rest = vg_str_sub(text, *from, VG_NPOS);
        size_t open = vg_str_find_char(rest, '<');
        if (open == VG_NPOS)
            break;
        size_t close = vg_str_find_char(vg_str_sub(rest, open, VG_NPOS), '>');
        *from += open + 1;
        if (close == VG_NPOS)
            break;
        *name = vg_str_sub(rest, open + 1, close - 1);
        if (is_word(*name))
            return true;
    }
    return false;
}

vg_status vg_explain_words(vg_filler *filler, const vg_resource *resource, vg_arena *arena, vg_vec *commands,
                           vg_error *err)
{
    filling f = {.filler = filler, .resource = resource, .arena = arena};
    vg_map *told = vg_map_new(arena, 0);
    size_t count = commands->len;
    if (!told)
        return no_memory(err);
    VG_TRY(read_properties(resource, arena, &f.properties, err));
    for (size_t i = 0; i < count; i++) {
        vg_str text = *(vg_str *)vg_vec_at(commands, i), name;
        bool is_step = text.len > 0 && text.ptr[0] == '#';
        for (size_t from = 0; !is_step && next_word(text, &from, &name);) {
            bool added = false;
            const vg_word *word = word_named(filler->assessment->content, name);
            if (!word)
                continue;
            if (!vg_map_put(told, word->name, &added))
                return no_memory(err);
            vg_str line = {0}, *item = NULL;
            if (!added)
                continue;
            VG_TRY(explain(&f, word, &line, err));
            if (!(item = vg_vec_push(commands)))
                return no_memory(err);
            *item = line;
        }
    }
    return VG_OK;
}
