"""How often: earlier orders from the same network, or with the same mail address, telephone or bank account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
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
    """Write the traces of *cases*, before any of them is judged: an order is counted by all that come after it."""
    rows = [
        RiskTrace(order=case.order_id, kind=kind, digest=digest, at=case.at)
        for case in cases
        for kind, digest in digests_of(seal, case).items()
        if kind in KINDS
    ]
    if rows:
        await RiskTrace.insert(*rows).on_conflict(action="DO NOTHING")


async def counted(case: Case, digests: Mapping[str, str]) -> dict[str, int]:
    """Return how many orders before this one were alike, by fact."""
    day = await _earlier(case, {kind: digests[kind] for kind in KINDS if kind in digests}, DAY)
    found = {f"orders_of_{kind}_day": number for kind, number in day.items()}
    if day.get(NETWORK):
        found["orders_of_network_hour"] = (await _earlier(case, {NETWORK: digests[NETWORK]}, HOUR))[NETWORK]
    elif NETWORK in day:
        found["orders_of_network_hour"] = 0
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


async def _earlier(case: Case, digests: Mapping[str, str], span: timedelta) -> dict[str, int]:
    rows: list[Any] = (
        await RiskTrace.select(RiskTrace.digest, Count())
        .where(RiskTrace.digest.is_in(list(digests.values())), RiskTrace.at > case.at - span)
        .where(RiskTrace.order < case.order_id)
        .group_by(RiskTrace.digest)
    )
    number = {row["digest"]: int(row["count"]) for row in rows}
    return {kind: number.get(digest, 0) for kind, digest in digests.items()}
