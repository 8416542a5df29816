/* trail_timeline_write.c: a timeline as text, JSON and HTML. Every text of a log may be hostile: it is made safe (text, HTML) or
 * escaped (JSON) as it is written. */
#include "cli/trail_timeline.h"

#include "cli/cli_parts.h"
#include "report/report.h"

static const char RED[] = "\x1b[31m", DIM[] = "\x1b[2m", BOLD[] = "\x1b[1m", PLAIN[] = "\x1b[0m";

/* ---- words ---------------------------------------------------------------------------------------------------------------------- */

/* "user/ann" of its ARN; what is no ARN as it is. */
static vg_str short_name(vg_str text)
{
    vg_arn arn;
    return vg_arn_parse(text, &arn) && arn.resource.len ? arn.resource : text;
}

static void add_fact(vg_buf *out, const char *what, vg_str value)
{
    if (!value.len)
        return;
    vg_buf_addf(out, ", %s ", what);
    vg_buf_add_str(out, value);
}

void vg_timeline_who(const vg_timeline_page *page, size_t session, vg_buf *out)
{
    const vg_timeline_session *s = &page->line.sessions[session];
    vg_str role = short_name(s->role);
    vg_str name = s->name.len ? s->name : short_name(s->arn);
    if (vg_str_starts(role, VG_STR("role/")))
        role = vg_str_sub(role, 5, VG_NPOS);
    vg_buf_addf(out, "as %s%.*s", role.len ? "role " : "", VG_ARG(role));
    if (name.len)
        vg_buf_addf(out, "%ssession %.*s", role.len ? ", " : "", VG_ARG(name));
    else if (!role.len)
        vg_buf_addf(out, "session token %.*s", VG_ARG(s->key));
    if (s->behind.len)
        vg_buf_addf(out, ", %u hop%s from %.*s", s->hops, s->hops == 1 ? "" : "s",
                    VG_ARG(short_name(s->behind)));
    if (!s->complete && s->instance.len)
        vg_buf_addf(out, ", credentials of %.*s", VG_ARG(s->instance));
    else if (!s->complete)
        vg_buf_add_c(out, s->hops > 1 ? ", whose caller is not in these logs" : ", caller not in these logs");
    if (s->looped)
        vg_buf_add_c(out, ", the chain comes back to itself");
    if (s->uncertain)
        vg_buf_add_c(out, ", others made sessions of this name, too");
    add_fact(out, "source identity", s->source_identity);
    add_fact(out, "on behalf of", s->on_behalf_of);
    add_fact(out, "provider", s->provider);
    add_fact(out, "subject", s->subject);
    add_fact(out, "invoked by", s->service);
}

void vg_timeline_call(const vg_timeline_event *event, vg_buf *out)
{
    vg_str service, rest;
    vg_str_split(event->source, '.', &service, &rest);
    bool is_service = vg_str_is(rest, "amazonaws.com");
    if (vg_str_is(event->category, "Insight"))
        vg_buf_add_c(out, "Insight: ");
    if (vg_str_is(event->category, "NetworkActivity"))
        vg_buf_add_c(out, "VPC endpoint: ");
    vg_buf_add_str(out, is_service ? service : event->source);
    if (event->source.len)
        vg_buf_add_char(out, event->log == VG_LOG_CLOUDTRAIL ? ':' : ' ');
    vg_buf_add_str(out, event->name);
}

void vg_timeline_first(const vg_timeline_event *event, vg_buf *out)
{
    const struct {
        unsigned bit;
        const char *word;
        vg_str value;
    } facts[] = {{VG_FIRST_REGION, "region", event->region},
                 {VG_FIRST_SERVICE, "service", event->source},
                 {VG_FIRST_IP, "address", event->source_ip},
                 {VG_FIRST_AGENT, "agent", event->user_agent}};
    bool any = false;
    for (size_t i = 0; i < VG_COUNT(facts); i++) {
        if (!(event->first & facts[i].bit))
            continue;
        vg_buf_addf(out, "%s%s ", any ? ", " : "", facts[i].word);
        vg_buf_add_str(out, facts[i].value);
        any = true;
    }
}

static bool is_hidden(const vg_timeline_page *page, size_t i)
{
    return !page->all && page->line.events[i].repeat_of != i;
}

/* ---- text ----------------------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_buf *out;
    bool colour;
    size_t width;
} text_writer;

/* A paragraph of words from a column on, broken at blanks where the line is full. */
static void add_words(text_writer *w, vg_str text, size_t column, size_t indent, const char *colour)
{
    vg_buf safe = {0};
    vg_str rest, word;
    bool fresh = true;
    vg_report_safe(&safe, text);
    rest = vg_buf_str(&safe);
    if (w->colour && colour)
        vg_buf_add_c(w->out, colour);
    while (vg_str_next(&rest, ' ', &word)) {
        size_t columns = vg_report_columns(word);
        if (!fresh && column + 1 + columns > w->width) {
            vg_buf_addf(w->out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!fresh) {
            vg_buf_add_char(w->out, ' ');
            column++;
        }
        vg_buf_add_str(w->out, word);
        column += columns;
        fresh = false;
    }
    if (w->colour && colour)
        vg_buf_add_c(w->out, PLAIN);
    vg_buf_add_char(w->out, '\n');
    w->out->failed |= safe.failed;
    vg_buf_free(&safe);
}

static size_t indent_of(const vg_timeline_event *e)
{
    return 2 * (e->hops < 8 ? e->hops : 8);
}

/* What is said of an event behind its time. */
static void describe(const vg_timeline_page *page, const vg_timeline_event *e, vg_buf *out)
{
    vg_timeline_call(e, out);
    if (e->target.len) {
        vg_buf_add_char(out, ' ');
        vg_buf_add_str(out, short_name(e->target));
    }
    if (!page->all && e->repeats > 1)
        vg_buf_addf(out, " (%zu times)", e->repeats);
    if (e->error.len) {
        vg_buf_add_c(out, " FAILED: ");
        vg_buf_add_str(out, e->error);
    }
    vg_buf_addf(out, " - %.*s %.*s from %.*s", VG_ARG(e->account), VG_ARG(e->region), VG_ARG(e->source_ip));
    if (e->also.len)
        vg_buf_addf(out, ", also recorded by %.*s", VG_ARG(e->also));
    if (e->invoked_by.len && !vg_str_eq(e->invoked_by, e->source_ip))
        vg_buf_addf(out, ", invoked by %.*s", VG_ARG(e->invoked_by));
    if (e->by_name)
        vg_buf_add_c(out, ", known by the session's name");
}

static void text_event(const vg_timeline_page *page, text_writer *w, size_t i)
{
    const vg_timeline_event *e = &page->line.events[i];
    size_t indent = 22 + indent_of(e);
    char time[VG_TIME_TEXT] = "no time";
    vg_buf line = {0};
    if (e->time != VG_TIME_NONE)
        vg_time_format(e->time, time);
    vg_buf_addf(w->out, "%-20.26s  %*s", time, (int)indent_of(e), "");
    describe(page, e, &line);
    add_words(w, vg_buf_str(&line), indent, indent + 2, e->error.len ? RED : NULL);
    vg_buf_clear(&line);
    if (e->first && i > 0) {
        vg_buf_add_c(&line, "first seen: ");
        vg_timeline_first(e, &line);
        vg_buf_addf(w->out, "%*s", (int)indent + 2, "");
        add_words(w, vg_buf_str(&line), indent + 2, indent + 4, DIM);
    }
    for (uint32_t k = page->cited_from[i]; k < page->cited_from[i + 1]; k++) {
        const vg_rule *rule = vg_rules_at(page->rules, page->findings[page->cited[k]]->rule);
        if (page->told_at[page->cited[k]] != i)
            continue;
        vg_buf_clear(&line);
        vg_buf_addf(&line, "! %s: %.*s", vg_detect_level(rule->level), VG_ARG(rule->title));
        vg_buf_addf(w->out, "%*s", (int)indent + 2, "");
        add_words(w, vg_buf_str(&line), indent + 2, indent + 4, BOLD);
    }
    w->out->failed |= line.failed;
    vg_buf_free(&line);
}

/* Who acts from here on. */
static void text_actor(const vg_timeline_page *page, text_writer *w, const vg_timeline_event *e)
{
    vg_buf line = {0};
    if (e->session != VG_NO_SESSION)
        vg_timeline_who(page, e->session, &line);
    else
        vg_buf_add_str(&line, e->actor.len ? short_name(e->actor) : VG_STR("(no caller)"));
    vg_buf_addf(w->out, "%*s", (int)indent_of(e), "");
    add_words(w, vg_buf_str(&line), indent_of(e), indent_of(e) + 2, BOLD);
    vg_buf_free(&line);
}

static bool same_actor(const vg_timeline_event *a, const vg_timeline_event *b)
{
    return a && a->session == b->session && a->hops == b->hops &&
           (a->session != VG_NO_SESSION || vg_str_eq(a->actor, b->actor));
}

void vg_timeline_write_text(const vg_timeline_page *page, vg_buf *out)
{
    const vg_timeline_event *before = NULL;
    text_writer w = {out, page->cli->colour, page->cli->width};
    for (size_t i = 0; i < page->line.count; i++) {
        const vg_timeline_event *e = &page->line.events[i];
        if (is_hidden(page, i))
            continue;
        if (!same_actor(before, e))
            text_actor(page, &w, e);
        text_event(page, &w, i);
        before = e;
    }
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------------------- */

static void put_time(vg_json_writer *w, const char *key, vg_time time)
{
    char text[VG_TIME_TEXT];
    if (time == VG_TIME_NONE)
        return;
    vg_time_format(time, text);
    vg_json_put_str(w, key, vg_str_from(text));
}

typedef struct {
    const char *key;
    vg_str value;
} text_of;

static void put_texts(vg_json_writer *w, const text_of *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (texts[i].value.len)
            vg_json_put_str(w, texts[i].key, texts[i].value);
}

static void put_index(vg_json_writer *w, const char *key, size_t index)
{
    if (index != VG_NO_SESSION)
        vg_json_put_i64(w, key, (int64_t)index);
}

static void json_event(const vg_timeline_page *page, vg_json_writer *w, size_t i)
{
    static const char *const firsts[] = {"region", "service", "address", "agent"};
    const vg_timeline_event *e = &page->line.events[i];
    const text_of texts[] = {
        {"log", e->log < VG_LOG_KIND_COUNT ? vg_str_from(vg_log_services[e->log]) : VG_STR("other")},
        {"id", e->id},
        {"account", e->account},
        {"also_account", e->also},
        {"region", e->region},
        {"source", e->source},
        {"name", e->name},
        {"target", e->target},
        {"actor", e->actor},
        {"access_key", e->key},
        {"source_ip", e->source_ip},
        {"user_agent", e->user_agent},
        {"outcome", e->error.len ? VG_STR("attempted") : VG_STR("succeeded")},
        {"error", e->error},
        {"error_message", e->message},
        {"category", e->category},
        {"invoked_by", e->invoked_by},
        {"file", e->file}};
    vg_json_object(w);
    put_time(w, "time", e->time);
    put_texts(w, texts, VG_COUNT(texts));
    put_index(w, "session", e->session);
    put_index(w, "gives_session", e->gives);
    vg_json_put_i64(w, "hops", e->hops);
    if (e->by_name)
        vg_json_put_bool(w, "by_session_name", true);
    if (!page->all && e->repeats > 1) {
        vg_json_put_i64(w, "count", (int64_t)e->repeats);
        put_time(w, "last", e->last);
    }
    vg_json_key(w, "first_seen");
    vg_json_array(w);
    for (size_t k = 0; k < VG_COUNT(firsts); k++)
        if (e->first >> k & 1)
            vg_json_string(w, vg_str_from(firsts[k]));
    vg_json_end_array(w);
    vg_json_key(w, "findings");
    vg_json_array(w);
    for (uint32_t k = page->cited_from[i]; k < page->cited_from[i + 1]; k++) {
        const vg_detect_finding *f = page->findings[page->cited[k]];
        const vg_rule *rule = vg_rules_at(page->rules, f->rule);
        vg_json_object(w);
        vg_json_put_str(w, "id", vg_str_from(f->id));
        vg_json_put_str(w, "rule", rule->id);
        vg_json_put_str(w, "level", vg_str_from(vg_detect_level(rule->level)));
        vg_json_put_str(w, "title", rule->title);
        vg_json_end_object(w);
    }
    vg_json_end_array(w);
    vg_json_end_object(w);
}

static void json_session(vg_json_writer *w, const vg_timeline_session *s)
{
    const text_of texts[] = {{"arn", s->arn},
                             {"role", s->role},
                             {"name", s->name},
                             {"access_key", s->key},
                             {"granted_by", s->how},
                             {"grant_event", s->event},
                             {"caller", s->caller},
                             {"behind", s->behind},
                             {"source_identity", s->source_identity},
                             {"on_behalf_of", s->on_behalf_of},
                             {"provider", s->provider},
                             {"subject", s->subject},
                             {"invoked_by", s->service},
                             {"instance", s->instance}};
    vg_json_object(w);
    put_texts(w, texts, VG_COUNT(texts));
    put_time(w, "granted", s->granted);
    put_index(w, "parent", s->parent);
    vg_json_put_i64(w, "hops", s->hops);
    vg_json_put_bool(w, "complete", s->complete);
    vg_json_put_bool(w, "looped", s->looped);
    vg_json_put_bool(w, "uncertain", s->uncertain);
    vg_json_end_object(w);
}

void vg_timeline_write_json(const vg_timeline_page *page, vg_buf *out)
{
    vg_json_writer w = vg_json_writer_to(out, 1);
    vg_json_object(&w);
    vg_json_put_str(&w, "schema", VG_STR("vigil.timeline/1"));
    vg_json_put_str(&w, "subject", page->line.subject);
    vg_json_put_str(&w, "kind", vg_str_from(vg_subject_names[page->line.kind]));
    vg_json_key(&w, "events");
    vg_json_array(&w);
    for (size_t i = 0; i < page->line.count; i++)
        if (!is_hidden(page, i))
            json_event(page, &w, i);
    vg_json_end_array(&w);
    vg_json_key(&w, "sessions");
    vg_json_array(&w);
    for (size_t i = 0; i < page->line.session_count; i++)
        json_session(&w, &page->line.sessions[i]);
    vg_json_end_array(&w);
    vg_json_put_bool(&w, "truncated", page->line.truncated || page->line.unfollowed);
    vg_json_end_object(&w);
    vg_buf_add_char(out, '\n');
}

/* ---- HTML ----------------------------------------------------------------------------------------------------------------------- */

static void html_cell(vg_buf *out, const char *label, vg_str text)
{
    vg_buf_addf(out, "<td data-l=\"%s\">", label);
    vg_report_page_text(out, text);
}

static void html_who(const vg_timeline_page *page, const vg_timeline_event *e, vg_buf *out)
{
    vg_buf who = {0};
    if (e->session != VG_NO_SESSION)
        vg_timeline_who(page, e->session, &who);
    else
        vg_buf_add_str(&who, short_name(e->actor));
    vg_buf_addf(out, "<td data-l=\"Who\"><div style=\"margin-left:%zu%s\">", indent_of(e) / 2, "rem");
    vg_report_page_text(out, vg_buf_str(&who));
    vg_buf_add_c(out, "</div></td>");
    vg_buf_free(&who);
}

static void html_what(const vg_timeline_page *page, size_t i, vg_buf *out)
{
    const vg_timeline_event *e = &page->line.events[i];
    vg_buf text = {0};
    describe(page, e, &text);
    vg_buf_addf(out, "<td data-l=\"What\"%s>", e->error.len ? " class=\"fail\"" : "");
    vg_report_page_text(out, vg_buf_str(&text));
    vg_buf_clear(&text);
    vg_timeline_first(e, &text);
    if (text.len && i > 0) {
        vg_buf_add_c(out, "<div class=\"dim small\">first seen: ");
        vg_report_page_text(out, vg_buf_str(&text));
        vg_buf_add_c(out, "</div>");
    }
    for (uint32_t k = page->cited_from[i]; k < page->cited_from[i + 1]; k++) {
        const vg_rule *rule = vg_rules_at(page->rules, page->findings[page->cited[k]]->rule);
        if (page->told_at[page->cited[k]] != i)
            continue;
        vg_buf_addf(out, "<div class=\"%s\"><span class=\"pill\">%s</span> ", vg_detect_level(rule->level),
                    vg_detect_level(rule->level));
        vg_report_page_text(out, rule->title);
        vg_buf_add_c(out, "</div>");
    }
    vg_buf_add_c(out, "</td>");
    vg_buf_free(&text);
}

void vg_timeline_write_html(const vg_timeline_page *page, vg_buf *out)
{
    vg_buf title = {0};
    vg_buf_addf(&title, "Timeline of %s %.*s", vg_subject_names[page->line.kind], VG_ARG(page->line.subject));
    vg_report_page_begin(out, vg_buf_str(&title));
    vg_buf_add_c(out, "<h1>");
    vg_report_page_text(out, vg_buf_str(&title));
    vg_buf_addf(out,
                "</h1>\n<p class=\"dim\">%zu events</p>\n<table "
                "class=\"stack\"><thead><tr><th>When<th>Who<th>What</thead>\n<tbody>\n",
                page->line.count);
    for (size_t i = 0; i < page->line.count; i++) {
        const vg_timeline_event *e = &page->line.events[i];
        char time[VG_TIME_TEXT] = "no time";
        if (is_hidden(page, i))
            continue;
        if (e->time != VG_TIME_NONE)
            vg_time_format(e->time, time);
        vg_buf_add_c(out, "<tr>");
        html_cell(out, "When", vg_str_from(time));
        html_who(page, e, out);
        html_what(page, i, out);
        vg_buf_add_c(out, "</tr>\n");
    }
    vg_buf_add_c(out, "</tbody></table>\n");
    vg_report_page_end(out);
    out->failed |= title.failed;
    vg_buf_free(&title);
}
