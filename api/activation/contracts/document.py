"""The contract (*Vertrag*) as a PDF in the customer's language, with the order's mark on every page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from babel import Locale
from babel.dates import format_datetime
from babel.numbers import format_currency, format_decimal

from api.activation.contracts.mark import code_svg
from api.activation.contracts.tables import Contract
from api.equipment import Equipment
from api.intake.names import spoken
from api.mandate import mandate_reference
from api.notices.mail import Attachment
from api.orders import NoOrderError
from api.settings import Settings
from api.tables import Customer, Order, OrderDomain
from api.typesetting import typeset

TEMPLATE = "contract/contract.typ"
FILE = {"de": "Vertrag-{cart_id}.pdf", "en": "contract-{cart_id}.pdf"}
COUNTED = ("mailboxes", "databases", "php_processes")
SIZED = ("web_space_mib", "php_memory_mib")
MIB_IN_GIB = 1024
INTERVAL = {
    "de": {1: "monatlich im Voraus", 12: "jährlich im Voraus"},
    "en": {1: "monthly in advance", 12: "yearly in advance"},
}
MONTHS = {"de": "alle {months} Monate im Voraus", "en": "every {months} months in advance"}
MOMENT = {"de": "d. MMMM y, HH:mm", "en": "d MMMM y, HH:mm"}
MONTHLY = {"de": "{price} im Monat, inklusive {vat} % USt.", "en": "{price} a month, {vat}% VAT included"}


PAYMENT = ("payment_method", "iban_sealed", "iban_last4", "account_holder")
"""What a further order of a known customer may bring of its own."""


class ContractNotOfferedError(Exception):
    """There is nothing to sign."""


async def contract_pdf(equipment: Equipment, order_id: int) -> bytes:
    """Return the contract of order *order_id*; the first copy settles what all say of the tariff.

    Raises:
        NoOrderError: there is no such order.
    """
    order = await Order.select().where(Order.id == order_id).first()
    if order is None:
        raise NoOrderError(f"there is no order {order_id}")
    contract = await _settled(equipment, order)
    facts = await _facts(equipment, order, json.loads(contract["tariff"]))
    template = equipment.settings.templates.folder / TEMPLATE
    return await typeset(template, facts, created_at=contract["made_at"], standard="a-2b")


async def papers(equipment: Equipment, row: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """Return the contract as it goes with the mail of outbox *row*."""
    order_id = row["order"]
    (order,) = await Order.select(Order.cart_id, Order.language).where(Order.id == order_id)
    return (Attachment(file_name(order), await contract_pdf(equipment, order_id)),)


def file_name(order: Mapping[str, Any]) -> str:
    """Return what the file of the order's contract is called."""
    return FILE[order["language"]].format(cart_id=order["cart_id"])


async def _settled(equipment: Equipment, order: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row that every copy is made from; the unique index decides whose comes first."""
    tariff = equipment.catalogue.tariffs[order["tariff"]]
    said = {
        "name": tariff.name[order["language"]],
        "limits": msgspec.to_builtins(tariff.limits),
        "price_cents": tariff.price_cents if tariff.version == order["tariff_version"] else None,
        "vat_percent": tariff.vat_percent,
    }
    row = Contract(order=order["id"], tariff=json.dumps(said), made_at=datetime.now(UTC))
    await Contract.insert(row).on_conflict(action="DO NOTHING")
    (contract,) = await Contract.select().where(Contract.order == order["id"])
    return dict(contract)


async def _facts(equipment: Equipment, order: Mapping[str, Any], tariff: Mapping[str, Any]) -> dict[str, Any]:
    language, settings = order["language"], equipment.settings
    zone = ZoneInfo(settings.seller.time_zone)
    domains = await OrderDomain.select().where(OrderDomain.order == order["id"]).order_by(OrderDomain.position)
    who = await _customer(order)
    accepted_at = format_datetime(order["terms_accepted_at"].astimezone(zone), MOMENT[language], locale=language)
    return {
        "language": language,
        "cart_id": order["cart_id"],
        "code_svg": code_svg(equipment.seal, order["cart_id"]),
        "seller": _seller(settings, language),
        "customer": {"lines": _lines(who, language)},
        "tariff": {"name": tariff["name"], "limits": _limits(tariff["limits"], language)},
        "price": _price(tariff, language),
        "interval": _interval(tariff, order["billing_interval_months"], language),
        "domains": [{"unicode": spoken(row["name"]), "name": row["name"], "action": row["action"]} for row in domains],
        "terms": {
            "version": order["terms_version"],
            "accepted_at": accepted_at,
            "text": equipment.catalogue.terms[order["terms_version"]][language],
        },
        "mandate": _mandate(equipment, who, order["cart_id"]),
        "back": _ways_back(settings),
    }


def _seller(settings: Settings, language: str) -> dict[str, Any]:
    seller = settings.seller
    name = seller.name or parseaddr(settings.mail.sender)[0] or settings.hosting.zone
    town = f"{seller.postal_code} {seller.city}".strip()
    address = [name, seller.street, town]
    return {
        "name": name,
        "lines": [*address, _country(seller.country, language) if town else "", seller.email, seller.phone],
        "line": " · ".join(filter(None, [*address, seller.legal])),
    }


def _lines(who: Mapping[str, Any], language: str) -> list[str]:
    person = f"{who['given_name']} {who['family_name']}"
    town = f"{who['postal_code']} {who['city']}"
    vat_id = {"de": "USt-IdNr. ", "en": "VAT ID "}[language] + who["vat_id"] if who["vat_id"] else ""
    return [
        who["company"] or "", person, who["street"], town, _country(who["country"], language), who["email"],
        who["phone"], vat_id,
    ]  # fmt: skip


def _country(code: str, language: str) -> str:
    return str(Locale(language).territories.get(code, code))


def _limits(limits: Mapping[str, int], language: str) -> list[dict[str, str]]:
    """Return the tariff's limits by name, written out; the template has their labels."""
    sized = [{"name": name, "value": _size(limits[name], language)} for name in SIZED if name in limits]
    return sized + [{"name": name, "value": str(limits[name])} for name in COUNTED if name in limits]


def _size(mib: int, language: str) -> str:
    if mib >= MIB_IN_GIB:
        return f"{format_decimal(mib / MIB_IN_GIB, '#,##0.#', locale=language)} GiB"
    return f"{mib} MiB"


def _price(tariff: Mapping[str, Any], language: str) -> str | None:
    if tariff["price_cents"] is None:
        return None
    price = format_currency(tariff["price_cents"] / 100, "EUR", locale=language)
    return MONTHLY[language].format(price=price, vat=tariff["vat_percent"])


def _interval(tariff: Mapping[str, Any], months: int, language: str) -> str:
    said = INTERVAL[language].get(months, MONTHS[language].format(months=months))
    if tariff["price_cents"] is None:
        return said
    return f"{said}, {format_currency(tariff['price_cents'] * months / 100, 'EUR', locale=language)}"


def _mandate(equipment: Equipment, who: Mapping[str, Any], cart_id: str) -> dict[str, str] | None:
    """Return what the mandate says; of the account only country, check digits and the last four places."""
    if who.get("payment_method") != "sepa_debit" or not who.get("iban_sealed"):
        return None
    iban = equipment.seal.unseal("iban", who["iban_sealed"])
    masked = iban[:2] + "•" * (len(iban) - 6) + iban[-4:]
    return {
        "creditor_id": equipment.settings.seller.creditor_id,
        "reference": mandate_reference(cart_id),
        "holder": who["account_holder"] or "",
        "iban": " ".join(masked[start : start + 4] for start in range(0, len(masked), 4)),
    }


def _ways_back(settings: Settings) -> dict[str, str]:
    seller = settings.seller
    post = ", ".join(filter(None, [seller.name, seller.street, f"{seller.postal_code} {seller.city}".strip()]))
    return {"mail": settings.returns.address, "fax": settings.returns.fax, "post": post}


async def _customer(order: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(order["applicant"])
    if order["customer"] is None:
        return said
    (customer,) = await Customer.select().where(Customer.id == order["customer"])
    return dict(customer) | {key: value for key, value in said.items() if value is not None and key in PAYMENT}
