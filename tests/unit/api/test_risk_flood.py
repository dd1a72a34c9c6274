"""Ten thousand false orders: the messages stay in budget, staff are told, and a real customer elsewhere is served."""

import random
import time
from contextlib import suppress
from uuid import uuid4

import msgspec
import pytest

from api.activation import code
from api.activation.budget import BUDGET_USED_UP, SHARE_USED_UP
from api.allowances import TooSoonError
from api.equipment import Equipment
from api.intake import placing
from api.intake.form import OrderForm
from api.intake.placing import Sender
from api.intake.screening import screen_waiting
from api.notices.tables import Outbox
from api.settings import Orders
from api.tables import Journal, Order
from tests.unit.api.manyorders import iban
from tests.unit.api.orderform import body
from tests.unit.api.riskcases import checked, strict, ways_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

FLOOD = 10_000
EVERYWHERE = 300
BUDGET = 40
NETWORKS = 4


def false_order(index: int, dice: random.Random) -> OrderForm:
    """Return an order that looks right: own name, address, telephone and account each time."""
    return msgspec.convert(
        body(
            f"flut-{index}.de", customer__email=f"bot{index}@example.com", customer__phone=f"+491522{index:07d}",
            customer__family_name=f"Bot{dice.randint(0, 10**6)}n", customer__postal_code=f"{10_000 + index % 90_000}",
            payment__iban=iban(500_000 + index), payment__account_holder="Jürgen O'Brien",
        ),
        OrderForm,
    )  # fmt: skip


def guarded(equipment: Equipment) -> Equipment:
    made = strict(equipment)
    sms = msgspec.structs.replace(made.settings.sms, daily_budget=BUDGET, per_number_daily=3)
    orders = Orders(hashing_rounds=made.settings.orders.hashing_rounds)
    settings = msgspec.structs.replace(made.settings, sms=sms, orders=orders)
    return Equipment(settings, made.seal, made.catalogue, made.hashing, made.closing)


async def flood(equipment: Equipment, number: int, networks: int) -> int:
    """Send *number* false orders from *networks*, ask for codes where they are on offer; return how many went out."""
    dice, began = random.Random(1), time.monotonic()  # noqa: S311 (a plan, no secret)
    for index in range(number):
        sender = Sender("customer", f"203.{index % networks // 250}.{index % networks % 250}.{dice.randint(1, 254)}")
        with suppress(TooSoonError):
            await placing.place(equipment, false_order(index, dice), key=uuid4().hex, sender=sender)
        if index % 50 == 49:
            while await screen_waiting(equipment):
                pass
    for row in await Order.select(Order.id, Order.offered).order_by(Order.id):
        if "sms" not in row["offered"]:
            continue
        for _ in range(2):
            try:
                await code.request(equipment, row["id"], actor="customer")
            except (TooSoonError, code.NotOfferedError):
                break
    print(f"{number} false orders in {time.monotonic() - began:.0f} s")
    return int(await Outbox.count().where(Outbox.channel == "sms"))


async def test_a_flood_from_a_few_networks_leaves_the_messages_to_real_customers(equipment: Equipment) -> None:
    tight = guarded(equipment)
    sent = await flood(tight, FLOOD, NETWORKS)
    assert await Order.count() in range(NETWORKS * 100, 3 * NETWORKS * 100), "a hundred of each network in an hour"
    assert await Outbox.count().where(Outbox.kind == "order_received") == await Order.count()
    share = BUDGET * tight.settings.sms.share_percent // 100
    assert 0 < sent <= NETWORKS * max(share, 3) < BUDGET
    assert await Journal.count().where(Journal.event == SHARE_USED_UP) == 1
    assert await Outbox.count().where(Outbox.kind == "staff_alarm") >= 1
    reviews = await Order.count().where(Order.state == "IN_REVIEW")
    assert reviews == 0, "a flood does not fill the queue of reviews"
    real = await checked(tight, None, "198.51.100.7")
    assert await ways_of(real) == ["sms", "contract"]
    await code.request(tight, real, actor="customer")
    assert await Outbox.count().where(Outbox.channel == "sms", Outbox.order == real) == 1


async def test_a_flood_from_everywhere_stays_in_budget_and_the_contract_stays_open(equipment: Equipment) -> None:
    tight = guarded(equipment)
    assert await flood(tight, EVERYWHERE, EVERYWHERE) == BUDGET
    assert await Journal.count().where(Journal.event == BUDGET_USED_UP) == 1
    assert await Outbox.count().where(Outbox.kind == "staff_alarm") >= 1
    real = await checked(tight, None, "198.51.100.7")
    assert "contract" in await ways_of(real)
