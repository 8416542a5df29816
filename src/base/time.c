/* time.c: UTC instants. RFC 3339 and the ISO 8601 forms that AWS's APIs, CLI and reports print; proleptic Gregorian
 * calendar by the day-count arithmetic of Howard Hinnant's "chrono-compatible low-level date algorithms". */
#include "base/base.h"

#include <time.h>

vg_time vg_time_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (vg_time)now.tv_sec * VG_TIME_SECOND + now.tv_nsec / 1000;
}

uint64_t vg_time_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
    *month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
    *year = yoe + era * 400 + (*month <= 2);
}

/* Takes exactly n digits off the front. */
static bool take_digits(vg_str *s, size_t n, unsigned *out)
{
    unsigned value = 0;
    if (s->len < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s->ptr[i] < '0' || s->ptr[i] > '9')
            return false;
        value = value * 10 + (unsigned)(s->ptr[i] - '0');
    }
    *out = value;
    *s = vg_str_sub(*s, n, s->len);
    return true;
}

static bool take_char(vg_str *s, const char *any_of)
{
    if (s->len == 0 || s->ptr[0] == '\0' || !strchr(any_of, s->ptr[0]))
        return false;
    *s = vg_str_sub(*s, 1, s->len);
    return true;
}

static bool take_date(vg_str *s, int64_t *days)
{
    static const unsigned char month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year, month, day;
    if (!take_digits(s, 4, &year) || !take_char(s, "-") || !take_digits(s, 2, &month) || !take_char(s, "-") ||
        !take_digits(s, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1)
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day > month_days[month - 1] + (unsigned)(leap && month == 2))
        return false;
    *days = days_from_civil(year, month, day);
    return true;
}

static bool take_fraction(vg_str *s, unsigned *microseconds)
{
    unsigned scale = 100000;
    *microseconds = 0;
    if (!take_char(s, "."))
        return true;
    size_t digits = 0;
    for (unsigned digit; take_digits(s, 1, &digit); digits++, scale /= 10)
        *microseconds += digit * scale;
    return digits > 0;
}

static bool take_offset(vg_str *s, int64_t *seconds)
{
    unsigned hours, minutes = 0;
    *seconds = 0;
    if (s->len == 0 || take_char(s, "Zz"))
        return true;
    bool negative = s->ptr[0] == '-';
    if (!take_char(s, "+-") || !take_digits(s, 2, &hours))
        return false;
    bool colon = take_char(s, ":");
    if ((colon || s->len) && !take_digits(s, 2, &minutes))
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    *seconds = (int64_t)(hours * 3600 + minutes * 60) * (negative ? -1 : 1);
    return true;
}

bool vg_time_parse(vg_str text, vg_time *out)
{
    int64_t days, offset;
    unsigned hour, minute, second = 0, microseconds;
    if (!take_date(&text, &days))
        return false;
    vg_time midnight = days * VG_TIME_DAY;
    if (text.len == 0) {
        *out = midnight;
        return true;
    }
    if (!take_char(&text, "Tt ") || !take_digits(&text, 2, &hour) || !take_char(&text, ":") ||
        !take_digits(&text, 2, &minute))
        return false;
    if (take_char(&text, ":") && !take_digits(&text, 2, &second))
        return false;
    if (!take_fraction(&text, &microseconds) || !take_offset(&text, &offset) || text.len)
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    *out =
        midnight + ((int64_t)(hour * 3600 + minute * 60 + second) - offset) * VG_TIME_SECOND + microseconds;
    return true;
}

static int64_t floor_days(vg_time t)
{
    return t >= 0 ? t / VG_TIME_DAY : -((-t + VG_TIME_DAY - 1) / VG_TIME_DAY);
}

void vg_time_format_date(vg_time t, char out[VG_TIME_TEXT])
{
    int64_t year;
    unsigned month, day;
    if (t == VG_TIME_NONE) {
        memcpy(out, "never", sizeof "never");
        return;
    }
    civil_from_days(floor_days(t), &year, &month, &day);
    snprintf(out, VG_TIME_TEXT, "%04lld-%02u-%02u", (long long)year, month, day);
}

void vg_time_format(vg_time t, char out[VG_TIME_TEXT])
{
    vg_time_format_date(t, out);
    if (t == VG_TIME_NONE)
        return;
    int64_t in_day = t - floor_days(t) * VG_TIME_DAY, seconds = in_day / VG_TIME_SECOND;
    unsigned fraction = (unsigned)(in_day % VG_TIME_SECOND);
    size_t used = strlen(out);
    int wrote = snprintf(out + used, VG_TIME_TEXT - used, "T%02u:%02u:%02u", (unsigned)(seconds / 3600),
                         (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
    used += wrote > 0 ? (size_t)wrote : 0;
    if (fraction && used < VG_TIME_TEXT)
        snprintf(out + used, VG_TIME_TEXT - used, ".%06uZ", fraction);
    else if (used < VG_TIME_TEXT)
        snprintf(out + used, VG_TIME_TEXT - used, "Z");
}
