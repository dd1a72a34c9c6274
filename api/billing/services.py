"""Services: which internal add-ons a contract has, from when to when. Their first entries are written as they begin.

A service begins on a day and ends on one; the day it ends is not charged any more. What was charged for later days is
taken back by reversals, by days. Suspended = ended; resumed = begun anew, on the day it is resumed, at the same price.
A change of tariff ends the old services and begins the new ones on the same day. Whoever calls holds a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from api import journal
from api.billing import ledger, pricelist
from api.billing.periods import Period, today, unused
from api.billing.tables import OpenEntry, Service, ServiceEntry
from api.catalogue import Addon
from api.equipment import Equipment
from api.lifecycle import HELD_DOMAINS
from api.tables import Customer, Order, OrderDomain

WHOLE_ORDER = ""


async def begin(equipment: Equipment, order_id: int, day: date | None = None, *, with_fees: bool = True) -> None:
    """Begin on *day*, today by default, what the tariff of the accepted order *order_id* has.

    Domains' add-ons begin for those that are the customer's by now. What runs already is refused by the database.
    """
    day = day or today(equipment.settings.seller.time_zone)
    order, filed = await _contract(equipment, order_id)
    domains = await _domains(order_id)
    wanted = [
        _service(order, addon, item, filed, day)
        for addon in filed.tariff.parts(day)
        if with_fees or addon.unit == "month"
        for item in (domains if addon.per == "domain" else [WHOLE_ORDER])
    ]
    await _start(equipment, wanted, day)


async def follow_domains(equipment: Equipment, order_id: int) -> None:
    """Begin today the add-ons of those domains of *order_id* that are the customer's by now and never had any.

    Those of domains that are not the customer's any more end today.
    """
    day = today(equipment.settings.seller.time_zone)
    order, filed = await _contract(equipment, order_id)
    domains = await _domains(order_id)
    rows = await Service.select(Service.item, Service.ends_on).where(Service.order == order_id, Service.item != "")
    had = {row["item"] for row in rows}
    wanted = [
        _service(order, addon, item, filed, day)
        for addon in filed.tariff.parts(day)
        if addon.per == "domain"
        for item in domains
        if item not in had
    ]
    await _start(equipment, wanted, day)
    for item in sorted({row["item"] for row in rows if row["ends_on"] is None} - set(domains)):
        await end(order_id, day, actor=journal.SYSTEM, item=item)


async def end(order_id: int, day: date, *, actor: str, item: str | None = None, event: str = "SERVICES_ENDED") -> None:
    """End the services of *order_id* on *day*, or those of one *item* of it; take back what was charged beyond.

    An earlier end stays; what would begin later never begins. Raises nothing where nothing runs.
    """
    mine = (Service.order == order_id) & (Service.interval_months > 0)
    if item is not None:
        mine &= Service.item == item
    later = mine & (Service.ends_on.is_null() | (Service.ends_on > day))
    rows = await Service.update({Service.ends_on: day}).where(later).returning(*Service.all_columns())
    over = [row["id"] for row in rows if row["next_on"] is None or row["next_on"] >= day]
    if over:
        await Service.update({Service.ends_on: Service.begins_on}).where(
            Service.id.is_in(over), Service.begins_on > day
        )
        await Service.update({Service.next_on: None}).where(Service.id.is_in(over))
        await _take_back(over, day)
    await journal.write(
        subject="service", subject_id=item or order_id, order=order_id, event=event, actor=actor,
        facts={"on": day, "services": len(rows)},
    )  # fmt: skip


async def resume(equipment: Equipment, order_id: int, day: date, *, actor: str) -> None:
    """Begin anew, on *day*, what of order *order_id* was ended and is not running, at its old price.

    What ends only later goes on from there.
    """
    rows = await Service.select().where(Service.order == order_id, Service.interval_months > 0).order_by(Service.id)
    newest = {(row["addon"], row["item"]): row for row in rows}
    wanted = [_anew(row, max(day, row["ends_on"])) for row in newest.values() if row["ends_on"] is not None]
    await _start(equipment, wanted, day)
    await journal.write(
        subject="service", subject_id=order_id, order=order_id, event="SERVICES_RESUMED", actor=actor,
        facts={"on": day, "services": len(wanted)},
    )  # fmt: skip


async def change(equipment: Equipment, order_id: int, day: date, *, actor: str) -> None:
    """Go over, on *day*, to the tariff that the row of order *order_id* names by now. Fees are not charged again."""
    await end(order_id, day, actor=actor, event="SERVICES_CHANGED")
    await begin(equipment, order_id, day, with_fees=False)


async def hand_over(gone: int, kept: int) -> None:
    """Have all that was not billed yet of customer *gone* (id), and all that is to come, billed to customer *kept*."""
    await Service.update({Service.customer: kept}).where(Service.customer == gone)
    await OpenEntry.update({OpenEntry.customer: kept}).where(OpenEntry.customer == gone)


async def _start(equipment: Equipment, wanted: Sequence[Service], day: date) -> None:
    """Write *wanted* services, and the entries of their first periods."""
    if not wanted:
        return
    rows = await Service.insert(*wanted).returning(*Service.all_columns())
    (customer,) = await Customer.select().where(Customer.id == rows[0]["customer"])
    seller = equipment.settings.seller
    entries = [
        ledger.charge(row, whole, served, seller, customer)
        for row in rows
        for whole, served in ledger.due_periods(row, day)
    ]
    await ledger.write(entries)
    await advance(rows, day)


async def advance(rows: Iterable[Mapping[str, Any]], until: date) -> None:
    """Write down in services, as read in *rows*, that their periods up to *until* have entries."""
    steps: dict[tuple[int, date | None], list[int]] = {}
    for row in rows:
        done = ledger.due_periods(row, until)
        if done:
            last = done[-1][1].end
            is_over = row["interval_months"] == 0 or last == row["ends_on"]
            steps.setdefault((len(done), None if is_over else last), []).append(row["id"])
    for (how_many, next_on), ids in steps.items():
        values: dict[Any, Any] = {Service.periods: Service.periods + how_many, Service.next_on: next_on}
        await Service.update(values).where(Service.id.is_in(ids))


async def _take_back(services: Sequence[int], day: date) -> None:
    """Reverse what entries of *services* charge for *day* and later and was not taken back before."""
    beyond = ServiceEntry.service.is_in(list(services)) & (ServiceEntry.period_end > day)
    rows = await ServiceEntry.select().where(beyond).order_by(ServiceEntry.id)
    back = dict.fromkeys((row["id"] for row in rows if row["reverses"] is None), 0)
    until = {row["id"]: row["period_end"] for row in rows}
    for row in rows:
        if row["reverses"] is not None and row["reverses"] in back:
            back[row["reverses"]] -= row["gross_cents"]
            until[row["reverses"]] = min(until[row["reverses"]], row["period_start"])
    reversals = []
    for row in rows:
        if row["id"] in back and (start := max(day, row["period_start"])) < until[row["id"]]:
            whole = Period(row["period_start"], row["period_end"])
            cents = unused(whole, day, row["gross_cents"]) - back[row["id"]]
            reversals.append(ledger.reversal(row, Period(start, until[row["id"]]), cents))
    await ledger.write(reversals, day)


async def _contract(equipment: Equipment, order_id: int) -> tuple[dict[str, Any], pricelist.Filed]:
    (order,) = await Order.select().where(Order.id == order_id)
    return order, await pricelist.sold(equipment.catalogue, order["tariff"], order["tariff_version"])


async def _domains(order_id: int) -> list[str]:
    """Return the domains of the order that are the customer's by now."""
    mine = (
        (OrderDomain.order == order_id)
        & OrderDomain.state.is_in([state.value for state in HELD_DOMAINS])
        & OrderDomain.held_name.is_not_null()
    )
    return list(
        await OrderDomain.select(OrderDomain.name).where(mine).order_by(OrderDomain.position).output(as_list=True)
    )


def _service(order: Mapping[str, Any], addon: Addon, item: str, filed: pricelist.Filed, day: date) -> Service:
    own = filed.tariff.vat_percent if addon.vat_percent is None else addon.vat_percent
    months = addon.interval_months or order["billing_interval_months"]
    return Service(
        customer=order["customer"],
        order=order["id"],
        addon=addon.key,
        item=item,
        tariff=filed.id,
        name=msgspec.json.encode(addon.name).decode(),
        price_cents=addon.price_cents,
        vat_percent=own,
        interval_months=months if addon.unit == "month" else 0,
        begins_on=day,
        next_on=day,
    )


def _anew(row: Mapping[str, Any], day: date) -> Service:
    kept = {name: value for name, value in row.items() if name != "id"}
    return Service(**kept | {"begins_on": day, "next_on": day, "ends_on": None, "periods": 0})
