"""What our own records know of an order: customers alike, carts with the same names, the blocklist."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from piccolo.query.functions import Count

from api.customers import numbers
from api.intake.risk import blocklist, traces
from api.intake.risk.case import Case
from api.lifecycle import OrderState
from api.tables import Customer, OrderDomain

OPEN = [state.value for state in (OrderState.SUBMITTED, OrderState.IN_REVIEW, OrderState.AWAITING_ACTIVATION)]


async def known(
    case: Case, digests: Mapping[str, str], unwanted: Mapping[str, Collection[str]], customers: Collection[int]
) -> dict[str, Any]:
    """Return the facts that our own records give; *unwanted* is what the blocklist may hold of the case."""
    return {
        "customers_alike": len(set((await numbers.currents(customers)).values()) - {case.customer}),
        "names_in_other_carts": await _names_in_other_carts(case),
        **await traces.counted(case, digests),
        **await blocklist.blocked(unwanted),
    }


async def customers_alike(case: Case, digests: Mapping[str, str]) -> set[int]:
    """Return the rows of customers who may be the same person, this one included if it has a number.

    Numbers that were given up are among them: older invoices are filed under those.
    """
    who = case.who
    same_name = (
        (Customer.postal_code == who["postal_code"])
        & (Customer.family_name == who["family_name"])
        & (Customer.given_name == who["given_name"])
    )
    alike = (Customer.email == who["email"]) | (Customer.phone == who["phone"]) | same_name
    found: Any = (
        await Customer.select(Customer.id)
        .where(alike)
        .order_by(Customer.id, ascending=False)
        .limit(traces.MOST_ALIKE)
        .output(as_list=True)
    )
    own = set() if case.customer is None else set(await numbers.all_of(case.customer))
    return set(found) | own | await traces.customers_with(digests)


async def _names_in_other_carts(case: Case) -> int:
    names = [name.name for name in case.names]
    rows: list[Any] = (
        await OrderDomain.select(OrderDomain.name, Count())
        .where(OrderDomain.name.is_in(names), OrderDomain.order < case.order_id)
        .where(OrderDomain.order.state.is_in(OPEN))
        .group_by(OrderDomain.name)
    )
    return len(rows)
