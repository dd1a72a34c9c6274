"""What a rule of the risk check (*Risikoüberprüfung*) can say. The rules are data: `risk.toml` of the catalogue."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any

import msgspec

from api.riskfacts import KINDS, Facts, Value

Points = Annotated[int, msgspec.Meta(ge=-1000, le=1000)]
TESTS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "is": operator.eq,
        "one_of": lambda value, listed: value in listed,
        "none_of": lambda value, listed: value not in listed,
        "above": operator.gt,
        "below": operator.lt,
        "over": operator.gt,
    }
)
"""Conditions of a rule: is the fact's value, and what the rule says, so?"""


class Outcome(StrEnum):
    """What is offered, from the most to the least."""

    SMS = "sms"
    CONTRACT = "contract"
    REVIEW = "review"
    REFUSE = "refuse"

    @property
    def severity(self) -> int:
        """Return how little is offered: 0 for everything."""
        return list(Outcome).index(self)


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What staff read, in both languages."""

    de: str
    en: str


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A rule: one condition on one fact, and what follows."""

    fact: str
    text: Text
    points: Points
    #: At least this little is offered, whatever the points say.
    outcome: Outcome | None = None
    on: bool = True
    #: Staff get a mail, once a day.
    alarm: bool = False
    is_: Value | None = msgspec.field(default=None, name="is")
    one_of: tuple[str, ...] | None = None
    none_of: tuple[str, ...] | None = None
    above: int | None = None
    below: int | None = None
    #: Like `above`, for limits that the operator widens by `risk.limits_factor`.
    over: int | None = None

    def __post_init__(self) -> None:
        if self.fact not in KINDS:
            raise ValueError(f"there is no fact {self.fact!r}; docs/risk.md lists them")
        if len(self.condition) != 1:
            raise ValueError(f"a rule has exactly one of {', '.join(TESTS)}")
        (condition,) = self.condition
        wanted = {"is": type(self.is_), "one_of": str, "none_of": str}.get(condition, int)
        if KINDS[self.fact] is not wanted:
            raise ValueError(f"{condition} does not fit {self.fact}, which is {KINDS[self.fact].__name__}")

    @property
    def condition(self) -> dict[str, Any]:
        """Return the condition as it stands in the file."""
        said = {"is": self.is_} | {name: getattr(self, name) for name in TESTS if name != "is"}
        return {name: value for name, value in said.items() if value is not None}

    def fits(self, facts: Facts, limits_factor: int) -> bool:
        """Return whether the condition holds; an unknown fact fits nothing."""
        value = getattr(facts, self.fact)
        if value is None:
            return False
        ((condition, wanted),) = self.condition.items()
        return TESTS[condition](value, wanted * limits_factor if condition == "over" else wanted)


class Bands(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From how many points on less is offered."""

    contract: int
    review: int
    refuse: int

    def __post_init__(self) -> None:
        if not 0 < self.contract < self.review < self.refuse:
            raise ValueError("the bands have to rise: contract, review, refuse")

    def outcome(self, points: int) -> Outcome:
        """Return what *points* alone lead to."""
        for outcome in (Outcome.REFUSE, Outcome.REVIEW, Outcome.CONTRACT):
            if points >= getattr(self, outcome):
                return outcome
        return Outcome.SMS


class RuleSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rules, under a version that the operator raises with each change."""

    version: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    bands: Bands
    rules: dict[Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,47}\Z")], Rule]

    @property
    def digest(self) -> str:
        """Return what tells two sets of the same version apart."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:16]
