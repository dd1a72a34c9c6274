"""Reconciling: contracts against services, services against entries, entries against invoices, numbers against rows.

Read only, by ranges of keys, so that it may run beside everything else: what does not fit at first may have been on its
way from one table to another, so it counts if it is there at a second look. What it finds is for people: each finding
names the thing by the number that people know.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import date
from typing import Any

import msgspec

from api import counters
from api.billing.periods import Period
from api.billing.tables import Invoice, InvoiceLine, OpenEntry, Service, ServiceEntry
from api.lifecycle import HELD_DOMAINS
from api.tables import Journal, Order, OrderDomain

BATCH = 200


class Finding(msgspec.Struct, frozen=True):
    """Something that does not fit."""

    #: service without entry, entry without service, contract without service, domain without service, gap, overlap,
    #: entry forgotten, entry open and billed, sum, number.
    kind: str
    order: int | None
    text: str


async def reconcile(today: date) -> list[Finding]:
    """Return all that does not fit, as of *today*, and stays so."""
    seen = await _look(today)
    still = set(await _look(today)) if seen else set()
    return [finding for finding in seen if finding in still]


async def _look(today: date) -> list[Finding]:
    found: list[Finding] = []
    async for orders in _contracts():
        found += await _of_orders(orders, today)
    return found + await _of_entries() + await _of_invoices()


async def _contracts() -> AsyncIterator[dict[int, dict[str, Any]]]:
    """Give the accepted orders, by id, some at a time."""
    after = 0
    columns = (Order.id, Order.number, Order.accepted_at)
    while True:
        mine = Order.number.is_not_null() & (Order.id > after)
        rows = await Order.select(*columns).where(mine).order_by(Order.id).limit(BATCH)
        if not rows:
            return
        after = rows[-1]["id"]
        yield {row["id"]: row for row in rows}


async def _of_orders(orders: Mapping[int, Mapping[str, Any]], today: date) -> list[Finding]:
    ids = list(orders)
    services = await Service.select().where(Service.order.is_in(ids)).order_by(Service.id)
    entries = await ServiceEntry.select().where(ServiceEntry.order.is_in(ids)).order_by(ServiceEntry.period_start)
    held = OrderDomain.order.is_in(ids) & OrderDomain.held_name.is_not_null()
    domains = await OrderDomain.select().where(held, OrderDomain.state.is_in([state.value for state in HELD_DOMAINS]))
    charged: dict[int, list[dict[str, Any]]] = {}
    for entry in entries:
        charged.setdefault(entry["service"], []).append(entry)
    having = {service["order"] for service in services}
    items = {(service["order"], service["item"]) for service in services}
    with_domains = {service["order"] for service in services if service["item"]}
    found = [
        Finding("contract without service", order["number"], "was accepted and nothing is charged for it")
        for order in orders.values()
        if order["id"] not in having
    ]
    found += [
        Finding("domain without service", orders[row["order"]]["number"], f"{row['name']} has no entry, others have")
        for row in domains
        if (row["order"], row["name"]) not in items and row["order"] in with_domains
    ]
    for service in services:
        number = orders[service["order"]]["number"]
        fitting = fit(service, charged.get(service["id"], ()), today)
        found += [Finding(kind, number, text) for kind, text in fitting]
    return found


def fit(service: Mapping[str, Any], entries: Iterable[Mapping[str, Any]], today: date) -> list[tuple[str, str]]:
    """Return as (kind, text) what does not fit between a *service* and its *entries*, by the start of their periods."""
    name = f"{service['addon']} {service['item']}".rstrip()
    back: dict[int, date] = {}
    entries = list(entries)
    for entry in entries:
        if entry["reverses"] is not None:
            start = back.get(entry["reverses"], entry["period_start"])
            back[entry["reverses"]] = min(start, entry["period_start"])
    charged = [entry for entry in entries if entry["reverses"] is None and entry["revision"] == 0]
    end = service["ends_on"] or date.max
    found = []
    at = service["begins_on"]
    for entry in charged:
        period = Period(entry["period_start"], entry["period_end"])
        if period.start != at:
            found.append(
                ("gap" if period.start > at else "overlap", f"{name}: {at} and {period.start} should be one day")
            )
        at = period.end
        if service["interval_months"] and min(at, back.get(entry["id"], at)) > end:
            found.append(("entry without service", f"{name} ended on {end}, and is charged up to {at}"))
    if service["next_on"] is not None and (service["next_on"] != at or at < today):
        found.append(("service without entry", f"{name} runs, and is charged up to {at} only"))
    if service["next_on"] is None and service["interval_months"] and at < min(end, today):
        found.append(("service without entry", f"{name} is charged up to {at} only"))
    return found


async def _of_entries() -> list[Finding]:
    """Compare the ledger with what is open and what is billed: each entry is exactly one of the two."""
    found: list[Finding] = []
    after = 0
    while (
        rows := await ServiceEntry.select(ServiceEntry.id, ServiceEntry.order.number)
        .where(ServiceEntry.id > after)
        .order_by(ServiceEntry.id)
        .limit(BATCH)
    ):
        ids = [row["id"] for row in rows]
        is_open = set(await OpenEntry.select(OpenEntry.entry).where(OpenEntry.entry.is_in(ids)).output(as_list=True))
        lines = InvoiceLine.select(InvoiceLine.entry).where(InvoiceLine.entry.is_in(ids))
        billed = set(await lines.output(as_list=True))
        for row in rows:
            places = (row["id"] in is_open) + (row["id"] in billed)
            if places != 1:
                kind = "entry open and billed" if places else "entry forgotten"
                found.append(Finding(kind, row["order.number"], f"entry {row['id']}"))
        after = ids[-1]
    return found


async def _of_invoices() -> list[Finding]:
    """Hold the sums of invoices against their lines, and the counter against the numbers."""
    found: list[Finding] = []
    after, expected = 0, counters.LATER[counters.INVOICE]
    left_out = await _left_out()
    while rows := await Invoice.select().where(Invoice.serial > after).order_by(Invoice.serial).limit(BATCH):
        ids = [row["id"] for row in rows]
        nets = dict.fromkeys(ids, 0)
        for line in await InvoiceLine.select().where(InvoiceLine.invoice.is_in(ids)):
            nets[line["invoice"]] += line["net_cents"]
        for row in rows:
            found += _missing(range(expected, row["serial"]), left_out)
            expected = row["serial"] + 1
            if abs(nets[row["id"]]) != row["net_cents"]:
                found.append(Finding("sum", None, f"{row['number']}: its lines are {nets[row['id']]} cents net"))
        after = rows[-1]["serial"]
    return found + _missing(range(expected, await counters.last(counters.INVOICE) + 1), left_out)


def _missing(serials: range, left_out: Iterable[range]) -> list[Finding]:
    gone = [serial for serial in serials if not any(serial in gap for gap in left_out)]
    return [Finding("number", None, f"number {serial} was given and is on no invoice") for serial in gone]


async def _left_out() -> list[range]:
    """Return the numbers that were left out after restores, as the journal says."""
    rows = await Journal.select(Journal.facts).where(Journal.subject == "epoch", Journal.event == "EPOCH_RAISED")
    said = [json.loads(row["facts"]) for row in rows]
    return [
        range(facts[counters.INVOICE] - facts["gap"] + 1, facts[counters.INVOICE] + 1)
        for facts in said
        if counters.INVOICE in facts
    ]
