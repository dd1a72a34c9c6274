"""A statement: an invoice or credit note as a value, whole and final, with nothing of the database.

It holds all that a document by EN 16931 needs (the numbers BT and BG in the comments are the standard's). It is kept as
JSON beside its number, so that a document can be made again, to the letter, whatever became of customer and catalogue.
Amounts are integer cents and never negative sums: a credit note (*Gutschrift*, type 381) turns the signs.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

Kind = Literal["invoice", "credit_note"]
TaxCategory = Literal["S", "AE", "O", "E"]
"""S standard rate, AE reverse charge, O outside the scope of VAT (third countries), E exempt (small business)."""
PaymentWay = Literal["sepa_debit", "transfer"]


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who buys, or sells (BG-4, BG-7)."""

    #: The company, else the person.
    name: str
    #: A person, where the name is a company's.
    contact: str | None = None
    street: str
    postal_code: str
    city: str
    #: ISO 3166-1, two letters.
    country: str
    vat_id: str | None = None
    email: str
    #: Kundennummer; the seller has none.
    number: int | None = None


class Seller(Party, frozen=True, kw_only=True):
    """The hoster, as the settings' section `[seller]` says."""

    tax_number: str | None = None
    iban: str
    bic: str
    #: Gläubiger-Identifikationsnummer; empty where nothing is debited.
    creditor_id: str
    phone: str
    #: Register court and number, managing directors: what stands at the foot.
    legal: str = ""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One service entry (BG-25)."""

    position: int
    #: In the statement's language.
    description: str
    #: Four places at most; of months a part is a month's part (BT-129).
    quantity: Decimal
    #: UN/ECE Recommendation 20: MON month, C62 one (BT-130).
    unit_code: str
    #: Net price of one unit in cents, with up to four places of a cent (BT-146): quantity × price, rounded half up to
    #: cents, is the net amount.
    net_price_cents: Decimal
    #: Net amount (BT-131); the sum of the lines is the statement's net amount.
    net_cents: int
    tax_category: TaxCategory
    tax_percent: Decimal
    #: First and last day of the service, both included (BT-134, BT-135); the same day for what is done once.
    period_start: date
    period_end: date
    #: Auftragsnummer.
    order_number: int
    #: The internal add-on's key.
    addon: str


class VatGroup(msgspec.Struct, frozen=True, kw_only=True):
    """What falls under one category and rate (BG-23)."""

    category: TaxCategory
    percent: Decimal
    #: The sum of the lines' net amounts.
    basis_cents: int
    #: Basis × rate, rounded half up.
    tax_cents: int
    #: In the statement's language; None for S.
    exemption_reason: str | None = None


class Mandate(msgspec.Struct, frozen=True, kw_only=True):
    """The leave to debit an account (*SEPA-Lastschriftmandat*)."""

    reference: str
    signed_on: date
    #: For show: all but the last four digits are covered.
    iban: str
    sequence: Literal["FRST", "RCUR"]


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice or a credit note."""

    kind: Kind
    number: str
    issued_on: date
    #: The day of the debit, or until when to pay.
    due_on: date
    language: Literal["de", "en"]
    currency: Literal["EUR"] = "EUR"
    seller: Seller
    buyer: Party
    lines: tuple[Line, ...]
    vat: tuple[VatGroup, ...]
    net_cents: int
    tax_cents: int
    gross_cents: int
    payment: PaymentWay
    mandate: Mandate | None = None
    #: Number of the invoice that a credit note takes back (BT-25).
    corrects: str | None = None
    #: Leitweg-ID of a public body (BT-10).
    buyer_reference: str | None = None
    #: The seller charges no VAT (§ 19 UStG).
    small_business: bool = False
