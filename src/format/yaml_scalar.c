/* yaml_scalar.c: what a YAML scalar means: its tag, then its text.
 *
 * Tags. CloudFormation writes its intrinsic functions as local tags ("Intrinsic function reference", short form); the
 * table below gives each its long form, so that a template says the same in YAML and in JSON. Tags of the YAML 1.1
 * type repository (yaml.org/type) are respected where the tree has the type; the others (!!binary, !!timestamp,
 * !!set, !!omap, !!pairs) and tags that nobody told us about keep the value as text and drop the tag.
 *
 * Text. YAML 1.1 would read `no` as false, `12:30:45` as a number in base 60 and `012345678901`, which is an AWS
 * account, as octal or as an integer without its zero. What nobody means is left as text: plain scalars are typed by
 * the narrower core schema of YAML 1.2 (10.3.2), which is also what cfn-guard's tests read, less three things: a number
 * with a leading zero stays text, so do infinities and NaN, which JSON cannot say, and a number that fits no machine
 * type keeps its digits (VG_NUMBER). */
#include "format/yaml_part.h"

#include <math.h>
#include <stdlib.h>

static const struct {
    vg_str name, long_form;
} INTRINSICS[] = {
    {VG_STR_INIT("And"), VG_STR_INIT("Fn::And")},
    {VG_STR_INIT("Base64"), VG_STR_INIT("Fn::Base64")},
    {VG_STR_INIT("Cidr"), VG_STR_INIT("Fn::Cidr")},
    {VG_STR_INIT("Condition"), VG_STR_INIT("Condition")},
    {VG_STR_INIT("Contains"), VG_STR_INIT("Fn::Contains")},
    {VG_STR_INIT("EachMemberEquals"), VG_STR_INIT("Fn::EachMemberEquals")},
    {VG_STR_INIT("EachMemberIn"), VG_STR_INIT("Fn::EachMemberIn")},
    {VG_STR_INIT("Equals"), VG_STR_INIT("Fn::Equals")},
    {VG_STR_INIT("FindInMap"), VG_STR_INIT("Fn::FindInMap")},
    {VG_STR_INIT("ForEach"), VG_STR_INIT("Fn::ForEach")},
    {VG_STR_INIT("GetAZs"), VG_STR_INIT("Fn::GetAZs")},
    {VG_STR_INIT("GetAtt"), VG_STR_INIT("Fn::GetAtt")},
    {VG_STR_INIT("GetStackOutput"), VG_STR_INIT("Fn::GetStackOutput")},
    {VG_STR_INIT("If"), VG_STR_INIT("Fn::If")},
    {VG_STR_INIT("Implies"), VG_STR_INIT("Fn::Implies")},
    {VG_STR_INIT("ImportValue"), VG_STR_INIT("Fn::ImportValue")},
    {VG_STR_INIT("Join"), VG_STR_INIT("Fn::Join")},
    {VG_STR_INIT("Length"), VG_STR_INIT("Fn::Length")},
    {VG_STR_INIT("Not"), VG_STR_INIT("Fn::Not")},
    {VG_STR_INIT("Or"), VG_STR_INIT("Fn::Or")},
    {VG_STR_INIT("Ref"), VG_STR_INIT("Ref")},
    {VG_STR_INIT("RefAll"), VG_STR_INIT("Fn::RefAll")},
    {VG_STR_INIT("Select"), VG_STR_INIT("Fn::Select")},
    {VG_STR_INIT("Split"), VG_STR_INIT("Fn::Split")},
    {VG_STR_INIT("Sub"), VG_STR_INIT("Fn::Sub")},
    {VG_STR_INIT("ToJsonString"), VG_STR_INIT("Fn::ToJsonString")},
    {VG_STR_INIT("Transform"), VG_STR_INIT("Fn::Transform")},
    {VG_STR_INIT("ValueOf"), VG_STR_INIT("Fn::ValueOf")},
    {VG_STR_INIT("ValueOfAll"), VG_STR_INIT("Fn::ValueOfAll")},
};

static const struct {
    vg_str name;
    yaml_tag_kind kind;
} CORE_TAGS[] = {
    {VG_STR_INIT("tag:yaml.org,2002:null"), YAML_TAG_NULL},
    {VG_STR_INIT("tag:yaml.org,2002:bool"), YAML_TAG_BOOL},
    {VG_STR_INIT("tag:yaml.org,2002:int"), YAML_TAG_INT},
    {VG_STR_INIT("tag:yaml.org,2002:float"), YAML_TAG_FLOAT},
    {VG_STR_INIT("tag:yaml.org,2002:merge"), YAML_TAG_MERGE},
};

yaml_tag yaml_tag_of(const char *tag)
{
    vg_str name = vg_str_from(tag);
    if (name.len == 0)
        return (yaml_tag){YAML_TAG_NONE, {0}};
    for (size_t i = 0; i < VG_COUNT(CORE_TAGS); i++)
        if (vg_str_eq(name, CORE_TAGS[i].name))
            return (yaml_tag){CORE_TAGS[i].kind, {0}};
    for (size_t i = 0; name.ptr[0] == '!' && i < VG_COUNT(INTRINSICS); i++) {
        if (!vg_str_eq(vg_str_sub(name, 1, name.len), INTRINSICS[i].name))
            continue;
        bool get_att = vg_str_is(INTRINSICS[i].name, "GetAtt");
        return (yaml_tag){get_att ? YAML_TAG_GET_ATT : YAML_TAG_INTRINSIC, INTRINSICS[i].long_form};
    }
    return (yaml_tag){YAML_TAG_TEXT, {0}};
}

/* The core schema's words, and those that YAML 1.1 adds, honoured only behind !!bool. */
static const struct {
    const char *word;
    bool value, core;
} BOOLS[] = {
    {"true", true, true},   {"True", true, true},   {"TRUE", true, true},  {"false", false, true},
    {"False", false, true}, {"FALSE", false, true}, {"yes", true, false},  {"Yes", true, false},
    {"YES", true, false},   {"on", true, false},    {"On", true, false},   {"ON", true, false},
    {"y", true, false},     {"Y", true, false},     {"no", false, false},  {"No", false, false},
    {"NO", false, false},   {"off", false, false},  {"Off", false, false}, {"OFF", false, false},
    {"n", false, false},    {"N", false, false},
};

static bool read_bool(vg_str text, bool core_only, vg_value *out)
{
    for (size_t i = 0; i < VG_COUNT(BOOLS); i++) {
        if (!vg_str_is(text, BOOLS[i].word) || (core_only && !BOOLS[i].core))
            continue;
        out->kind = VG_BOOL;
        out->as.boolean = BOOLS[i].value;
        return true;
    }
    return false;
}

static bool is_null(vg_str text)
{
    return text.len == 0 || vg_str_is(text, "~") || vg_str_is(text, "null") || vg_str_is(text, "Null") ||
           vg_str_is(text, "NULL");
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t count_digits(vg_str text, size_t from)
{
    size_t at = from;
    while (at < text.len && is_digit(text.ptr[at]))
        at++;
    return at - from;
}

static void set_text(vg_value *out, vg_kind kind, vg_str text)
{
    out->kind = (uint32_t)kind & 15;
    out->len = (uint32_t)text.len & ((1U << 28) - 1);
    out->as.string = text.ptr;
}

static int digit_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

/* 0x1F and 0o17; one that needs more than 64 bits stays text. */
static bool read_radix_integer(vg_str text, vg_value *out)
{
    if (text.len < 3 || text.ptr[0] != '0' || (text.ptr[1] != 'x' && text.ptr[1] != 'o'))
        return false;
    unsigned base = text.ptr[1] == 'x' ? 16 : 8;
    uint64_t value = 0;
    for (size_t i = 2; i < text.len; i++) {
        unsigned digit = (unsigned)digit_value(text.ptr[i]);
        if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    out->kind = value > INT64_MAX ? VG_UINT : VG_INT;
    out->as.u64 = value;
    return true;
}

/* [-+]?(0|[1-9][0-9]*), `text` without its plus. */
static bool read_integer(vg_str text, vg_value *out)
{
    size_t sign = text.len > 0 && text.ptr[0] == '-';
    size_t digits = count_digits(text, sign);
    if (digits == 0 || sign + digits != text.len || (digits > 1 && text.ptr[sign] == '0'))
        return false;
    int64_t i64;
    uint64_t u64;
    if (vg_str_to_i64(text, &i64)) {
        out->kind = VG_INT;
        out->as.i64 = i64;
    } else if (vg_str_to_u64(text, &u64)) {
        out->kind = VG_UINT;
        out->as.u64 = u64;
    } else {
        set_text(out, VG_NUMBER, text);
    }
    return true;
}

/* Whether `text` is -?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?; *is_json: also a number of RFC 8259. */
static bool is_float(vg_str text, bool *is_json)
{
    size_t at = text.len > 0 && text.ptr[0] == '-', whole = count_digits(text, at);
    if (whole > 1 && text.ptr[at] == '0')
        return false;
    at += whole;
    size_t fraction = 0;
    bool dot = at < text.len && text.ptr[at] == '.';
    if (dot) {
        fraction = count_digits(text, at + 1);
        at += 1 + fraction;
    }
    if (whole == 0 && fraction == 0)
        return false;
    *is_json = whole > 0 && (!dot || fraction > 0);
    if (at < text.len && (text.ptr[at] == 'e' || text.ptr[at] == 'E')) {
        at++;
        at += at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '+');
        size_t exponent = count_digits(text, at);
        if (exponent == 0)
            return false;
        at += exponent;
    }
    return at == text.len;
}

/* Longer than any double's shortest exact text (767 digits, sign, dot, exponent); what is longer keeps its digits. */
#define FLOAT_TEXT_MAX 800

static bool read_float(vg_str text, vg_value *out)
{
    bool is_json = false;
    if (!is_float(text, &is_json))
        return false;
    char copy[FLOAT_TEXT_MAX + 1];
    double value = HUGE_VAL;
    if (text.len <= FLOAT_TEXT_MAX) {
        memcpy(copy, text.ptr, text.len);
        copy[text.len] = '\0';
        value = strtod(copy, NULL);
    }
    if (isinf(value)) { /* too large for a double: its digits, where JSON could say them */
        set_text(out, is_json ? VG_NUMBER : VG_STRING, text);
        return true;
    }
    out->kind = VG_DOUBLE;
    out->as.f64 = value;
    return true;
}

static vg_str without_plus(vg_str text)
{
    bool plus = text.len > 1 && text.ptr[0] == '+' && text.ptr[1] != '-';
    return plus ? vg_str_sub(text, 1, text.len) : text;
}

static bool read_any_integer(vg_str text, vg_value *out)
{
    return read_integer(without_plus(text), out) || read_radix_integer(text, out);
}

static bool read_number(vg_str text, vg_value *out)
{
    return read_any_integer(text, out) || read_float(without_plus(text), out);
}

static bool read_tagged_float(vg_str text, vg_value *out)
{
    if (!read_number(text, out))
        return false;
    if (out->kind == VG_INT || out->kind == VG_UINT) {
        double value = out->kind == VG_INT ? (double)out->as.i64 : (double)out->as.u64;
        out->kind = VG_DOUBLE;
        out->as.f64 = value;
    }
    return true;
}

bool yaml_type_scalar(vg_str text, bool plain, yaml_tag_kind tag, vg_value *out)
{
    out->len = 0;
    switch (tag) {
    case YAML_TAG_NULL:
        out->kind = VG_NULL;
        return true;
    case YAML_TAG_BOOL:
        return read_bool(text, false, out);
    case YAML_TAG_INT:
        return read_any_integer(text, out);
    case YAML_TAG_FLOAT:
        return read_tagged_float(text, out);
    case YAML_TAG_NONE:
        break;
    default:
        plain = false;
        break;
    }
    if (plain && is_null(text)) {
        out->kind = VG_NULL;
        return true;
    }
    if (plain && (read_bool(text, true, out) || read_number(text, out)))
        return true;
    set_text(out, VG_STRING, text);
    return true;
}
