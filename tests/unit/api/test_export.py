"""The books of a period hold what came into them then, late or not, so that each row is in one file and stays there."""

from datetime import UTC, datetime, timedelta

import pytest

from api.billing.receivables import export, movements, open_items
from api.billing.receivables.movements import Booking
from api.billing.run import Task, run
from api.books import Bookkeeping
from api.equipment import Equipment
from api.piccolo_conf import DB
from tests.unit.api.issued import STAFF, TODAY, accepted, hoster, issue

pytestmark = pytest.mark.usefixtures("database")

LONG_AGO = TODAY - timedelta(days=40)


async def journal(begin: datetime, end: datetime) -> list[str]:
    return [line async for line in export.lines(begin, end, Bookkeeping())][1:]


async def test_what_came_late_is_in_the_file_of_the_time_it_came_under_its_own_day(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await run(Task(here.settings.seller, TODAY, LONG_AGO, is_dry=False))
    before = datetime.now(UTC)
    (number,) = await issue(here)
    async with DB.transaction():
        row = await open_items.receivable(number)
        await movements.book(Booking(row["id"], "transfer", 399, LONG_AGO, "statement 9", STAFF))
    after = datetime.now(UTC)
    issued, paid = await journal(before, after)
    for line in (issued, paid):
        assert number in line
        assert f"{LONG_AGO:%d.%m.%Y}" in line
    assert await journal(before - timedelta(days=60), before) == []
    assert await journal(after, after + timedelta(days=60)) == []
    assert await journal(before - timedelta(days=60), after) == [issued, paid]


async def test_what_is_held_back_is_not_in_the_books(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await run(Task(here.settings.seller, TODAY, TODAY, is_dry=False))
    now = datetime.now(UTC)
    assert await journal(now - timedelta(days=1), now + timedelta(days=1)) == []
