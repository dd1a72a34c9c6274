"""Days on which banks in Europe settle payments (TARGET). Source: the ECB's long-term calendar of closing days."""

from __future__ import annotations

from datetime import date, timedelta

CLOSED = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})
SATURDAY = 5
ONE = timedelta(days=1)


def is_open(day: date) -> bool:
    """Return whether payments are settled on *day*."""
    easter = _easter(day.year)
    return (
        day.weekday() < SATURDAY
        and (day.month, day.day) not in CLOSED
        and day not in {easter - timedelta(days=2), easter + ONE}
    )


def on_or_after(day: date) -> date:
    """Return the first open day from *day* on."""
    while not is_open(day):
        day += ONE
    return day


def collectable(due_on: date, today: date) -> date:
    """Return when a debit that is due on *due_on* can be collected if its file is handed in *today*.

    Banks want a core debit one open day ahead; a day more lets a file of the evening count.
    """
    earliest = on_or_after(on_or_after(today + ONE) + ONE)
    return on_or_after(max(due_on, earliest))


def _easter(year: int) -> date:
    """Return Easter Sunday. Source: the anonymous Gregorian computus (Meeus, Jones, Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), g = divmod(b, 4), (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    (i, k), m = divmod(c, 4), (a + 11 * h) // 319
    r = (2 * e + 2 * i - k - h + m + 32) % 7
    month = (h - m + r + 90) // 25
    return date(year, month, (h - m + r + month + 19) % 32)
