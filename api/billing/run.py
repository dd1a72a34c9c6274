"""The invoice run (*Rechnungslauf*): entries for the periods that begin, and an invoice for who has open ones.

Customers are taken by ranges of their key, a range is one transaction: entries, numbers and invoices come together or
not at all. Killed at any point, the run is started again and goes on with what is still open; two at a time share.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from api import journal
from api.billing import draft, invoices, ledger, services
from api.billing.draft import Draft
from api.billing.report import Report, Totals
from api.billing.tables import OpenEntry, Service
from api.piccolo_conf import DB
from api.sections import SellerFacts
from api.tables import Customer

BATCH = 50
"""Customers of one transaction: while it lasts nobody else writes to an SQLite database."""

INVOICE_RUN = "invoice_run"
"""What the journal says of runs that went through."""

log = logging.getLogger("ankunft.billing")

Tick = Callable[[int], None]
"""Is told after each range how many customers were looked at."""


class Task(NamedTuple):
    """What to bill."""

    seller: SellerFacts
    #: Periods that begin on or before this day.
    until: date
    #: The day that stands on the invoices.
    day: date
    #: Reckon, and undo all of it.
    is_dry: bool


class Span(NamedTuple):
    """Customers whose ids are above *low*, up to *high*."""

    low: int
    high: int
    size: int


async def run(task: Task, tick: Tick = lambda _: None) -> Totals:
    """Bill what *task* says; return what was done.

    A range that fails is tried customer by customer, so that one who cannot be billed keeps nobody else waiting.

    Raises:
        SellerUnknownError: the settings do not say who sells.
    """
    invoices.check(task.seller)
    report = Report()
    async for span in _spans(BATCH):
        try:
            await _bill(task, span, report)
        except Exception as error:  # noqa: BLE001 (a customer who cannot be billed is reported, the run goes on)
            log.warning("a range of %d customers is billed one by one: %s", span.size, type(error).__name__)
            await _one_by_one(task, span, report)
        tick(span.size)
    totals = report.totals()
    if not task.is_dry:
        await _note(task, totals)
    return totals


async def _note(task: Task, totals: Totals) -> None:
    """Write into the journal that a run went through to its end, whether it billed anybody or not."""
    await journal.write(
        subject=INVOICE_RUN, subject_id=f"{task.until}", event="DONE", actor=journal.SYSTEM,
        facts={
            "invoices": totals.invoices, "credit_notes": totals.credit_notes, "failed": len(totals.failed),
        },
    )  # fmt: skip


async def _one_by_one(task: Task, span: Span, report: Report) -> None:
    rows = await Customer.select(Customer.id, Customer.number).where(Customer.id > span.low, Customer.id <= span.high)
    for row in rows:
        try:
            await _bill(task, Span(row["id"] - 1, row["id"], 1), report)
        except Exception as error:  # noqa: BLE001 (as above)
            report.failed[row["number"]] = type(error).__name__
            log.error("customer %d could not be billed: %s", row["number"], type(error).__name__)  # noqa: TRY400 (its text may hold personal data)


async def _spans(size: int) -> AsyncIterator[Span]:
    """Go over all customers in the order of their ids."""
    low = 0
    while ids := await Customer.select(Customer.id).where(Customer.id > low).order_by(Customer.id).limit(size):
        yield Span(low, ids[-1]["id"], len(ids))
        low = ids[-1]["id"]


async def _bill(task: Task, span: Span, report: Report) -> None:
    """Bill the customers of *span* in one transaction."""
    async with DB.transaction() as transaction:
        drafts, numbers = await _write(task, span)
        if task.is_dry:
            await transaction.rollback()  # type: ignore[no-untyped-call]
    report.add([made for _, made in drafts], [] if task.is_dry else numbers)


async def _write(task: Task, span: Span) -> tuple[list[tuple[Mapping[str, Any], Draft]], list[str]]:
    """Write what is due. What is outside the scope of VAT stands on a paper of its own (EN 16931, BR-O-11)."""
    customers = {
        row["id"]: row for row in await Customer.select().where(Customer.id > span.low, Customer.id <= span.high)
    }
    await _continue(task, span, customers)
    taken = await _take(task, span)
    entries = await invoices.entries([row["entry"] for row in taken])
    owner = {row["entry"]: row["customer"] for row in taken}
    papers: dict[tuple[int, bool], list[dict[str, Any]]] = {}
    for entry in entries:
        papers.setdefault((owner[entry["id"]], entry["tax_category"] == "O"), []).append(entry)
    drafts: list[tuple[Mapping[str, Any], Draft]] = [
        (customers[customer], draft.reckon(theirs)) for (customer, _), theirs in papers.items()
    ]
    due = [(customer, made) for customer, made in drafts if made.gross]
    billed = {entry["id"] for _, made in due for entry in made.entries}
    await _leave([row for row in taken if row["entry"] not in billed])
    return due, await invoices.write(due, task.seller, task.day)


async def _continue(task: Task, span: Span, customers: Mapping[int, Mapping[str, Any]]) -> None:
    """Write the entries of the periods that begin. Writing to the rows first keeps whoever ends a service waiting."""
    mine = (Service.customer > span.low) & (Service.customer <= span.high) & (Service.next_on <= task.until)
    rows = await Service.update({Service.periods: Service.periods}).where(mine).returning(*Service.all_columns())
    entries = [
        ledger.charge(row, whole, served, task.seller, customers[row["customer"]])
        for row in rows
        for whole, served in ledger.due_periods(row, task.until)
    ]
    await ledger.write(entries)
    await services.advance(rows, task.until)


async def _take(task: Task, span: Span) -> list[dict[str, Any]]:
    """Claim the open entries: whoever deletes such a row puts its entry on an invoice in the same transaction."""
    mine = (OpenEntry.customer > span.low) & (OpenEntry.customer <= span.high) & (OpenEntry.due_on <= task.until)
    return list(await OpenEntry.delete().where(mine).returning(OpenEntry.entry, OpenEntry.customer, OpenEntry.due_on))


async def _leave(rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep open what comes to nothing: it stands on the customer's next invoice."""
    if rows:
        await OpenEntry.insert(*(OpenEntry(**row) for row in rows))
