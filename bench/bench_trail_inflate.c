/* bench_trail_inflate.c: how fast libdeflate alone unpacks the files of a corpus: the limit that detection is held to.
 *
 *   bench_trail_inflate LIST [--cat]      LIST names a .gz file a line
 *
 * Each file is read whole and unpacked into one buffer that is kept, as the reader of logs does; nothing looks at the bytes.
 * Prints raw bytes, seconds of wall time and seconds of unpacking alone. --cat writes the bytes to standard output instead:
 * what `libdeflate-gunzip -c` does for a pipe. */
#include <libdeflate.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    char *bytes;
    size_t length, room;
} buffer;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void grow(buffer *b, size_t room)
{
    if (b->room >= room)
        return;
    free(b->bytes);
    b->bytes = malloc(room);
    b->room = room;
    if (b->bytes == NULL) {
        fputs("out of memory\n", stderr);
        exit(2);
    }
}

static bool read_file(const char *path, buffer *out)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    grow(out, (size_t)length + 1);
    out->length = fread(out->bytes, 1, (size_t)length, file);
    fclose(file);
    return out->length == (size_t)length && length >= 18;
}

/* The last four bytes of a gzip member: its length, unpacked. */
static size_t unpacked_length(const buffer *packed)
{
    const unsigned char *tail = (const unsigned char *)packed->bytes + packed->length - 4;
    return (size_t)tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
}

int main(int argc, char **argv)
{
    FILE *list = argc > 1 ? fopen(argv[1], "r") : NULL;
    bool cat = argc > 2 && strcmp(argv[2], "--cat") == 0;
    if (list == NULL) {
        fputs("bench_trail_inflate LIST [--cat]\n", stderr);
        return 2;
    }
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    buffer packed = {0}, raw = {0};
    char path[4096];
    double begin = now(), unpacking = 0;
    size_t total = 0;
    while (fgets(path, sizeof path, list) != NULL) {
        path[strcspn(path, "\n")] = 0;
        if (!read_file(path, &packed)) {
            fprintf(stderr, "%s: cannot be read\n", path);
            return 2;
        }
        grow(&raw, unpacked_length(&packed));
        double from = now();
        if (libdeflate_gzip_decompress(decompressor, packed.bytes, packed.length, raw.bytes, raw.room,
                                       &raw.length) != 0) {
            fprintf(stderr, "%s: no gzip\n", path);
            return 2;
        }
        unpacking += now() - from;
        total += raw.length;
        if (cat)
            fwrite(raw.bytes, 1, raw.length, stdout);
    }
    if (!cat)
        printf("%zu %.6f %.6f\n", total, now() - begin, unpacking);
    libdeflate_free_decompressor(decompressor);
    free(packed.bytes);
    free(raw.bytes);
    fclose(list);
    return 0;
}
