"""Customer numbers, also those that were given up: each one leads to the customer who is there now."""

from __future__ import annotations

from collections.abc import Sequence

from api.customers.tables import Merger
from api.tables import Customer


async def customer_of(number: int) -> int | None:
    """Return the id of the customer who has *number*, or had it before it was merged into another one."""
    row = await Customer.select(Customer.id).where(Customer.number == number).first()
    return None if row is None else await current(row["id"])


async def current(customer: int) -> int:
    """Return the id of the customer that *customer* is now: itself, or the one it was merged into."""
    row = await Merger.select(Merger.kept).where(Merger.given_up == customer).first()
    return customer if row is None else int(row["kept"])


async def all_of(customer: int) -> Sequence[int]:
    """Return the ids of *customer* and of all who were merged into it: older papers may be filed under those."""
    given_up = await Merger.select(Merger.given_up).where(Merger.kept == customer).output(as_list=True)
    return [customer, *given_up]
