"""What a contract says, written out in the customer's language."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

from babel import Locale
from babel.numbers import format_currency, format_decimal

from api.equipment import Equipment
from api.mandate import mandate_reference
from api.settings import Settings

COUNTED = ("mailboxes", "databases", "php_processes")
SIZED = ("web_space_mib", "php_memory_mib")
MIB_IN_GIB = 1024
INTERVAL = {
    "de": {1: "monatlich im Voraus", 12: "jährlich im Voraus"},
    "en": {1: "monthly in advance", 12: "yearly in advance"},
}
MONTHS = {"de": "alle {months} Monate im Voraus", "en": "every {months} months in advance"}
EACH = {"de": "je Domain", "en": "for each domain"}
UNIT = {"de": {"once": "einmalig", "month": "im Monat"}, "en": {"once": "once", "month": "a month"}}
MONTHLY = {"de": "{price} im Monat, inklusive {vat} % USt.", "en": "{price} a month, {vat}% VAT included"}


def seller(settings: Settings, language: str) -> dict[str, Any]:
    """Return the hoster: name, block of address, and the line at the foot."""
    seller = settings.seller
    name = seller.name or parseaddr(settings.mail.sender)[0] or settings.hosting.zone
    town = f"{seller.postal_code} {seller.city}".strip()
    address = [name, seller.street, town]
    return {
        "name": name,
        "lines": [*address, _country(seller.country, language) if town else "", seller.email, seller.phone],
        "line": " · ".join(filter(None, [*address, seller.legal])),
    }


def lines(who: Mapping[str, Any], language: str) -> list[str]:
    """Return the customer's block of address, and how they are reached."""
    person = f"{who['given_name']} {who['family_name']}"
    town = f"{who['postal_code']} {who['city']}"
    vat_id = {"de": "USt-IdNr. ", "en": "VAT ID "}[language] + who["vat_id"] if who["vat_id"] else ""
    return [
        who["company"] or "", person, who["street"], town, _country(who["country"], language), who["email"],
        who["phone"], vat_id,
    ]  # fmt: skip


def _country(code: str, language: str) -> str:
    return str(Locale(language).territories.get(code, code))


def limits(limits: Mapping[str, int], language: str) -> list[dict[str, str]]:
    """Return the tariff's limits by name, written out; the template has their labels."""
    sized = [{"name": name, "value": _size(limits[name], language)} for name in SIZED if name in limits]
    return sized + [{"name": name, "value": str(limits[name])} for name in COUNTED if name in limits]


def _size(mib: int, language: str) -> str:
    if mib >= MIB_IN_GIB:
        return f"{format_decimal(mib / MIB_IN_GIB, '#,##0.#', locale=language)} GiB"
    return f"{mib} MiB"


def price(tariff: Mapping[str, Any], language: str) -> str | None:
    """Return the price a month; None where nobody knows it any more."""
    if tariff["price_cents"] is None:
        return None
    price = format_currency(tariff["price_cents"] / 100, "EUR", locale=language)
    return MONTHLY[language].format(price=price, vat=tariff["vat_percent"])


def charge(part: Mapping[str, Any], language: str) -> dict[str, str]:
    """Return what is charged beside the price a month: fees, and what each domain costs."""
    price = format_currency(part["price_cents"] / 100, "EUR", locale=language)
    words = (price, EACH[language] if part["per"] == "domain" else "", UNIT[language][part["unit"]])
    return {"name": part["name"], "value": " ".join(filter(None, words))}


def interval(tariff: Mapping[str, Any], months: int, language: str) -> str:
    """Return how often is billed, and what it comes to."""
    said = INTERVAL[language].get(months, MONTHS[language].format(months=months))
    if tariff["price_cents"] is None:
        return said
    return f"{said}, {format_currency(tariff['price_cents'] * months / 100, 'EUR', locale=language)}"


def mandate(equipment: Equipment, who: Mapping[str, Any], cart_id: str) -> dict[str, str] | None:
    """Return what the mandate says; of the account only country, check digits and the last four places."""
    if who.get("payment_method") != "sepa_debit" or not who.get("iban_sealed"):
        return None
    iban = equipment.seal.unseal("iban", who["iban_sealed"])
    masked = iban[:2] + "•" * (len(iban) - 6) + iban[-4:]
    return {
        "creditor_id": equipment.settings.seller.creditor_id,
        "reference": who.get("mandate_reference") or mandate_reference(cart_id),
        "holder": who["account_holder"] or "",
        "iban": " ".join(masked[start : start + 4] for start in range(0, len(masked), 4)),
    }


def ways_back(settings: Settings) -> dict[str, str]:
    """Return where the contract comes back to; empty for a way that there is not."""
    seller = settings.seller
    post = ", ".join(filter(None, [seller.name, seller.street, f"{seller.postal_code} {seller.city}".strip()]))
    return {"mail": settings.returns.address, "fax": settings.returns.fax, "post": post}
