"""What letters may say about an order: gathered when a letter is written, by the same names in every template."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from email.utils import parseaddr
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency

from api.catalogue import Tariff
from api.customers import links
from api.equipment import Equipment
from api.notices.mail import Attachment
from api.tables import Customer, Order

Page = Callable[[int], Awaitable[Any]]
"""Gives the customer's page of an order."""

Papers = Callable[[Equipment, Mapping[str, Any]], Awaitable[tuple[Attachment, ...]]]
"""Gives the documents that go with the mail of an outbox row."""


class Sources(NamedTuple):
    """What letters say and carry that is made on higher floors, and is handed down."""

    page: Page
    #: Kind of mail → its documents, beside the texts that this room attaches itself.
    papers: Mapping[str, Papers] = MappingProxyType({})


TERMS_FILE = {"de": "AGB-{version}.txt", "en": "terms-{version}.txt"}


async def of_order(equipment: Equipment, row: Mapping[str, Any], page: Page) -> dict[str, Any]:
    """Return what a letter to the customer or to staff may say, for outbox *row*."""
    if row["order"] is None:
        return _of_house(equipment) | dict(json.loads(row["context"]))
    (order,) = await Order.select().where(Order.id == row["order"])
    customer = await _customer(order)
    shown = await page(row["order"])
    tariff = equipment.catalogue.tariffs[order["tariff"]]
    context: dict[str, Any] = json.loads(row["context"])
    if "domain" in context:
        context["domain"] = {domain.name: domain for domain in shown.domains}[context["domain"]]
    if "link" in context:
        context |= of_link(equipment, context["link"])
    return (
        _of_house(equipment)
        | {
            "cart_id": order["cart_id"],
            "link": equipment.settings.http.order_page_url.replace("{cart_id}", order["cart_id"]),
            "order_number": order["number"],
            "customer_number": customer.get("number"),
            "name": f"{customer['given_name']} {customer['family_name']}",
            "phone_end": customer["phone"][-2:],
            "state": shown.state,
            "tariff": tariff.name[row["language"]],
            "interval_months": order["billing_interval_months"],
            "price": _price(order, tariff, row["language"]),
            "terms_version": order["terms_version"],
            "domains": shown.domains,
            "account": shown.account,
            "offered": json.loads(order["offered"]),
            "expires_at": moment(order["expires_at"], row["language"], equipment.settings.seller.time_zone),
        }
        | context
    )


def _of_house(equipment: Equipment) -> dict[str, Any]:
    settings = equipment.settings
    return {
        "sender": parseaddr(settings.mail.sender)[0] or settings.mail.sender,
        "public_url": settings.http.public_url,
    }


def of_link(equipment: Equipment, seed: str) -> dict[str, Any]:
    """Return what a letter says of a link for a further order; its token is derived here and stands in no table."""
    token = links.token_of(equipment.seal, seed)
    return {
        "token": token,
        "link": equipment.settings.http.further_order_url.replace("{token}", token),
        "minutes": int(links.VALID_FOR.total_seconds() // 60),
    }


def of_code(equipment: Equipment, row: Mapping[str, Any], cart_id: str) -> dict[str, Any]:
    """Return what the message with a code says; the code is derived here and stands in no table."""
    http = equipment.settings.http
    generation: int = json.loads(row["context"])["generation"]
    return {
        "cart_id": cart_id,
        "code": equipment.seal.sms_code(row["order"], generation),
        "host": urlsplit(http.order_page_url or http.public_url).hostname or "",
    }


async def attachments(equipment: Equipment, row: Mapping[str, Any], sources: Sources) -> tuple[Attachment, ...]:
    """Return what goes with the mail of outbox *row*: its papers, and the accepted terms with the first one."""
    papers = sources.papers.get(row["kind"])
    made = await papers(equipment, row) if papers else ()
    return (*made, await _terms(equipment, row)) if row["kind"] == "order_received" else made


async def _terms(equipment: Equipment, row: Mapping[str, Any]) -> Attachment:
    (order,) = await Order.select().where(Order.id == row["order"])
    version, language = order["terms_version"], row["language"]
    text = equipment.catalogue.terms[version][language]
    return Attachment(TERMS_FILE[language].format(version=version), text)


async def cart_of(row: Mapping[str, Any]) -> str:
    """Return the cart ID of the order that *row* is about."""
    (order,) = await Order.select(Order.cart_id).where(Order.id == row["order"])
    return str(order["cart_id"])


async def _customer(order: Mapping[str, Any]) -> dict[str, Any]:
    if order["customer"] is None:
        said: dict[str, Any] = json.loads(order["applicant"])
        return said
    (customer,) = await Customer.select().where(Customer.id == order["customer"])
    return dict(customer)


def moment(at: datetime | None, language: str, zone: str) -> str | None:
    """Return a day and time as a letter says it, in the hoster's time zone."""
    if at is None:
        return None
    return f"{format_date(at.astimezone(ZoneInfo(zone)), 'long', language)}, {at.astimezone(ZoneInfo(zone)):%H:%M}"


def _price(order: Mapping[str, Any], tariff: Tariff, language: str) -> str | None:
    """Return the price a month; None when the tariff has another version by now."""
    if tariff.version != order["tariff_version"]:
        return None
    return format_currency(tariff.price_cents / 100, "EUR", locale=language)
