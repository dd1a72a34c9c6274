"""The contract (*Vertrag*) as a PDF in the customer's language, with the order's mark on every page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from babel.dates import format_datetime

from api.activation.contracts import wording
from api.activation.contracts.mark import code_svg
from api.activation.contracts.tables import Contract
from api.billing import pricelist
from api.catalogue import CatalogueError
from api.equipment import Equipment
from api.intake.names import spoken
from api.notices.mail import Attachment
from api.orders import NoOrderError
from api.piccolo_conf import DB
from api.tables import Customer, Order, OrderDomain
from api.typesetting import typeset

TEMPLATE = "contract/contract.typ"
MOMENT = {"de": "d. MMMM y, HH:mm", "en": "d MMMM y, HH:mm"}
FILE = {"de": "Vertrag-{cart_id}.pdf", "en": "contract-{cart_id}.pdf"}


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
    row = Contract(order=order["id"], tariff=json.dumps(await _tariff(equipment, order)), made_at=datetime.now(UTC))
    await Contract.insert(row).on_conflict(action="DO NOTHING")
    (contract,) = await Contract.select().where(Contract.order == order["id"])
    return dict(contract)


async def _tariff(equipment: Equipment, order: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the contract says of the order's version of the tariff; no price where nobody knows it any more."""
    try:
        async with DB.transaction():
            tariff = (await pricelist.sold(equipment.catalogue, order["tariff"], order["tariff_version"])).tariff
        is_known = True
    except CatalogueError:
        tariff, is_known = equipment.catalogue.tariffs[order["tariff"]], False
    language = order["language"]
    return {
        "name": tariff.name[language],
        "limits": msgspec.to_builtins(tariff.limits),
        "price_cents": tariff.price_cents if is_known else None,
        "vat_percent": tariff.vat_percent,
        "charges": [
            {"name": part.name[language], "price_cents": part.price_cents, "unit": part.unit, "per": part.per}
            for part in tariff.parts(order["created_at"].date())
            if is_known and part.price_cents and (part.unit == "once" or part.per == "domain")
        ],
    }


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
        "seller": wording.seller(settings, language),
        "customer": {"lines": wording.lines(who, language)},
        "tariff": {"name": tariff["name"], "limits": wording.limits(tariff["limits"], language)},
        "price": wording.price(tariff, language),
        "charges": [wording.charge(part, language) for part in tariff["charges"]],
        "interval": wording.interval(tariff, order["billing_interval_months"], language),
        "domains": [{"unicode": spoken(row["name"]), "name": row["name"], "action": row["action"]} for row in domains],
        "terms": {
            "version": order["terms_version"],
            "accepted_at": accepted_at,
            "text": equipment.catalogue.terms[order["terms_version"]][language],
        },
        "mandate": wording.mandate(equipment, who, order["cart_id"]),
        "back": wording.ways_back(settings),
    }


async def _customer(order: Mapping[str, Any]) -> dict[str, Any]:
    """Return who orders; of a known customer the data on file, which the mandate on file belongs to."""
    if order["customer"] is None:
        said: dict[str, Any] = json.loads(order["applicant"])
        return said
    (customer,) = await Customer.select().where(Customer.id == order["customer"])
    return dict(customer)
