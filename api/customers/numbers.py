"""Customer numbers, also those that were given up: each one leads to the customer who is there now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from api.customers.tables import Merger
from api.tables import Customer


async def customer_of(number: int) -> int | None:
    """Return the id of the customer who has *number*, or had it before it was merged into another one."""
    row = await Customer.select(Customer.id).where(Customer.number == number).first()
    return None if row is None else await current(row["id"])


async def current(customer: int) -> int:
    """Return the id of the customer that *customer* is now: itself, or the one it was merged into."""
    return (await currents([customer]))[customer]


async def currents(customers: Collection[int]) -> Mapping[int, int]:
    """Return for each of *customers* (ids) the id of the customer that it is now; see `current`."""
    if not customers:
        return {}
    merged = Merger.given_up.is_in(list(customers))
    rows = await Merger.select(Merger.given_up, Merger.kept).where(merged)
    return {customer: customer for customer in customers} | {row["given_up"]: row["kept"] for row in rows}


async def all_of(customer: int) -> Sequence[int]:
    """Return the ids of *customer* and of all who were merged into it: older papers may be filed under those."""
    given_up = await Merger.select(Merger.given_up).where(Merger.kept == customer).output(as_list=True)
    return [customer, *given_up]
