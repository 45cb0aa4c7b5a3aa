"""Expands the orders of a file with python-dateutil and says how long that took.

Usage: rrule.py ORDERS [ANSWERS]. ORDERS has a line for each order: id, zone, first dose as local
time, RRULE, first and last microsecond bound. Prints doses and nanoseconds; writes the doses.
"""

import sys
import time
from datetime import datetime

from dateutil import tz
from dateutil.rrule import rrulestr


def main():
    rules = []
    for line in open(sys.argv[1]):
        number, zone, first, rule, start, stop = line.split()
        begins = datetime.strptime(first, "%Y%m%dT%H%M%S").replace(tzinfo=tz.gettz(zone))
        rules.append((number, rrulestr(rule, dtstart=begins), int(start), int(stop)))
    found = []
    begun = time.perf_counter_ns()
    for number, rule, start, stop in rules:
        doses = []
        for dose in rule:
            at = dose.timestamp()
            if at >= stop:
                break
            if at >= start:
                doses.append(at)
        found.append((number, doses))
    spent = time.perf_counter_ns() - begun
    print(sum(len(doses) for _, doses in found), spent)
    if len(sys.argv) > 2:
        with open(sys.argv[2], "w") as answers:
            for number, doses in found:
                answers.writelines(f"{number} {int(at)}\n" for at in doses)


main()
