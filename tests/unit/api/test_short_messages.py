"""Short messages: the code to the telephone, into no table, and only while it is worth something."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
import pytest

from api.activation import budget, code
from api.allowances import taken, today
from api.equipment import Equipment
from api.notices import delivery, facts
from api.notices.facts import Sources
from api.notices.tables import Outbox
from api.shop.page import order_page
from api.tables import Journal
from tests.contract.gateway import sms_gateway
from tests.contract.process import free_port
from tests.customer.phone import code_in, messages
from tests.unit.api.orderform import offered, row_of

pytestmark = [
    pytest.mark.usefixtures("database"),
    # apprise loads a module of Python's that goes with 3.13, and brings its own where it is gone
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
]


async def deliver(equipment: Equipment) -> int:
    sources = Sources(partial(order_page, equipment.settings))
    return sum([await delivery.deliver_due(equipment, sources, channel) for channel in ("sms", "mail")])


async def test_a_code_goes_to_the_telephone_and_into_no_table(equipment: Equipment, tmp_path: Any) -> None:
    order_id = await offered(equipment)
    sink = tmp_path / "sms.jsonl"
    with sms_gateway(sink) as url:
        texting = with_gateway(equipment, url)
        await ask_for_code(texting, order_id)
        await deliver(texting)
    (text,) = messages(sink, "+4915112345678")
    sent = code_in(text)
    assert text.splitlines()[-1] == f"@api.test #{sent}"
    assert len(text) <= 160
    rows = [*await Outbox.select().where(Outbox.channel == "sms"), *await Journal.select()]
    assert sent not in str(rows)


async def test_a_code_that_was_replaced_or_is_too_old_is_not_sent(equipment: Equipment, tmp_path: Any) -> None:
    first, second = await offered(equipment), await offered(equipment)
    sink = tmp_path / "sms.jsonl"
    with sms_gateway(sink) as url:
        texting = with_gateway(equipment, url)
        for order_id in (first, first, second):
            await ask_for_code(texting, order_id)
        old = datetime.now(UTC) - timedelta(minutes=11)
        await Outbox.update({Outbox.created_at: old}).where(Outbox.order == second, Outbox.channel == "sms")
        await deliver(texting)
    assert len(messages(sink, "+4915112345678")) == 1
    rows = await Outbox.select().where(Outbox.channel == "sms")
    assert Counter(row["state"] for row in rows) == {"SENT": 1, "PARKED": 2}


async def test_a_gateway_that_is_away_puts_the_code_off(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    texting = with_gateway(equipment, f"json://127.0.0.1:{free_port()}/{{phone}}")
    await ask_for_code(texting, order_id)
    await deliver(texting)
    (row,) = await Outbox.select().where(Outbox.channel == "sms")
    assert (row["state"], row["tries"]) == ("QUEUED", 1)
    assert "+49" not in row["problem"]


async def test_a_gateway_whose_answers_get_lost_is_tried_three_times_and_each_try_is_counted(
    equipment: Equipment,
) -> None:
    order_id = await offered(equipment)
    texting = with_gateway(equipment, f"json://127.0.0.1:{free_port()}/{{phone}}")
    await ask_for_code(texting, order_id)
    for _ in range(5):
        await Outbox.update({Outbox.not_before: datetime.now(UTC)}).where(Outbox.channel == "sms")
        await deliver(texting)
    (row,) = await Outbox.select().where(Outbox.channel == "sms")
    assert (row["state"], row["tries"]) == ("PARKED", 3)
    assert await taken(budget.ALL, today(datetime.now(UTC))) == 3


async def test_a_further_try_leaves_the_last_message_of_the_day_to_a_new_code(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    texting = with_gateway(equipment, f"json://127.0.0.1:{free_port()}/{{phone}}", daily_budget=2)
    await ask_for_code(texting, order_id)
    for _ in range(2):
        await Outbox.update({Outbox.not_before: datetime.now(UTC)}).where(Outbox.channel == "sms")
        await deliver(texting)
    (row,) = await Outbox.select().where(Outbox.channel == "sms")
    assert (row["state"], row["tries"], row["problem"]) == ("PARKED", 2, delivery.NO_MORE_TODAY)
    assert await taken(budget.ALL, today(datetime.now(UTC))) == 1


async def test_a_gateway_that_takes_its_time_is_paid_once(equipment: Equipment, tmp_path: Any) -> None:
    order_id = await offered(equipment)
    sink = tmp_path / "sms.jsonl"
    with sms_gateway(sink, answers_after_s=5) as url:
        texting = with_gateway(equipment, url)
        await ask_for_code(texting, order_id)
        await deliver(texting)
    assert len(messages(sink, "+4915112345678")) == 1
    assert await Outbox.exists().where(Outbox.channel == "sms", Outbox.state == "SENT")


async def test_the_code_is_for_the_host_where_it_is_entered(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await ask_for_code(equipment, order_id)
    (row,) = await Outbox.select().where(Outbox.channel == "sms")
    assert facts.of_code(equipment, row, "")["host"] == "api.test"
    shop = with_http(equipment, order_page_url="https://shop.test/order/{cart_id}")
    assert facts.of_code(shop, row, "")["host"] == "shop.test"


async def test_a_mail_leads_to_the_page_of_its_order(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    (row,) = await Outbox.select().where(Outbox.kind == "order_offered")
    shop = with_http(equipment, order_page_url="https://shop.test/order/{cart_id}")
    said = await facts.of_order(shop, row, partial(order_page, shop.settings))
    assert said["link"] == f"https://shop.test/order/{(await row_of(order_id))['cart_id']}"


def with_http(equipment: Equipment, **changes: Any) -> Equipment:
    http = msgspec.structs.replace(equipment.settings.http, **changes)
    return replace(equipment, settings=msgspec.structs.replace(equipment.settings, http=http))


async def ask_for_code(equipment: Equipment, order_id: int) -> None:
    await code.request(equipment, order_id, actor="customer")


def with_gateway(equipment: Equipment, url: str, **changes: Any) -> Equipment:
    sms = msgspec.structs.replace(equipment.settings.sms, url=url, **changes)
    settings = msgspec.structs.replace(equipment.settings, sms=sms)
    return Equipment(settings, equipment.seal, equipment.catalogue, equipment.hashing, equipment.closing)
