"""Debits that came back (*Rücklastschriften*): by the bank's file, or by hand. The invoice is owed again.

It is not collected again by itself: the customer is told to transfer it, and the risk check knows of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

import msgspec

from api import journal
from api.billing.documents import words
from api.billing.receivables import movements
from api.billing.receivables.bank_statement import Returned
from api.billing.receivables.movements import BookedBeforeError, Booking
from api.billing.receivables.tables import Collection, Receivable
from api.billing.statement import Statement
from api.notices import outbox
from api.piccolo_conf import DB

INVOICE: Any = Collection.receivable.invoice
"""A debit's invoice; Piccolo's own words for it have no types."""

BY_HAND = "MS03"
"""ISO 20022: no reason given."""


class Taken(NamedTuple):
    """What became of a file."""

    #: Numbers of invoices that are owed again.
    returned: tuple[str, ...]
    #: Returns that were booked before.
    known: int
    #: Returns of debits that are not ours, by their end-to-end ids.
    foreign: tuple[str, ...]


class NotCollectedError(LookupError):
    """There is no debit of this invoice that could have come back."""


async def take(returned: Iterable[Returned], *, actor: str) -> Taken:
    """Book what came back, each in a transaction of its own; harmless when repeated."""
    numbers, foreign, known = [], [], 0
    for back in returned:
        found = await _collected(Collection.end_to_end_id == back.end_to_end_id)
        if found is None:
            foreign.append(back.end_to_end_id)
        elif await _book(found, back.booked_on, back.reason, actor):
            numbers.append(str(found["receivable.invoice.number"]))
        else:
            known += 1
    return Taken(tuple(numbers), known, tuple(foreign))


async def by_hand(number: str, on: date, *, actor: str, reason: str = BY_HAND) -> None:
    """Book that the last debit of invoice *number* came back *on* a day.

    Raises:
        NotCollectedError: it was never collected, or this came back before.
    """
    found = await _collected(INVOICE.number == number)
    if found is None or not await _book(found, on, reason, actor):
        raise NotCollectedError(f"no debit of {number} can come back; `ankunft payment open` shows what is open")


async def _collected(which: Any) -> dict[str, Any] | None:
    row = (
        await Collection.select(
            Collection.receivable, Collection.end_to_end_id, Collection.amount_cents,
            INVOICE, INVOICE.number, INVOICE.statement,
        ).where(which).order_by(Collection.id, ascending=False).first()
    )  # fmt: skip
    return None if row is None else dict(row)


async def _book(found: dict[str, Any], on: date, reason: str, actor: str) -> bool:
    """Book the return and tell the customer; False if it was booked before."""
    back = Booking(found["receivable"], "return", -found["amount_cents"], on, found["end_to_end_id"], actor, reason)
    try:
        async with DB.transaction():
            await movements.book(back)
            await Receivable.update({Receivable.returned_on: on}).where(Receivable.id == back.receivable)
            await _tell(found, actor)
    except BookedBeforeError:
        return False
    return True


async def _tell(found: dict[str, Any], actor: str) -> None:
    statement = msgspec.json.decode(found["receivable.invoice.statement"], type=Statement)
    order = await movements.order_of(found["receivable.invoice"])
    written = await journal.write(
        subject="invoice", subject_id=statement.number, order=order, event="DEBIT_RETURNED", actor=actor, public=True,
    )  # fmt: skip
    said = {
        "invoice": statement.number, "amount": words.money(found["amount_cents"], statement.language),
        "iban": words.spaced(statement.seller.iban), "bic": statement.seller.bic, "holder": statement.seller.name,
    }  # fmt: skip
    await outbox.tell("debit_returned", order, written, said, said_in=statement.language)
