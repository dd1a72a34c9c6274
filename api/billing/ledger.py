"""The ledger of service entries (*Leistungseinträge*): appended to and never changed; reversals correct it.

Whoever writes here holds a transaction. The unique indexes decide that a period has one entry, and that what is taken
back is taken back once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from api.billing import vat
from api.billing.cents import half_up
from api.billing.periods import Period, period, unused
from api.billing.tables import OpenEntry, ServiceEntry
from api.customers import numbers
from api.sections import SellerFacts

UNIT: Final = 10_000
"""A whole one, in ten-thousandths."""

MONTH, ONE = "MON", "C62"
ROWS: Final = 500
"""Rows of one INSERT; a statement takes 32,767 arguments at most."""


def due_periods(service: Mapping[str, Any], until: date) -> list[tuple[Period, Period]]:
    """Return the periods of *service* that begin up to *until* and have no entry yet, each as (whole, served).

    The last one of an ended service is served in part.
    """
    begun, interval, ends_on = service["begins_on"], service["interval_months"], service["ends_on"] or date.max
    if service["next_on"] is None or service["next_on"] > until:
        return []
    if interval == 0:
        day = Period(begun, date.fromordinal(begun.toordinal() + 1))
        return [(day, day)]
    found, index = [], int(service["periods"])
    while (whole := period(begun, interval, index)).start <= min(until, ends_on - date.resolution):
        found.append((whole, Period(whole.start, min(whole.end, ends_on))))
        index += 1
    return found


def charge(
    service: Mapping[str, Any], whole: Period, served: Period, seller: SellerFacts, customer: Mapping[str, Any]
) -> ServiceEntry:
    """Return the entry for the *served* part of a *whole* period of *service*; its row is still to be written."""
    interval = service["interval_months"]
    price = service["price_cents"] * (interval or 1)
    quantity = (interval or 1) * UNIT
    return ServiceEntry(
        service=service["id"],
        customer=service["customer"],
        order=service["order"],
        addon=service["addon"],
        item=service["item"],
        period_start=served.start,
        period_end=served.end,
        quantity_e4=half_up(quantity * served.days, whole.days),
        unit_code=MONTH if interval else ONE,
        gross_cents=price - unused(whole, served.end, price),
        revision=0,
        written_at=datetime.now(UTC),
        **_taxed(service["vat_percent"], seller, customer),
    )


def reversal(entry: Mapping[str, Any], taken: Period, cents: int) -> ServiceEntry:
    """Return the entry that takes *cents* of *entry* back, for the days *taken*; its row is still to be written."""
    whole = Period(entry["period_start"], entry["period_end"])
    same = (
        "service",
        "customer",
        "order",
        "addon",
        "item",
        "unit_code",
        "included_percent",
        "tax_category",
        "tax_percent",
    )
    return ServiceEntry(
        **{name: entry[name] for name in same},
        period_start=taken.start,
        period_end=taken.end,
        quantity_e4=-half_up(entry["quantity_e4"] * taken.days, whole.days),
        gross_cents=-cents,
        reverses=entry["id"],
        revision=None,
        written_at=datetime.now(UTC),
    )


def again(entry: Mapping[str, Any], seller: SellerFacts, customer: Mapping[str, Any]) -> ServiceEntry:
    """Return an entry that charges *customer* the same as *entry* once more, after that was taken back.

    It is taxed as the customer is known by now.
    """
    kept = {name: value for name, value in entry.items() if "." not in name and name not in {"id", "reverses"}}
    new = {"customer": customer["id"], "revision": entry["revision"] + 1, "written_at": datetime.now(UTC)}
    return ServiceEntry(**kept | new | _taxed(entry["service.vat_percent"], seller, customer))


async def write(entries: Sequence[ServiceEntry], due_on: date | None = None) -> list[int]:
    """Append *entries* and have them billed from *due_on* on, else from where each period begins; return their ids.

    Who was merged into another customer is billed no more: what is written of them is open for that one.
    """
    ids: list[int] = []
    payers = await numbers.currents({entry.customer for entry in entries})
    for some in _slices(entries):
        rows = await ServiceEntry.insert(*some).returning(
            ServiceEntry.id, ServiceEntry.customer, ServiceEntry.period_start
        )
        await OpenEntry.insert(
            *(
                OpenEntry(entry=row["id"], customer=payers[row["customer"]], due_on=due_on or row["period_start"])
                for row in rows
            )
        )
        ids += [int(row["id"]) for row in rows]
    return ids


def _taxed(percent: int, seller: SellerFacts, customer: Mapping[str, Any]) -> dict[str, Any]:
    kind = vat.category(seller, customer)
    return {
        "included_percent": vat.included(kind, percent),
        "tax_category": kind,
        "tax_percent": vat.rate(kind, percent),
    }


def _slices(entries: Sequence[ServiceEntry]) -> Iterable[Sequence[ServiceEntry]]:
    return (entries[at : at + ROWS] for at in range(0, len(entries), ROWS))
