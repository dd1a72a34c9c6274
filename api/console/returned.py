"""Documents that came back, as staff see them: beside the order's data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from piccolo.columns.combination import And, Or, Where
from piccolo.query import OrderByRaw

from api.activation.contracts.reader import show
from api.activation.contracts.returns import NoReturnError, content_of, row_of
from api.activation.contracts.tables import Returned
from api.console.cart import PersonView, person_of
from api.console.customers import before, next_cursor
from api.equipment import Equipment
from api.lifecycle import OrderState, ReturnState
from api.shop.page import DomainLine, Time, domains_of
from api.tables import Order

MOST = 200
NOTES_LAST = OrderByRaw("returned_document.original IS NULL")
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
    """Documents that came back, a page of them."""

    returns: Sequence[ReturnLine]
    #: For the page after this one; null on the last one.
    next_cursor: str | None


async def waiting(cursor: str | None = None, limit: int = MOST, *, is_all: bool = False) -> Returns:
    """Return what waits for a person, documents before mere notes, each the oldest first; or all, the newest first."""
    rows = Returned.select().limit(limit + 1)
    if is_all:
        rows = rows.where(Returned.id < before(cursor)).order_by(Returned.id, ascending=False)
    else:
        rows = rows.where(Returned.state.is_in(list(WAITING))).order_by(NOTES_LAST).order_by(Returned.id)
        if cursor is not None:
            rows = rows.where(await _behind(before(cursor)))
    found = list(await rows)
    return Returns(await _lines(found[:limit]), next_cursor(found, limit))


async def _behind(last: int) -> Where | And | Or:
    """Return the condition that a row comes behind document or note *last* where documents come before notes."""
    later, is_note = Returned.id > last, Returned.original.is_null()
    if await Returned.exists().where(is_note, Returned.id == last):
        return later & is_note
    return later | is_note


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


async def return_original(equipment: Equipment, number: int) -> bytes:
    """Return what document *number* is in, as it came.

    Raises:
        NoReturnError: there is none, or the original was not to be kept longer.
    """
    content = await content_of(equipment, await row_of(number))
    if content is None:
        raise NoReturnError(f"the original of document {number} is not there")
    return content


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
