"""Couriers that wait are woken by what concerns them, whoever wrote it, and ask nothing until then."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from api.engine import engine_for, opened
from api.equipment import Equipment
from api.piccolo_conf import DB
from api.provisioning import bell as bells
from api.provisioning.bell import Bell, Waiter
from tests.unit.api.playedhosts import accepted, draw_all, job_of, living

SOON_S = 2.0
A_WHILE_S = 0.15


@pytest.fixture
async def bell(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bell]:
    """A bell that is attended, and does not look without having been told."""
    del database
    monkeypatch.setattr(bells, "SWEEP_S", 60.0)
    made = Bell()
    attending = asyncio.create_task(made.attend())
    await asyncio.sleep(A_WHILE_S)
    yield made
    attending.cancel()
    await asyncio.gather(attending, return_exceptions=True)


async def quiet(*waiters: Waiter) -> None:
    """Let what rang before be heard."""
    await asyncio.sleep(A_WHILE_S)
    for waiter in waiters:
        waiter.is_rung = False


async def test_only_the_host_that_was_drawn_is_woken_for_its_job(bell: Bell, equipment: Equipment) -> None:
    made = await living("h1", "h2", "h3")
    order_id = await accepted(equipment)
    waiters = [bell.waiting(name, draws=False, works=True) for name in ("h1", "h2", "h3")]
    one, two, three = (waiter.__enter__() for waiter in waiters)
    await quiet(one, two, three)
    await draw_all(made)
    drawn = (await job_of(order_id))["host"]
    assert await asyncio.gather(
        *(waiter.wait(SOON_S if waiter.host == drawn else A_WHILE_S) for waiter in (one, two, three))
    ) == [waiter.host == drawn for waiter in (one, two, three)]


async def test_one_courier_is_woken_for_one_draw_and_none_that_would_not_draw(bell: Bell, equipment: Equipment) -> None:
    await living("h1", "h2", "h3")
    with (
        bell.waiting("h1", draws=True, works=True) as one,
        bell.waiting("h2", draws=True, works=True) as two,
        bell.waiting("h3", draws=False, works=True) as three,
    ):
        await quiet(one, two, three)
        await accepted(equipment)
        woken = await asyncio.gather(one.wait(SOON_S), two.wait(SOON_S), three.wait(SOON_S))
        assert woken[:2].count(True) >= 1
        assert not woken[2]


async def test_what_another_process_commits_is_heard(bell: Bell, equipment: Equipment, database: str) -> None:
    made = await living("h1")
    order_id = await accepted(equipment)
    await draw_all(made)
    job = await job_of(order_id)
    with bell.waiting("h1", draws=False, works=True) as waiter:
        await quiet(waiter)
        other = engine_for(database)
        async with opened(other):
            await other._run_in_new_connection(f"UPDATE job SET tries = tries + 1 WHERE id = '{job['id']}'")  # noqa: S608 (an id of ours)
        assert await waiter.wait(SOON_S)


async def test_a_bell_that_is_told_nothing_looks_all_the_same(
    equipment: Equipment, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del database
    made = await living("h1")
    await accepted(equipment)
    await draw_all(made)

    async def deaf(engine: object) -> AsyncIterator[None]:
        if engine is not None:
            raise ConnectionError
        yield

    monkeypatch.setattr(type(DB), "commits", deaf)
    monkeypatch.setattr(bells, "SWEEP_S", 0.1)
    bell = Bell()
    attending = asyncio.create_task(bell.attend())
    with bell.waiting("h1", draws=False, works=True) as waiter:
        assert await waiter.wait(SOON_S)
    attending.cancel()
    await asyncio.gather(attending, return_exceptions=True)


async def test_everybody_is_woken_at_the_end(bell: Bell) -> None:
    with bell.waiting("h1", draws=True, works=False) as one, bell.waiting("h2", draws=False, works=True) as two:
        bell.ring_all()
        assert all(await asyncio.gather(one.wait(SOON_S), two.wait(SOON_S)))


async def test_who_asks_anew_is_the_one_who_waits(bell: Bell) -> None:
    with bell.waiting("h1", draws=True, works=True) as dead:
        waiting = asyncio.create_task(dead.wait(SOON_S))
        await asyncio.sleep(0)
        with bell.waiting("h1", draws=True, works=True) as alive, bell.waiting("h2", draws=True, works=True) as other:
            assert not await waiting
            assert not await dead.wait(SOON_S)
            bell.ring_all()
            assert all(await asyncio.gather(alive.wait(SOON_S), other.wait(SOON_S)))


async def test_who_went_is_forgotten(bell: Bell) -> None:
    with bell.waiting("h1", draws=True, works=True):
        pass
    assert not bell._workers
    assert not bell._drawers
    assert not bell._newest
