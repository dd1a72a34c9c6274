"""Documents go into the archive once, with the mail that brings them, and nobody exchanges one unseen."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from api.billing.documents import archive, keeping, mailing
from api.billing.documents.archive import GENESIS, NoDocumentError, Paper, TamperedError
from api.billing.documents.tables import InvoiceDocument
from api.billing.run import Task, run
from api.billing.tables import Invoice
from api.engine.conflicts import is_conflict
from api.equipment import Equipment
from api.notices.tables import Outbox
from api.piccolo_conf import DB
from api.tables import Customer, Journal
from tests.unit.api.issued import STAFF, TODAY, accepted, bill, hoster

pytestmark = pytest.mark.usefixtures("database")


async def unguarded(statement: str) -> None:
    """Do what only somebody with the database's own rights can: take the triggers away and change a row."""
    if DB.engine_type == "sqlite":
        for verb in ("update", "delete"):
            await InvoiceDocument.raw(f'DROP TRIGGER "invoice_document_unchangeable_{verb}"')
    else:
        await InvoiceDocument.raw('DROP TRIGGER "invoice_document_unchangeable" ON "invoice_document"')
    await InvoiceDocument.raw(statement)


async def test_an_issued_invoice_is_archived_and_mailed_with_its_document(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here, customer__family_name="Müller & Söhne")
    (number,) = await bill(here)
    paper = await archive.fetch(number)
    assert paper.pdf.startswith(b"%PDF-1.7")
    assert "Jürgen Müller &amp; Söhne" in paper.xml.decode()
    (mail,) = await Outbox.select().where(Outbox.kind == "invoice_issued")
    said = json.loads(mail["context"])
    assert (said["invoice"], said["amount"]) == (number, "3,99\xa0€")
    (attachment,) = await mailing.papers(here, mail)
    assert (attachment.name, attachment.content, attachment.media_type) == (
        f"{number}.pdf",
        paper.pdf,
        "application/pdf",
    )
    (row,) = await Journal.select().where(Journal.subject == "invoice")
    assert (row["event"], row["subject_id"], row["public"]) == ("ISSUED", number, True)


async def test_the_mail_speaks_the_documents_language_whatever_the_orders_is(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await Customer.update({Customer.language: "en"}, force=True)
    await bill(here)
    (mail,) = await Outbox.select().where(Outbox.kind == "invoice_issued")
    assert mail["language"] == "en"
    assert "We will collect" in json.loads(mail["context"])["payment"]


async def test_a_document_is_mailed_again_as_it_was(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    (number,) = await bill(here)
    await keeping.send_again(number, actor=STAFF)
    mails = await Outbox.select().where(Outbox.kind == "invoice_issued")
    assert len({mail["message_id"] for mail in mails}) == 2
    assert await mailing.papers(here, mails[0]) == await mailing.papers(here, mails[1])
    with pytest.raises(NoDocumentError):
        await keeping.send_again("R1", actor=STAFF)


@pytest.mark.parametrize("verb", ['UPDATE "invoice_document" SET "place" = 9', 'DELETE FROM "invoice_document"'])
async def test_nothing_of_the_archive_is_changed_or_deleted(equipment: Equipment, verb: str) -> None:
    here = hoster(equipment)
    await accepted(here)
    await bill(here)
    with pytest.raises(Exception, match="invoice_document_unchangeable"):
        await InvoiceDocument.raw(verb)


async def test_an_invoice_is_archived_once(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    (number,) = await bill(here)
    row = await archive.invoice(number)
    with pytest.raises(Exception, match="invoice_document", check=is_conflict):
        await archive.file([Paper(row["id"], number, b"another", b"")])


async def test_archivists_at_the_same_time_make_one_chain(equipment: Equipment) -> None:
    here = hoster(equipment)
    for _ in range(5):
        await accepted(here)
    await run(Task(here.settings.seller, TODAY + timedelta(days=1), TODAY, is_dry=False))
    rows = await Invoice.select(Invoice.id, Invoice.number).order_by(Invoice.id)

    async def file(row: dict[str, Any]) -> None:
        async with DB.transaction():
            await archive.file([Paper(row["id"], row["number"], row["number"].encode(), b"<x/>")])

    await asyncio.gather(*(file(row) for row in rows))
    verdict = await archive.verify()
    assert (verdict.documents, verdict.broken) == (5, None)
    assert verdict.seal != GENESIS


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE invoice_document SET xml = pdf WHERE place = 2", "R700002"),
        ("UPDATE invoice_document SET pdf_digest = xml_digest, pdf = xml WHERE place = 1", "R700001"),
        ("DELETE FROM invoice_document WHERE place = 2", "place 2"),
        ("DELETE FROM invoice_document WHERE place = 3", "place 3"),
    ],
)
async def test_what_was_exchanged_or_taken_out_is_found(equipment: Equipment, statement: str, broken: str) -> None:
    here = hoster(equipment)
    for _ in range(3):
        await accepted(here)
    await bill(here)
    assert (await archive.verify()).broken is None
    await unguarded(statement)
    assert (await archive.verify()).broken == broken


async def test_a_document_that_comes_while_the_archive_is_looked_through_is_no_gap(
    equipment: Equipment, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = hoster(equipment)
    await accepted(here)
    await accepted(here)
    await run(Task(here.settings.seller, TODAY, TODAY, is_dry=False))
    first, second = [Paper(row["id"], row["number"], b"%PDF", b"<x/>") for row in await Invoice.select()]
    async with DB.transaction():
        await archive.file([first])
    pass_on = DB.run_querystring

    async def one_comes(querystring: Any, in_pool: bool = True) -> Any:  # noqa: FBT001, FBT002 (Piccolo's signature)
        rows = await pass_on(querystring, in_pool)
        if not rows and "invoice_document" in querystring.template:
            monkeypatch.undo()
            async with DB.transaction():
                await archive.file([second])
        return rows

    monkeypatch.setattr(DB, "run_querystring", one_comes)
    assert (await archive.verify()).broken is None
    verdict = await archive.verify()
    assert (verdict.documents, verdict.broken) == (2, None)


async def test_an_exchanged_document_is_not_handed_out(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    (number,) = await bill(here)
    await unguarded("UPDATE invoice_document SET pdf = xml")
    with pytest.raises(TamperedError):
        await archive.fetch(number)
