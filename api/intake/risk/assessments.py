"""The results of checks, filed for good, and read by staff."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from api.intake.risk.tables import RiskAssessment, RiskResult
from api.intake.risk.verdict import Gathered, Verdict
from api.riskfacts import Value
from api.ruleset import Outcome, RuleSet, Text


class Reason(msgspec.Struct, frozen=True):
    """A rule that fitted, as it read then."""

    rule: str
    points: int
    #: What it forced, if it forced something.
    outcome: Outcome | None
    fact: str
    value: Value
    text: Text


class RiskView(msgspec.Struct, frozen=True):
    """A check, for staff: why the customer is offered what is offered."""

    at: datetime
    ruleset: str
    points: int
    outcome: Outcome
    reasons: Sequence[Reason]
    #: What could not be found out: source and why.
    notes: Sequence[str]
    #: All that was known.
    facts: Mapping[str, Value]


async def file(order_id: int, rules: RuleSet, gathered: Gathered, verdict: Verdict) -> None:
    """Write the result of a check, in the transaction that offers what follows from it."""
    row = RiskAssessment(
        order=order_id,
        at=datetime.now(UTC),
        ruleset=rules.version,
        ruleset_digest=rules.digest,
        points=verdict.points,
        outcome=verdict.outcome.value,
        facts=msgspec.json.encode(gathered.facts).decode(),
        notes=msgspec.json.encode(gathered.notes).decode(),
    )
    assessment = (await RiskAssessment.insert(row).returning(RiskAssessment.id))[0]["id"]
    if verdict.hits:
        await RiskResult.insert(*(
            RiskResult(
                assessment=assessment, order=order_id, rule=hit.rule, ruleset=rules.version, points=hit.points,
                outcome=None if hit.outcome is None else hit.outcome.value, fact=hit.fact,
                value=msgspec.json.encode(hit.value).decode(), text_de=hit.text.de, text_en=hit.text.en,
            )
            for hit in verdict.hits
        ))  # fmt: skip


async def newest(order_ids: Iterable[int]) -> dict[int, RiskView]:
    """Return the newest check of each order."""
    wanted = list(order_ids)
    if not wanted:
        return {}
    rows = await RiskAssessment.select().where(RiskAssessment.order.is_in(wanted)).order_by(RiskAssessment.id)
    newest_of = {row["order"]: row for row in rows}
    reasons = await _reasons([row["id"] for row in newest_of.values()])
    return {order: _view(row, reasons.get(row["id"], [])) for order, row in newest_of.items()}


async def _reasons(assessments: Sequence[int]) -> dict[int, list[Reason]]:
    found: dict[int, list[Reason]] = {}
    if assessments:
        for row in (
            await RiskResult.select().where(RiskResult.assessment.is_in(list(assessments))).order_by(RiskResult.id)
        ):
            found.setdefault(row["assessment"], []).append(_reason(row))
    return found


def _reason(row: Mapping[str, Any]) -> Reason:
    return Reason(
        row["rule"], row["points"], None if row["outcome"] is None else Outcome(row["outcome"]), row["fact"],
        json.loads(row["value"]), Text(row["text_de"], row["text_en"]),
    )  # fmt: skip


def _view(row: Mapping[str, Any], reasons: Sequence[Reason]) -> RiskView:
    return RiskView(
        row["at"], row["ruleset"], row["points"], Outcome(row["outcome"]), reasons,
        json.loads(row["notes"]), json.loads(row["facts"]),
    )  # fmt: skip
