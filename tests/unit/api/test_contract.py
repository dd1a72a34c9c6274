"""The contract says what was ordered, to the letter, and carries the order's mark on every page."""

import re
from dataclasses import replace
from typing import Any

import msgspec
import pypdfium2
import pytest
from httpx import ASGITransport, AsyncClient

from api.activation.acceptance import accept
from api.activation.contracts.codes import marks_in
from api.activation.contracts.document import contract_pdf, papers
from api.activation.contracts.mark import cart_id_in, mark_of
from api.activation.contracts.pages import pages_of
from api.activation.contracts.tables import Contract
from api.app import build
from api.catalogue import Addon, Language
from api.equipment import Equipment
from api.intake import placing
from api.lifecycle import OrderEvent
from api.settings import Returns, SellerFacts
from api.tables import Customer, Order
from tests.unit.api.orderform import CUSTOMER, further_form, id_of, new_name, offered, placed, row_of, token_of

pytestmark = pytest.mark.usefixtures("database")

SELLER = SellerFacts(
    name="Ankunft Hosting GmbH", street="Laborweg 1", postal_code="10115", city="Berlin", email="post@hosting.test",
    phone="+49 30 1234567", creditor_id="DE98ZZZ09999999999", legal="Amtsgericht Charlottenburg, HRB 12345",
)  # fmt: skip
RETURNS = Returns(address="vertrag@hosting.test", fax="+49 30 1234569")
LONG = {
    "customer__company": "Müller & Söhne #strong[Gebäude] {Klammer} *GmbH* & Co. KG $x^2$ `raw` <lab> @ref \\ //",
    "customer__family_name": "O'Brien-" + "Wolfeschlegelsteinhausenbergerdorff" * 2,
    "customer__street": "W" * 100,
    "customer__email": f"{'a' * 60}@{'b' * 60}.{'c' * 60}.example",
    "payment__account_holder": "M" * 60,
}


@pytest.fixture
def hoster(equipment: Equipment) -> Equipment:
    """A hoster who filled in who sells, and where contracts come back to."""
    settings = msgspec.structs.replace(equipment.settings, seller=SELLER, returns=RETURNS)
    return replace(equipment, settings=settings)


def pages_text(pdf: bytes) -> list[str]:
    """Return what a reader reads on each page, in one line."""
    texts = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]
    return [re.sub(r"\s+", " ", re.sub("[\u200b\ufffe\u0002]", "", text)).replace("’", "'") for text in texts]


async def test_a_contract_says_what_was_ordered_from_whom_and_how_it_is_paid(hoster: Equipment) -> None:
    order = await offered(hoster, "beispiel-söhne.de", billing_interval_months=3)
    cart_id = (await row_of(order))["cart_id"]
    first, terms = pages_text(await contract_pdf(hoster, order))
    for said in (
        "Vertrag über Webhosting", cart_id, "Jürgen O'Brien", "Am Markt 3", "80331 München", "Deutschland",
        "Ankunft Hosting GmbH", "Start", "10 GiB", "3,99 € im Monat, inklusive 19 % USt.",
        "alle 3 Monate im Voraus, 11,97 €", "beispiel-söhne.de", "xn--beispiel-shne-rmb.de", "Neuregistrierung",
        "in der Fassung 2026-11-01", "DE98ZZZ09999999999", cart_id.replace("-", ""), "DE•• •••• •••• •••• ••20 51",
        "Ich ermächtige Ankunft Hosting GmbH", "Ort, Datum", "Unterschrift", "vertrag@hosting.test",
        "+49 30 1234569", "Laborweg 1, 10115 Berlin", "Seite 1 von 2",
    ):  # fmt: skip
        assert said in first, said
    assert "DE02120300000000202051" not in first
    assert "Seite 2 von 2" in terms
    assert "7. Widerruf. Verbraucher können den Vertrag" in terms


async def test_an_english_customer_reads_english(hoster: Equipment) -> None:
    order = await offered(hoster, "example-words.de", language="en", billing_interval_months=12)
    first, terms = pages_text(await contract_pdf(hoster, order))
    for said in (
        "Web hosting contract", "Germany", "€3.99 a month, 19% VAT included", "yearly in advance, €47.88",
        "New registration", "I authorise Ankunft Hosting GmbH", "Place, date", "Page 1 of 2",
    ):  # fmt: skip
        assert said in first, said
    assert not re.search("Vertrag|Seite|Unterschrift", first + terms)


async def test_every_page_carries_the_mark_whatever_the_customer_is_called(hoster: Equipment) -> None:
    order = await offered(hoster, f"{'a' * 63}.de", f"{'ü' * 20}.de", "müller.de", **LONG)
    cart_id = (await row_of(order))["cart_id"]
    pdf = await contract_pdf(hoster, order)
    shown = " ".join(pages_text(pdf))
    for said in ("#strong[Gebäude] {Klammer} *GmbH* & Co. KG $x^2$ `raw` <lab> @ref \\ //", "W" * 20, "O'Brien-Wolfe"):
        assert said in shown, said
    pages = list(pages_of(pdf, 10))
    assert len(pages) == 3
    for page in pages:
        (mark,) = marks_in(page)
        assert cart_id_in(hoster.seal, mark) == cart_id


async def test_all_copies_are_the_same_even_after_the_tariff_changed(hoster: Equipment) -> None:
    order = await offered(hoster)
    first = await contract_pdf(hoster, order)
    start = hoster.catalogue.tariffs["start"]
    dearer = msgspec.structs.replace(start, version=start.version + 1, price_cents=start.price_cents + 100)
    later = replace(hoster, catalogue=msgspec.structs.replace(hoster.catalogue, tariffs={"start": dearer}))
    assert await contract_pdf(later, order) == first
    assert await Contract.count() == 1
    (filed, _) = pages_text(await contract_pdf(later, await offered(hoster)))
    assert "3,99 € im Monat" in filed
    unknown = await offered(hoster)
    await Order.update({Order.tariff_version: 7}).where(Order.id == unknown)
    (without_price, _) = pages_text(await contract_pdf(later, unknown))
    assert "wie in der Bestellung angezeigt" in without_price


async def test_fees_and_what_domains_cost_stand_beside_the_price(hoster: Equipment) -> None:
    start = hoster.catalogue.tariffs["start"]
    names: dict[Language, str] = {"de": "Einrichtung", "en": "Set-up"}
    fees = (
        Addon(key="fee", name=names, unit="once", price_cents=999),
        Addon(key="domain", name={"de": "Domain", "en": "Domain"}, per="domain", price_cents=89),
    )
    monthly = tuple(part for part in start.addons if part.per == "order")
    tariffs = {"start": msgspec.structs.replace(start, addons=(*monthly, *fees))}
    hoster = replace(hoster, catalogue=msgspec.structs.replace(hoster.catalogue, tariffs=tariffs))
    (first, _) = pages_text(await contract_pdf(hoster, await offered(hoster)))
    assert "Einrichtung 9,99 € einmalig" in first
    assert "Domain 0,89 € je Domain im Monat" in first


async def test_what_is_debited_later_goes_by_the_mandate_that_was_signed(hoster: Equipment) -> None:
    order = await offered(hoster)
    cart_id = (await row_of(order))["cart_id"]
    await accept(hoster, order, OrderEvent.CONTRACT_APPROVED, actor="staff:Anna")
    (customer,) = await Customer.select()
    assert customer["mandate_reference"] == cart_id.replace("-", "")
    receipt = await placing.place(hoster, further_form(customer["number"], new_name()), key="k", sender=CUSTOMER)
    (first, *_) = pages_text(await contract_pdf(hoster, await id_of(receipt.cart_id)))
    assert cart_id.replace("-", "") in first
    assert receipt.cart_id.replace("-", "") not in first


async def test_a_mark_is_ours_only_with_our_check(equipment: Equipment) -> None:
    mark = mark_of(equipment.seal, "7K3M-P9TA-4")
    assert cart_id_in(equipment.seal, mark) == "7K3M-P9TA-4"
    for foreign in (mark[:-1] + ("A" if mark[-1] != "A" else "B"), mark.replace("7K3M", "8K3M"), mark + "A", "x", ""):
        assert cart_id_in(equipment.seal, foreign) is None


async def test_the_contract_is_there_for_its_customer_as_soon_as_it_is_on_offer(hoster: Equipment) -> None:
    order, waiting = await offered(hoster), await placed(hoster)
    app: Any = build(hoster)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://api.test") as client:

        async def get(order_id: int, token_from: int) -> Any:
            cart_id = (await row_of(order_id))["cart_id"]
            token = await token_of(hoster, token_from)
            path = f"/api/v1/orders/{cart_id}/contract.pdf"
            return await client.get(path, headers={"Authorization": f"Bearer {token}"})

        assert (await get(waiting, waiting)).status_code == 409
        assert (await get(order, waiting)).status_code == 404
        answer = await get(order, order)
    cart_id = (await row_of(order))["cart_id"]
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-disposition"] == f'attachment; filename="Vertrag-{cart_id}.pdf"'
    assert answer.content == await contract_pdf(hoster, order)


async def test_the_mail_brings_the_same_contract(hoster: Equipment) -> None:
    order = await offered(hoster, language="en")
    (paper,) = await papers(hoster, {"order": order})
    cart_id = (await row_of(order))["cart_id"]
    assert paper == (f"contract-{cart_id}.pdf", await contract_pdf(hoster, order), "application/pdf")
