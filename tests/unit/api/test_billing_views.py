"""What people look up of billing: pages that miss nothing, a search that finds, a customer who sees what was issued."""

from typing import Any

import pytest

from api.answers import FieldsError
from api.billing import corrections
from api.billing.documents import archive
from api.billing.documents.archive import Paper
from api.billing.periods import today
from api.billing.run import run
from api.billing.tables import Invoice
from api.console import billing
from api.equipment import Equipment
from api.identity import NotThereError
from api.piccolo_conf import DB
from api.shop.page import order_page
from tests.unit.api.billed import BEGUN, SELLER, accepted, many, task

pytestmark = pytest.mark.usefixtures("database")


async def all_of(ask: Any, *arguments: Any) -> list[Any]:
    """Return the items of all pages of a list, two at a time."""
    items, cursor = [], None
    while True:
        page = await ask(*arguments, cursor, 2)
        assert len(page.items) <= 2
        items += page.items
        if (cursor := page.next_cursor) is None:
            return items


async def test_a_customers_ledger_and_invoices_come_in_pages_that_miss_nothing() -> None:
    await many(2, 5)
    await run(task(BEGUN))
    note = await corrections.cancel("R700001", SELLER, BEGUN, actor="staff:Anna", anew=True)
    entries = await all_of(billing.entries_of, 100_001)
    assert len({entry.id for entry in entries}) == len(entries) == 15
    assert [entry.invoice for entry in entries] == [None] * 5 + [note] * 5 + ["R700001"] * 5
    assert {str(entry.quantity) for entry in entries} == {"1", "-1"}
    assert {entry.order_number for entry in entries} == {500_001}
    invoices = await all_of(billing.invoices_of, 100_001)
    assert [(invoice.number, invoice.corrects) for invoice in invoices] == [(note, "R700001"), ("R700001", None)]
    assert await all_of(billing.entries_of, 100_002)
    for ask in (billing.entries_of, billing.invoices_of):
        with pytest.raises(NotThereError):
            await ask(7, None, 2)
        with pytest.raises(FieldsError):
            await ask(100_001, "x", 2)


async def test_an_invoice_is_found_by_whatever_a_caller_knows(equipment: Equipment) -> None:
    await accepted(equipment, customer__family_name="Müller & Söhne_100%", customer__email="m@example.net")
    await accepted(equipment)
    await run(task(today("Europe/Berlin")))
    for known in ("R700001", "r700001", " 100001 ", "500001", "söhne_100%", "M@example.net"):
        assert [found.number for found in await all_of(billing.find, known)] == ["R700001"], known
    assert [found.number for found in await all_of(billing.find, "")] == ["R700002", "R700001"]
    for nothing in ("R7", "söhne-100", "%%", "9" * 30):
        assert not await all_of(billing.find, nothing), nothing


async def test_the_customer_sees_what_was_issued_on_the_page_of_the_order(equipment: Equipment) -> None:
    first, other = await accepted(equipment), await accepted(equipment)
    assert (await order_page(equipment.settings, first)).invoices == []
    await run(task(today("Europe/Berlin")))
    assert (await order_page(equipment.settings, first)).invoices == [], "held back, or still to be made"
    async with DB.transaction():
        await archive.file([Paper(row["id"], row["number"], b"%PDF", b"<xml/>") for row in await Invoice.select()])
    (shown,) = (await order_page(equipment.settings, first)).invoices
    assert (shown.number, shown.kind, shown.gross_cents) == ("R700001", "invoice", 399)
    assert [note.number for note in (await order_page(equipment.settings, other)).invoices] == ["R700002"]
