"""How often: earlier orders from the same network, or with the same mail address, telephone or bank account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from piccolo.query.functions import Count

from api.intake.risk.case import Case
from api.intake.risk.digests import IBAN, MAIL, NETWORK, PHONE, digests_of
from api.intake.risk.tables import RiskTrace
from api.seal import Seal

KINDS = (NETWORK, MAIL, PHONE, IBAN)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FORGET_AT_ONCE = 1000
MOST_ALIKE = 50
"""More customers alike say nothing new."""


async def leave(seal: Seal, cases: Iterable[Case]) -> None:
    """Write the traces of *cases*, before any of them is judged: an order is counted by all that come after it.

    What an order was corrected to leaves its trace when it was corrected, after orders that came with it meanwhile.
    """
    now = datetime.now(UTC)
    rows = [
        RiskTrace(order=case.order_id, kind=kind, digest=digest, at=now)
        for case in cases
        for kind, digest in digests_of(seal, case).items()
        if kind in KINDS
    ]
    if rows:
        await RiskTrace.insert(*rows).on_conflict(action="DO NOTHING")


async def counted(case: Case, digests: Mapping[str, str]) -> dict[str, int]:
    """Return how many orders were alike before this one came to be so, by fact."""
    kinds = [kind for kind in KINDS if kind in digests]
    own = await _own(case, digests)
    day = await _earlier([own[digests[kind]] for kind in kinds if digests[kind] in own], DAY)
    found = {f"orders_of_{kind}_day": day.get(digests[kind], 0) for kind in kinds}
    if NETWORK in kinds:
        busy = day.get(digests[NETWORK]) is not None
        hour = await _earlier([own[digests[NETWORK]]], HOUR) if busy else {}
        found["orders_of_network_hour"] = hour.get(digests[NETWORK], 0)
    return found


async def customers_with(digests: Mapping[str, str]) -> set[int]:
    """Return rows of customers whose orders came with this mail address, telephone or bank account, the newest."""
    wanted = [digests[kind] for kind in (MAIL, PHONE, IBAN) if kind in digests]
    found: Any = (
        await RiskTrace.select(RiskTrace.order.customer)
        .where(RiskTrace.digest.is_in(wanted), RiskTrace.order.customer.is_not_null())
        .order_by(RiskTrace.id, ascending=False)
        .limit(MOST_ALIKE)
        .output(as_list=True)
    )
    return set(found)


async def forget(after: timedelta) -> int:
    """Delete some traces that are older than *after* and belong to no contract; return how many."""
    old = (
        await RiskTrace.select(RiskTrace.id)
        .where(RiskTrace.at < datetime.now(UTC) - after, RiskTrace.order.customer.is_null())
        .limit(FORGET_AT_ONCE)
        .output(as_list=True)
    )
    if old:
        await RiskTrace.delete().where(RiskTrace.id.is_in(old))
    return len(old)


async def _own(case: Case, digests: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
    """Return the traces that *case* left, by digest."""
    wanted = RiskTrace.digest.is_in(sorted(digests.values()))
    return {row["digest"]: row for row in await RiskTrace.select().where(RiskTrace.order == case.order_id, wanted)}


async def _earlier(traces: Sequence[Mapping[str, Any]], span: timedelta) -> dict[str, int]:
    """Return how many orders left a trace like one of *traces* before it, at most *span*, by digest."""
    if not traces:
        return {}
    alike = reduce(or_, (
        (RiskTrace.digest == own["digest"]) & (RiskTrace.id < own["id"]) & (RiskTrace.at > own["at"] - span)
        for own in traces
    ))  # fmt: skip
    others = RiskTrace.order != traces[0]["order"]
    rows: list[Any] = await RiskTrace.select(RiskTrace.digest, Count()).where(alike, others).group_by(RiskTrace.digest)
    return {row["digest"]: int(row["count"]) for row in rows}
