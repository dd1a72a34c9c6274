"""The run bills each open entry once: again, in a rehearsal, beside another run, after a cancelled invoice."""

import asyncio
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from api import counters
from api.billing import corrections, invoices, services
from api.billing.periods import today
from api.billing.reconcile import reconcile
from api.billing.run import run
from api.billing.statement import Statement
from api.billing.tables import Invoice, InvoiceLine, OpenEntry, Service, ServiceEntry, Unissued
from api.console import billing
from api.customers import deciding
from api.equipment import Equipment
from api.piccolo_conf import DB
from api.tables import Customer
from tests.unit.api.billed import BEGUN, SELLER, accepted, many, price, task

pytestmark = pytest.mark.usefixtures("database")

STAFF = "staff:Anna"
DAY = date(2026, 12, 1)


async def statements() -> list[Statement]:
    """Return all statements, the oldest first."""
    rows = await Invoice.select(Invoice.statement).order_by(Invoice.serial)
    return [msgspec.json.decode(row["statement"], type=Statement) for row in rows]


async def test_two_new_customers_get_their_first_invoices_and_a_second_run_makes_nothing(equipment: Equipment) -> None:
    await accepted(equipment)
    await accepted(equipment, customer__family_name="Müller & Söhne", language="en", tariff="plus")
    until = today("Europe/Berlin") + timedelta(days=1)
    totals = await run(task(until))
    assert (totals.invoices, totals.credit_notes, totals.entries) == (2, 0, 6)
    assert (totals.first_number, totals.last_number) == ("R700001", "R700002")
    first, second = await statements()
    assert (first.net_cents, first.tax_cents, first.gross_cents) == (335, 64, 399)
    assert [line.description for line in first.lines] == [
        "Tarif Start: Webspace 10 GB", "Tarif Start: 10 Postfächer", "Tarif Start: Datenbank",
    ]  # fmt: skip
    assert second.gross_cents == 798, "7.99 cannot be reached from a net amount: the cent less"
    assert second.buyer.name == "Jürgen Müller & Söhne"
    assert second.lines[0].description == "Tariff Plus: Web space, 50 GB"
    assert second.mandate is not None
    customer = await Customer.select().where(Customer.number == 100_002).first()
    assert customer is not None
    assert (second.mandate.reference, second.mandate.sequence) == (customer["mandate_reference"], "FRST")
    assert {(said.tariff, said.tax_percent, said.net_cents) for said in totals.sums} == {
        ("start", 19, 335), ("plus", 19, 671),
    }  # fmt: skip
    again = await run(task(until))
    assert (again.invoices, again.entries, again.first_number) == (0, 0, None)
    assert await Invoice.count() == await Unissued.count() == 2
    assert await counters.last(counters.INVOICE) == 700_002


async def test_a_rehearsal_reckons_the_same_and_leaves_everything_as_it_was(equipment: Equipment) -> None:
    await accepted(equipment)
    until = date(2027, 3, 1)
    rehearsed = await run(task(until, is_dry=True))
    assert not await Invoice.count()
    assert await OpenEntry.count() == 3
    assert rehearsed.first_number is None
    done = await run(task(until))
    assert done.gross_cents == rehearsed.gross_cents > 3 * 399
    assert done.sums == rehearsed.sums


async def test_following_periods_are_billed_as_they_begin_and_a_debit_is_first_once() -> None:
    await many(2, 1)
    for month, begins in enumerate([BEGUN, date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]):
        assert (await run(task(begins - timedelta(days=1)))).invoices == 0
        assert (await run(task(begins))).invoices == 2
        said = (await statements())[-1]
        assert said.lines[0].period_start == begins
        assert said.mandate is not None
        assert said.mandate.sequence == ("RCUR" if month else "FRST")


async def test_months_that_nobody_billed_stand_on_one_invoice() -> None:
    await many(1, 2)
    totals = await run(task(date(2026, 6, 30)))
    assert (totals.invoices, totals.entries) == (1, 12)
    assert [said.month for said in totals.sums] == [f"2026-0{month}" for month in range(1, 7)]


async def test_two_runs_at_once_bill_each_entry_once() -> None:
    await many(120, 2)
    totals = await asyncio.gather(*(run(task(BEGUN)) for _ in range(3)))
    assert sum(said.entries for said in totals) == 240
    assert sum(said.invoices for said in totals) == await Invoice.count() == 120
    assert not any(said.failed for said in totals)
    assert await InvoiceLine.count() == 240
    serials = await Invoice.select(Invoice.serial).order_by(Invoice.serial).output(as_list=True)
    assert serials == list(range(700_001, 700_121))


async def test_a_customer_who_cannot_be_billed_keeps_nobody_else_waiting() -> None:
    await many(5, 1)
    (bad,) = await Service.select(Service.id, Service.customer.number).order_by(Service.id).limit(1)
    await Service.update({Service.name: "{}"}).where(Service.id == bad["id"])
    totals = await run(task(BEGUN))
    assert totals.invoices == 4
    assert totals.failed == {bad["customer.number"]: "KeyError"}
    await Service.update({Service.name: '{"de": "Leistung", "en": "Service"}'}).where(Service.id == bad["id"])
    assert (await run(task(BEGUN))).invoices == 1
    serials = await Invoice.select(Invoice.serial).order_by(Invoice.serial).output(as_list=True)
    assert serials == list(range(700_001, 700_006))


async def test_what_was_paid_ahead_comes_back_as_a_credit_note(equipment: Equipment) -> None:
    order_id = await accepted(equipment, billing_interval_months=12)
    start = today("Europe/Berlin")
    await run(task(start))
    async with DB.transaction():
        await services.end(order_id, start + timedelta(days=100), actor=STAFF)
    totals = await run(task(start + timedelta(days=100)))
    assert (totals.invoices, totals.credit_notes) == (0, 1)
    said = (await statements())[-1]
    assert (said.kind, said.number) == ("credit_note", "G700002")
    assert said.lines[0].description == "Gutschrift: Tarif Start: Webspace 10 GB"
    assert all(line.net_cents > 0 < line.quantity for line in said.lines)
    days = sum(entry["gross_cents"] for entry in await ServiceEntry.select())
    assert days == sum(round(price * 12 * 100 / 365) for price in (249, 100, 50))


async def test_an_invoice_is_taken_back_whole_and_once_and_charged_anew(equipment: Equipment) -> None:
    order_id = await accepted(equipment)
    until = today("Europe/Berlin")
    await run(task(until))
    for anew in (True, False):
        (row,) = await Invoice.select().order_by(Invoice.serial, ascending=False).limit(1)
        number = await corrections.cancel(row["number"], SELLER, until, actor=STAFF, anew=anew)
        invoice, note = (await statements())[-2:]
        assert (note.number, note.corrects, note.kind) == (number, row["number"], "credit_note")
        assert (note.net_cents, note.tax_cents, note.gross_cents) == (335, 64, 399)
        assert [line.net_cents for line in note.lines] == [line.net_cents for line in invoice.lines]
        with pytest.raises(corrections.NotCancelledError, match="taken back before"):
            await corrections.cancel(row["number"], SELLER, until, actor=STAFF, anew=False)
        assert (await run(task(until))).invoices == anew
    async with DB.transaction():
        await services.end(order_id, until, actor=STAFF)
    assert sum(entry["gross_cents"] for entry in await ServiceEntry.select()) == 0
    with pytest.raises(corrections.NotCancelledError, match="credit note"):
        await corrections.cancel("G700002", SELLER, until, actor=STAFF, anew=False)
    with pytest.raises(invoices.NoInvoiceError):
        await corrections.cancel("R1", SELLER, until, actor=STAFF, anew=False)


async def test_of_two_customers_that_are_one_the_kept_one_is_billed(equipment: Equipment) -> None:
    await accepted(equipment)
    await accepted(equipment)
    day = today("Europe/Berlin")
    await deciding.merge(100_001, 100_002, actor=STAFF)
    assert (await run(task(day + timedelta(days=40)))).invoices == 1
    (said,) = await statements()
    assert said.buyer.number == 100_001
    assert {line.order_number for line in said.lines} == {500_001, 500_002}
    assert len((await billing.entries_of(100_002, None, 50)).items) == len(said.lines)
    assert await reconcile(day) == []


async def test_an_invoice_of_which_part_was_given_back_is_not_taken_back(equipment: Equipment) -> None:
    order_id = await accepted(equipment)
    until = today("Europe/Berlin")
    await run(task(until))
    async with DB.transaction():
        await services.end(order_id, until + timedelta(days=3), actor=STAFF)
    with pytest.raises(corrections.NotCancelledError, match="part of R700001"):
        await corrections.cancel("R700001", SELLER, until, actor=STAFF, anew=False)


@pytest.mark.parametrize(
    ("changes", "seller", "amounts", "category"),
    [
        ({"kind": "business", "country": "FR", "vat_id": "FR40303265045"}, {}, (335, 0, 335), "AE"),
        ({"country": "CH"}, {}, (335, 0, 335), "O"),
        ({}, {"small_business": True}, (399, 0, 399), "E"),
    ],
)
async def test_who_pays_no_german_vat_pays_the_net_price_and_is_told_why(
    changes: dict[Any, Any], seller: dict[str, Any], amounts: tuple[int, int, int], category: str
) -> None:
    await many(1, 1)
    await Customer.update({"country": "DE", **changes}, force=True)
    await Service.update({Service.price_cents: 399}, force=True)
    await run(task(BEGUN, **seller))
    (said,) = await statements()
    assert (said.net_cents, said.tax_cents, said.gross_cents) == amounts
    assert [(str(group.category), int(group.percent)) for group in said.vat] == [(category, 0)]
    assert said.vat[0].exemption_reason


async def test_nothing_is_billed_before_the_settings_say_who_sells() -> None:
    with pytest.raises(invoices.SellerUnknownError, match="vat_id or tax_number"):
        await run(task(DAY, vat_id=""))


async def test_what_comes_to_nothing_waits_for_the_next_invoice() -> None:
    await many(1, 1)
    await Service.update({Service.price_cents: 0}, force=True)
    assert (await run(task(BEGUN))).invoices == 0
    assert await OpenEntry.count() == 1
    await Service.update({Service.price_cents: price(0)}, force=True)
    assert (await run(task(date(2026, 2, 28)))).entries == 2


@pytest.mark.parametrize("table", [Invoice, InvoiceLine])
async def test_an_invoice_cannot_be_changed(table: Any) -> None:
    await many(1, 1)
    await run(task(BEGUN))
    with pytest.raises(Exception, match="unchangeable"):
        await table.update({"id": 7}, force=True)
    with pytest.raises(Exception, match="unchangeable"):
        await table.delete(force=True)
