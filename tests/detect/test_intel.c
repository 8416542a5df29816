/* Intelligence: every form of list, what matches what, allow-lists, and blocks that are not whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "detect/detect.h"

static vg_intel *intel_of(vg_arena *arena, const char *const lists[][3], size_t count, size_t *added)
{
    vg_intel_builder *builder = vg_intel_builder_new();
    vg_intel *intel = NULL;
    vg_str block;
    vg_error err = {0};
    *added = 0;
    for (size_t i = 0; i < count; i++) {
        size_t one, skipped;
        if (vg_intel_add(builder, vg_str_from(lists[i][0]), vg_str_from(lists[i][1]), lists[i][2] != NULL,
                         &one, &skipped, &err) != VG_OK)
            fail_msg("%s: %s", lists[i][1], err.message);
        *added += one;
    }
    assert_int_equal(vg_intel_compile(arena, builder, &block, &err), VG_OK);
    vg_intel_builder_free(builder);
    if (vg_intel_open(arena, block, &intel, &err) != VG_OK)
        fail_msg("%s", err.message);
    return intel;
}

static vg_str names_of(vg_arena *arena, const vg_intel *intel, const char *indicator)
{
    vg_vec names = vg_vec_in(arena, sizeof(vg_str));
    vg_buf text = {0};
    vg_intel_find(intel, vg_str_from(indicator), &names);
    for (size_t i = 0; i < names.len; i++)
        vg_buf_addf(&text, "%s%.*s", i ? " " : "", VG_ARG(*(vg_str *)vg_vec_at(&names, i)));
    vg_str copy = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return copy;
}

#define HASH "44D88612FEA8A8F36DE82E1278ABB02F"

static const struct {
    const char *form, *text;
    size_t added;
    const char *indicator;
    bool found;
} forms[] = {
    {"plain", "# a list\n203.0.113.7\n\n; more\n198.51.100.0/24\r\n", 2, "203.0.113.7", true},
    {"network", "198.51.100.0/24\n", 1, "198.51.100.255", true},
    {"network's edge", "198.51.100.0/24\n", 1, "198.51.101.0", false},
    {"host bits", "198.51.100.77/24\n", 1, "198.51.100.1", true},
    {"IPv6", "2001:db8::/32\n", 1, "2001:DB8:0:1::5", true},
    {"IPv6 in IPv4's clothes", "203.0.113.7\n", 1, "::ffff:203.0.113.7", true},
    {"all", "0.0.0.0/0\n", 1, "8.8.8.8", true},
    {"table", "203.0.113.7\t9\n", 1, "203.0.113.7", true},
    {"CSV", "\"bad.example\",\"malware, c2\"\n203.0.113.7,scanner\n", 2, "bad.example", true},
    {"hosts", "0.0.0.0 bad.example\n127.0.0.1 worse.example\n", 2, "worse.example", true},
    {"below a domain", "bad.example\n", 1, "A.b.BAD.example.", true},
    {"beside a domain", "bad.example\n", 1, "notbad.example", false},
    {"above a domain", "www.bad.example\n", 1, "bad.example", false},
    {"wildcard", "*.bad.example\n", 1, "x.bad.example", true},
    {"hash", HASH "\n", 1, "44d88612fea8a8f36de82e1278abb02f", true},
    {"no indicator", "hello\nnot one\n", 0, "hello", false},
    {"STIX",
     "{\"type\":\"bundle\",\"objects\":[{\"type\":\"indicator\",\"pattern\":\"[ipv4-addr:value = "
     "'203.0.113.7' OR "
     "domain-name:value='bad.example']\"},{\"type\":\"malware\",\"name\":\"x\"}]}",
     2, "bad.example", true},
    {"revoked STIX",
     "{\"objects\":[{\"type\":\"indicator\",\"revoked\":true,\"pattern\":\"[ipv4-addr:value = "
     "'203.0.113.7']\"}]}",
     0, "203.0.113.7", false},
    {"STIX user agent",
     "{\"objects\":[{\"type\":\"indicator\",\"pattern\":\"[network-traffic:extensions.'http-request-ext'."
     "request_header.'User-Agent' = 'evil agent 1.0']\"}]}",
     1, "Evil Agent 1.0", true},
    {"MISP",
     "{\"Event\":{\"Attribute\":[{\"type\":\"ip-dst|port\",\"value\":\"203.0.113.7|443\"}],\"Object\":[{"
     "\"Attribute\":[{"
     "\"type\":\"user-agent\",\"value\":\"evil agent\"}]}]}}",
     2, "evil agent", true},
    {"warning list", "{\"name\":\"x\",\"type\":\"cidr\",\"list\":[\"203.0.113.0/28\"]}", 1, "203.0.113.14",
     true},
    {"AWS's ranges", "{\"prefixes\":[{\"ip_prefix\":\"203.0.113.0/28\",\"region\":\"x\"}]}", 1, "203.0.113.0",
     true},
};

static void lists_of_every_form_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(forms); i++) {
        vg_arena *arena = vg_arena_new(0);
        const char *const list[1][3] = {{"l", forms[i].text, NULL}};
        size_t added;
        vg_intel *intel = intel_of(arena, list, 1, &added);
        vg_str names = names_of(arena, intel, forms[i].indicator);
        if (added != forms[i].added || (names.len > 0) != forms[i].found)
            fail_msg("%s: %zu indicators, %s is on \"%.*s\"", forms[i].form, added, forms[i].indicator,
                     VG_ARG(names));
        vg_arena_free(arena);
    }
}

static void an_indicator_is_on_every_list_that_holds_it_and_on_none_when_allowed(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    static const char *const lists[][3] = {
        {"tor", "203.0.113.7\n", NULL},
        {"wide", "203.0.113.0/24\n203.0.0.0/16\n", NULL},
        {"own", "203.0.113.7\nok.bad.example\n", NULL},
        {"domains", "bad.example\n", NULL},
        {"allow", "203.0.113.9\nok.bad.example\n", "allow"},
    };
    size_t added;
    vg_intel *intel = intel_of(arena, lists, VG_COUNT(lists), &added);
    static const struct {
        const char *indicator, *names;
    } cases[] = {
        {"203.0.113.7", "tor own wide"}, {"203.0.113.8", "wide"},  {"203.0.113.9", ""},
        {"203.0.9.1", "wide"},           {"203.1.0.1", ""},        {"x.bad.example", "domains"},
        {"ok.bad.example", ""},          {"x.ok.bad.example", ""}, {"", ""},
        {"203.0.113.7/32", ""},
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_str names = names_of(arena, intel, cases[i].indicator);
        if (!vg_str_is(names, cases[i].names))
            fail_msg("%s is on \"%.*s\", expected \"%s\"", cases[i].indicator, VG_ARG(names), cases[i].names);
    }
    assert_int_equal(vg_intel_count(intel), added);
    vg_arena_free(arena);
}

/* Many networks of all lengths against a search through all of them. */
static void the_longest_prefixes_are_found_among_many(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    static uint32_t prefixes[MANY], lengths[MANY];
    vg_arena *arena = vg_arena_new(0);
    vg_buf text = {0};
    uint64_t seed = 7;
    for (size_t i = 0; i < MANY; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        lengths[i] = (uint32_t)(seed >> 60) + 12;
        prefixes[i] = (uint32_t)(seed >> 30) & 0x0FFFFFFF;
        vg_buf_addf(&text, "%u.%u.%u.%u/%u\n", prefixes[i] >> 24, prefixes[i] >> 16 & 255,
                    prefixes[i] >> 8 & 255, prefixes[i] & 255, lengths[i]);
    }
    vg_buf_add_char(&text, 0);
    const char *const list[1][3] = {{"l", text.ptr, NULL}};
    size_t added, found = 0;
    vg_intel *intel = intel_of(arena, list, 1, &added);
    assert_int_equal(added, MANY);
    for (size_t i = 0; i < 3000; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        uint32_t address = (uint32_t)(seed >> 30) & 0x0FFFFFFF;
        char written[20];
        bool expected = false;
        for (size_t k = 0; k < MANY && !expected; k++)
            expected = (address ^ prefixes[k]) >> (32 - lengths[k]) == 0;
        snprintf(written, sizeof written, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
                 address >> 8 & 255, address & 255);
        if (expected != (names_of(arena, intel, written).len > 0))
            fail_msg("%s: expected %d", written, expected);
        found += expected;
    }
    assert_in_range(found, 100, 2900);
    vg_buf_free(&text);
    vg_arena_free(arena);
}

static void a_block_that_is_not_whole_is_refused(void **state)
{
    (void)state;
    vg_arena *arena = vg_arena_new(0);
    vg_intel_builder *builder = vg_intel_builder_new();
    vg_intel *intel;
    vg_str block;
    vg_error err = {0};
    size_t added, skipped;
    assert_int_equal(vg_intel_add(builder, VG_STR("l"), VG_STR("203.0.113.7\nbad.example\n"), false, &added,
                                  &skipped, &err),
                     VG_OK);
    assert_int_equal(vg_intel_compile(arena, builder, &block, &err), VG_OK);
    vg_intel_builder_free(builder);
    for (size_t len = 0; len < block.len; len++)
        assert_int_equal(vg_intel_open(arena, vg_str_sub(block, 0, len), &intel, &err), VG_ERR_SYNTAX);
    for (size_t i = 0; i < block.len; i++) {
        vg_str copy = vg_arena_str(arena, block);
        char *bytes = (char *)(uintptr_t)copy.ptr;
        bytes[i] = (char)(bytes[i] ^ 0x41);
        if (vg_intel_open(arena, copy, &intel, &err) == VG_OK)
            fail_msg("byte %zu changed, and the block was opened", i);
    }
    assert_int_equal(vg_intel_open(arena, block, &intel, &err), VG_OK);
    vg_arena_free(arena);
}

/* Sizes in the header whose sum is right only because it runs over: no part may reach behind the block. */
static void sizes_that_run_over_are_refused(void **state)
{
    (void)state;
    enum { NETWORKS = 16, NAMES_BYTES = 32, TEXT_BYTES = 40, HEADER = 56, NETWORK = 20 };
    vg_arena *arena = vg_arena_new(0);
    vg_intel_builder *builder = vg_intel_builder_new();
    vg_intel *intel;
    vg_str block;
    vg_error err = {0};
    uint64_t networks, names, left, texts;
    assert_true(vg_intel_add_one(builder, VG_STR("l"), VG_STR("203.0.113.7"), false));
    assert_int_equal(vg_intel_compile(arena, builder, &block, &err), VG_OK);
    vg_intel_builder_free(builder);
    char *copy = malloc(block.len);
    assert_non_null(copy);
    memcpy(copy, block.ptr, block.len);
    left = block.len - HEADER;
    networks = left / NETWORK;
    memcpy(&names, copy + NAMES_BYTES, sizeof names);
    texts = left - names - (networks * NETWORK + 7) / 8 * 8;
    assert_true(texts > left);
    memcpy(copy + NETWORKS, &networks, sizeof networks);
    memcpy(copy + TEXT_BYTES, &texts, sizeof texts);
    assert_int_equal(vg_intel_open(arena, vg_str_of(copy, block.len), &intel, &err), VG_ERR_SYNTAX);
    assert_non_null(strstr(err.message, "do not add up"));
    free(copy);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_every_form_are_read),
        cmocka_unit_test(sizes_that_run_over_are_refused),
        cmocka_unit_test(an_indicator_is_on_every_list_that_holds_it_and_on_none_when_allowed),
        cmocka_unit_test(the_longest_prefixes_are_found_among_many),
        cmocka_unit_test(a_block_that_is_not_whole_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
