"""A further order by the customer: a link to the address on file, the same answer for all, one order, half an hour."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import httpx
import pytest

from api.activation.acceptance import accept
from api.app import build
from api.customers import asking, links
from api.customers.duplicates import compare_new
from api.customers.tables import FurtherOrderLink, LinkRequest, Trait
from api.equipment import Equipment
from api.intake.screening import screen_waiting
from api.lifecycle import OrderEvent
from api.notices import delivery, facts
from api.notices.facts import Sources
from api.notices.tables import Outbox
from api.shop.page import order_page
from api.tables import Customer, Journal, Order
from tests.unit.api.changed import with_settings
from tests.unit.api.orderform import body, further_body, new_name, offered, row_of
from tests.unit.api.test_identity import transport_to

pytestmark = pytest.mark.usefixtures("database")

QUESTION = "/api/v1/customers/further-order"


class Place(NamedTuple):
    """An application with one customer, who has the number 100001."""

    http: httpx.AsyncClient
    equipment: Equipment

    async def ask(self, **question: Any) -> httpx.Response:
        """Ask for a link, and let the worker look at it."""
        answer = await self.http.post(QUESTION, json=question)
        await asking.answer_waiting(self.equipment)
        return answer

    async def token(self) -> str:
        """Return the token in the newest mail."""
        rows = await Outbox.select().where(Outbox.kind == "further_order").order_by(Outbox.id)
        said = await facts.of_order(self.equipment, rows[-1], partial(order_page, self.equipment.settings))
        return str(said["token"])

    async def order(self, token: str | None, number: int = 100_001, key: str = "k", **changes: Any) -> httpx.Response:
        """Order something more as the customer who has *number*."""
        said = further_body(number, new_name()) | changes
        headers = {"Idempotency-Key": key} | ({"Authorization": f"Bearer {token}"} if token else {})
        return await self.http.post("/api/v1/orders", json=said, headers=headers)


async def new_customer(equipment: Equipment, **changes: Any) -> None:
    order_id = await offered(equipment, **changes)
    await accept(equipment, order_id, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    await compare_new(equipment.seal)


@pytest.fixture
async def place(equipment: Equipment) -> AsyncIterator[Place]:
    await new_customer(equipment)
    transport = transport_to(build(equipment))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as http:
        yield Place(http, equipment)


async def mails() -> list[str]:
    rows = await Outbox.select(Outbox.recipient).where(Outbox.kind == "further_order").order_by(Outbox.id)
    return [row["recipient"] for row in rows]


async def test_a_customer_orders_again_and_keeps_the_number(place: Place) -> None:
    await place.ask(number=100_001)
    answer = await place.order(await place.token())
    assert answer.status_code == 202, answer.text
    (first, second) = await Order.select().order_by(Order.id)
    assert second["customer"] == first["customer"]
    await screen_waiting(place.equipment)
    await accept(place.equipment, second["id"], OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    assert await Customer.count() == 1
    assert (await row_of(second["id"]))["number"] == 500_002


async def test_everybody_gets_the_same_answer(place: Place) -> None:
    questions: list[dict[str, Any]] = [
        {"number": 100_001}, {"number": 4711}, {"email": "j@example.org"}, {"email": "nobody@example.org"},
        {"email": "no address"},
    ]  # fmt: skip
    answers = [await place.ask(**question) for question in questions]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, '{"sent_to":"the address on file"}')}
    assert await mails() == ["j@example.org", "j@example.org"]


async def test_the_request_does_the_same_for_everybody_and_keeps_nothing_in_clear(place: Place) -> None:
    await place.http.post(QUESTION, json={"email": "j@example.org"})
    await place.http.post(QUESTION, json={"email": "nobody@example.org"})
    rows = await LinkRequest.select()
    assert len(rows) == 2
    assert "example" not in str(rows)
    assert await mails() == [], "the answer came before anybody looked"
    await asyncio.gather(*(asking.answer_waiting(place.equipment) for _ in range(4)))
    assert await LinkRequest.count() == 0
    assert await mails() == ["j@example.org"], "two workers answer a question once"


async def test_the_mail_goes_to_the_address_on_file_however_it_was_typed(place: Place) -> None:
    await place.ask(email="J+foreign@EXAMPLE.org")
    assert await mails() == ["j@example.org"]


@pytest.mark.parametrize("question", [{}, {"number": 1, "email": "a@b.de"}, {"number": "100001"}, {"name": "x"}])
async def test_a_question_names_one_thing(place: Place, question: dict[str, Any]) -> None:
    assert (await place.ask(**question)).status_code == 422


async def test_a_link_lets_one_order_in_however_many_come_at_once(place: Place) -> None:
    await place.ask(number=100_001)
    token = await place.token()
    answers = await asyncio.gather(*(place.order(token, key=str(n)) for n in range(6)))
    assert sorted(answer.status_code for answer in answers) == [202, 401, 401, 401, 401, 401]
    assert await Order.count() == 2


async def test_the_same_key_is_the_same_order_after_the_link_was_spent(place: Place) -> None:
    await place.ask(number=100_001)
    token, domains = await place.token(), [{"name": new_name(), "action": "register"}]
    first = await place.order(token, domains=domains)
    again = await place.order(token, domains=domains)
    assert (again.status_code, again.json()) == (202, first.json())
    assert (await place.order(token, key="other")).status_code == 401


async def test_a_link_is_worthless_after_half_an_hour(place: Place) -> None:
    await place.ask(number=100_001)
    (row,) = await FurtherOrderLink.select()
    assert row["expires_at"] - row["created_at"] == timedelta(minutes=30)
    past = datetime.now(UTC) - timedelta(seconds=1)
    await FurtherOrderLink.update({FurtherOrderLink.expires_at: past}).where(FurtherOrderLink.id == row["id"])
    assert (await place.order(await place.token())).status_code == 401


async def test_a_newer_link_makes_the_older_one_worthless(place: Place) -> None:
    await place.ask(number=100_001)
    older = await place.token()
    await place.ask(number=100_001)
    assert (await place.order(older)).status_code == 401
    assert (await place.order(await place.token(), key="newer")).status_code == 202


async def test_a_link_opens_its_own_customer_alone(place: Place) -> None:
    await new_customer(place.equipment, customer__email="other@example.org", customer__street="Gasse 9")
    await place.ask(number=100_001)
    assert (await place.order(await place.token(), number=100_002)).status_code == 401
    assert await Order.count() == 2


async def test_with_a_link_nobody_orders_as_somebody_new(place: Place) -> None:
    await place.ask(number=100_001)
    answer = await place.order(await place.token(), customer=body()["customer"], payment=body()["payment"])
    assert answer.status_code == 422


@pytest.mark.parametrize("token", [None, "further_" + "0" * 32, "further_x", "0" * 32])
async def test_without_a_link_a_number_attaches_nothing(place: Place, token: str | None) -> None:
    assert (await place.order(token)).status_code == 401
    assert await Order.count() == 1


async def test_an_anonymous_order_is_attached_to_nobody(place: Place) -> None:
    answer = await place.order(None, customer=body()["customer"], payment=body()["payment"])
    assert answer.status_code == 202
    (_, second) = await Order.select().order_by(Order.id)
    assert second["customer"] is None


async def test_the_token_stands_in_no_table(place: Place) -> None:
    await place.ask(number=100_001)
    token = await place.token()
    kept = [await table.select() for table in (FurtherOrderLink, Outbox, Journal, LinkRequest, Trait)]
    assert token.removeprefix(links.PREFIX) not in str(kept)


async def test_one_customer_gets_only_so_many_links_a_day(place: Place) -> None:
    for _ in range(8):
        assert (await place.ask(number=100_001)).status_code == 202
    assert len(await mails()) == place.equipment.settings.orders.links_per_customer_daily


async def test_one_place_asks_only_so_often_an_hour(equipment: Equipment) -> None:
    thrifty = with_settings(equipment, "orders", links_per_place_hourly=2)
    transport = transport_to(build(thrifty))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as http:
        answers = [await http.post(QUESTION, json={"number": number}) for number in (1, 2, 3)]
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert 0 < int(answers[2].headers["Retry-After"]) <= 3600
        other = await http.post(QUESTION, json={"number": 4}, headers={"X-Forwarded-For": "198.51.100.1"})
        assert other.status_code == 202


async def test_a_question_that_waited_too_long_makes_no_mail(place: Place) -> None:
    await place.http.post(QUESTION, json={"number": 100_001})
    old = datetime.now(UTC) - timedelta(minutes=31)
    await LinkRequest.update({LinkRequest.created_at: old}).where(LinkRequest.id > 0)
    await asking.answer_waiting(place.equipment)
    assert await mails() == []
    assert await LinkRequest.count() == 0


async def test_a_link_that_is_worthless_is_not_mailed(place: Place) -> None:
    await place.ask(number=100_001)
    old = datetime.now(UTC) - timedelta(minutes=31)
    await Outbox.delete().where(Outbox.kind != "further_order")  # they would go first, and nobody takes them here
    await Outbox.update({Outbox.created_at: old}).where(Outbox.kind == "further_order")
    await delivery.deliver_due(place.equipment, Sources(partial(order_page, place.equipment.settings)), "mail")
    (row,) = await Outbox.select().where(Outbox.kind == "further_order")
    assert row["state"] == "PARKED"


async def test_links_that_were_never_used_are_forgotten(place: Place) -> None:
    await place.ask(number=100_001)
    await links.forget_old(datetime.now(UTC) + timedelta(days=29))
    assert await FurtherOrderLink.count() == 1
    await links.forget_old(datetime.now(UTC) + timedelta(days=31))
    assert await FurtherOrderLink.count() == 0


async def test_the_journal_says_that_a_link_was_mailed(place: Place) -> None:
    await place.ask(number=100_001)
    (row,) = await Journal.select().where(Journal.event == asking.LINK_SENT)
    assert (row["subject"], row["subject_id"], json.loads(row["facts"])) == ("customer", "100001", {})


async def test_an_order_changes_no_mandate_and_says_so(place: Place) -> None:
    await place.ask(number=100_001)
    answer = await place.order(await place.token(), payment=body()["payment"])
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["payment"]
    assert await Order.count() == 1
