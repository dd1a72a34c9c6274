"""Acceptance is all or nothing, once; and how an order ends that is not accepted."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from api import counters
from api.activation import endings
from api.activation.acceptance import NameTakenError, accept
from api.equipment import Equipment
from api.lifecycle import IllegalMoveError, OrderEvent
from api.notices.tables import Outbox
from api.provisioning.tables import Account, Job
from api.tables import Customer, Order
from tests.unit.api.orderform import new_name, offered, row_of

pytestmark = pytest.mark.usefixtures("database")

CUSTOMER = "customer"


async def test_of_two_orders_for_a_name_the_first_accepted_has_it_and_the_other_is_as_it_was(
    equipment: Equipment,
) -> None:
    name = new_name()
    first, second = await offered(equipment, name), await offered(equipment, name)
    answers = await asyncio.gather(
        *(accept(equipment, order, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna") for order in (first, second)),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers if answer is not None] == [NameTakenError]
    states = sorted([(await row_of(first))["state"], (await row_of(second))["state"]])
    assert states == ["ACCEPTED", "AWAITING_ACTIVATION"]
    assert await Customer.count() == await Account.count() == await Job.count() == 1
    assert await counters.last(counters.CUSTOMER) == 100_001
    assert await counters.last(counters.ORDER) == 500_001
    assert await Outbox.count().where(Outbox.kind == "contract_accepted") == 1


async def test_ten_staff_accept_an_order_once(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    answers = await asyncio.gather(
        *(accept(equipment, order_id, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna") for _ in range(10)),
        return_exceptions=True,
    )
    assert sum(answer is None for answer in answers) == 1
    assert all(isinstance(answer, IllegalMoveError) for answer in answers if answer is not None)
    assert await Account.count() == 1


async def test_numbers_are_unique_rising_and_without_gaps(equipment: Equipment) -> None:
    orders = [await offered(equipment) for _ in range(12)]
    await asyncio.gather(*(accept(equipment, order, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna") for order in orders))
    numbers = await Order.select(Order.number).order_by(Order.number).output(as_list=True)
    assert numbers == list(range(500_001, 500_013))
    assert sorted(await Customer.select(Customer.number).output(as_list=True)) == list(range(100_001, 100_013))


async def test_an_order_is_withdrawn_while_nothing_began_and_not_later(equipment: Equipment) -> None:
    early, late = await offered(equipment), await offered(equipment)
    await endings.withdraw(early, actor=CUSTOMER)
    assert (await row_of(early))["state"] == "WITHDRAWN"
    await accept(equipment, late, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    with pytest.raises(IllegalMoveError):
        await endings.withdraw(late, actor=CUSTOMER)


async def test_what_nobody_unlocks_lapses(equipment: Equipment) -> None:
    due, fresh = await offered(equipment), await offered(equipment)
    past = datetime.now(UTC) - timedelta(seconds=1)
    await Order.update({Order.expires_at: past}).where(Order.id == due)
    assert await endings.lapse_due() == 1
    assert (await row_of(due))["state"] == "EXPIRED"
    assert (await row_of(fresh))["state"] == "AWAITING_ACTIVATION"
