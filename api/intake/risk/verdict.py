"""From facts to what is offered: rules fit, points add up to a band, and some rules force less. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from api.riskfacts import Facts, Value
from api.ruleset import Outcome, RuleSet, Text

SMS = "sms"
CONTRACT = "contract"


class Gathered(NamedTuple):
    """What is known, and what could not be found out."""

    facts: Facts
    notes: Sequence[str]


class Hit(msgspec.Struct, frozen=True):
    """A rule that fitted, as it read then."""

    rule: str
    points: int
    outcome: Outcome | None
    fact: str
    value: Value
    text: Text
    #: Staff want to hear of it.
    alarm: bool = False


class Verdict(msgspec.Struct, frozen=True):
    """What the rules say of an order."""

    points: int
    outcome: Outcome
    hits: Sequence[Hit]


def judge(rules: RuleSet, facts: Facts, *, limits_factor: int) -> Verdict:
    """Return what *rules* say of *facts*; the same today and in a year."""
    hits = [
        Hit(name, rule.points, rule.outcome, rule.fact, getattr(facts, rule.fact), rule.text, rule.alarm)
        for name, rule in rules.rules.items()
        if rule.on and rule.fits(facts, limits_factor)
    ]
    points = max(0, sum(hit.points for hit in hits))
    outcomes = [rules.bands.outcome(points), *(hit.outcome for hit in hits if hit.outcome is not None)]
    return Verdict(points, max(outcomes, key=lambda outcome: outcome.severity), hits)


def ways(outcome: Outcome, facts: Facts) -> list[str]:
    """Return the ways of activation: none while a person decides; SMS only where one may go, whatever rules say."""
    if outcome is Outcome.SMS and facts.sms_possible:
        return [SMS, CONTRACT]
    return [CONTRACT] if outcome in {Outcome.SMS, Outcome.CONTRACT} else []
