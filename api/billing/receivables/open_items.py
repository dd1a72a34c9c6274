"""Open items (*offene Posten*): who owes what, since when, and what was booked on an invoice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import msgspec
from piccolo.query.functions import Sum

from api.billing import views
from api.billing.receivables.movements import NotOwedError
from api.billing.receivables.tables import Movement, Receivable

INVOICE: Any = Receivable.invoice
CUSTOMER: Any = Receivable.customer
MOVED: Any = Movement.receivable.invoice
MOST = 500


class OpenItem(msgspec.Struct, frozen=True):
    """An invoice that is not settled, or a credit note."""

    number: str
    customer: int
    way: str
    due_on: date
    #: Negative = the hoster owes it.
    open_cents: int
    returned_on: date | None
    #: Due without being paid: a debit came back, or a transfer did not come.
    unpaid: bool


class Moved(msgspec.Struct, frozen=True):
    """A movement on an invoice."""

    kind: str
    amount_cents: int
    booked_on: date
    reference: str
    reason: str | None
    actor: str


class Wanted(NamedTuple):
    """Which open items: all, or those of some customers, or that fit a text."""

    #: Ids.
    customers: Collection[int] | None = None
    only_unpaid: bool = False
    #: An invoice's number, a customer's or an order's, a name, a mail address.
    text: str = ""


ALL = Wanted()


async def items(wanted: Wanted = ALL, *, behind: str | None = None, most: int = MOST) -> list[OpenItem]:
    """Return up to *most* open items, the longest due first, from *behind* the invoice of that number on.

    Raises:
        NotOwedError: there is no such invoice.
    """
    conditions = await _fitting(wanted)
    if behind is not None:
        last = await receivable(behind)
        same_day = (Receivable.due_on == last["due_on"]) & (Receivable.id > last["id"])
        conditions.append((Receivable.due_on > last["due_on"]) | same_day)
    rows = (
        await Receivable.select(
            INVOICE.number, CUSTOMER.number, Receivable.way, Receivable.due_on, Receivable.open_cents,
            Receivable.returned_on,
        ).where(*conditions).order_by(Receivable.due_on, Receivable.id).limit(most)
    )  # fmt: skip
    return [_item(row) for row in rows]


async def total(wanted: Wanted = ALL) -> int:
    """Return what all that is *wanted* comes to, in cents."""
    row = await Receivable.select(Sum(Receivable.open_cents)).where(*await _fitting(wanted)).first()
    return int((row or {})["sum"] or 0)


async def _fitting(wanted: Wanted) -> list[Any]:
    conditions: list[Any] = [Receivable.open_cents != 0]
    if wanted.customers is not None:
        conditions.append(Receivable.customer.is_in(list(wanted.customers)))
    if wanted.only_unpaid:
        overdue = (Receivable.way == "transfer") & (Receivable.due_on < _today())
        conditions += [Receivable.open_cents > 0, Receivable.returned_on.is_not_null() | overdue]
    if text := wanted.text.strip():
        conditions.append((INVOICE.number == text.upper()) | await views.of_whom(text, Receivable.customer))
    return conditions


async def moved(number: str) -> list[Moved]:
    """Return the movements on invoice *number*, the oldest first."""
    rows = (
        await Movement.select(
            Movement.kind, Movement.amount_cents, Movement.booked_on, Movement.reference, Movement.reason,
            Movement.actor,
        ).where(MOVED.number == number).order_by(Movement.id)
    )  # fmt: skip
    return [Moved(**row) for row in rows]


async def receivable(number: str) -> dict[str, Any]:
    """Return the row of what is owed for invoice *number*.

    Raises:
        NotOwedError: it did not go out.
    """
    row = await Receivable.select().where(INVOICE.number == number).first()
    if row is None:
        raise NotOwedError(f"{number} is not owed: there is no such invoice, or it did not go out yet")
    return dict(row)


def _item(row: dict[str, Any]) -> OpenItem:
    overdue = row["way"] == "transfer" and row["due_on"] < _today()
    return OpenItem(
        number=row["invoice.number"],
        customer=row["customer.number"],
        way=row["way"],
        due_on=row["due_on"],
        open_cents=row["open_cents"],
        returned_on=row["returned_on"],
        unpaid=row["open_cents"] > 0 and (overdue or row["returned_on"] is not None),
    )


def _today() -> date:
    return datetime.now(UTC).date()
