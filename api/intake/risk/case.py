"""An order as the risk check looks at it: who ordered, in clear, and in memory alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from api.equipment import Equipment
from api.seal import UnsealError
from api.tables import Customer, OrderDomain


class WantedName(NamedTuple):
    """A domain of the order."""

    #: A-label.
    name: str
    #: register or transfer.
    action: str


class Case(NamedTuple):
    """All that is looked at."""

    order_id: int
    tariff: str
    interval_months: int
    #: Master data: of the applicant, or of the customer who has a number.
    who: Mapping[str, Any]
    #: Row of the customer who has a number.
    customer: int | None
    iban: str | None
    #: Of whoever wants to become a customer; for a customer staff order, and their address says nothing.
    client_ip: str | None
    #: What the page told of its form, if one did.
    form: Mapping[str, Any]
    names: Sequence[WantedName]


async def cases_of(equipment: Equipment, orders: Sequence[Mapping[str, Any]]) -> dict[int, Case]:
    """Return the case of each of the *orders* by its id, without those whose data cannot be read."""
    if not orders:
        return {}
    ids = [order["id"] for order in orders]
    rows = await OrderDomain.select().where(OrderDomain.order.is_in(ids)).order_by(OrderDomain.position)
    names: dict[int, list[WantedName]] = {order_id: [] for order_id in ids}
    for row in rows:
        names[row["order"]].append(WantedName(row["name"], row["action"]))
    numbered = sorted({order["customer"] for order in orders if order["customer"] is not None})
    customers = (
        {row["id"]: row for row in await Customer.select().where(Customer.id.is_in(numbered))} if numbered else {}
    )
    found = (_case(equipment, order, customers.get(order["customer"]), names[order["id"]]) for order in orders)
    return {case.order_id: case for case in found if case is not None}


def _case(
    equipment: Equipment, order: Mapping[str, Any], customer: Mapping[str, Any] | None, names: Sequence[WantedName]
) -> Case | None:
    said = json.loads(order["applicant"])
    who = said if customer is None else customer
    sealed = said.get("iban_sealed") or who.get("iban_sealed")
    try:
        iban = None if sealed is None else equipment.seal.unseal("iban", sealed)
    except UnsealError:
        return None
    if not who.get("email"):
        return None
    return Case(
        order_id=order["id"],
        tariff=order["tariff"],
        interval_months=order["billing_interval_months"],
        who=who,
        customer=None if customer is None else customer["id"],
        iban=iban,
        client_ip=None if customer is not None else order["client_ip"],
        form=said.get("form") or {},
        names=names,
    )
