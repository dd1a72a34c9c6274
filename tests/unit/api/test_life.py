"""What happens to an order besides: reminders, its lapse, withdrawal, refusal, review, reopening; each one is told."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from api import journal, orders, piccolo_conf
from api.activation import endings, reminders, reviews
from api.activation.reminders import fitting, remind_due
from api.allowances import today
from api.equipment import Equipment
from api.lifecycle import IllegalMoveError, OrderEvent
from api.notices.tables import Outbox
from api.tables import Allowance, Journal, Order
from tests.unit.api.changed import with_settings
from tests.unit.api.orderform import offered, placed, row_of

pytestmark = pytest.mark.usefixtures("database")

STAFF = journal.staff("Anna")


async def kinds(order_id: int) -> list[str]:
    """Return what was told of an order, in order."""
    rows = await Outbox.select(Outbox.kind).where(Outbox.order == order_id).order_by(Outbox.id)
    return [row["kind"] for row in rows]


async def move(order_id: int, event: OrderEvent) -> None:
    async with piccolo_conf.DB.transaction():
        await orders.move(order_id, event, actor=STAFF)


async def ends_in(order_id: int, **span: float) -> None:
    """Let the offer of an order end in a *span* from now on."""
    end = datetime.now(UTC) + timedelta(**span)
    await Order.update({Order.expires_at: end}).where(Order.id == order_id)


async def waits_since(hours: float, *order_ids: int) -> None:
    """Let orders be in review for *hours*; the journal never changes, so the review begins in the past."""
    for order_id in order_ids:
        await Order.update({Order.state: "IN_REVIEW"}).where(Order.id == order_id)
        row = Journal(
            at=datetime.now(UTC) - timedelta(hours=hours), order=order_id, subject="order", subject_id=str(order_id),
            event="HELD_FOR_REVIEW", state_before="SUBMITTED", state_after="IN_REVIEW", actor="system", facts="{}",
        )  # fmt: skip
        await Journal.insert(row)


async def alarms() -> list[dict[str, Any]]:
    rows = await Outbox.select().where(Outbox.kind == "staff_alarm").order_by(Outbox.id)
    return [msgspec.json.decode(row["context"]) for row in rows]


async def test_an_offer_is_told_with_the_ways_that_are_open(equipment: Equipment) -> None:
    assert await kinds(await offered(equipment)) == ["order_received", "order_offered"]


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([OrderEvent.HELD_FOR_REVIEW], ["order_in_review"]),
        ([OrderEvent.HELD_FOR_REVIEW, OrderEvent.OFFERED], ["order_in_review", "order_offered"]),
        ([OrderEvent.REFUSED], ["order_refused"]),
        ([OrderEvent.REFUSED, OrderEvent.REOPENED], ["order_refused", "order_reopened"]),
        ([OrderEvent.OFFERED, OrderEvent.LAPSED], ["order_offered", "order_lapsed"]),
        ([OrderEvent.WITHDRAWN], ["order_withdrawn"]),
    ],
)
async def test_whoever_moves_an_order_its_customer_is_told(
    equipment: Equipment, events: list[OrderEvent], told: list[str]
) -> None:
    order_id = await placed(equipment)
    for event in events:
        await move(order_id, event)
    assert await kinds(order_id) == ["order_received", *told]


async def test_an_order_lapses_when_its_time_is_over_and_only_then(equipment: Equipment) -> None:
    due, later = await offered(equipment), await offered(equipment)
    await ends_in(due, seconds=-1)
    assert sum(await asyncio.gather(*(endings.lapse_due() for _ in range(4)))) >= 1
    assert (await row_of(due))["state"] == "EXPIRED"
    assert (await row_of(later))["state"] == "AWAITING_ACTIVATION"
    assert (await kinds(due)).count("order_lapsed") == 1
    await move(due, OrderEvent.REOPENED)
    assert (await row_of(due))["state"] == "IN_REVIEW"
    assert (await kinds(due))[-1] == "order_reopened"


async def test_a_customer_may_withdraw_while_nothing_began_and_is_told(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await endings.withdraw(order_id, actor=journal.CUSTOMER)
    assert (await kinds(order_id))[-1] == "order_withdrawn"
    with pytest.raises(IllegalMoveError):
        await endings.withdraw(order_id, actor=journal.CUSTOMER)
    assert (await kinds(order_id)).count("order_withdrawn") == 1


async def test_an_offer_is_reminded_of_once_for_each_day_that_is_set(equipment: Equipment) -> None:
    settings = equipment.settings.orders
    order_id = await offered(equipment)
    assert await remind_due(settings) == 0, "it has two weeks"
    for days, times in ((6.9, 1), (6.9, 1), (1.9, 2), (1.9, 2)):
        await ends_in(order_id, days=days)
        await asyncio.gather(*(remind_due(settings) for _ in range(4)))
        assert (await kinds(order_id)).count("order_reminder") == times


async def test_of_two_reminders_that_are_due_at_once_only_the_last_is_sent(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await ends_in(order_id, days=1)
    for _ in range(3):
        await remind_due(equipment.settings.orders)
    assert (await kinds(order_id)).count("order_reminder") == 1
    (row,) = await Journal.select().where(Journal.event == reminders.REMINDED)
    assert (row["facts"], row["public"]) == ('{"days_before":2}', True)


async def test_what_does_not_wait_any_more_is_not_reminded_of(equipment: Equipment) -> None:
    lapsed, withdrawn = await offered(equipment), await offered(equipment)
    await ends_in(lapsed, seconds=-1)
    await ends_in(withdrawn, days=1)
    await endings.withdraw(withdrawn, actor=journal.CUSTOMER)
    assert await remind_due(equipment.settings.orders) == 0


async def test_an_offer_that_is_made_again_is_reminded_of_again(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    for times in (1, 2):
        await ends_in(order_id, days=1)
        await remind_due(equipment.settings.orders)
        assert (await kinds(order_id)).count("order_reminder") == times
        for event in (OrderEvent.LAPSED, OrderEvent.REOPENED, OrderEvent.OFFERED):
            await move(order_id, event)


async def test_a_reminder_makes_no_sense_as_soon_as_the_offer_is_made(equipment: Equipment) -> None:
    short = with_settings(equipment, "orders", expires_after_days=2)
    assert fitting(short.settings.orders) == set()
    await offered(short)
    assert await remind_due(short.settings.orders) == 0


async def test_staff_are_told_once_a_day_of_all_who_wait_for_them_too_long(equipment: Equipment) -> None:
    long, longest, short = [await placed(equipment) for _ in range(3)]
    await waits_since(1, short)
    now = datetime.now(UTC)
    assert await reviews.tell_overdue(24, now) == 0
    assert await alarms() == []
    await waits_since(25, long)
    await waits_since(99, longest)
    await asyncio.gather(*(reviews.tell_overdue(24, now) for _ in range(4)))
    (alarm,) = await alarms()
    assert (alarm["what"], alarm["waiting"], alarm["hours"]) == ("review_waiting", 2, 24)
    assert alarm["carts"] == [(await row_of(order_id))["cart_id"] for order_id in (long, longest)]
    await Allowance.update({Allowance.period: "2026-01-01"}).where(Allowance.period == today(now))
    await reviews.tell_overdue(24, now)
    assert len(await alarms()) == 2, "the next day they still wait"


async def test_the_wait_begins_anew_with_a_new_review(equipment: Equipment) -> None:
    order_id = await placed(equipment)
    await waits_since(99, order_id)
    await move(order_id, OrderEvent.REFUSED)
    await move(order_id, OrderEvent.REOPENED)
    assert await reviews.tell_overdue(24, datetime.now(UTC)) == 0
