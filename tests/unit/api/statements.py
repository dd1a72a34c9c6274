"""Statements as the invoice run makes them, for tests of what becomes of them."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from api.billing import vat
from api.billing.statement import Line, Mandate, Party, Seller, Statement, TaxCategory, VatGroup

SELLER = Seller(
    name="Beispiel Hosting GmbH",
    contact="Buchhaltung",
    street="Serverstraße 1",
    postal_code="10115",
    city="Berlin",
    country="DE",
    vat_id="DE136695976",
    tax_number="27/123/45678",
    email="rechnung@hosting.test",
    iban="DE89370400440532013000",
    bic="COBADEFFXXX",
    creditor_id="DE98ZZZ09999999999",
    phone="+49 30 1234567",
    legal="Sitz Berlin, Amtsgericht Charlottenburg HRB 12345, Geschäftsführerin: Ada Müller",
)

BUYER = Party(
    name="Müller & Söhne GmbH",
    contact="Jürgen O'Brien",
    street="Weißenburger Straße 1",
    postal_code="80331",
    city="München",
    country="DE",
    email="j@example.org",
    number=100001,
)

AUSTRIAN = msgspec.structs.replace(BUYER, country="AT", vat_id="ATU12345675", postal_code="1010", city="Wien")
SWISS = msgspec.structs.replace(BUYER, country="CH", postal_code="8001", city="Zürich")

MANDATE = Mandate(reference="M-500001", signed_on=date(2026, 11, 24), iban="•••• 2051", sequence="FRST")

HOSTILE = (
    "O'Brien",
    "Müller & Söhne",
    "Nguyễn Thị Ánh",
    "{Klammer}",
    "100% Bio GmbH",
    "=3+4 GmbH",
    "Null",
    '<b>"Fett"</b>',
    "#let x = 1 $y$ _z_ *w* @ref \\ //",
    "]]> & &amp; &lt;",
    "%PDF-1.7 endstream endobj",
)
"""Honest names, some of which are markup in one language or another."""


def lines(count: int, category: TaxCategory = "S", percent: int = 19) -> tuple[Line, ...]:
    """Return *count* lines of one month each."""
    return tuple(
        Line(
            position=position,
            description=f"Webspace {position}",
            quantity=Decimal(1),
            unit_code="MON",
            net_price_cents=Decimal(398 + position),
            net_cents=398 + position,
            tax_category=category,
            tax_percent=Decimal(percent),
            period_start=date(2026, 11, 24),
            period_end=date(2026, 12, 23),
            order_number=500001,
            addon="webspace",
        )
        for position in range(1, count + 1)
    )


def statement(count: int = 3, category: TaxCategory = "S", percent: int = 19, **changes: Any) -> Statement:
    """Return an invoice with *count* lines under one rate; *changes* are fields of the statement."""
    made = lines(count, category, percent)
    net = sum(line.net_cents for line in made)
    tax = (net * percent + 50) // 100
    said = vat.REASONS[category][changes.get("language", "de")] if category in vat.REASONS else None
    whole = Statement(
        kind="invoice",
        number="RE-2026-000001",
        issued_on=date(2026, 11, 25),
        due_on=date(2026, 12, 9),
        language="de",
        seller=SELLER,
        buyer=BUYER,
        lines=made,
        vat=(
            VatGroup(
                category=category, percent=Decimal(percent), basis_cents=net, tax_cents=tax, exemption_reason=said
            ),
        ),
        net_cents=net,
        tax_cents=tax,
        gross_cents=net + tax,
        payment="sepa_debit",
        mandate=MANDATE,
    )
    return msgspec.structs.replace(whole, **changes)


def named(name: str) -> Statement:
    """Return an invoice to *name*, whose contact, street, city and service have that name, too."""
    buyer = msgspec.structs.replace(BUYER, name=name, contact=name, street=name, city=name)
    first = msgspec.structs.replace(lines(1)[0], description=name)
    return msgspec.structs.replace(statement(1), buyer=buyer, lines=(first,))
