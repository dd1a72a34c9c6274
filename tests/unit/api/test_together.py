"""Rows that name each other are written all or none, alone and inside a transaction, and leave the database usable."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from api.engine.conflicts import is_conflict
from api.engine.together import IdOf, Row, shape, statement
from api.piccolo_conf import DB
from api.tables import Journal, OrderDomain

pytestmark = pytest.mark.usefixtures("database")

ORDER: dict[str, Any] = {
    "body_digest": "x", "state": "SUBMITTED", "tariff": "start", "tariff_version": 1, "billing_interval_months": 1,
    "language": "de", "terms_version": "1", "applicant": "{}", "password_hash": "$6$x", "offered": "[]",
}  # fmt: skip


def rows(cart_id: str, *names: str) -> list[Row]:
    """Return an order with its journal row and its domains, which are held."""
    now = datetime.now(UTC)
    noted = {"at": now, "order": IdOf(0), "subject": "order", "subject_id": IdOf(0, as_text=True), "event": "SUBMITTED"}
    held: dict[str, Any] = {"order": IdOf(0), "action": "register", "state": "REQUESTED", "changed_at": now}
    return [
        Row(
            "orders",
            ORDER | {"cart_id": cart_id, "idempotency_key": cart_id, "created_at": now, "terms_accepted_at": now},
        ),
        Row("journal", noted | {"actor": "customer", "facts": "{}", "public": True}),
        *(
            Row("order_domain", held | {"position": place, "name": name, "held_name": name})
            for place, name in enumerate(names)
        ),
    ]


async def counts() -> tuple[int, int]:
    """Return how many journal rows and domains there are."""
    return await Journal.count(), await OrderDomain.count()


async def test_rows_know_the_ids_of_earlier_ones() -> None:
    order_id, journal_id, first, second = await DB.insert_together(rows("A", "a.de", "b.de"))
    (noted,) = await Journal.select()
    assert (noted["id"], noted["order"], noted["subject_id"]) == (journal_id, order_id, str(order_id))
    domains = await OrderDomain.select().order_by(OrderDomain.position)
    assert [(row["id"], row["order"], row["name"]) for row in domains] == [
        (first, order_id, "a.de"),
        (second, order_id, "b.de"),
    ]


async def test_a_row_that_is_refused_takes_all_others_with_it() -> None:
    await DB.insert_together(rows("A", "a.de"))
    with pytest.raises(Exception, match="held_name") as refused:
        await DB.insert_together(rows("B", "b.de", "a.de"))
    assert is_conflict(refused.value)
    assert await counts() == (1, 1)
    await DB.insert_together(rows("C", "c.de"))
    assert await counts() == (2, 2)


async def test_inside_a_transaction_they_are_part_of_it() -> None:
    async def write_and_fail() -> None:
        async with DB.transaction():
            await DB.insert_together(rows("A", "a.de"))
            assert await counts() == (1, 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await write_and_fail()
    assert await counts() == (0, 0)


async def test_callers_that_are_cancelled_leave_the_writer_to_the_next_one() -> None:
    for number in range(20):
        task = asyncio.create_task(DB.insert_together(rows(f"A{number}", f"a{number}.de")))
        await asyncio.sleep(0.001 * (number % 5))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(5):
        await DB.insert_together(rows("B", "b.de"))
    journal, domains = await counts()
    assert journal == domains


async def test_the_statement_names_no_value() -> None:
    text = statement(shape([Row("orders", {"cart_id": "'; DROP TABLE orders"}), Row("journal", {"order": IdOf(0)})]))
    assert "DROP" not in text
    assert text.count("$") == 1
