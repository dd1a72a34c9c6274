"""The queue of jobs: in order for each account, growing pauses, five tries, and nobody holds others up."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from agent.jobs import Outcome, open_signed
from api import piccolo_conf
from api.equipment import Equipment
from api.notices.tables import Outbox
from api.provisioning import handoff, view
from api.provisioning.tables import Account, Job
from api.tables import OrderDomain
from tests.unit.api.playedhosts import (
    account_of,
    job_of,
    living,
    lose,
    one_job,
    pinned,
    public_key,
    take,
    take_one,
    tell,
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("database")

SOON = timedelta(hours=2)


async def test_twenty_claims_at_once_hand_a_job_out_once(equipment: Equipment) -> None:
    order_id = await pinned(equipment, await living("h1"))
    claimed = await asyncio.gather(*(take(equipment, "h1") for _ in range(20)))
    assert sum(map(len, claimed)) == 1
    assert (await job_of(order_id))["attempt"] == 1


@pytest.mark.parametrize("is_silent", [True, False])
async def test_five_tries_and_the_job_waits_for_a_person(equipment: Equipment, *, is_silent: bool) -> None:
    order_id, taken = await one_job(equipment)
    for tries in range(1, 6):
        assert taken.row["tries"] == tries
        if is_silent:
            await lose(taken)
        else:
            await tell(taken, Outcome.ERRORED)
            await Job.update({Job.not_before: None}, force=True)
        if tries < 5:
            taken = await take_one(equipment, order_id)
    assert (await job_of(order_id))["state"] == "PARKED"
    assert await take(equipment, "h1") == []
    assert await Outbox.count().where(Outbox.order == order_id, Outbox.kind == "account_delayed") == 1


async def test_what_could_not_be_tried_waits_longer_and_longer(equipment: Equipment) -> None:
    order_id, taken = await one_job(equipment)
    pauses = []
    for _ in range(4):
        await tell(taken, Outcome.ERRORED)
        pauses.append((await job_of(order_id))["not_before"] - datetime.now(UTC))
        assert await take(equipment, "h1") == []
        await Job.update({Job.not_before: None}, force=True)
        taken = await take_one(equipment, order_id)
    assert pauses[3] > 3 * pauses[0] > timedelta(0)


async def test_a_poisoned_job_holds_nobody_up_and_is_parked_alone(equipment: Equipment) -> None:
    made = await living("h1")
    poisoned = await pinned(equipment, made)
    await Account.update({Account.limits: '{"web_space_mib": "much"}'}).where(Account.order == poisoned)
    good = [await pinned(equipment, made) for _ in range(3)]
    taken = await take(equipment, "h1", most=4)
    assert {job.row["order"] for job in taken} == set(good)
    for _ in range(5):
        await Job.update({Job.not_before: None}, force=True)
        await take(equipment, "h1")
    assert (await job_of(poisoned))["state"] == "PARKED"
    assert await Outbox.count().where(Outbox.order == poisoned, Outbox.kind == "staff_alarm") == 1


async def test_accounts_whose_first_job_is_parked_do_not_fill_the_queue(equipment: Equipment) -> None:
    made = await living("h1")
    for _ in range(5):
        order_id = await pinned(equipment, made)
        taken = await take_one(equipment, order_id)
        async with piccolo_conf.DB.transaction():
            await handoff.enqueue(order_id)
        await tell(taken, Outcome.FAILED)
    healthy = await pinned(equipment, made)
    assert [job.row["order"] for job in await take(equipment, "h1", most=1)] == [healthy]


async def test_a_change_waits_for_the_job_before_it_and_goes_to_the_same_host(equipment: Equipment) -> None:
    order_id, first = await one_job(equipment)
    await OrderDomain.update({OrderDomain.state: "REGISTERED"}).where(OrderDomain.order == order_id)
    for _ in range(3):
        async with piccolo_conf.DB.transaction():
            await handoff.enqueue(order_id)
    assert await Job.count() == 2, "a job that is still to come carries every change"
    assert await take(equipment, "h1") == []
    await tell(first)
    second = await take_one(equipment, order_id)
    job, _ = open_signed(second.file, public_key(equipment))
    assert [domain.mail for domain in job.account.domains] == [True]
    assert second.fence > first.fence
    await tell(second)
    shown = await view.account_of(order_id, equipment.settings)
    assert shown is not None
    assert not shown.mail.address.endswith("hosting.test")


async def test_one_order_has_one_account(equipment: Equipment) -> None:
    order_id, _ = await one_job(equipment)
    with pytest.raises(Exception, match=r"(?i)unique"):
        async with piccolo_conf.DB.transaction():
            await handoff.open_account(order_id, equipment.catalogue.tariffs["start"])
    assert await Account.count().where(Account.order == order_id) == 1
    assert (await account_of(order_id))["name"] == "a1001"
    assert (await account_of(order_id))["uid"] == 1_900_001_001
