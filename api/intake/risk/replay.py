"""What other rules would have said of past orders: the facts are kept, so nobody is asked again and nothing changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from api.intake.risk.tables import RiskAssessment, RiskResult
from api.intake.risk.verdict import Verdict, judge
from api.riskfacts import Facts
from api.ruleset import Outcome, RuleSet
from api.tables import Order

BATCH = 500


class Difference(msgspec.Struct, frozen=True):
    """An order that other rules would have treated otherwise."""

    cart_id: str
    before: Outcome
    after: Outcome
    points_before: int
    points_after: int
    #: Rules that fit now and did not then, or that weigh something else.
    gained: Sequence[str]
    #: Rules that fitted then and do not now.
    lost: Sequence[str]


class Replay(msgspec.Struct, frozen=True):
    """What came out."""

    orders: int
    #: Orders that would be offered the same, by other points.
    other_points: int
    #: Those that would have been offered something else, by age.
    differing: Sequence[Difference]


async def replay(rules: RuleSet, *, limits_factor: int, since: datetime | None = None) -> Replay:
    """Judge the newest check of every order again, by *rules*."""
    orders, other_points, differing = 0, 0, []
    async for row, then in _checks(since):
        verdict = judge(rules, msgspec.json.decode(row["facts"], type=Facts), limits_factor=limits_factor)
        orders += 1
        if verdict.outcome != row["outcome"]:
            differing.append(_difference(row, then, verdict))
        elif verdict.points != row["points"]:
            other_points += 1
    return Replay(orders, other_points, differing)


def _difference(row: Mapping[str, Any], then: Mapping[str, int], verdict: Verdict) -> Difference:
    now = {hit.rule: hit.points for hit in verdict.hits}
    return Difference(
        row["order.cart_id"], Outcome(row["outcome"]), verdict.outcome, row["points"], verdict.points,
        gained=sorted(name for name, points in now.items() if then.get(name) != points),
        lost=sorted(then.keys() - now.keys()),
    )  # fmt: skip


async def _checks(since: datetime | None) -> AsyncIterator[tuple[Mapping[str, Any], Mapping[str, int]]]:
    """Yield the newest check of each order, and the points of the rules that fitted then; in ranges of order ids."""
    first = 0
    while True:
        orders = Order.select(Order.id).where(Order.id > first).order_by(Order.id).limit(BATCH)
        if since is not None:
            orders = orders.where(Order.created_at >= since)
        ids: list[Any] = await orders.output(as_list=True)
        if not ids:
            return
        first = ids[-1]
        rows = (
            await RiskAssessment.select(*RiskAssessment.all_columns(), RiskAssessment.order.cart_id)
            .where(RiskAssessment.order.is_in(ids))
            .order_by(RiskAssessment.id)
        )
        newest = {row["order"]: row for row in rows}
        fitted = await _fitted([row["id"] for row in newest.values()])
        for row in newest.values():
            yield row, fitted.get(row["id"], {})


async def _fitted(assessments: list[int]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    if assessments:
        for row in await RiskResult.select().where(RiskResult.assessment.is_in(assessments)):
            found.setdefault(row["assessment"], {})[row["rule"]] = row["points"]
    return found
