"""Services: which internal add-ons a contract has, from when to when. Their first entries are written as they begin.

A service begins on a day and ends on one; the day it ends is not charged any more. What was charged for later days is
taken back by reversals, by days. Suspended = ended; resumed = begun anew, on the day it is resumed, at the same price.
A change of tariff ends the old services and begins the new ones on the same day. What begins on a later day has its
entries from that day on. Whoever calls holds a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from api import journal
from api.billing import contracts, ledger
from api.billing.periods import Period, today, unused
from api.billing.tables import OpenEntry, Service, ServiceEntry
from api.equipment import Equipment
from api.tables import Customer


class Ended(NamedTuple):
    """What an end, or a change, comes to."""

    #: How many services it ended.
    services: int
    #: Gross, taken back for the days beyond.
    back_cents: int
    #: Gross, charged at once by those that began instead.
    charged_cents: int = 0


async def begin(
    equipment: Equipment,
    order_id: int,
    day: date | None = None,
    *,
    with_fees: bool = True,
    ends_on: date = date.max,
) -> int:
    """Begin on *day*, today by default, what the tariff of order *order_id* has; return the cents charged at once.

    Domains' add-ons begin for those that are the customer's by now. What runs already is refused by the database.
    """
    day = day or today(equipment.settings.seller.time_zone)
    order, filed = await contracts.contract(equipment, order_id)
    domains = await contracts.domains(order_id)
    wanted = [
        contracts.service(order, addon, item, filed, Period(day, ends_on))
        for addon in filed.tariff.parts(day)
        if with_fees or addon.unit == "month"
        for item in (domains if addon.per == "domain" else [contracts.WHOLE_ORDER])
    ]
    return await _start(equipment, wanted, day)


async def follow_domains(equipment: Equipment, order_id: int) -> None:
    """Begin today the add-ons of those domains of *order_id* that are the customer's by now and never had any.

    They end when the order does. Those of domains that are not the customer's any more end today.
    """
    day = today(equipment.settings.seller.time_zone)
    domains, newest = await contracts.domains(order_id), await contracts.newest(order_id)
    await _start(
        equipment,
        await contracts.of_new_domains(equipment, order_id, newest, Period(day, contracts.end_of(newest))),
        day,
    )
    run_on = {row["item"] for row in newest.values() if row["interval_months"] and (row["ends_on"] or date.max) > day}
    for item in sorted(run_on - {contracts.WHOLE_ORDER, *domains}):
        await end(order_id, day, actor=journal.SYSTEM, item=item)


async def end(order_id: int, day: date, *, actor: str, item: str | None = None, event: str = "SERVICES_ENDED") -> Ended:
    """End the services of *order_id* on *day*, or those of one *item* of it; take back what was charged beyond.

    An earlier end stays; what would begin later never begins. Raises nothing where nothing runs.
    """
    mine = (Service.order == order_id) & (Service.interval_months > 0)
    if item is not None:
        mine &= Service.item == item
    later = mine & (Service.ends_on.is_null() | (Service.ends_on > day))
    rows = await Service.update({Service.ends_on: day}).where(later).returning(*Service.all_columns())
    over = [row["id"] for row in rows if row["next_on"] is None or row["next_on"] >= day]
    back = 0
    if over:
        never = Service.id.is_in(over) & (Service.begins_on > day)
        await Service.delete().where(never, Service.periods == 0)
        await Service.update({Service.ends_on: Service.begins_on}).where(never)
        await Service.update({Service.next_on: None}).where(Service.id.is_in(over))
        back = await _take_back(over, day)
    await journal.write(
        subject="service", subject_id=item or order_id, order=order_id, event=event, actor=actor,
        facts={"on": day, "services": len(rows), "back_cents": back},
    )  # fmt: skip
    return Ended(len(rows), back)


async def resume(equipment: Equipment, order_id: int, day: date, *, actor: str) -> int:
    """Begin anew, on *day*, what of order *order_id* was ended and is not running; return how many services that is.

    Each has its old price. What ends only later goes on from there. What an earlier tariff had, and domains that left,
    do not come back; domains that came meanwhile begin.
    """
    _, filed = await contracts.contract(equipment, order_id)
    domains, newest = await contracts.domains(order_id), await contracts.newest(order_id)
    wanted = [
        contracts.anew(row, max(day, row["ends_on"]))
        for row in newest.values()
        if row["ends_on"] is not None and row["tariff"] == filed.id and row["item"] in {contracts.WHOLE_ORDER, *domains}
    ]
    wanted += await contracts.of_new_domains(equipment, order_id, newest, Period(day, date.max))
    await _start(equipment, wanted, day)
    await journal.write(
        subject="service", subject_id=order_id, order=order_id, event="SERVICES_RESUMED", actor=actor,
        facts={"on": day, "services": len(wanted)},
    )  # fmt: skip
    return len(wanted)


async def change(equipment: Equipment, order_id: int, day: date, *, actor: str) -> Ended:
    """Go over, on *day*, to the tariff that the row of order *order_id* names by now. Fees are not charged again.

    What was to end later ends then; where nothing runs any more on *day*, nothing begins.
    """
    newest = await contracts.newest(order_id)
    ended = await end(order_id, day, actor=actor, event="SERVICES_CHANGED")
    if not ended.services:
        return ended
    charged = await begin(equipment, order_id, day, with_fees=False, ends_on=contracts.end_of(newest))
    return ended._replace(charged_cents=charged)


async def hand_over(gone: int, kept: int) -> None:
    """Have all that was not billed yet of customer *gone* (id), and all that is to come, billed to customer *kept*."""
    await Service.update({Service.customer: kept}).where(Service.customer == gone)
    await OpenEntry.update({OpenEntry.customer: kept}).where(OpenEntry.customer == gone)


async def _start(equipment: Equipment, wanted: Sequence[Service], day: date) -> int:
    """Write *wanted* services, and the entries of their first periods, unless *day* is still to come.

    Returns the cents that these charge.
    """
    if not wanted:
        return 0
    rows = await Service.insert(*wanted).returning(*Service.all_columns())
    (customer,) = await Customer.select().where(Customer.id == rows[0]["customer"])
    seller = equipment.settings.seller
    until = min(day, today(seller.time_zone))
    entries = [
        ledger.charge(row, whole, served, seller, customer)
        for row in rows
        for whole, served in ledger.due_periods(row, until)
    ]
    await ledger.write(entries)
    await advance(rows, until)
    return sum(entry.gross_cents for entry in entries)


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


async def _take_back(services: Sequence[int], day: date) -> int:
    """Reverse what entries of *services* charge for *day* and later and was not taken back before; return the cents."""
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
    return -sum(entry.gross_cents for entry in reversals)
