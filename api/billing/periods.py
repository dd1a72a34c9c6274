"""Periods of service: half-open ranges of days, counted in months from the day a service began, tiling time.

A month from the 31st ends on the last day of a shorter month, and the one after it on the 31st again: the day it all
began is never forgotten (§ 188 (3) BGB).
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from api.billing.cents import half_up

MONTHS = 12


class Period(NamedTuple):
    """Days from *start* up to, and without, *end*."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.end - self.start).days


def today(time_zone: str) -> date:
    """Return the day it is where the hoster is."""
    return datetime.now(ZoneInfo(time_zone)).date()


def hours(day: date, time_zone: str) -> tuple[datetime, datetime]:
    """Return when *day* begins where the hoster is, and when the next one does."""
    begin, end = (datetime.combine(one, time(), ZoneInfo(time_zone)) for one in (day, day + timedelta(days=1)))
    return begin.astimezone(UTC), end.astimezone(UTC)


def months_after(day: date, months: int) -> date:
    """Return the same day of the month *months* later, or the month's last where it has no such day."""
    year, month = divmod(day.year * MONTHS + day.month - 1 + months, MONTHS)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def period(begun: date, interval: int, index: int) -> Period:
    """Return period number *index*, from 0, of a service that began on *begun*, billed every *interval* months."""
    return Period(months_after(begun, interval * index), months_after(begun, interval * (index + 1)))


def unused(whole: Period, left_on: date, amount: int) -> int:
    """Return the share of *amount* that falls on the days from *left_on* on, by days, rounded half up.

    The day on which a service ends is not charged any more.
    """
    if left_on >= whole.end:
        return 0
    if left_on <= whole.start:
        return amount
    return half_up(amount * (whole.end - left_on).days, whole.days)
