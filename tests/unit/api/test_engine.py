"""The engines keep their promises on both databases: nothing leaks, nobody writes into another's transaction."""

import asyncio
import sqlite3
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api import counters, journal, piccolo_conf
from api.engine import engine_for, opened
from api.engine.conflicts import is_conflict, is_unavailable
from api.engine.ended import TransactionEndedError
from api.engine.sqlite import DamagedError
from api.tables import Counter, Journal, Staff

pytestmark = pytest.mark.usefixtures("database")


class BrokenError(Exception):
    """Something that goes wrong in the middle."""


def db() -> Any:
    return piccolo_conf.DB


async def note(event: str) -> int:
    return await journal.write(subject="staff", subject_id="x", event=event, actor=journal.SYSTEM)


async def test_what_fails_in_a_transaction_leaves_nothing_behind() -> None:
    async def fail() -> None:
        async with db().transaction():
            await note("LOST")
            raise BrokenError

    with pytest.raises(BrokenError):
        await fail()
    assert await Journal.count() == 0


async def test_many_who_read_and_then_write_all_get_their_turn() -> None:
    async def one() -> int:
        async with db().transaction():
            await counters.last(counters.ORDER)
            number = await counters.take(counters.ORDER)
            await note("TAKEN")
            return number

    numbers = await asyncio.gather(*(one() for _ in range(60)))
    assert sorted(numbers) == list(range(500_001, 500_061))
    assert await Journal.count() == 60


async def test_a_number_that_was_rolled_back_is_given_again() -> None:
    async def fail() -> None:
        async with db().transaction():
            await counters.take(counters.CUSTOMER)
            raise BrokenError

    with pytest.raises(BrokenError):
        await fail()
    async with db().transaction():
        assert await counters.take(counters.CUSTOMER) == 100_001


async def test_failed_commits_exhaust_nothing() -> None:
    await Counter.raw(
        "CREATE TABLE child (staff INTEGER REFERENCES staff (id) DEFERRABLE INITIALLY DEFERRED)"
    )  # fails at COMMIT, not before
    for _ in range(25):
        with pytest.raises(Exception, match=r"(?i)foreign key"):
            async with db().transaction():
                await Counter.raw("INSERT INTO child VALUES (4711)")
    async with asyncio.timeout(5):
        await note("STILL_WORKS")
    assert await Journal.count() == 1


async def test_cancelled_transactions_are_undone_and_exhaust_nothing() -> None:
    async def slow() -> None:
        async with db().transaction():
            await note("CANCELLED")
            await asyncio.sleep(60)

    for _ in range(25):
        task = asyncio.create_task(slow())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with asyncio.timeout(5), db().transaction():
        await note("LATER")
    assert await Journal.select(Journal.event).output(as_list=True) == ["LATER"]


async def test_a_task_that_outlives_its_transaction_is_refused() -> None:
    over = asyncio.Event()

    async def late() -> None:
        await over.wait()
        await note("TOO_LATE")

    async with db().transaction():
        await note("IN_TIME")
        task = asyncio.create_task(late())
    over.set()
    with pytest.raises(TransactionEndedError):
        await task
    assert await Journal.count() == 1


async def test_an_inner_transaction_is_part_of_the_outer_one() -> None:
    async def fail() -> None:
        async with db().transaction():
            async with db().transaction():
                await note("INNER")
            raise BrokenError

    with pytest.raises(BrokenError):
        await fail()
    assert await Journal.count() == 0


async def test_the_database_is_for_its_owner_alone_and_in_order(database: str) -> None:
    await db().check_integrity()
    if database.startswith("sqlite"):
        folder = Path(database.removeprefix("sqlite:///")).parent
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_full_disk_loses_nothing_and_heals_by_itself() -> None:
    await note("BEFORE")
    writer = db()._writer
    await writer.execute_fetchall("PRAGMA max_page_count = 1")  # as full as it is
    with pytest.raises(sqlite3.OperationalError) as caught:
        await note("x" * 100_000)
    assert is_unavailable(caught.value)
    await writer.execute_fetchall("PRAGMA max_page_count = 1073741823")
    await note("AFTER")
    assert await Journal.select(Journal.event).output(as_list=True) == ["BEFORE", "AFTER"]


async def test_an_error_of_ours_is_not_taken_for_a_full_disk() -> None:
    with pytest.raises(Exception, match="nowhere") as caught:
        await Counter.raw("SELECT * FROM nowhere")
    assert not is_unavailable(caught.value)


async def test_a_damaged_file_is_noticed_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "damaged.sqlite"
    engine = engine_for(f"sqlite:///{file}")
    async with opened(engine):
        await engine.run_ddl(
            "CREATE TABLE t AS SELECT value, hex(randomblob(400)) FROM json_each('[1,2,3,4,5,6,7,8,9]')"
        )
    content = bytearray(file.read_bytes())
    content[-3000:-2000] = b"x" * 1000
    file.write_bytes(content)
    async with opened(engine):
        with pytest.raises(DamagedError, match="restore the backup"):
            await engine.check_integrity()


async def test_a_second_row_where_one_may_be_is_a_conflict() -> None:
    now = datetime.now(UTC)
    await Staff.insert(Staff(name="Anna", token_digest="a", created_at=now))
    with pytest.raises(Exception, match=r"(?i)unique") as caught:
        await Staff.insert(Staff(name="Anna", token_digest="b", created_at=now))
    assert is_conflict(caught.value)


async def test_the_journal_cannot_be_changed() -> None:
    await note("HAPPENED")
    for change in (Journal.update({Journal.event: "ELSE"}).where(Journal.id > 0), Journal.delete(force=True)):
        with pytest.raises(Exception, match="journal_unchangeable"):
            await change
    assert await Journal.select(Journal.event).output(as_list=True) == ["HAPPENED"]


async def test_several_processes_share_a_database_without_losing_a_write(database: str) -> None:
    async def take(engine: Any) -> None:
        async with engine.transaction():
            await engine.run_ddl("SELECT last FROM counter WHERE name = 'order'")
            await engine.run_ddl("UPDATE counter SET last = last + 1 WHERE name = 'order'")

    other = engine_for(database)
    async with opened(other):
        await asyncio.gather(*(take(engine) for engine in (other, db()) * 20))
    assert await counters.last(counters.ORDER) == 500_040
