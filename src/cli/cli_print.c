/* cli_print.c: answers as they leave the program.
 *
 * JSON is for programs, but people read it in terminals and reviews as well: what hides in text, or turns the order in which
 * it is shown (bidirectional marks, C1 controls, tags), leaves as an escape of RFC 8259, 7. That is the same value to every
 * reader of JSON. Such characters stand in strings alone, so the finished text can be gone over as a whole; text for people
 * holds none of them any more. */
#include "cli/cli_parts.h"

typedef struct {
    uint32_t first, last;
} range;

/* Those that the formats of report/ make visible. */
static const range hidden[] = {
    {0x7F, 0x9F},     {0x61C, 0x61C},   {0x180E, 0x180E}, {0x200B, 0x200B}, {0x200E, 0x200F},
    {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
};

static bool is_hidden(uint32_t code)
{
    for (size_t i = 0; i < VG_COUNT(hidden); i++)
        if (code >= hidden[i].first && code <= hidden[i].last)
            return true;
    return false;
}

/* The character at `at` of text that is UTF-8, and its bytes; other bytes are one each. */
static size_t character_at(vg_str text, size_t at, uint32_t *code)
{
    unsigned char lead = (unsigned char)text.ptr[at];
    size_t len = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (len > text.len - at)
        len = 1;
    *code = len == 1 ? lead : lead & (0x7FU >> len);
    for (size_t i = 1; i < len; i++)
        *code = *code << 6 | ((unsigned char)text.ptr[at + i] & 0x3F);
    if (len == 1 && lead >= 0x80)
        *code = 0; /* no character: as it is */
    return len;
}

static void add_escape(vg_buf *out, uint32_t code)
{
    if (code < 0x10000) {
        vg_buf_addf(out, "\\u%04x", code);
        return;
    }
    code -= 0x10000;
    vg_buf_addf(out, "\\u%04x\\u%04x", 0xD800 | code >> 10, 0xDC00 | (code & 0x3FF));
}

/* Where the next byte stands that may begin such a character. */
static size_t next_suspect(vg_str text, size_t at)
{
    while (at < text.len && (unsigned char)text.ptr[at] < 0x7F)
        at++;
    return at;
}

bool vg_cli_print(vg_cli *cli, vg_str text)
{
    vg_buf escape = {0};
    size_t from = 0;
    for (size_t at = next_suspect(text, 0); at < text.len; at = next_suspect(text, at)) {
        uint32_t code;
        size_t len = character_at(text, at, &code);
        if (is_hidden(code)) {
            fwrite(text.ptr + from, 1, at - from, cli->out);
            add_escape(&escape, code);
            fwrite(escape.ptr ? escape.ptr : "", 1, escape.len, cli->out);
            vg_buf_clear(&escape);
            from = at + len;
        }
        at += len;
    }
    if (from < text.len)
        fwrite(text.ptr + from, 1, text.len - from, cli->out);
    bool failed = escape.failed;
    vg_buf_free(&escape);
    return !failed;
}
