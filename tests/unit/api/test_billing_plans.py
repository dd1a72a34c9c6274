"""Every statement of the run finds its rows by an index, however large the ledger is; on both databases."""

import re
from datetime import date

import pytest
from piccolo.querystring import QueryString

from api import piccolo_conf
from api.billing import ledger, services
from api.billing.run import run
from api.billing.tables import Invoice, Service, ServiceEntry
from api.console import billing as console
from api.tables import Customer
from tests.unit.api.billed import BEGUN, SELLER, many, task

pytestmark = pytest.mark.usefixtures("database")

LEDGER = ("service", "service_entry", "open_entry", "invoice", "invoice_line", "unissued")
SCAN = re.compile(rf"Seq Scan on \"?({'|'.join(LEDGER)})\b|\bSCAN ({'|'.join(LEDGER)})(?! USING)")


class Recorder:
    """Keeps each kind of statement that passes to the database."""

    def __init__(self) -> None:
        self.seen: dict[str, QueryString] = {}
        self._engine = piccolo_conf.DB
        self._pass_on = self._engine.run_querystring

    async def __call__(self, querystring: QueryString, in_pool: bool = True) -> object:  # noqa: FBT001, FBT002 (Piccolo's signature)
        self.seen.setdefault(querystring.template, querystring)
        return await self._pass_on(querystring, in_pool)


async def plan(statement: QueryString) -> str:
    """Return how the database would find the rows of *statement*.

    PostgreSQL rightly reads a small table as a whole; it is asked what it does where that is dear.
    """
    if piccolo_conf.DB.engine_type != "postgres":
        rows = await piccolo_conf.DB.run_querystring(QueryString("EXPLAIN QUERY PLAN {}", statement))
        return "\n".join(row["detail"] for row in rows)
    async with piccolo_conf.DB.transaction():
        await Customer.raw("SET LOCAL enable_seqscan = off")
        rows = await piccolo_conf.DB.run_querystring(QueryString("EXPLAIN {}", statement))
    return "\n".join(row["QUERY PLAN"] for row in rows)


async def _filled() -> None:
    """Contracts of which one month is billed, and another one written but open."""
    await many(300, 3)
    await run(task(BEGUN))
    following = date(2026, 2, 28)
    people = {row["id"]: row for row in await Customer.select()}
    rows = await Service.select()
    entries = [
        ledger.charge(row, whole, served, SELLER, people[row["customer"]])
        for row in rows
        for whole, served in ledger.due_periods(row, following)
    ]
    await ledger.write(entries)
    await services.advance(rows, following)
    await Customer.raw("ANALYZE")


async def test_no_statement_of_the_run_reads_a_whole_table_of_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    await _filled()
    recorder = Recorder()
    monkeypatch.setattr(piccolo_conf.DB, "run_querystring", recorder)
    await run(task(date(2026, 3, 31)))
    await console.entries_of(100_100, None, 50)
    await console.invoices_of(100_100, None, 50)
    await console.find("100100", None, 50)
    monkeypatch.undo()
    asked = [seen for text, seen in recorder.seen.items() if text.lstrip().startswith(("SELECT", "UPDATE", "DELETE"))]
    assert len(asked) >= 10
    for statement in asked:
        assert not SCAN.search(found := await plan(statement)), f"{statement.template}\n{found}"
    assert await Invoice.count() == 600
    assert SCAN.search(await plan(ServiceEntry.select().where(ServiceEntry.gross_cents == 1).querystrings[0]))
