/* baseline_geo.c: countries and networks of addresses, out of databases in MaxMind's format (libmaxminddb). Where a country
 * and a network stand differs from vendor to vendor; the paths below are those of MaxMind, DB-IP and IPinfo. */
#include "detect/baseline_part.h"

#include <arpa/inet.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct vg_geo {
    MMDB_s *databases;
    size_t count;
};

void vg_geo_close(vg_geo *geo)
{
    if (!geo)
        return;
    for (size_t i = 0; i < geo->count; i++)
        MMDB_close(&geo->databases[i]);
    free(geo->databases);
    free(geo);
}

static vg_status open_one(vg_str path, MMDB_s *out, vg_error *err)
{
    char *name = strndup(path.ptr ? path.ptr : "", path.len);
    if (!name)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while opening a database of addresses");
    int status = MMDB_open(name, MMDB_MODE_MMAP, out);
    free(name);
    if (status == MMDB_SUCCESS)
        return VG_OK;
    vg_status code = status == MMDB_FILE_OPEN_ERROR ? VG_ERR_NOT_FOUND : VG_ERR_SYNTAX;
    return vg_fail_at(err, code, (vg_place){.file = path}, "no database of addresses (.mmdb): %s",
                      MMDB_strerror(status));
}

vg_status vg_geo_open(const vg_str *paths, size_t count, vg_geo **out, vg_error *err)
{
    vg_geo *geo = calloc(1, sizeof *geo);
    MMDB_s *databases = calloc(count + 1, sizeof *databases);
    *out = NULL;
    if (!geo || !databases) {
        free(geo);
        free(databases);
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while opening a database of addresses");
    }
    geo->databases = databases;
    for (size_t i = 0; i < count; i++) {
        vg_status status = open_one(paths[i], &databases[i], err);
        if (status != VG_OK) {
            vg_geo_close(geo);
            return status;
        }
        geo->count++;
    }
    *out = geo;
    return VG_OK;
}

/* ---- looking up ------------------------------------------------------------------------------------------------------ */

static const char *const country_paths[][3] = {
    {"country", "iso_code"}, {"registered_country", "iso_code"}, {"country_code"}, {"country"}};
static const char *const asn_paths[][3] = {{"autonomous_system_number"}, {"asn"}, {"as_number"}};

static bool read_address(vg_str text, struct sockaddr_storage *out)
{
    char buffer[INET6_ADDRSTRLEN];
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (!text.len || text.len >= sizeof buffer)
        return false;
    memcpy(buffer, text.ptr, text.len);
    buffer[text.len] = 0;
    *out = (struct sockaddr_storage){0};
    if (inet_pton(AF_INET, buffer, &v4.sin_addr) == 1)
        memcpy(out, &v4, sizeof v4);
    else if (inet_pton(AF_INET6, buffer, &v6.sin6_addr) == 1)
        memcpy(out, &v6, sizeof v6);
    else
        return false;
    return true;
}

static vg_str text_of(const MMDB_entry_data_s *data, vg_arena *arena)
{
    switch (data->type) {
    case MMDB_DATA_TYPE_UTF8_STRING: {
        vg_str text = vg_str_of(data->utf8_string, data->data_size);
        bool is_as =
            vg_str_starts(text, VG_STR("AS")) && text.len > 2 && text.ptr[2] >= '0' && text.ptr[2] <= '9';
        return vg_arena_str(arena, vg_str_sub(text, is_as ? 2 : 0, 64));
    }
    case MMDB_DATA_TYPE_UINT16:
        return vg_arena_printf(arena, "%u", data->uint16);
    case MMDB_DATA_TYPE_UINT32:
        return vg_arena_printf(arena, "%u", data->uint32);
    default:
        return (vg_str){0};
    }
}

static vg_str value_at(MMDB_entry_s *entry, const char *const (*paths)[3], size_t count, vg_arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        MMDB_entry_data_s data;
        if (MMDB_aget_value(entry, &data, paths[i]) != MMDB_SUCCESS || !data.has_data)
            continue;
        vg_str text = text_of(&data, arena);
        if (text.len)
            return text;
    }
    return (vg_str){0};
}

void vg_geo_find(const vg_geo *geo, vg_str address, vg_arena *arena, vg_str *country, vg_str *asn)
{
    struct sockaddr_storage storage;
    *country = *asn = (vg_str){0};
    if (!read_address(address, &storage))
        return;
    for (size_t i = 0; i < geo->count; i++) {
        int status = MMDB_SUCCESS;
        MMDB_lookup_result_s found = MMDB_lookup_sockaddr(
            &geo->databases[i], (const struct sockaddr *)(const void *)&storage, &status);
        if (status != MMDB_SUCCESS || !found.found_entry)
            continue;
        if (!country->len)
            *country = value_at(&found.entry, country_paths, VG_COUNT(country_paths), arena);
        if (!asn->len)
            *asn = value_at(&found.entry, asn_paths, VG_COUNT(asn_paths), arena);
    }
}

bool vg_geo_ask(void *context, const vg_event *event, vg_str name, vg_arena *arena, const vg_value **out)
{
    vg_str country, asn;
    bool wants_country = vg_str_is(name, "country");
    if (!wants_country && !vg_str_is(name, "asn"))
        return false;
    vg_geo_find(context, event->source_ip, arena, &country, &asn);
    vg_str answer = wants_country ? country : asn;
    *out = answer.len ? derived_text(arena, answer) : NULL;
    return *out != NULL;
}
