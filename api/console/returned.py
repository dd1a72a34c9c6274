"""Documents that came back, as staff see them: beside the order's data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from api.activation.contracts.reader import show
from api.activation.contracts.returns import NoReturnError, content_of, row_of
from api.activation.contracts.tables import Returned
from api.console.cart import PersonView, person_of
from api.equipment import Equipment
from api.lifecycle import OrderState, ReturnState
from api.shop.page import DomainLine, Time, domains_of
from api.tables import Order

MOST = 200
WAITING = (ReturnState.RECEIVED.value, ReturnState.INBOX.value, ReturnState.FILED.value)


class ReturnLine(msgspec.Struct, frozen=True, kw_only=True):
    """A document in a list."""

    id: int
    channel: str
    received_at: Time
    state: ReturnState
    #: The order that it is filed to.
    cart_id: str | None
    #: The order that it may belong to.
    suggested: str | None
    sender: str
    subject: str
    name: str
    #: How many pages can be looked at.
    pages: int
    #: Why a person has to look.
    note: str
    #: The document that shows the same.
    same_as: int | None
    decided_at: Time | None
    decided_by: str | None
    reason: str


class OrderBeside(msgspec.Struct, frozen=True, kw_only=True):
    """What the document is compared with."""

    cart_id: str
    state: OrderState
    tariff: str
    customer: PersonView
    domains: Sequence[DomainLine]


class ReturnView(msgspec.Struct, frozen=True):
    """A document, beside its order or the one that it may belong to."""

    document: ReturnLine
    order: OrderBeside | None


class Returns(msgspec.Struct, frozen=True):
    """What waits for a person, the oldest first; 200 at most."""

    returns: Sequence[ReturnLine]


async def waiting(*, is_all: bool = False) -> list[ReturnLine]:
    """Return what waits for a person, the oldest first; with those that were decided about, the newest first."""
    rows = Returned.select().limit(MOST)
    if is_all:
        return await _lines(await rows.order_by(Returned.id, ascending=False))
    return await _lines(await rows.where(Returned.state.is_in(list(WAITING))).order_by(Returned.id))


async def return_view(number: int) -> ReturnView:
    """Return document *number* beside its order's data.

    Raises:
        NoReturnError: there is none.
    """
    row = await row_of(number)
    (line,) = await _lines([row])
    return ReturnView(line, await _beside(row["order"] or row["suggested"]))


async def return_page(equipment: Equipment, number: int, page: int) -> bytes:
    """Return *page*, from 1, of document *number* as PNG.

    Raises:
        NoReturnError: there is no such page, or the original was not to be kept longer.
        LookError: it cannot be looked at.
    """
    row = await row_of(number)
    pages: list[int] = json.loads(row["pages"])
    content = await content_of(equipment, row)
    picture = await show(content, pages[page - 1]) if content and 0 < page <= len(pages) else None
    if picture is None:
        raise NoReturnError(f"document {number} has no page {page} to look at")
    return picture


async def _beside(order_id: int | None) -> OrderBeside | None:
    if order_id is None:
        return None
    (order,) = await Order.select().where(Order.id == order_id)
    return OrderBeside(
        cart_id=order["cart_id"],
        state=OrderState(order["state"]),
        tariff=order["tariff"],
        customer=await person_of(order),
        domains=await domains_of(order_id),
    )


async def _lines(rows: Iterable[Mapping[str, Any]]) -> list[ReturnLine]:
    rows = list(rows)
    named = {row[field] for row in rows for field in ("order", "suggested") if row[field] is not None}
    found = await Order.select(Order.id, Order.cart_id).where(Order.id.is_in(list(named))) if named else []
    cart_of = {order["id"]: order["cart_id"] for order in found}
    return [
        ReturnLine(
            cart_id=cart_of.get(row["order"]),
            suggested=cart_of.get(row["suggested"]),
            state=ReturnState(row["state"]),
            pages=len(json.loads(row["pages"])),
            **{name: row[name] for name in COPIED},
        )
        for row in rows
    ]


COPIED = (
    "id", "channel", "received_at", "sender", "subject", "name", "note", "same_as", "decided_at", "decided_by",
    "reason",
)  # fmt: skip
"""What a line takes from the table as it is."""
