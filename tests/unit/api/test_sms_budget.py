"""What codes by SMS may cost: a day's budget, a share for each place, one alarm a day, longer and longer waits."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from api.activation import code
from api.activation.code import LONGEST_WAIT_S, waiting_time
from api.activation.tables import SmsActivation
from api.allowances import TooSoonError, forget_old, neighbourhood, take
from api.equipment import Equipment
from api.health import metrics
from api.notices.tables import Outbox
from api.tables import Allowance, Journal, Order
from tests.unit.api.changed import with_settings
from tests.unit.api.orderform import offered

pytestmark = pytest.mark.usefixtures("database")

CUSTOMER = "customer"
_phones = count(1)


async def order_from(equipment: Equipment, place: str = "198.51.100.7", phone: str | None = None) -> int:
    """Place an order from an address of the network, with a number of its own."""
    order_id = await offered(equipment, customer__phone=phone or f"+4915112{next(_phones):06d}")
    await Order.update({Order.client_ip: place}).where(Order.id == order_id)
    return order_id


async def ask(equipment: Equipment, order_id: int) -> bool:
    """Ask for a code; return whether one is sent."""
    try:
        await code.request(equipment, order_id, actor=CUSTOMER)
    except TooSoonError:
        return False
    return True


async def alarms(what: str) -> list[dict[str, Any]]:
    rows = await Outbox.select().where(Outbox.kind == "staff_alarm")
    return [row for row in rows if f'"{what}"' in row["context"]]


async def test_a_code_is_not_sent_again_at_once(equipment: Equipment) -> None:
    patient = with_settings(equipment, "sms", resend_after_s=30)
    order_id = await order_from(patient)
    await code.request(patient, order_id, actor=CUSTOMER)
    with pytest.raises(TooSoonError) as caught:
        await code.request(patient, order_id, actor=CUSTOMER)
    assert 29 <= caught.value.wait_s <= 30


async def test_the_wait_for_another_code_doubles_up_to_an_hour(equipment: Equipment) -> None:
    patient = with_settings(equipment, "sms", resend_after_s=30, per_number_daily=50)
    waits = [waiting_time(patient.settings.sms, sent).total_seconds() for sent in range(1, 30)]
    assert waits[:8] == [30, 60, 120, 240, 480, 960, 1920, LONGEST_WAIT_S]
    assert set(waits[8:]) == {LONGEST_WAIT_S}
    order_id = await order_from(patient)
    for expected in (30, 60, 120):
        await code.request(patient, order_id, actor=CUSTOMER)
        with pytest.raises(TooSoonError) as caught:
            await code.request(patient, order_id, actor=CUSTOMER)
        assert expected - 1 <= caught.value.wait_s <= expected
        over = datetime.now(UTC) - timedelta(seconds=expected)
        await SmsActivation.update({SmsActivation.sent_at: over}).where(SmsActivation.order == order_id)


async def test_asking_many_times_at_once_sends_one_code(equipment: Equipment) -> None:
    patient = with_settings(equipment, "sms", resend_after_s=30)
    order_id = await order_from(patient)
    for sent in (1, 2):
        assert sum(await asyncio.gather(*(ask(patient, order_id) for _ in range(20)))) == 1
        assert await Outbox.count().where(Outbox.channel == "sms") == sent
        over = datetime.now(UTC) - timedelta(seconds=30)
        await SmsActivation.update({SmsActivation.sent_at: over}).where(SmsActivation.order == order_id)


async def test_one_number_gets_only_so_many_messages_a_day(equipment: Equipment) -> None:
    thrifty = with_settings(equipment, "sms", per_number_daily=2)
    sent = [await ask(thrifty, await order_from(thrifty, phone="+4915112345678")) for _ in range(3)]
    assert sent == [True, True, False]
    assert await ask(thrifty, await order_from(thrifty))


async def test_all_together_get_only_so_many_messages_a_day_and_staff_are_told_once(equipment: Equipment) -> None:
    thrifty = with_settings(equipment, "sms", daily_budget=5)
    orders = [await order_from(thrifty, f"198.51.{number}.7") for number in range(30)]
    answers = await asyncio.gather(*(ask(thrifty, order_id) for order_id in orders))
    assert sum(answers) == 5
    assert await Outbox.count().where(Outbox.channel == "sms") == 5
    (alarm,) = await alarms("sms_budget")
    assert await Journal.count().where(Journal.event == "BUDGET_USED_UP") == 1
    assert alarm["recipient"] == "staff"


async def test_who_watches_sees_how_much_of_the_day_is_spent(equipment: Equipment) -> None:
    assert "ankunft_sms_today 0" in await metrics.fn()
    await ask(equipment, await order_from(equipment))
    assert "ankunft_sms_today 1" in await metrics.fn()


async def test_the_next_day_brings_a_new_budget(equipment: Equipment) -> None:
    thrifty = with_settings(equipment, "sms", daily_budget=1)
    assert await ask(thrifty, await order_from(thrifty))
    assert not await ask(thrifty, await order_from(thrifty))
    await Allowance.update({Allowance.period: "2026-01-01"}).where(Allowance.scope == "sms")
    assert await ask(thrifty, await order_from(thrifty))


async def test_false_orders_from_one_place_leave_messages_for_the_others(equipment: Equipment) -> None:
    thrifty = with_settings(equipment, "sms", daily_budget=20, share_percent=20, per_number_daily=1)
    flood = [await order_from(thrifty, f"203.0.113.{number}") for number in range(30)]
    assert sum(await asyncio.gather(*(ask(thrifty, order_id) for order_id in flood))) == 4
    assert len(await alarms("sms_share")) == 1
    assert not await alarms("sms_budget")
    assert await ask(thrifty, await order_from(thrifty, "198.51.100.7"))
    second = [await order_from(thrifty, f"2001:db8::{number}") for number in range(10)]
    assert sum([await ask(thrifty, order_id) for order_id in second]) == 4
    assert len(await alarms("sms_share")) == 1, "one mail a day, whatever the number of places"


async def test_who_is_refused_is_told_to_come_back_tomorrow(equipment: Equipment) -> None:
    closed = with_settings(equipment, "sms", daily_budget=0)
    with pytest.raises(TooSoonError) as caught:
        await code.request(closed, await order_from(closed), actor=CUSTOMER)
    assert 0 < caught.value.wait_s <= 86_400
    assert await SmsActivation.count() == 0, "nothing is spent on what is not sent"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("198.51.100.7", "198.51.100.250", True),
        ("198.51.100.7", "198.51.101.7", False),
        ("2001:db8:1::1", "2001:db8:1:ffff::2", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
        ("198.51.100.7", None, False),
    ],
)
async def test_neighbours_on_the_network_are_one_place(one: str | None, other: str | None, *, same: bool) -> None:
    assert (neighbourhood(one) == neighbourhood(other)) is same


async def test_what_was_counted_is_forgotten_after_a_week() -> None:
    assert await take("sms", "2026-11-24", 1) == 1
    assert await take("sms", "2026-11-24", 1) is None
    await forget_old(datetime.now(UTC) + timedelta(days=7))
    assert await Allowance.count() == 1
    await forget_old(datetime.now(UTC) + timedelta(days=9))
    assert await Allowance.count() == 0
