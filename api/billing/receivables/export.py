"""The journal of a period for bookkeeping, read in pieces: what was issued in it, and what was booked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import msgspec

from api.billing.documents.tables import InvoiceDocument
from api.billing.receivables import bookkeeping
from api.billing.receivables.bookkeeping import Money
from api.billing.receivables.tables import Movement
from api.billing.statement import Statement
from api.billing.tables import Invoice
from api.books import Bookkeeping

AT_ONCE = 500
MOVED: Any = Movement.receivable


async def lines(first: date, last: date, accounts: Bookkeeping) -> AsyncIterator[str]:
    """Yield the lines of the file for the days from *first* to *last*, both included.

    Raises:
        NoAccountError: revenue that the settings give no account.
    """
    for line in bookkeeping.lines([]):
        yield line
    async for statement in _issued(first, last):
        for row in bookkeeping.of_statement(statement, accounts):
            yield bookkeeping.line(row)
    async for money in _booked(first, last):
        yield bookkeeping.line(bookkeeping.of_money(money, accounts))


async def _issued(first: date, last: date) -> AsyncIterator[Statement]:
    """Yield what went out; what is held back is not in the books yet."""
    after = 0
    went_out = Invoice.id.is_in(InvoiceDocument.select(InvoiceDocument.invoice))
    while rows := (
        await Invoice.select(Invoice.id, Invoice.statement)
        .where(Invoice.id > after, Invoice.issued_on >= first, Invoice.issued_on <= last, went_out)
        .order_by(Invoice.id)
        .limit(AT_ONCE)
    ):
        after = rows[-1]["id"]
        for row in rows:
            yield msgspec.json.decode(row["statement"], type=Statement)


async def _booked(first: date, last: date) -> AsyncIterator[Money]:
    after = 0
    while rows := (
        await Movement.select(
            Movement.id, Movement.kind, Movement.amount_cents, Movement.booked_on, Movement.reference,
            MOVED.customer.number, MOVED.invoice.number,
        ).where(Movement.id > after, Movement.booked_on >= first, Movement.booked_on <= last)
        .order_by(Movement.id).limit(AT_ONCE)
    ):  # fmt: skip
        after = rows[-1]["id"]
        for row in rows:
            yield Money(
                row["kind"], row["amount_cents"], row["booked_on"], row["receivable.customer.number"],
                row["receivable.invoice.number"], row["reference"],
            )  # fmt: skip
