"""Issuing an invoice's documents: archived, owed and mailed, all in the caller's transaction; and mailed again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from api import journal
from api.billing.documents import archive, words
from api.billing.documents.archive import Paper
from api.billing.documents.made import Made
from api.billing.receivables import movements
from api.billing.statement import Statement
from api.notices import outbox
from api.piccolo_conf import DB


async def keep(row: Mapping[str, Any], statement: Statement, made: Made) -> None:
    """Archive what was *made* of an invoice (*row*), let it be owed, and mail it to the customer."""
    await archive.file([Paper(row["id"], row["number"], made.pdf, made.xml)])
    await movements.open_up(row, statement.payment)
    await _tell(row, statement, "ISSUED", journal.SYSTEM)


async def send_again(number: str, *, actor: str) -> None:
    """Mail the archived documents of *number* once more.

    Raises:
        NoDocumentError: there is no such invoice, or it has no documents.
    """
    async with DB.transaction():
        row = await archive.invoice(number)
        if not await archive.is_there(row["id"]):
            raise archive.NoDocumentError(f"{number} has no documents yet, or breaks a rule and is held back")
        await _tell(row, msgspec.json.decode(row["statement"], type=Statement), "SENT_AGAIN", actor)


async def _tell(row: Mapping[str, Any], statement: Statement, event: str, actor: str) -> None:
    """Write the journal's row, public, and have the customer get the documents by mail."""
    order = await movements.order_of(row["id"])
    written = await journal.write(
        subject="invoice", subject_id=row["number"], order=order, event=event, actor=actor,
        facts={"kind": row["kind"], "gross_cents": row["gross_cents"]}, public=True,
    )  # fmt: skip
    said = {
        "invoice": row["number"], "amount": words.money(statement.gross_cents, statement.language),
        "issued": words.day(statement.issued_on, statement.language), "payment": words.payment(statement),
        "corrects": statement.corrects,
    }  # fmt: skip
    if statement.kind == "credit_note":
        await outbox.tell("credit_note_issued", order, written, said, said_in=statement.language)
    else:
        await outbox.tell("invoice_issued", order, written, said, said_in=statement.language)
