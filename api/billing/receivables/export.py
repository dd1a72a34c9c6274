"""The journal of a period for bookkeeping, read in pieces: what went out in it, and what was booked in it.

It goes by the time at which a row came to be, not by the day that it bears: what went out late, or was booked for a day
before, stands in the next file, and a file that was handed to the books never changes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
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


async def lines(begin: datetime, end: datetime, accounts: Bookkeeping) -> AsyncIterator[str]:
    """Yield the lines of the file for the time from *begin* up to *end*, this one excluded.

    Raises:
        NoAccountError: revenue that the settings give no account.
    """
    for line in bookkeeping.lines([]):
        yield line
    async for statement in _issued(begin, end):
        for row in bookkeeping.of_statement(statement, accounts):
            yield bookkeeping.line(row)
    async for money in _booked(begin, end):
        yield bookkeeping.line(bookkeeping.of_money(money, accounts))


async def _issued(begin: datetime, end: datetime) -> AsyncIterator[Statement]:
    """Yield what went out; what is held back is not in the books yet."""
    archived = (InvoiceDocument.archived_at >= begin) & (InvoiceDocument.archived_at < end)
    ids = sorted(await InvoiceDocument.select(InvoiceDocument.invoice).where(archived).output(as_list=True))
    for at in range(0, len(ids), AT_ONCE):
        some = Invoice.id.is_in(ids[at : at + AT_ONCE])
        for row in await Invoice.select(Invoice.statement).where(some).order_by(Invoice.id):
            yield msgspec.json.decode(row["statement"], type=Statement)


async def _booked(begin: datetime, end: datetime) -> AsyncIterator[Money]:
    after = 0
    while rows := (
        await Movement.select(
            Movement.id, Movement.kind, Movement.amount_cents, Movement.booked_on, Movement.reference,
            MOVED.customer.number, MOVED.invoice.number,
        ).where(Movement.id > after, Movement.at >= begin, Movement.at < end)
        .order_by(Movement.id).limit(AT_ONCE)
    ):  # fmt: skip
        after = rows[-1]["id"]
        for row in rows:
            yield Money(
                row["kind"], row["amount_cents"], row["booked_on"], row["receivable.customer.number"],
                row["receivable.invoice.number"], row["reference"],
            )  # fmt: skip
