"""What anyone may call: the tariffs, and the order itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, get, post

from api import edge
from api.catalogue import Language, Limits
from api.described import described
from api.equipment import Equipment
from api.identity import Access, Caller, UnknownCallerError, caller_of_open_route, client_ip
from api.intake import placing
from api.intake.form import FurtherOrderForm, OrderForm, Receipt


class TariffOffer(msgspec.Struct, frozen=True):
    """A tariff on offer. Prices are gross, in cents, a month."""

    id: str
    version: int
    name: dict[Language, str]
    price_cents: int
    vat_percent: int
    billing_intervals_months: tuple[int, ...]
    domains: int
    limits: Limits
    #: Fees that are charged once for an order, with the first invoice.
    fees_cents: int


class Tariffs(msgspec.Struct, frozen=True):
    """All that is on offer, and the version of the terms that an order accepts."""

    tariffs: list[TariffOffer]
    terms_version: str


class _Look(msgspec.Struct, frozen=True):
    """The one thing that tells the two forms apart."""

    customer: Any = None


@get("/api/v1/tariffs", **described(Access.ANYONE, {200: Tariffs}))
async def list_tariffs(request: Request[Any, Any, Any]) -> Tariffs:
    """List what can be ordered."""
    catalogue = _equipment(request).catalogue
    day = datetime.now(ZoneInfo(_equipment(request).settings.seller.time_zone)).date()
    offers = [
        TariffOffer(
            name_of_file, tariff.version, tariff.name, tariff.price_cents, tariff.vat_percent,
            tariff.billing_intervals_months, tariff.domains, tariff.limits, tariff.fees_cents(day),
        )
        for name_of_file, tariff in catalogue.tariffs.items()
        if tariff.offered
    ]  # fmt: skip
    return Tariffs(sorted(offers, key=lambda offer: offer.price_cents), catalogue.terms_version)


@post(
    "/api/v1/orders",
    **described(
        Access.ANYONE,
        {202: Receipt},
        body=(OrderForm, FurtherOrderForm),
        headers={"Idempotency-Key": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"}},
        problems=(401, 429, 503),
    ),
)
async def place_order(request: Request[Any, Any, Any]) -> Receipt:
    """Order (*Bestellung*): stored once per Idempotency-Key, checked in the background.

    A body whose `customer` holds a number is a further order of that customer, and needs a token of staff, or the one
    that was mailed to the customer.
    """
    equipment = _equipment(request)
    caller = await caller_of_open_route(request)
    raw = await edge.read_raw(request)
    form = edge.decode(raw, _form_of(raw, caller))
    sender = placing.Sender(caller.actor, client_ip(request, equipment.settings.http.proxies), caller.link)
    return await placing.place(equipment, form, key=request.headers.get("idempotency-key"), sender=sender)


def _form_of(raw: bytes, caller: Caller) -> type[OrderForm | FurtherOrderForm]:
    """Return which form *raw* is, by its `customer`. Most bodies are decoded once: no number, no known customer."""
    if caller.link is None and b'"number"' not in raw:
        return OrderForm
    customer = edge.decode(raw, _Look).customer
    if caller.link is None and (not isinstance(customer, dict) or "number" not in customer):
        return OrderForm
    if caller.link is None and caller.staff is None:
        raise UnknownCallerError("an order by customer number needs the link mailed to the customer, or a staff token")
    return FurtherOrderForm


def _equipment(request: Request[Any, Any, Any]) -> Equipment:
    equipment: Equipment = request.app.state.equipment
    return equipment
