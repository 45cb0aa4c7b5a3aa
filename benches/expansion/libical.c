/* Expands the orders of a file with libical and says how long that took.
 *
 * Usage: libical ORDERS [ANSWERS]; see rrule.py for both files. */

#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ORDERS_MAX 20000
#define DOSES_MAX 4000000

struct order {
    char number[16];
    icaltimezone *zone;
    struct icaltimetype first;
    struct icalrecurrencetype rule;
    long long start, stop;
};

static struct order orders[ORDERS_MAX];
static long long found[DOSES_MAX];
static int of[DOSES_MAX];

static void fail(const char *why)
{
    fprintf(stderr, "libical: %s\n", why);
    exit(1);
}

int main(int argc, char **argv)
{
    char line[512];
    int count = 0, doses = 0;
    struct timespec begun, ended;
    FILE *file = fopen(argc > 1 ? argv[1] : "", "r");
    if (!file)
        fail("usage: libical ORDERS [ANSWERS]");
    while (fgets(line, sizeof line, file)) {
        struct order *order = &orders[count++];
        char zone[64], first[32], rule[256];
        if (count > ORDERS_MAX)
            fail("too many orders");
        if (sscanf(line, "%15s %63s %31s %255s %lld %lld", order->number, zone, first, rule,
                   &order->start, &order->stop) != 6)
            fail("a line that is no order");
        order->zone = icaltimezone_get_builtin_timezone(zone);
        order->first = icaltime_from_string(first);
        order->rule = icalrecurrencetype_from_string(rule);
        if (!order->zone || order->rule.freq == ICAL_NO_RECURRENCE)
            fail("an unknown zone or rule");
    }
    fclose(file);
    /* The zone is read when it is first asked; that is no work of an expansion. */
    for (int i = 0; i < count; i++)
        icaltime_as_timet_with_zone(orders[i].first, orders[i].zone);
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (int i = 0; i < count; i++) {
        icalrecur_iterator *walk = icalrecur_iterator_new(orders[i].rule, orders[i].first);
        struct icaltimetype dose;
        while (!icaltime_is_null_time(dose = icalrecur_iterator_next(walk))) {
            long long at = icaltime_as_timet_with_zone(dose, orders[i].zone);
            if (at >= orders[i].stop)
                break;
            if (at < orders[i].start)
                continue;
            if (doses == DOSES_MAX)
                fail("too many doses");
            of[doses] = i;
            found[doses++] = at;
        }
        icalrecur_iterator_free(walk);
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%d %lld\n", doses,
           (ended.tv_sec - begun.tv_sec) * 1000000000LL + ended.tv_nsec - begun.tv_nsec);
    if (argc > 2) {
        FILE *answers = fopen(argv[2], "w");
        if (!answers)
            fail("the answers cannot be written");
        for (int i = 0; i < doses; i++)
            fprintf(answers, "%s %lld\n", orders[of[i]].number, found[i]);
        fclose(answers);
    }
    return 0;
}
