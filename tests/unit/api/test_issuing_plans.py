"""Issuing and collecting find their rows by an index, however much was issued before; on both databases."""

import re
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from api import piccolo_conf
from api.billing import issuing
from api.billing.documents import keeping
from api.billing.documents.made import Made
from api.billing.receivables import debits, export, files
from api.billing.run import run
from api.billing.statement import Statement
from api.billing.tables import Invoice, Unissued
from api.books import Bookkeeping
from api.equipment import Equipment
from api.piccolo_conf import DB
from api.tables import Customer
from tests.unit.api.billed import BEGUN, many, task
from tests.unit.api.issued import STAFF, TODAY, hoster
from tests.unit.api.test_billing_plans import Recorder, plan

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

TABLES = ("invoice", "invoice_line", "invoice_document", "receivable", "movement", "debit_run", "collection")
SCAN = re.compile(rf"Seq Scan on \"?({'|'.join(TABLES)})\b|\bSCAN ({'|'.join(TABLES)})(?! USING)")


async def _issued(customers: int) -> None:
    """Invoices that went out, all but the last one. Nothing is analysed: nothing of Ankunft has SQLite do so."""
    await many(customers, 1)
    await run(task(BEGUN)._replace(day=TODAY))
    rows = await Invoice.select().order_by(Invoice.id)
    for row in rows[:-1]:
        async with DB.transaction():
            await Unissued.delete().where(Unissued.invoice == row["id"])
            statement = msgspec.json.decode(row["statement"], type=Statement)
            await keeping.keep(row, statement, Made(b"%PDF", b"<x/>", ()))


async def test_no_statement_of_issuing_collecting_and_the_books_reads_a_whole_table(
    equipment: Equipment, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = hoster(equipment)
    await _issued(200)
    await Customer.update({Customer.iban_sealed: here.seal.seal("iban", "DE02120300000000202051")}, force=True)
    recorder = Recorder()
    monkeypatch.setattr(piccolo_conf.DB, "run_querystring", recorder)
    issued = await issuing.issue(here.settings.templates.folder, processes=1)
    collected = await debits.run(here, TODAY + timedelta(days=30), TODAY, actor=STAFF)
    await files.hand_over(here, lambda _: None)
    begin, end = (datetime.now(UTC) + timedelta(hours=hours) for hours in (-1, 1))
    booked = [line async for line in export.lines(begin, end, Bookkeeping())]
    monkeypatch.undo()
    assert (issued.documents, [file.debits for file in collected.files], len(booked)) == (1, [200], 401)
    asked = [seen for text, seen in recorder.seen.items() if text.lstrip().startswith(("SELECT", "UPDATE", "DELETE"))]
    assert len(asked) >= 15
    for statement in asked:
        assert not SCAN.search(found := await plan(statement)), f"{statement.template}\n{found}"
