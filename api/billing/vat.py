"""VAT: which category a customer's service falls into, and why. Germany's rules as of 2026, for services by wire.

Whoever is in the hoster's own country, and consumers elsewhere in the Union, pay the hoster's rate (the one-stop shop
above 10,000 € a year is no part of this: docs/billing.md). Businesses elsewhere in the Union with a VAT id owe the tax
themselves (§ 13b UStG, article 196 of directive 2006/112/EC). For customers in third countries the place of the service
is theirs (§ 3a UStG): no German VAT. A small business (§ 19 UStG) charges none to anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from stdnum.eu import vat as vat_id

from api.billing.statement import TaxCategory
from api.sections import SellerFacts

UNION = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
PREFIX: Mapping[str, str] = MappingProxyType({"GR": "EL"})
"""Country → how its VAT ids begin, where that differs."""

REASONS: Mapping[TaxCategory, Mapping[str, str]] = MappingProxyType({
    "AE": {
        "de": "Steuerschuldnerschaft des Leistungsempfängers (Reverse Charge)",
        "en": "Reverse charge: VAT to be paid by the recipient",
    },
    "O": {
        "de": "Nicht im Inland steuerbare Leistung (§ 3a UStG)",
        "en": "Service outside the scope of German VAT (§ 3a UStG)",
    },
    "E": {
        "de": "Kein Ausweis von Umsatzsteuer, da Kleinunternehmer gemäß § 19 UStG",
        "en": "VAT exempt: small business under § 19 UStG",
    },
})  # fmt: skip
"""Category → language → what an invoice says about it."""


def category(seller: SellerFacts, customer: Mapping[str, Any]) -> TaxCategory:
    """Return the category of what *seller* does for *customer*."""
    country = customer["country"]
    if seller.small_business:
        return "E"
    if country == seller.country:
        return "S"
    if country not in UNION:
        return "O"
    return "AE" if _is_business(customer) else "S"


def rate(kind: TaxCategory, percent: int) -> int:
    """Return what is charged where the catalogue's rate is *percent*."""
    return percent if kind == "S" else 0


def included(kind: TaxCategory, percent: int) -> int:
    """Return the VAT that a price of the catalogue has in it: a small business's prices have none."""
    return 0 if kind == "E" else percent


def _is_business(customer: Mapping[str, Any]) -> bool:
    said, country = customer["vat_id"] or "", customer["country"]
    if customer["kind"] == "consumer" or not vat_id.is_valid(said):
        return False
    return bool(vat_id.compact(said).startswith(PREFIX.get(country, country)))
