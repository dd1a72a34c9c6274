"""Issuing: what the run wrote becomes documents, is archived and mailed. What has findings is held back and shown.

An invoice waits in `Unissued` until the transaction that archives it. Killed in between, its documents are made again,
from the same statement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from api import journal
from api.billing.documents.press import Made
from api.billing.statement import Statement
from api.billing.tables import Invoice, Unissued
from api.piccolo_conf import DB

Make = Callable[[Statement], Awaitable[Made]]
"""Gives the documents of a statement; see `documents.press`."""

Archive = Callable[[Mapping[str, Any], Statement, Made], Awaitable[None]]
"""Keeps the documents of an invoice (its row) and has them mailed, in the caller's transaction."""


class Printer(NamedTuple):
    """Who makes documents, and who keeps them."""

    make: Make
    archive: Archive
    #: Documents made at once.
    at_once: int


class Issued(msgspec.Struct, kw_only=True):
    """What came of it."""

    documents: int = 0
    #: Number → findings of what is held back.
    held: dict[str, Sequence[str]] = {}


async def issue(printer: Printer, tick: Callable[[int], None] = lambda _: None) -> Issued:
    """Issue all that waits, what was held back before too; return what came of it."""
    result, after = Issued(), 0
    while rows := await _next(after, printer.at_once):
        after = rows[-1]["id"]
        statements = [msgspec.json.decode(row["statement"], type=Statement) for row in rows]
        made = await asyncio.gather(*(printer.make(statement) for statement in statements))
        for row, statement, documents in zip(rows, statements, made, strict=True):
            if documents.findings:
                result.held[row["number"]] = await _hold(row, documents)
            else:
                result.documents += await _keep(printer, row, statement, documents)
        tick(len(rows))
    return result


async def waiting() -> int:
    """Return how many invoices wait to be issued."""
    return int(await Unissued.count())


async def held() -> list[dict[str, Any]]:
    """Return what is held back: number and findings."""
    rows = await Unissued.select(Unissued.invoice.number, Unissued.findings).order_by(Unissued.invoice)
    found = [{"number": row["invoice.number"], "findings": msgspec.json.decode(row["findings"])} for row in rows]
    return [row for row in found if row["findings"]]


async def _next(after: int, most: int) -> list[dict[str, Any]]:
    ids = Unissued.select(Unissued.invoice).where(Unissued.invoice > after).order_by(Unissued.invoice).limit(most)
    found = await ids.output(as_list=True)
    return list(await Invoice.select().where(Invoice.id.is_in(found)).order_by(Invoice.id)) if found else []


async def _keep(printer: Printer, row: Mapping[str, Any], statement: Statement, documents: Made) -> int:
    """Archive in one transaction, unless another run did so meanwhile."""
    async with DB.transaction():
        if not await Unissued.delete().where(Unissued.invoice == row["id"]).returning(Unissued.invoice):
            return 0
        await journal.write(
            subject="invoice", subject_id=row["number"], event="ISSUED", actor=journal.SYSTEM,
            facts={"kind": row["kind"], "gross_cents": row["gross_cents"]},
        )  # fmt: skip
        await printer.archive(row, statement, documents)
    return 1


async def _hold(row: Mapping[str, Any], documents: Made) -> Sequence[str]:
    """Write down what was found, once for each new finding."""
    texts = [f"{finding.rule}: {finding.message}" for finding in documents.findings]
    said = msgspec.json.encode(texts).decode()
    async with DB.transaction():
        before = await Unissued.select(Unissued.findings).where(Unissued.invoice == row["id"]).first()
        if before is not None and before["findings"] != said:
            await Unissued.update({Unissued.findings: said}).where(Unissued.invoice == row["id"])
            await journal.write(
                subject="invoice", subject_id=row["number"], event="HELD_BACK", actor=journal.SYSTEM,
                facts={"findings": len(texts)},
            )  # fmt: skip
    return texts
