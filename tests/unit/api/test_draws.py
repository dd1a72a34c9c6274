"""The draw: offered, repeated, pinned for good; nobody draws himself, and no host is ever filled beyond its limit."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from math import fsum

import pytest

from agent import placement
from agent.placement import ALL, Need, lot
from api import piccolo_conf
from api.equipment import Equipment
from api.notices.tables import Outbox
from api.provisioning import draws, fleet
from api.provisioning.tables import Account, Draw, Host, Job, Reservation
from api.tables import Journal
from tests.unit.api.playedhosts import (
    accepted,
    account_of,
    draw_all,
    draw_of,
    honest,
    job_of,
    living,
    open_draws,
    pinned,
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("database")

NEED = Need(["web", "database", "mail"], "standard")


def digest_of(made: placement.Placement) -> str:
    return placement.digest(placement.encode(made))


async def alarms(what: str) -> int:
    rows = await Outbox.select().where(Outbox.kind == "staff_alarm")
    return sum(json.loads(row["context"])["what"] == what for row in rows)


async def test_an_honest_draw_pins_host_and_room_together(equipment: Equipment) -> None:
    made = await living("h1", "h2", "h3")
    order_id = await pinned(equipment, made)
    account, draw, job = await account_of(order_id), await draw_of(order_id), await job_of(order_id)
    assert draw["state"] == "PINNED"
    assert account["web_host"] == account["mail_host"] == account["database_host"] == job["host"]
    assert job["state"] == "READY"
    taken = await Reservation.select().where(Reservation.host == job["host"])
    assert [row["taken"] for row in taken] == [1]


async def test_the_seed_is_rolled_once_and_kept_whatever_happens(equipment: Equipment) -> None:
    order_id = await accepted(equipment)
    seed = (await draw_of(order_id))["seed"]
    await draws.look_for_room()
    made = await living("h1", "h2")
    await draws.look_for_room()
    await draw_all(made)
    assert (await draw_of(order_id))["seed"] == seed
    assert (await draw_of(order_id))["state"] == "PINNED"


async def test_a_courier_cannot_draw_another_host_than_the_seed_says(equipment: Equipment) -> None:
    made = await living("h1", "h2")
    order_id = await accepted(equipment)
    (task,) = await draws.offer("h1", digest_of(made))
    seed = bytes.fromhex(task["seed"])
    worst = max(made.hosts, key=lambda host: lot(seed, ALL, host)).name
    with pytest.raises(draws.DrawRefusedError):
        await draws.answer(task["draw_id"], "h1", task["digest"], dict.fromkeys(NEED.services, worst))
    assert (await account_of(order_id))["web_host"] is None
    assert await alarms("dishonest_draw") == 1
    assert await Journal.count().where(Journal.event == "DRAW_REFUSED") == 1
    assert await draws.offer("h1", digest_of(made)) == [], "the same courier is not asked again at once"
    (again,) = await draws.offer("h2", digest_of(made))
    assert again["seed"] == task["seed"]
    assert await draws.answer(again["draw_id"], "h2", again["digest"], honest(made, again))


async def test_a_courier_cannot_say_that_nobody_fits_when_somebody_does(equipment: Equipment) -> None:
    made = await living("h1", "h2")
    await accepted(equipment)
    (task,) = await draws.offer("h1", digest_of(made))
    with pytest.raises(draws.DrawRefusedError):
        await draws.answer(task["draw_id"], "h1", task["digest"], None)


async def test_only_who_was_asked_may_answer_and_only_once(equipment: Equipment) -> None:
    made = await living("h1", "h2")
    order_id = await accepted(equipment)
    (task,) = await draws.offer("h1", digest_of(made))
    drawn = honest(made, task)
    for foreign in (drawn, None):
        with pytest.raises(draws.DrawRefusedError):
            await draws.answer(task["draw_id"], "h2", task["digest"], foreign)
    assert await alarms("dishonest_draw") == 0, "a stranger cannot end what another courier was asked"
    assert await draws.answer(task["draw_id"], "h1", task["digest"], drawn)
    assert await draws.answer(task["draw_id"], "h1", task["digest"], drawn), "a lost answer may come again"
    with pytest.raises(draws.DrawRefusedError):
        await draws.answer(task["draw_id"], "h2", task["digest"], drawn)
    assert fsum(row["taken"] for row in await Reservation.select()) == 1
    assert (await job_of(order_id))["state"] == "READY"


async def test_a_courier_with_another_placement_file_is_not_asked(equipment: Equipment) -> None:
    await living("h1", "h2")
    await accepted(equipment)
    assert await draws.offer("h1", "0" * 64) == []


async def test_a_courier_that_does_not_answer_is_passed_over(equipment: Equipment) -> None:
    made = await living("h1", "h2")
    order_id = await accepted(equipment)
    assert len(await draws.offer("h1", digest_of(made))) == 1
    assert await draws.offer("h2", digest_of(made)) == []
    late = (await draw_of(order_id))["asked_at"] - 2 * draws.ANSWER_WITHIN
    await Draw.update({Draw.asked_at: late}, force=True)
    assert len(await draws.offer("h2", digest_of(made))) == 1


async def test_without_room_the_job_waits_staff_are_told_once_and_it_goes_on_by_itself(equipment: Equipment) -> None:
    order_id = await accepted(equipment)
    for _ in range(3):
        await draws.look_for_room()
    assert (await job_of(order_id))["state"] == "WAITING_FOR_ROOM"
    made = await living("h1")
    await draws.look_for_room()
    assert (await job_of(order_id))["state"] == "WAITING_FOR_DRAW"
    await Host.update({Host.last_seen_at: (await Host.select())[0]["last_seen_at"] - timedelta(hours=1)}, force=True)
    await draws.look_for_room()
    assert await alarms("no_room") == 1, "the same order alarms once, however often a host comes and goes"
    await living("h1")
    await draws.look_for_room()
    await draw_all(made)
    assert (await job_of(order_id))["host"] == "h1"


async def test_32_writers_at_once_never_fill_a_host_beyond_its_limit() -> None:
    made = await living("h1", max_accounts=5)
    drawn = await open_draws(made, range(5001, 5033))
    winner = {"web": "h1", "database": "h1", "mail": "h1"}
    digest = digest_of(made)
    pinned_ = await asyncio.gather(*(draws.answer(draw, "h1", digest, winner) for draw in drawn))
    assert Counter(pinned_) == {True: 5, False: 27}
    assert [row["taken"] for row in await Reservation.select()] == [5]
    assert await Account.count().where(Account.web_host == "h1") == 5
    assert await Job.count().where(Job.state == "READY") == 5


async def test_a_place_is_taken_by_a_guarded_update(equipment: Equipment) -> None:
    made = await living("h1", max_accounts=1)
    known = await fleet.approved()
    assert known is not None
    async with piccolo_conf.DB.transaction():
        assert await fleet.reserve(known, "h1")
        assert not await fleet.reserve(known, "h1")
        assert not await fleet.reserve(known, "stranger")
    assert made.hosts[0].max_accounts == 1
    assert equipment


async def test_a_draining_host_is_not_asked_and_not_drawn(equipment: Equipment) -> None:
    made = await living("h1", "h2")
    await Host.update({Host.state: "DRAINING"}).where(Host.name == "h1")
    for _ in range(8):
        order_id = await accepted(equipment)
        for task in await draws.offer("h2", digest_of(made)):
            await draws.answer(task["draw_id"], "h2", task["digest"], honest(made, task))
        assert (await job_of(order_id))["host"] == "h2"


async def test_the_same_answer_ten_times_at_once_takes_one_place(equipment: Equipment) -> None:
    made = await living("h1")
    order_id = await accepted(equipment)
    (task,) = await draws.offer("h1", digest_of(made))
    answers = [draws.answer(task["draw_id"], "h1", task["digest"], honest(made, task)) for _ in range(10)]
    results = await asyncio.gather(*answers, return_exceptions=True)
    assert True in results
    assert {type(result) for result in results} <= {bool, draws.DrawRefusedError}
    assert [row["taken"] for row in await Reservation.select()] == [1]
    assert await Journal.count().where(Journal.order == order_id, Journal.event == "PINNED") == 1
