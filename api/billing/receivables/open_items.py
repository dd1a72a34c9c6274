"""Open items (*offene Posten*): who owes what, since when, and what was booked on an invoice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec

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


async def items(
    customers: Collection[int] | None = None, *, only_unpaid: bool = False, most: int = MOST
) -> list[OpenItem]:
    """Return open items, the longest due first: all, or those of *customers* (ids)."""
    wanted: list[Any] = [Receivable.open_cents != 0]
    if customers is not None:
        wanted.append(Receivable.customer.is_in(list(customers)))
    if only_unpaid:
        overdue = (Receivable.way == "transfer") & (Receivable.due_on < _today())
        wanted += [Receivable.open_cents > 0, Receivable.returned_on.is_not_null() | overdue]
    rows = (
        await Receivable.select(
            INVOICE.number, CUSTOMER.number, Receivable.way, Receivable.due_on, Receivable.open_cents,
            Receivable.returned_on,
        ).where(*wanted).order_by(Receivable.due_on, Receivable.id).limit(most)
    )  # fmt: skip
    return [_item(row) for row in rows]


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


def total(found: Sequence[OpenItem]) -> int:
    """Return what *found* comes to."""
    return sum(item.open_cents for item in found)


def _today() -> date:
    return datetime.now(UTC).date()
