"""What a person decides about two customers: that they are one, or that they are not.

Of two that are one, one number is kept and the other given up: its orders and what is to be billed move, its row stays
with its number, and whoever names it is led to the one that was kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from api import journal
from api.billing import services
from api.customers.duplicates import suggest
from api.customers.tables import Duplicate, Merger
from api.piccolo_conf import DB
from api.tables import Customer, Order

MERGED, DISTINCT, MOOT = "merged", "distinct", "moot"


class NotMergeableError(Exception):
    """The two cannot be made one: they are the same, or one was given up before, or they were decided distinct."""


class NoCustomerError(LookupError):
    """A customer number that was never given."""


class Pair(msgspec.Struct, frozen=True):
    """Two customers who may be one."""

    #: The number that was given first.
    earlier: int
    later: int
    #: Why: out of mail, phone, address, name.
    reasons: Sequence[str]
    found_at: datetime


async def undecided() -> list[Pair]:
    """Return the pairs that wait for a person, the oldest first."""
    columns = (Duplicate.earlier.number, Duplicate.later.number, Duplicate.reasons, Duplicate.found_at)
    rows = await Duplicate.select(*columns).where(Duplicate.decision.is_null()).order_by(Duplicate.id)
    return [
        Pair(row["earlier.number"], row["later.number"], msgspec.json.decode(row["reasons"]), row["found_at"])
        for row in rows
    ]


async def merge(keep: int, give_up: int, *, actor: str) -> int:
    """Make the customers with these two numbers one; return how many orders moved.

    Raises:
        NoCustomerError: there is no such number.
        NotMergeableError: it cannot be; nothing is changed.
    """
    async with DB.transaction():
        kept, gone = await _locked(keep, give_up)
        merger = Merger(given_up=gone, kept=kept, at=datetime.now(UTC), actor=actor)
        await Merger.update({Merger.kept: kept}).where(Merger.kept == gone)
        await Merger.insert(merger)
        moved = await Order.update({Order.customer: kept}).where(Order.customer == gone).returning(Order.id)
        await services.hand_over(gone, kept)
        await suggest(kept, gone, set())
        await _decide(kept, gone, MERGED, actor)
        await _pass_on(kept, gone, actor)
        facts = {"from": give_up, "into": keep}
        for order in (None, *(row["id"] for row in moved)):
            await journal.write(
                subject="customer", subject_id=give_up, order=order, event="MERGED", actor=actor,
                facts=facts if order is not None else facts | {"orders": len(moved)},
            )  # fmt: skip
    return len(moved)


async def part(one: int, other: int, *, actor: str) -> None:
    """Decide that two customers are not the same; they are not suggested again.

    Raises:
        NoCustomerError: there is no such number.
        NotMergeableError: they were merged before.
    """
    async with DB.transaction():
        first, second = await _locked(one, other)
        await suggest(first, second, set())
        await _decide(first, second, DISTINCT, actor)
        await journal.write(
            subject="customer", subject_id=one, event="DISTINCT", actor=actor, facts={"from": one, "other": other}
        )


async def _locked(one: int, other: int) -> tuple[int, int]:
    """Return the ids of two customers that are both still there, and keep others from merging them meanwhile."""
    ids = []
    for number in (one, other):
        row = await Customer.select(Customer.id).where(Customer.number == number).first()
        if row is None:
            raise NoCustomerError(f"there is no customer {number}")
        ids.append(int(row["id"]))
    if ids[0] == ids[1]:
        raise NotMergeableError("a customer and itself are one already")
    for customer in sorted(ids):
        await Customer.update({Customer.language: Customer.language}).where(Customer.id == customer)
    if await Merger.exists().where(Merger.given_up.is_in(ids)):
        raise NotMergeableError("one of the two numbers was given up before; name the number that was kept")
    return ids[0], ids[1]


async def _decide(one: int, other: int, decision: str, actor: str) -> None:
    pair = (Duplicate.earlier == min(one, other)) & (Duplicate.later == max(one, other))
    values = {Duplicate.decision: decision, Duplicate.decided_by: actor, Duplicate.decided_at: datetime.now(UTC)}
    await Duplicate.update(values).where(pair)  # type: ignore[arg-type]  # columns of several kinds


async def _pass_on(kept: int, gone: int, actor: str) -> None:
    """Let what was suggested of the one who is given up be suggested of the one who is kept."""
    for row in await Duplicate.select().where(
        (Duplicate.earlier == gone) | (Duplicate.later == gone), Duplicate.decision.is_null()
    ):
        other = row["later"] if row["earlier"] == gone else row["earlier"]
        await _decide(gone, other, MOOT, actor)
        await suggest(kept, other, set(msgspec.json.decode(row["reasons"])))
