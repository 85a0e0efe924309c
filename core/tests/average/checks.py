#!/usr/bin/env python3
"""Reference for the check digits and the monthly average, written apart from the Rust (domain.md 3 and 7.3).

Reads one question per line from stdin and answers each with one line:

    duf 202400000702                                     ja | nei
    fnr 01819012365                                      "ja|nei ja|nei": issued until 2031, and from 2032
    orgnr 310000000                                      ja | nei
    fridager 2021                                        the public holidays, in order
    snitt 2021-04 2021-04-02/2021-04-30/25/0 ...         working days and average; a measure is from/to/hours/replacing
"""
import sys
from datetime import date, timedelta
from decimal import Decimal, ROUND_HALF_UP
from functools import cache

# --- identifiers
DUFW = [4, 6, 3, 2, 4, 6, 3, 2, 7, 5]


def duf_check(b10):
    return "%02d" % (sum(int(c) * w for c, w in zip(b10, DUFW)) % 11)


def duf_ok(s):
    return len(s) == 12 and s.isdigit() and duf_check(s[:10]) == s[10:]


K1 = [3, 7, 6, 1, 8, 9, 4, 5, 2]
K2 = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]


def fnr_ok(s, rests=(0,)):
    if len(s) != 11 or not s.isdigit():
        return False
    d = [int(c) for c in s]
    r1 = (sum(a * b for a, b in zip(d, K1)) + d[9]) % 11
    r2 = (sum(a * b for a, b in zip(d, K2)) + d[10]) % 11
    return r1 in rests and r2 == 0


OW = [3, 2, 7, 6, 5, 4, 3, 2]


def org_make(b8):
    r = sum(int(c) * w for c, w in zip(b8, OW)) % 11
    k = 0 if r == 0 else 11 - r
    return None if k == 10 else b8 + str(k)


def org_ok(s):
    return len(s) == 9 and s.isdigit() and org_make(s[:8]) == s


# --- holidays and the average
def easter(y):
    a = y % 19; b = y // 100; c = y % 100; d = b // 4; e = b % 4; f = (b + 8) // 25; g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i = c // 4; k = c % 4; l = (32 + 2 * e + 2 * i - h - k) % 7; m = (a + 11 * h + 22 * l) // 451
    return date(y, (h + l - 7 * m + 114) // 31, (h + l - 7 * m + 114) % 31 + 1)


@cache
def fridager(y):
    p = easter(y)
    return {date(y, 1, 1), p - timedelta(3), p - timedelta(2), p, p + timedelta(1), date(y, 5, 1), date(y, 5, 17),
            p + timedelta(39), p + timedelta(49), p + timedelta(50), date(y, 12, 25), date(y, 12, 26)}


def virkedag(d):
    return d.weekday() < 5 and d not in fridager(d.year)


def snitt(year, month, tiltak):
    """Day by day: where a replacing measure is in force, the others do not count."""
    first = date(year, month, 1)
    after = date(year + month // 12, month % 12 + 1, 1)
    days = [first + timedelta(n) for n in range((after - first).days)]
    working = [d for d in days if virkedag(d)]
    total = Decimal(0)
    for d in working:
        running = [t for t in tiltak if t[0] <= d <= t[1]]
        replacing = [t for t in running if t[3]]
        total += sum((t[2] for t in (replacing or running)), Decimal(0))
    return len(working), (total / len(working)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def ja(yes):
    return "ja" if yes else "nei"


def answer(words):
    match words:
        case ["duf", number]:
            return ja(duf_ok(number))
        case ["fnr", number]:
            return ja(fnr_ok(number)) + " " + ja(fnr_ok(number, (0, 1, 2, 3)))
        case ["orgnr", number]:
            return ja(org_ok(number))
        case ["fridager", year]:
            return " ".join(sorted(d.isoformat() for d in fridager(int(year))))
        case ["snitt", month, *tiltak]:
            year, month = map(int, month.split("-"))
            rows = [t.split("/") for t in tiltak]
            rows = [(date.fromisoformat(f), date.fromisoformat(t), Decimal(h), e == "1") for f, t, h, e in rows]
            days, average = snitt(year, month, rows)
            return f"{days} {average}"
    raise SystemExit(f"not understood: {words}")


if __name__ == "__main__":
    for line in sys.stdin:
        print(answer(line.split()))
