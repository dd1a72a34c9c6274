"""What a contract has and should have: its filed tariff, its domains, its services. Read only.

The rows that it makes are still to be written; `services` does that.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from api.billing import pricelist
from api.billing.periods import Period
from api.billing.tables import Service
from api.catalogue import Addon
from api.equipment import Equipment
from api.lifecycle import HELD_DOMAINS
from api.tables import Order, OrderDomain

WHOLE_ORDER = ""

Newest = Mapping[tuple[str, str], Mapping[str, Any]]
"""Add-on and item → the service that ran last, or runs."""


async def newest(order_id: int) -> Newest:
    """Return the services of the order; of those with the same add-on and item the last one, but one that ran."""
    rows = await Service.select().where(Service.order == order_id).order_by(Service.id)
    ran_last = sorted(rows, key=lambda row: row["begins_on"] < (row["ends_on"] or date.max))
    return {(row["addon"], row["item"]): row for row in ran_last}


def end_of(newest: Newest) -> date:
    """Return the day on which an order ends as a whole, the last of all days for one that goes on."""
    whole = [row for row in newest.values() if row["interval_months"] and row["item"] == WHOLE_ORDER]
    return max((row["ends_on"] or date.max for row in whole), default=date.max)


async def of_new_domains(equipment: Equipment, order_id: int, newest: Newest, time: Period) -> list[Service]:
    """Return the services of domains that are the customer's by now and never had any, for *time*."""
    order, filed = await contract(equipment, order_id)
    had = {item for _, item in newest}
    begun = await _begun(order_id, filed)
    return [
        service(order, addon, item, filed, time)
        for addon in filed.tariff.parts(begun or time.start)
        if addon.per == "domain" and time.days > 0
        for item in await domains(order_id)
        if item not in had
    ]


async def _begun(order_id: int, filed: pricelist.Filed) -> date | None:
    """Return the day from which on the order has had its tariff."""
    mine = (Service.order == order_id) & (Service.tariff == filed.id)
    first = await Service.select(Service.begins_on).where(mine).order_by(Service.begins_on).first()
    return None if first is None else first["begins_on"]


async def contract(equipment: Equipment, order_id: int) -> tuple[dict[str, Any], pricelist.Filed]:
    """Return the order's row and the tariff that it names, as filed."""
    (order,) = await Order.select().where(Order.id == order_id)
    return order, await pricelist.sold(equipment.catalogue, order["tariff"], order["tariff_version"])


async def domains(order_id: int) -> list[str]:
    """Return the domains of the order that are the customer's by now."""
    mine = (
        (OrderDomain.order == order_id)
        & OrderDomain.state.is_in([state.value for state in HELD_DOMAINS])
        & OrderDomain.held_name.is_not_null()
    )
    return list(
        await OrderDomain.select(OrderDomain.name).where(mine).order_by(OrderDomain.position).output(as_list=True)
    )


def service(order: Mapping[str, Any], addon: Addon, item: str, filed: pricelist.Filed, time: Period) -> Service:
    """Return the service of *addon* for *time*; a fee has no end."""
    own = filed.tariff.vat_percent if addon.vat_percent is None else addon.vat_percent
    months = addon.interval_months or order["billing_interval_months"]
    is_monthly = addon.unit == "month"
    return Service(
        customer=order["customer"],
        order=order["id"],
        addon=addon.key,
        item=item,
        tariff=filed.id,
        name=msgspec.json.encode(addon.name).decode(),
        price_cents=addon.price_cents,
        vat_percent=own,
        interval_months=months if is_monthly else 0,
        begins_on=time.start,
        next_on=time.start,
        ends_on=time.end if is_monthly and time.end < date.max else None,
    )


def anew(row: Mapping[str, Any], day: date) -> Service:
    """Return the service of *row* once more, from *day* on."""
    kept = {name: value for name, value in row.items() if name != "id"}
    return Service(**kept | {"begins_on": day, "next_on": day, "ends_on": None, "periods": 0})
