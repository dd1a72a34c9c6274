"""From entries to a statement: which lines, which VAT groups, which sums. Pure: no database, no clock.

EN 16931: the sum of the lines is the net amount, the VAT of a group is reckoned from the sum of its lines, gross is net
and VAT. Within a group the lines share the net amount of the gross prices' sum, so that what was promised is charged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, NamedTuple

import idna
import msgspec

from api.billing import cents, vat
from api.billing.ledger import UNIT
from api.billing.statement import Kind, Line, Mandate, Party, Seller, Statement, TaxCategory, VatGroup
from api.sections import SellerFacts

PRICE_PLACES: Final = Decimal("0.0001")
LETTERS: Final[Mapping[Kind, str]] = {"invoice": "R", "credit_note": "G"}
BACK: Final[Mapping[str, str]] = {"de": "Gutschrift", "en": "Credit"}

Row = Mapping[str, Any]


class Group(NamedTuple):
    """A VAT group, signed as its entries are."""

    category: TaxCategory
    percent: int
    basis: int
    tax: int


class Draft(NamedTuple):
    """What one customer's entries come to, before there is a number."""

    entries: Sequence[Row]
    #: Net cents of each entry, signed as the entries are.
    nets: Sequence[int]
    #: Signed as well.
    groups: Sequence[Group]

    @property
    def gross(self) -> int:
        """What the customer owes; negative where something is given back, 0 where there is nothing to say."""
        return sum(group.basis + group.tax for group in self.groups)

    @property
    def kind(self) -> Kind:
        """What becomes of it."""
        return "credit_note" if self.gross < 0 else "invoice"

    @property
    def sign(self) -> int:
        """What a document multiplies with, so that it asks for a positive amount."""
        return -1 if self.gross < 0 else 1


class Particulars(NamedTuple):
    """What a statement says beside its lines."""

    serial: int
    issued_on: date
    corrects: str | None
    is_first: bool
    #: Leitweg-ID.
    buyer_reference: str | None = None


def reckon(entries: Sequence[Row]) -> Draft:
    """Return what *entries* of one customer come to."""
    alike: dict[tuple[str, int, int], list[int]] = defaultdict(list)
    for at, entry in enumerate(entries):
        alike[entry["tax_category"], entry["tax_percent"], entry["included_percent"]].append(at)
    nets = [0] * len(entries)
    for (_, charged, included), places in alike.items():
        parts = cents.apportion([entries[at]["gross_cents"] for at in places], included, charged)
        for at, part in zip(places, parts, strict=True):
            nets[at] = part
    bases: dict[tuple[TaxCategory, int], int] = defaultdict(int)
    for entry, part in zip(entries, nets, strict=True):
        bases[entry["tax_category"], entry["tax_percent"]] += part
    groups = [
        Group(name, percent, basis, cents.tax(basis, percent)) for (name, percent), basis in sorted(bases.items())
    ]
    return Draft(entries, nets, groups)


def write(draft: Draft, seller: SellerFacts, customer: Row, said: Particulars) -> Statement:
    """Return *draft* as a statement to *customer* (a row), who has it in their language."""
    language = customer["language"]
    debits = customer["payment_method"] == "sepa_debit"
    net = draft.sign * sum(group.basis for group in draft.groups)
    return Statement(
        kind=draft.kind,
        number=number(draft.kind, said.serial),
        issued_on=said.issued_on,
        due_on=said.issued_on + timedelta(days=seller.payment_days),
        language=language,
        seller=_seller(seller),
        buyer=_buyer(customer),
        lines=tuple(_lines(draft, language)),
        vat=tuple(_group(group, draft.sign, language) for group in draft.groups),
        net_cents=net,
        tax_cents=draft.sign * draft.gross - net,
        gross_cents=draft.sign * draft.gross,
        payment="sepa_debit" if debits else "transfer",
        mandate=mandate(customer, is_first=said.is_first) if debits else None,
        corrects=said.corrects,
        buyer_reference=said.buyer_reference,
        small_business=seller.small_business,
    )  # fmt: skip


def number(kind: Kind, serial: int) -> str:
    """Return what stands on the document."""
    return f"{LETTERS[kind]}{serial}"


def _group(group: Group, sign: int, language: str) -> VatGroup:
    return VatGroup(
        category=group.category,
        percent=Decimal(group.percent),
        basis_cents=sign * group.basis,
        tax_cents=sign * group.tax,
        exemption_reason=vat.REASONS[group.category][language] if group.category in vat.REASONS else None,
    )


def _lines(draft: Draft, language: str) -> list[Line]:
    return [
        _line(at, entry, draft.sign * net, draft.sign * entry["quantity_e4"], language)
        for at, (entry, net) in enumerate(zip(draft.entries, draft.nets, strict=True), start=1)
    ]


def _line(position: int, entry: Row, net: int, quantity_e4: int, language: str) -> Line:
    quantity = Decimal(quantity_e4) / UNIT
    return Line(
        position=position,
        description=_description(entry, language),
        quantity=quantity,
        unit_code=entry["unit_code"],
        net_price_cents=(Decimal(net) / quantity).quantize(PRICE_PLACES, ROUND_HALF_UP),
        net_cents=net,
        tax_category=entry["tax_category"],
        tax_percent=Decimal(entry["tax_percent"]),
        period_start=entry["period_start"],
        period_end=entry["period_end"] - timedelta(days=1),
        order_number=entry["order.number"],
        addon=entry["addon"],
    )


def _description(entry: Row, language: str) -> str:
    name = msgspec.json.decode(entry["service.name"])[language]
    if entry["item"]:
        name = f"{name}: {_spoken(entry['item'])}"
    return f"{BACK[language]}: {name}" if entry["reverses"] is not None else name


def _spoken(domain: str) -> str:
    try:
        return idna.decode(domain)
    except idna.IDNAError:
        return domain


def _seller(said: SellerFacts) -> Seller:
    return Seller(
        name=said.name, contact=said.contact or None, street=said.street, postal_code=said.postal_code, city=said.city,
        country=said.country, vat_id=said.vat_id or None, email=said.email, tax_number=said.tax_number or None,
        iban=said.iban, bic=said.bic, creditor_id=said.creditor_id, phone=said.phone, legal=said.legal,
    )  # fmt: skip


def _buyer(customer: Row) -> Party:
    person = f"{customer['given_name']} {customer['family_name']}"
    return Party(
        name=customer["company"] or person, contact=person if customer["company"] else None, street=customer["street"],
        postal_code=customer["postal_code"], city=customer["city"], country=customer["country"],
        vat_id=customer["vat_id"] or None, email=customer["email"], number=customer["number"],
    )  # fmt: skip


def mandate(customer: Row, *, is_first: bool) -> Mandate:
    """Return the customer's mandate: that of the first order, as its contract says it, or a later one."""
    return Mandate(
        reference=customer["mandate_reference"] or str(customer["number"]),
        signed_on=customer["mandate_signed_on"] or customer["created_at"].date(),
        iban=f"•••• {customer['iban_last4']}",
        sequence="FRST" if is_first else "RCUR",
    )
