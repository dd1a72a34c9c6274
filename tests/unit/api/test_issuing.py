"""Issuing: every invoice goes out once; what breaks a rule is held back alone, and what is taken back goes nowhere."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree

import pytest

from api.billing import corrections, issuing
from api.billing.documents import archive
from api.billing.documents.tables import InvoiceDocument
from api.billing.receivables import open_items
from api.billing.receivables.tables import Movement, Receivable
from api.billing.run import Task, run
from api.billing.tables import Invoice
from api.equipment import Equipment
from api.notices.tables import Outbox
from api.tables import Customer, Journal
from tests.unit.api.issued import FACTS, STAFF, TODAY, accepted, bill, hoster

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

UNTIL = TODAY + timedelta(days=1)


async def written(here: Equipment) -> list[str]:
    """Bill, and issue nothing yet; return the numbers."""
    await run(Task(here.settings.seller, UNTIL, TODAY, is_dry=False))
    return [row["number"] for row in await Invoice.select(Invoice.number).order_by(Invoice.id)]


async def test_every_invoice_goes_out_once_with_one_mail(equipment: Equipment) -> None:
    here = hoster(equipment)
    for _ in range(3):
        await accepted(here)
    numbers = await written(here)
    issued = await issuing.issue(here.settings.templates.folder, processes=1)
    assert (issued.documents, issued.held) == (3, {})
    again = await issuing.issue(here.settings.templates.folder, processes=1)
    assert (again.documents, await issuing.waiting()) == (0, 0)
    assert await InvoiceDocument.count() == await Receivable.count() == 3
    mails = await Outbox.select().where(Outbox.kind == "invoice_issued").order_by(Outbox.id)
    assert [json.loads(mail["context"])["invoice"] for mail in mails] == numbers


async def test_an_invoice_that_breaks_a_rule_is_held_back_alone_and_staff_are_told_once(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await accepted(here)
    await Customer.update({Customer.city: ""}).where(Customer.number == 100_001)
    bad, good = await written(here)
    for _ in range(2):
        issued = await issuing.issue(here.settings.templates.folder, processes=1)
        assert list(issued.held) == [bad]
        assert any(finding.startswith("BR-DE-8") for finding in issued.held[bad])
    assert (await archive.fetch(good)).number == good
    with pytest.raises(archive.NoDocumentError):
        await archive.fetch(bad)
    assert [row["number"] for row in await issuing.held()] == [bad]
    (alarm,) = await Outbox.select().where(Outbox.kind == "staff_alarm")
    assert "BR-DE-8" in json.loads(alarm["context"])["rules"]
    assert [item.number for item in await open_items.items()] == [good], "nobody is asked to pay what did not go out"


async def test_what_was_held_back_and_taken_back_goes_nowhere_and_what_is_billed_anew_goes_out(
    equipment: Equipment,
) -> None:
    here = hoster(equipment)
    await accepted(here)
    await Customer.update({Customer.city: ""}, force=True)
    (bad,) = await written(here)
    await issuing.issue(here.settings.templates.folder, processes=1)
    await Customer.update({Customer.city: "München"}, force=True)
    note = await corrections.cancel(bad, FACTS, TODAY, actor=STAFF, anew=True)
    numbers = await written(here)
    issued = await issuing.issue(here.settings.templates.folder, processes=1)
    assert (issued.documents, issued.held, await issuing.waiting()) == (1, {}, 0)
    assert [item.number for item in await open_items.items()] == [numbers[-1]]
    assert numbers[:-1] == [bad, note]
    rows = await Journal.select(Journal.event).where(Journal.subject == "invoice", Journal.subject_id == bad)
    assert {row["event"] for row in rows} >= {"HELD_BACK", "CANCELLED", "VOIDED"}


@pytest.mark.parametrize("tried_before", [True, False])
async def test_a_credit_note_never_goes_out_without_the_invoice_that_it_takes_back(
    equipment: Equipment, *, tried_before: bool
) -> None:
    here = hoster(equipment)
    await accepted(here)
    await Customer.update({Customer.city: ""}, force=True)
    (bad,) = await written(here)
    if tried_before:
        await issuing.issue(here.settings.templates.folder, processes=1)
    await Customer.update({Customer.city: "München"}, force=True)
    await corrections.cancel(bad, FACTS, TODAY, actor=STAFF, anew=False)
    issued = await issuing.issue(here.settings.templates.folder, processes=1)
    assert (issued, await issuing.waiting(), await open_items.items()) == (issuing.Issued(), 0, [])
    assert not await Outbox.exists().where(Outbox.kind == "credit_note_issued")
    assert await Journal.count().where(Journal.event == "VOIDED") == 1


async def test_an_invoice_and_its_credit_note_that_wait_together_go_out_in_their_order(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    (number,) = await written(here)
    note = await corrections.cancel(number, FACTS, TODAY, actor=STAFF, anew=False)
    issued = await issuing.issue(here.settings.templates.folder, processes=1)
    assert (issued.documents, await issuing.waiting(), await open_items.items()) == (2, 0, [])
    assert [row.kind for row in await open_items.moved(note)] == ["set_off"]


async def test_an_invoice_that_is_late_is_held_back_until_it_is_billed_anew(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await run(Task(here.settings.seller, TODAY, TODAY - timedelta(days=2), is_dry=False))
    (late,) = await Invoice.select(Invoice.number).output(as_list=True)
    for _ in range(2):
        issued = await issuing.issue(here.settings.templates.folder, processes=1)
        assert list(issued.held) == [late]
        assert "bill anew" in issued.held[late][0]
    assert await Outbox.count().where(Outbox.kind == "staff_alarm") == 1
    await corrections.cancel(late, FACTS, TODAY, actor=STAFF, anew=True)
    numbers = await written(here)
    assert (await issuing.issue(here.settings.templates.folder, processes=1)).documents == 1
    (item,) = await open_items.items()
    assert (item.number, item.due_on) == (numbers[-1], TODAY + timedelta(days=FACTS.payment_days))


async def test_a_run_around_midnight_goes_out(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await run(Task(here.settings.seller, TODAY, datetime.now(UTC).date() - timedelta(days=1), is_dry=False))
    assert (await issuing.issue(here.settings.templates.folder, processes=1)).documents == 1


async def test_a_template_that_cannot_be_set_holds_back_until_it_is_mended(
    equipment: Equipment, tmp_path: Path
) -> None:
    here = hoster(equipment)
    await accepted(here)
    (number,) = await written(here)
    broken = copytree(here.settings.templates.folder, tmp_path / "templates")
    (broken / "invoice" / "invoice.typ").write_text("#nothing-of-this-name")
    assert list((await issuing.issue(broken, processes=1)).held) == [number]
    assert (await issuing.issue(here.settings.templates.folder, processes=1)).documents == 1


async def test_a_credit_note_is_set_off_against_what_it_takes_back(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    (number,) = await bill(here)
    note = await corrections.cancel(number, FACTS, TODAY, actor=STAFF, anew=False)
    assert await issuing.issue_left_over(here.settings.templates.folder) == issuing.Issued(), "a run may still be at it"
    assert (await issuing.issue(here.settings.templates.folder, processes=1)).documents == 1
    assert await open_items.items() == []
    assert [(row.kind, row.amount_cents) for row in await open_items.moved(note)] == [("set_off", -399)]
    (mail,) = await Outbox.select().where(Outbox.kind == "credit_note_issued")
    assert json.loads(mail["context"])["corrects"] == number
    assert await Movement.count() == 2


async def test_what_a_killed_run_left_is_issued_by_the_worker(
    equipment: Equipment, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = hoster(equipment)
    await accepted(here)
    await written(here)
    monkeypatch.setattr(issuing, "LEFT_OVER_AFTER", timedelta(seconds=-1))
    assert (await issuing.issue_left_over(here.settings.templates.folder)).documents == 1
    assert await issuing.issue_left_over(here.settings.templates.folder) == issuing.Issued()
    (row,) = await InvoiceDocument.select(InvoiceDocument.archived_at)
    assert row["archived_at"] <= datetime.now(UTC)
