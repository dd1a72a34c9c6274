"""Issuing: what the run wrote becomes documents, is archived, owed and mailed. What breaks a rule is held back.

An invoice waits in `Unissued` until the transaction that archives it; whoever deletes the row issues it. Killed in
between, its documents are made again, from the same statement. A credit note never goes out before what it takes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from api import journal
from api.billing.documents.keeping import keep
from api.billing.documents.made import Finding, Made
from api.billing.documents.press import Press
from api.billing.receivables.movements import order_of
from api.billing.statement import Statement
from api.billing.tables import Invoice, Unissued
from api.notices import outbox
from api.piccolo_conf import DB

BATCH_OF_A_PROCESS = 16
LEFT_OVER_AFTER = timedelta(minutes=1)
PATIENCE = timedelta(days=1)
"""How late an invoice may go out, as one of a run around midnight: it says until when to pay, and announces a debit."""
LOOKED_AT = 500
"""Invoices that wait, when the worker looks whether one is left over."""

Tick = Callable[[int], None]
Batch = list[tuple[dict[str, Any], Statement, Made]]


class Issued(msgspec.Struct, kw_only=True):
    """What came of it."""

    documents: int = 0
    #: Number → findings of what is held back.
    held: dict[str, Sequence[str]] = {}


async def issue(templates: Path, tick: Tick = lambda _: None, *, processes: int | None = None) -> Issued:
    """Issue all that waits, what was held back before too; return what came of it.

    While one batch is written, the processes make the next.
    """
    await _void()
    result, after = Issued(), 0
    async with Press(templates, processes) as press:
        coming = asyncio.create_task(_make(press, after))
        try:
            while batch := await coming:
                coming = asyncio.create_task(_make(press, batch[-1][0]["id"]))
                for row, statement, documents in batch:
                    if findings := (*documents.findings, *_late(statement)):
                        result.held[row["number"]] = await _hold(row, findings)
                    else:
                        result.documents += await _keep(row, statement, documents)
                tick(len(batch))
        finally:
            coming.cancel()
    for number in await _void():
        result.held.pop(number, None)
    return result


async def issue_left_over(templates: Path) -> Issued:
    """Issue what no run did: credit notes that staff wrote, and what was left when a run was killed."""
    before = datetime.now(UTC) - LEFT_OVER_AFTER
    columns = (Unissued.findings, Unissued.invoice.created_at)
    for row in await Unissued.select(*columns).order_by(Unissued.invoice).limit(LOOKED_AT):
        if row["invoice.created_at"] < before and not msgspec.json.decode(row["findings"]):
            return await issue(templates, processes=1)
    return Issued()


async def waiting() -> int:
    """Return how many invoices wait to be issued."""
    return int(await Unissued.count())


async def held() -> list[dict[str, Any]]:
    """Return what is held back: number and findings."""
    rows = await Unissued.select(Unissued.invoice.number, Unissued.findings).order_by(Unissued.invoice)
    found = [{"number": row["invoice.number"], "findings": msgspec.json.decode(row["findings"])} for row in rows]
    return [row for row in found if row["findings"]]


async def _void() -> list[str]:
    """Leave out what was held back and then taken back: invoice and credit note, the customer knows of neither.

    Returns the numbers of these invoices.
    """
    stopped = [row["number"] for row in await held()]
    if not stopped:
        return []
    waits = Unissued.select(Unissued.invoice)
    notes = await Invoice.select(Invoice.id, Invoice.number, Invoice.corrects, Invoice.corrects.number).where(
        Invoice.id.is_in(waits), Invoice.corrects.number.is_in(stopped)
    )
    voided = []
    for note in notes:
        async with DB.transaction():
            if await Unissued.delete().where(Unissued.invoice == note["corrects"]).returning(Unissued.invoice):
                await Unissued.delete().where(Unissued.invoice == note["id"])
                await journal.write(
                    subject="invoice", subject_id=note["corrects.number"], order=await order_of(note["corrects"]),
                    event="VOIDED", actor=journal.SYSTEM, facts={"credit_note": note["number"]},
                )  # fmt: skip
                voided.append(str(note["corrects.number"]))
    return voided


def _late(statement: Statement) -> tuple[Finding, ...]:
    """Return that an invoice cannot go out any more, since the days it leaves to pay are not left."""
    if statement.kind == "credit_note" or datetime.now(UTC).date() <= statement.issued_on + PATIENCE:
        return ()
    said = f"it was to go out on {statement.issued_on} and is due on {statement.due_on}; take it back and bill anew"
    return (Finding("LATE", said),)


async def _make(press: Press, after: int) -> Batch:
    """Make the documents of the next invoices that wait, those with ids above *after*."""
    most = BATCH_OF_A_PROCESS * press.processes
    ids = Unissued.select(Unissued.invoice).where(Unissued.invoice > after).order_by(Unissued.invoice).limit(most)
    found = await ids.output(as_list=True)
    rows = await Invoice.select().where(Invoice.id.is_in(found)).order_by(Invoice.id) if found else []
    statements = [msgspec.json.decode(row["statement"], type=Statement) for row in rows]
    made = await asyncio.gather(*(press.make(statement) for statement in statements))
    return list(zip(rows, statements, made, strict=True))


async def _keep(row: Mapping[str, Any], statement: Statement, documents: Made) -> int:
    """Issue in one transaction, unless another run did so meanwhile, or what it takes back did not go out yet."""
    async with DB.transaction():
        if row["corrects"] is not None and await Unissued.exists().where(Unissued.invoice == row["corrects"]):
            return 0
        if not await Unissued.delete().where(Unissued.invoice == row["id"]).returning(Unissued.invoice):
            return 0
        await keep(row, statement, documents)
    return 1


async def _hold(row: Mapping[str, Any], findings: Sequence[Finding]) -> Sequence[str]:
    """Write down what was found and tell staff, once for each new finding."""
    texts = [f"{finding.rule}: {finding.message}" for finding in findings]
    said = msgspec.json.encode(texts).decode()
    async with DB.transaction():
        before = await Unissued.select(Unissued.findings).where(Unissued.invoice == row["id"]).first()
        if before is not None and before["findings"] != said:
            await Unissued.update({Unissued.findings: said}).where(Unissued.invoice == row["id"])
            await _alarm(row, sorted({finding.rule for finding in findings}))
    return texts


async def _alarm(row: Mapping[str, Any], rules: Sequence[str]) -> None:
    order = await order_of(row["id"])
    written = await journal.write(
        subject="invoice", subject_id=row["number"], order=order, event="HELD_BACK", actor=journal.SYSTEM,
        facts={"rules": rules},
    )  # fmt: skip
    said = {"what": "invoice_held", "invoice": row["number"], "rules": ", ".join(rules)}
    await outbox.tell("staff_alarm", order, written, said)
