"""What people look up of billing: pages that miss nothing, a search that finds, a customer who sees what was issued."""

from typing import Any

import httpx
import pytest

from api import staff
from api.answers import FieldsError
from api.app import build
from api.billing import corrections
from api.billing.documents import archive
from api.billing.documents.archive import Paper
from api.billing.periods import today
from api.billing.receivables.tables import Receivable
from api.billing.run import run
from api.billing.tables import Invoice
from api.console import billing
from api.customers import deciding
from api.equipment import Equipment
from api.identity import NotThereError
from api.piccolo_conf import DB
from api.shop.page import order_page
from tests.unit.api import issued
from tests.unit.api.billed import BEGUN, SELLER, accepted, many, task
from tests.unit.api.issued import hoster

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


async def test_papers_of_a_number_that_was_given_up_are_found_by_who_was_kept(equipment: Equipment) -> None:
    await accepted(equipment, customer__family_name="Behalten")
    await accepted(equipment, customer__family_name="Aufgegeben")
    await run(task(today("Europe/Berlin")))
    await deciding.merge(100_001, 100_002, actor="staff:Anna")
    for known in ("100001", "100002", "500001", "500002", "aufgegeben"):
        found = {row.number for row in await all_of(billing.find, known)}
        assert found == {"R700001", "R700002"}, known


async def test_staff_look_billing_up_over_http_and_nobody_else(equipment: Equipment) -> None:
    here = hoster(equipment)
    for name in ("Quer", "Längs"):
        await issued.accepted(here, customer__family_name=name)
    numbers = await issued.bill(here)
    await Receivable.update({Receivable.returned_on: today("Europe/Berlin")}, force=True)
    staffed = {"Authorization": f"Bearer {await staff.add('Anna')}"}
    transport = httpx.ASGITransport(app=build(here))  # type: ignore[arg-type]  # Litestar's own type
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test/api/v1") as http:
        for path in ("/customers/100001/service-entries", "/customers/100001/open-items", "/staff/open-items"):
            assert (await http.get(path)).status_code == 401
            assert (await http.get(path, headers=staffed)).status_code == 200
            assert (await http.get(f"{path}?cursor=%00", headers=staffed)).status_code == 422
            assert (await http.get(f"{path}?cursor=R1&limit=2", headers=staffed)).status_code == 422
        http.headers.update(staffed)
        entries = (await http.get("/customers/100001/service-entries?limit=2")).json()
        assert [entry["invoice"] for entry in entries["items"]] == [numbers[0]] * 2
        rest = (await http.get(f"/customers/100001/service-entries?cursor={entries['next_cursor']}")).json()
        assert (len(rest["items"]), rest["next_cursor"]) == (1, None)
        theirs = (await http.get("/customers/100002/open-items")).json()
        assert [item["number"] for item in theirs["items"]] == [numbers[1]]
        assert (theirs["total_cents"], theirs["next_cursor"], theirs["items"][0]["unpaid"]) == (399, None, True)
        unpaid = (await http.get("/staff/open-items?limit=1")).json()
        assert (len(unpaid["items"]), unpaid["total_cents"], unpaid["next_cursor"]) == (1, 798, numbers[0])
        found = (await http.get("/staff/open-items", params={"q": "längs"})).json()
        assert [item["number"] for item in found["items"]] == [numbers[1]]
        assert (await http.get("/customers/7/open-items")).status_code == 404
