"""Whoever watches sees that the runs run, what is held back, and what is booked without lying in a folder."""

import json
from datetime import UTC, datetime

import pytest

from api.billing.receivables import files
from api.billing.run import Task, run
from api.billing.tables import Unissued
from api.equipment import Equipment
from api.health import metrics
from api.tables import Journal
from tests.unit.api.issued import TODAY, accepted, bill, hoster
from tests.unit.api.test_debits import collect

pytestmark = pytest.mark.usefixtures("database")


async def gauges() -> dict[str, float]:
    lines = (line.split() for line in (await metrics.fn()).splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


async def test_what_waits_and_what_is_held_back_is_counted(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await accepted(here)
    await run(Task(here.settings.seller, TODAY, TODAY, is_dry=False))
    first, _ = await Unissued.select(Unissued.invoice)
    await Unissued.update({Unissued.findings: '["BR-DE-8: no city"]'}).where(Unissued.invoice == first["invoice"])
    found = await gauges()
    assert found['ankunft_invoices{state="held"}'] == found['ankunft_invoices{state="waiting"}'] == 1


async def test_a_file_that_lies_nowhere_is_counted(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await bill(here)
    await collect(here)
    assert (await gauges())["ankunft_debit_files_unwritten"] == 1
    await files.hand_over(here, lambda _: None)
    assert (await gauges())["ankunft_debit_files_unwritten"] == 0


async def test_a_run_that_went_through_is_seen_and_a_dry_one_is_not(equipment: Equipment) -> None:
    seller = hoster(equipment).settings.seller
    name = "ankunft_invoice_run_timestamp_seconds"
    await run(Task(seller, TODAY, TODAY, is_dry=True))
    assert name not in await gauges()
    await run(Task(seller, TODAY, TODAY, is_dry=False))
    assert abs((await gauges())[name] - datetime.now(UTC).timestamp()) < 60
    (row,) = await Journal.select().where(Journal.subject == "invoice_run")
    assert json.loads(row["facts"]) == {"invoices": 0, "credit_notes": 0, "failed": 0}
