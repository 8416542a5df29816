/* timeline.c: what happened, in order, around one principal, key, address or resource.
 *
 * The first search finds the subject's own events. From these follow questions: what the sessions did that it made, and who
 * made the sessions that acted. Each round asks all that are open in one search, by access key and by the session's name, until
 * nothing new is asked. Searches are those of `vigil trail search`, so the index chooses the log files. Rounds, sessions and
 * events are bounded, and what was left out is told. */
#include "trail/timeline_part.h"

enum { MOST_EVENTS = 100000, MOST_ROUNDS = 24, MOST_ASKED = 4000, ASKED_AT_ONCE = 500 };

const char *const vg_subject_names[VG_SUBJECT_COUNT] = {"principal", "role", "session", "account",
                                                        "key",       "ip",   "resource"};

typedef struct {
    timeline_work work;
    const vg_timeline_options *options;
    vg_str subject, short_name; /* short_name: of an ARN that is a resource's */
    vg_arn arn;                 /* of it; all empty when it is none */
    vg_map *texts, *known, *asked;
    vg_arena *scratch;
    vg_timeline *out;
    size_t most;
    bool first;
} building;

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while making a timeline");
}

/* ---- subjects ------------------------------------------------------------------------------------------------------------------- */

static bool is_key(vg_str text)
{
    bool good = text.len >= 16 && text.len <= 128 &&
                (vg_str_starts(text, VG_STR("AKIA")) || vg_str_starts(text, VG_STR("ASIA")));
    for (size_t i = 0; i < text.len && good; i++)
        good = (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z') || (text.ptr[i] >= '0' && text.ptr[i] <= '9');
    return good;
}

static bool is_principal_id(vg_str text)
{
    static const char *const prefixes[] = {"AIDA", "AROA", "AGPA", "ANPA"};
    vg_str id, name;
    bool found = false;
    vg_str_split(text, ':', &id, &name);
    for (size_t i = 0; i < VG_COUNT(prefixes); i++)
        found |= id.len >= 16 && vg_str_starts(id, vg_str_from(prefixes[i]));
    return found;
}

static bool is_address(vg_str text)
{
    char term[VG_TRAIL_TERM];
    vg_str address, bits;
    vg_str_split(text, '/', &address, &bits);
    vg_str made = vg_trail_term_of(VG_TRAIL_IP, address, term);
    return made.len > 0 && (made.ptr[0] == '4' || made.ptr[0] == '6') && (made.len == 5 || made.len == 17);
}

vg_subject_kind vg_subject_kind_of(vg_str text)
{
    vg_arn arn;
    if (vg_is_account_id(text))
        return VG_SUBJECT_ACCOUNT;
    if (is_key(text))
        return VG_SUBJECT_KEY;
    if (is_address(text))
        return VG_SUBJECT_IP;
    if (is_principal_id(text) || vg_str_ends(text, VG_STR(".amazonaws.com")))
        return VG_SUBJECT_PRINCIPAL;
    if (!vg_arn_parse(text, &arn))
        return VG_SUBJECT_RESOURCE;
    bool is_iam = vg_str_is(arn.service, "iam"), is_sts = vg_str_is(arn.service, "sts");
    if (is_sts && vg_str_starts(arn.resource, VG_STR("assumed-role/")))
        return VG_SUBJECT_SESSION;
    if (is_iam && vg_str_starts(arn.resource, VG_STR("role/")))
        return VG_SUBJECT_ROLE;
    if ((is_iam && (vg_str_starts(arn.resource, VG_STR("user/")) || vg_str_is(arn.resource, "root"))) ||
        is_sts)
        return VG_SUBJECT_PRINCIPAL;
    return VG_SUBJECT_RESOURCE;
}

/* ---- expressions ---------------------------------------------------------------------------------------------------------------- */

static void add_quoted(vg_buf *out, vg_str text)
{
    vg_buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (memchr("\\\"'*?", text.ptr[i], 5))
            vg_buf_add_char(out, '\\');
        vg_buf_add_char(out, text.ptr[i]);
    }
    vg_buf_add_char(out, '"');
}

static void add_equal(vg_buf *out, const char *field, vg_str text)
{
    vg_buf_addf(out, "%s%s = ", out->len ? " or " : "", field);
    add_quoted(out, text);
}

static void add_any_session(vg_buf *out, vg_str role)
{
    vg_buf_add_c(out, out->len ? " or principal = " : "principal = ");
    add_quoted(out, role);
    out->len--; /* the quote */
    vg_buf_add_c(out, "/*\"");
}

static void subject_expression(const building *b, vg_buf *out)
{
    vg_str subject = b->subject;
    switch (b->work.kind) {
    case VG_SUBJECT_ROLE:
        add_equal(out, "principal", subject);
        add_equal(out, "resource", subject);
        break;
    case VG_SUBJECT_SESSION:
        add_equal(out, "principal", subject);
        if (vg_str_find_char(vg_str_sub(b->arn.resource, sizeof "assumed-role/" - 1, VG_NPOS), '/') ==
            VG_NPOS)
            add_any_session(out, subject);
        break;
    case VG_SUBJECT_IP:
        vg_buf_add_c(out, "ip in (");
        add_quoted(out, subject);
        vg_buf_add_c(out, ")");
        break;
    case VG_SUBJECT_RESOURCE:
        add_quoted(out, subject);
        if (b->short_name.len) {
            vg_buf_add_c(out, " or ");
            add_quoted(out, b->short_name);
        }
        return;
    default:
        add_equal(out, vg_subject_names[b->work.kind], subject);
    }
    /* Insights tell of a principal in their attributions. */
    if (b->options->search.other_count && b->work.kind == VG_SUBJECT_PRINCIPAL) {
        vg_buf_add_c(out, " or (eventCategory = Insight and ");
        add_quoted(out, subject);
        vg_buf_add_c(out, ")");
    }
}

/* ---- resources ------------------------------------------------------------------------------------------------------------------ */

static bool goes_on(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

/* Whether the text names it as a whole: not a part of a longer name. */
static bool names(vg_str text, vg_str name)
{
    for (size_t from = 0, at; name.len && from < text.len; from = at + 1) {
        vg_str rest = vg_str_sub(text, from, VG_NPOS);
        at = vg_str_find(rest, name);
        if (at == VG_NPOS)
            return false;
        at += from;
        size_t end = at + name.len;
        if ((at == 0 || !goes_on(text.ptr[at - 1])) && (end == text.len || !goes_on(text.ptr[end])))
            return true;
    }
    return false;
}

/* The nodes of a tree lie one behind the other. */
static bool tree_names(const vg_value *root, vg_str name)
{
    const vg_value *end = vg_value_after(root);
    for (const vg_value *v = root; v < end; v++)
        if (v->kind == VG_STRING && names(vg_value_str(v), name))
            return true;
    return false;
}

/* Many calls give a resource's name alone: then the service, and the account where the ARN has one, must be its own. */
static bool is_about(const building *b, const vg_event *event)
{
    if (tree_names(event->root, b->subject))
        return true;
    vg_str service = event->record ? event->record->source : (vg_str){0}, rest;
    vg_str_split(service, '.', &service, &rest);
    bool same = !event->record || vg_str_eq(service, b->arn.service);
    bool own = !b->arn.account.len || vg_str_eq(b->arn.account, event->account);
    return b->short_name.len && same && own && tree_names(event->root, b->short_name);
}

/* ---- gathering -------------------------------------------------------------------------------------------------------------------- */

static vg_status add_entry(building *b, const vg_event *event, const vg_search_hit *hit, vg_error *err)
{
    timeline_entry entry;
    bool added;
    vg_str id = vg_arena_printf(b->scratch, "%.*s %.*s", VG_ARG(hit->id), VG_ARG(hit->account));
    if (!id.ptr)
        return no_memory(err);
    if (vg_map_get(b->known, id))
        return VG_OK;
    if (b->work.kind == VG_SUBJECT_RESOURCE && b->first && !is_about(b, event))
        return VG_OK;
    if (!timeline_entry_of(event, hit, b->work.arena, b->texts, &entry))
        return no_memory(err);
    const vg_search_options *asked = &b->options->search;
    entry.direct = b->first;
    entry.outside = event->time != VG_TIME_NONE && asked->since != VG_TIME_NONE && event->time < asked->since;
    if (entry.outside && !entry.is_grant)
        return VG_OK;
    if (b->work.entries.len >= b->most) {
        b->out->truncated = true;
        return VG_OK;
    }
    vg_str kept = vg_arena_str(b->work.arena, id);
    timeline_entry *slot = vg_vec_push(&b->work.entries);
    if (!slot || !kept.ptr || !vg_map_put(b->known, kept, &added))
        return no_memory(err);
    *slot = entry;
    return b->options->event ? b->options->event(b->options->event_context, event, err) : VG_OK;
}

static vg_status on_hit(void *context, const vg_search_hit *hit, vg_error *err)
{
    building *b = context;
    vg_event_memory memory;
    vg_event event;
    vg_doc doc;
    vg_arena_reset(b->scratch);
    VG_TRY(vg_json_read(b->scratch, hit->json, hit->key, NULL, &doc, err));
    VG_TRY(vg_event_of(hit->log, doc.root, &memory, &event, err));
    event.account = hit->account;
    event.region = hit->region;
    return add_entry(b, &event, hit, err);
}

/* The caller's own context is handed back to its functions. */
typedef struct {
    building *b;
    const vg_search_options *asked;
} passing;

static vg_status pass_hit(void *context, const vg_search_hit *hit, vg_error *err)
{
    return on_hit(((passing *)context)->b, hit, err);
}

static void pass_bad(void *context, vg_str key, const vg_error *err)
{
    const passing *p = context;
    if (p->b->first && p->asked->bad)
        p->asked->bad(p->asked->context, key, err);
}

static void pass_progress(void *context, uint64_t objects, uint64_t of)
{
    const passing *p = context;
    if (p->b->first && p->asked->progress)
        p->asked->progress(p->asked->context, objects, of);
}

static vg_status search_for(building *b, vg_buf *expression, vg_error *err)
{
    const vg_search *search;
    vg_search_counts counts = {0};
    vg_search_options options = b->options->search;
    passing p = {b, &b->options->search};
    if (expression->failed)
        return no_memory(err);
    options.hit = pass_hit;
    options.bad = pass_bad;
    options.progress = pass_progress;
    options.context = &p;
    options.newest_first = options.count_only = options.linked = false;
    options.limit = 0;
    if (options.since != VG_TIME_NONE)
        options.since -= TIMELINE_SESSION_LIFE;
    VG_TRY(vg_search_compile(b->work.arena, vg_buf_str(expression), &search, err));
    VG_TRY(vg_search_run(search, &options, &counts, err));
    if (b->first)
        b->out->counts = counts;
    b->out->duplicates += counts.duplicates;
    b->out->searches++;
    return VG_OK;
}

/* ---- what is still to be asked ------------------------------------------------------------------------------------------------ */

typedef struct {
    vg_vec keys, names, granted_keys, granted_names, shared; /* vg_str */
    size_t count;
} questions;

static bool ask(building *b, questions *q, vg_vec *list, char why, vg_str text)
{
    bool added = false;
    if (!text.len)
        return true;
    if (q->count >= ASKED_AT_ONCE || vg_map_len(b->asked) >= MOST_ASKED) {
        b->out->unfollowed |= vg_map_len(b->asked) >= MOST_ASKED;
        return true;
    }
    vg_str id = vg_arena_printf(b->work.arena, "%c%.*s", why, VG_ARG(text));
    vg_map_entry *entry = id.ptr ? vg_map_put(b->asked, id, &added) : NULL;
    vg_str *slot = added ? vg_vec_push(list) : NULL;
    if (!entry || (added && !slot))
        return false;
    if (slot)
        *slot = text;
    q->count += added;
    return true;
}

static bool ask_all(building *b, questions *q)
{
    bool good = true;
    for (size_t i = 0; i < b->work.sessions.len && good; i++) {
        const timeline_session *s = vg_vec_at(&b->work.sessions, i);
        vg_str name = s->is.arn.len ? s->is.arn : s->id;
        if (s->follows) {
            good = ask(b, q, &q->keys, 'k', s->is.key) && ask(b, q, &q->names, 'n', s->is.arn);
        } else if (s->needed && !s->is.how.len) {
            good = ask(b, q, &q->granted_keys, 'K', s->is.key) && ask(b, q, &q->granted_names, 'N', name);
        }
        if (good && (s->follows || s->needed) && s->caller_entry != SIZE_MAX)
            good =
                ask(b, q, &q->shared, 's',
                    ((const timeline_entry *)vg_vec_at(&b->work.entries, s->caller_entry))->event.shared_id);
    }
    return good;
}

static void add_list(vg_buf *out, const char *before, const vg_vec *texts, const char *behind)
{
    if (!texts->len)
        return;
    vg_buf_addf(out, "%s%s in (", out->len ? " or " : "", before);
    for (size_t i = 0; i < texts->len; i++) {
        vg_buf_add_c(out, i ? ", " : "");
        add_quoted(out, *(const vg_str *)vg_vec_at(texts, i));
    }
    vg_buf_addf(out, ")%s", behind);
}

static void question_expression(const questions *q, vg_buf *out)
{
    static const char grants[] =
        "(name in (AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity, AssumeRoot, "
        "GetFederationToken, GetSessionToken, SwitchRole) and ";
    char key[256], name[256];
    snprintf(key, sizeof key, "%skey", grants);
    snprintf(name, sizeof name, "%sprincipal", grants);
    add_list(out, "key", &q->keys, "");
    add_list(out, "principal", &q->names, "");
    add_list(out, key, &q->granted_keys, ")");
    add_list(out, name, &q->granted_names, ")");
    add_list(out, "shared", &q->shared, "");
}

static vg_status one_round(building *b, bool *more, vg_error *err)
{
    questions q = {.keys = vg_vec_in(b->work.arena, sizeof(vg_str)),
                   .names = vg_vec_in(b->work.arena, sizeof(vg_str)),
                   .granted_keys = vg_vec_in(b->work.arena, sizeof(vg_str)),
                   .granted_names = vg_vec_in(b->work.arena, sizeof(vg_str)),
                   .shared = vg_vec_in(b->work.arena, sizeof(vg_str))};
    vg_buf expression = {0};
    if (!ask_all(b, &q))
        return no_memory(err);
    *more = q.count > 0;
    if (!*more)
        return VG_OK;
    question_expression(&q, &expression);
    vg_status status = search_for(b, &expression, err);
    vg_buf_free(&expression);
    return status == VG_OK ? timeline_tie(&b->work, err) : status;
}

/* ---- all -------------------------------------------------------------------------------------------------------------------------- */

static vg_status build(building *b, vg_error *err)
{
    vg_buf expression = {0};
    bool more = true;
    subject_expression(b, &expression);
    b->first = true;
    vg_status status = search_for(b, &expression, err);
    vg_buf_free(&expression);
    b->first = false;
    VG_TRY(status);
    VG_TRY(timeline_tie(&b->work, err));
    for (unsigned round = 0; more && round < MOST_ROUNDS; round++)
        VG_TRY(one_round(b, &more, err));
    b->out->unfollowed |= more;
    return timeline_order(&b->work, b->out, err);
}

vg_status vg_timeline_build(vg_arena *arena, vg_subject_kind kind, vg_str subject,
                            const vg_timeline_options *options, vg_timeline *out, vg_error *err)
{
    *out = (vg_timeline){.kind = kind, .subject = subject};
    building b = {.options = options, .subject = subject, .out = out, .scratch = vg_arena_new(0)};
    b.work = (timeline_work){.arena = arena, .kind = kind};
    b.work.entries = vg_vec_in(arena, sizeof(timeline_entry));
    b.texts = vg_map_new(arena, 11);
    b.known = vg_map_new(arena, 12);
    b.asked = vg_map_new(arena, 13);
    b.most = options->most ? options->most : MOST_EVENTS;
    if (vg_arn_parse(subject, &b.arn) && kind == VG_SUBJECT_RESOURCE) {
        size_t at = vg_str_rfind_char(b.arn.resource, '/'), colon = vg_str_rfind_char(b.arn.resource, ':');
        size_t cut = at != VG_NPOS ? at + 1 : colon != VG_NPOS ? colon + 1 : 0;
        b.short_name = vg_str_is(b.arn.service, "s3") && at != VG_NPOS
                           ? (vg_str){0}
                           : vg_str_sub(b.arn.resource, cut, VG_NPOS);
    } else if (kind != VG_SUBJECT_SESSION) {
        b.arn = (vg_arn){0};
    }
    vg_status status = b.texts && b.known && b.asked && b.scratch ? build(&b, err) : no_memory(err);
    vg_arena_free(b.scratch);
    return status;
}
