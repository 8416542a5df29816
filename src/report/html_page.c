/* html_page.c: the shell of a page that stands alone: nothing is loaded (the content security policy forbids it), light and
 * dark follow the reader's setting, a phone and a printer get their own rules, charts are inline SVG with a text for
 * those who cannot see them. Colours have a contrast of at least 4.5 to their background (WCAG 2.1, 1.4.3), and no
 * state is told by colour alone. */
#include "report/html_part.h"

static const char HEAD[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" "
    "content=\"no-referrer\">\n<title>";

static const char STYLE[] =
    "</title>\n<style>\n"
    ":root{--bg:#fff;--card:#f6f7f9;--text:#1b1f24;--dim:#57606a;--line:#d5dae0;--good:#116329;--fair:#"
    "7a4b00;"
    "--bad:#b3131f;--note:#0550ae;--goodbar:#2da44e;--fairbar:#d4a72c;--badbar:#cf222e;--notebar:#8c959f}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#0f1317;--card:#191f26;--text:#e6eaef;--dim:#9aa5b1;--line:"
    "#303841;"
    "--good:#56d364;--fair:#e3b341;--bad:#ff7b72;--note:#79c0ff;--goodbar:#2ea043;--fairbar:#bb8009;--badbar:"
    "#da3633;"
    "--notebar:#6e7681}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:72rem;padding:1.5rem 1.25rem 4rem;background:var(--bg);color:var(--text);"
    "font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif;overflow-wrap:anywhere}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem}h2{font-size:1.25rem;margin:2.25rem 0 .75rem;"
    "border-bottom:1px solid var(--line);padding-bottom:.25rem}h3{font-size:1.05rem;margin:1.5rem 0 .5rem}\n"
    "p{margin:.4rem 0}.dim{color:var(--dim)}.small{font-size:.875rem}\n"
    ".top{display:flex;flex-wrap:wrap;gap:1.25rem 2rem;align-items:center;margin:1.25rem 0;padding:1rem "
    "1.25rem;"
    "background:var(--card);border:1px solid var(--line);border-radius:.6rem}\n"
    ".top svg{width:11rem;height:auto;flex:none}.top .words{flex:1 1 "
    "18rem}.score{font-size:1.35rem;font-weight:600}\n"
    ".met{color:var(--good)}.partly-met{color:var(--fair)}.not-met{color:var(--bad)}.not-assessed{color:var(-"
    "-note)}\n"
    ".pill{display:inline-block;border:1px solid currentColor;border-radius:1rem;padding:0 "
    ".6rem;font-size:.8rem;"
    "font-weight:600;white-space:nowrap}\n"
    ".pass{color:var(--good)}.fail{color:var(--bad)}.partly{color:var(--fair)}.not-applicable{color:var(--"
    "dim)}\n"
    ".critical,.high{color:var(--bad)}.medium{color:var(--fair)}.low{color:var(--note)}"
    ".informational{color:var(--dim)}.critical{font-weight:700}\n"
    "ol.actions{list-style:none;padding:0;margin:0}ol.actions>li{background:var(--card);border:1px solid "
    "var(--line);"
    "border-radius:.6rem;padding:.8rem 1rem;margin:.75rem 0;break-inside:avoid}\n"
    ".gain{float:right;margin-left:1rem;font-weight:600;color:var(--good);white-space:nowrap}\n"
    ".warn{border-left:.3rem solid var(--fairbar);padding:.1rem .7rem;margin:.5rem 0}.warn ul{margin:.3rem "
    "0;padding-left:1.2rem}\n"
    "pre{margin:.5rem 0;padding:.6rem .8rem;background:var(--bg);border:1px solid "
    "var(--line);border-radius:.4rem;"
    "white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}\n"
    "code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em}\n"
    "table{border-collapse:collapse;width:100%;font-size:.92rem}th,td{text-align:left;vertical-align:top;"
    "padding:.4rem .6rem;border-bottom:1px solid var(--line)}th{color:var(--dim);font-weight:600}"
    "td.n,th.n{text-align:right;white-space:nowrap}td "
    "svg{display:block;width:100%;min-width:5rem;height:.7rem}\n"
    "th,td[data-l=Severity],td[data-l=Verdict],td[data-l=Where]{white-space:nowrap}"
    ".findings th:nth-child(3){width:50%}.findings th:nth-child(4){width:24%}\n"
    ".nowrap{white-space:nowrap}.missing{color:var(--note)}\n"
    "@media(max-width:44rem){body{padding:1rem .8rem 3rem}table.stack "
    "thead{position:absolute;width:1px;height:1px;"
    "overflow:hidden;clip-path:inset(50%)}table.stack,table.stack tbody,table.stack tr,table.stack "
    "td{display:block;"
    "width:100%}table.stack tr{border:1px solid var(--line);border-radius:.5rem;margin:.6rem 0;padding:.3rem "
    ".2rem;"
    "background:var(--card)}table.stack td{border:0;padding:.15rem .6rem;text-align:left}"
    "table.stack td[data-l]::before{content:attr(data-l) \": \";color:var(--dim)}table.stack "
    "td:empty{display:none}"
    ".gain{float:none;display:block;margin:0}}\n"
    "@media "
    "print{:root{--bg:#fff;--card:#fff;--text:#000;--dim:#444;--line:#bbb;--good:#0a4d1c;--fair:#5c3800;"
    "--bad:#8f0f18;--note:#043d86}body{max-width:none;padding:0;font-size:10pt}h2,h3{break-after:avoid}"
    "tr,li{break-inside:avoid}svg,.pill{print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    "details::details-content{content-visibility:visible;block-size:auto}@page{margin:16mm}}\n"
    "</style>\n</head>\n<body>\n<main>\n";

void html_begin(vg_report_writer *w, vg_str title)
{
    put(w, HEAD);
    put_html(w, title);
    put(w, STYLE);
}

void html_end(vg_report_writer *w)
{
    put(w, "</main>\n</body>\n</html>\n");
}

void html_number(vg_report_writer *w, double number)
{
    char text[NUMBER_TEXT];
    report_number(number, text);
    put(w, number < 0 ? "–" : text);
}

const char *html_bar_colour(vg_state state)
{
    static const char *const COLOURS[] = {"goodbar", "fairbar", "badbar", "notebar"};
    return COLOURS[state];
}

/* Half a circle of radius 80 around (100, 100); its length is 80 pi. Filled by the dash's length. */
void html_gauge(vg_report_writer *w, double score, vg_state state)
{
    char text[NUMBER_TEXT], filled[NUMBER_TEXT];
    report_number(score, text);
    report_number(score < 0 ? 0 : score * 2.5132741, filled);
    vg_buf_addf(w->out, "<svg viewBox=\"0 0 200 118\" role=\"img\" aria-label=\"score %s of 100, %s\">", text,
                state_words(state));
    put(w,
        "<path d=\"M20 100a80 80 0 0 1 160 0\" fill=\"none\" stroke=\"var(--line)\" stroke-width=\"18\"/>");
    if (score > 0)
        vg_buf_addf(
            w->out,
            "<path d=\"M20 100a80 80 0 0 1 160 0\" fill=\"none\" stroke=\"var(--%s)\" stroke-width=\"18\" "
            "stroke-dasharray=\"%s 400\"/>",
            html_bar_colour(state), filled);
    vg_buf_addf(
        w->out,
        "<text x=\"100\" y=\"92\" text-anchor=\"middle\" font-size=\"40\" font-weight=\"700\" "
        "fill=\"var(--text)\">%s</text><text x=\"100\" y=\"113\" text-anchor=\"middle\" font-size=\"15\" "
        "fill=\"var(--dim)\">of 100</text></svg>",
        score < 0 ? "–" : text);
}

/* A bar of parts of `whole`, one after another; what is left is background. */
void html_bar(vg_report_writer *w, const html_part *parts, size_t count, double whole, const char *label)
{
    double at = 0;
    vg_buf_addf(w->out,
                "<svg viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"%s\">",
                label);
    put(w, "<rect width=\"100\" height=\"8\" rx=\"2\" fill=\"var(--line)\"/>");
    for (size_t i = 0; i < count && whole > 0; i++) {
        char x[NUMBER_TEXT], width[NUMBER_TEXT];
        report_number(at, x);
        report_number(parts[i].amount / whole * 100, width);
        if (parts[i].amount > 0)
            vg_buf_addf(w->out, "<rect x=\"%s\" width=\"%s\" height=\"8\" fill=\"var(--%s)\"/>", x, width,
                        parts[i].colour);
        at += parts[i].amount > 0 ? parts[i].amount / whole * 100 : 0;
    }
    put(w, "</svg>");
}

/* A cell that tells its column's name where the table is stacked. */
void html_cell(vg_report_writer *w, const char *label, vg_str text)
{
    vg_buf_addf(w->out, text.len > 0 ? "<td data-l=\"%s\">" : "<td>", label);
    put_html(w, text);
    put(w, "</td>");
}

/* ---- for commands that print other things --------------------------------------------------------------------------- */

void vg_report_page_text(vg_buf *out, vg_str text)
{
    vg_buf safe = {0};
    vg_report_safe(&safe, text);
    for (size_t i = 0; i < safe.len; i++) {
        char c = safe.ptr[i];
        if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'')
            vg_buf_addf(out, "&#%d;", c);
        else
            vg_buf_add_char(out, c);
    }
    out->failed |= safe.failed;
    vg_buf_free(&safe);
}

void vg_report_page_begin(vg_buf *out, vg_str title)
{
    vg_buf_add_c(out, HEAD);
    vg_report_page_text(out, title);
    vg_buf_add_c(out, STYLE);
}

void vg_report_page_end(vg_buf *out)
{
    vg_buf_add_c(out, "</main>\n</body>\n</html>\n");
}
