"""What may follow what: one table of moves per thing that has states. No conditions; who calls picks the event."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from api.domainlife import DOMAIN_MOVES, HELD_DOMAINS, DomainEvent, DomainState

__all__ = [
    "DOMAIN_MOVES", "HELD_DOMAINS", "JOB_MOVES", "MAIL_MOVES", "ORDER_MOVES", "DomainEvent", "DomainState",
    "IllegalMoveError", "JobEvent", "JobState", "MailEvent", "MailState", "OrderEvent", "OrderState", "final", "follow",
]  # fmt: skip


class IllegalMoveError(Exception):
    """An event that does not fit the state a thing is in."""


class OrderState(StrEnum):
    """Where an order stands between the click and the account."""

    SUBMITTED = "SUBMITTED"
    IN_REVIEW = "IN_REVIEW"
    REFUSED = "REFUSED"
    AWAITING_ACTIVATION = "AWAITING_ACTIVATION"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    ACCEPTED = "ACCEPTED"
    PROVISIONING = "PROVISIONING"
    PROVISIONING_FAILED = "PROVISIONING_FAILED"
    ACTIVE = "ACTIVE"


class OrderEvent(StrEnum):
    """What happens to an order."""

    OFFERED = "OFFERED"
    HELD_FOR_REVIEW = "HELD_FOR_REVIEW"
    REFUSED = "REFUSED"
    REOPENED = "REOPENED"
    PHONE_CORRECTED = "PHONE_CORRECTED"
    CODE_CONFIRMED = "CODE_CONFIRMED"
    CONTRACT_APPROVED = "CONTRACT_APPROVED"
    STAFF_ACCEPTED = "STAFF_ACCEPTED"
    LAPSED = "LAPSED"
    WITHDRAWN = "WITHDRAWN"
    PROVISIONING_BEGUN = "PROVISIONING_BEGUN"
    ACCOUNT_READY = "ACCOUNT_READY"
    JOB_PARKED = "JOB_PARKED"
    RETRIED = "RETRIED"


_O, _E = OrderState, OrderEvent

ORDER_MOVES: Mapping[tuple[OrderState, OrderEvent], OrderState] = MappingProxyType(
    {
        (_O.SUBMITTED, _E.OFFERED): _O.AWAITING_ACTIVATION,
        (_O.SUBMITTED, _E.HELD_FOR_REVIEW): _O.IN_REVIEW,
        (_O.SUBMITTED, _E.REFUSED): _O.REFUSED,
        (_O.SUBMITTED, _E.WITHDRAWN): _O.WITHDRAWN,
        (_O.IN_REVIEW, _E.OFFERED): _O.AWAITING_ACTIVATION,
        (_O.IN_REVIEW, _E.STAFF_ACCEPTED): _O.ACCEPTED,
        (_O.IN_REVIEW, _E.CONTRACT_APPROVED): _O.ACCEPTED,
        (_O.IN_REVIEW, _E.REFUSED): _O.REFUSED,
        (_O.IN_REVIEW, _E.WITHDRAWN): _O.WITHDRAWN,
        (_O.REFUSED, _E.REOPENED): _O.IN_REVIEW,
        (_O.AWAITING_ACTIVATION, _E.PHONE_CORRECTED): _O.SUBMITTED,
        (_O.AWAITING_ACTIVATION, _E.CODE_CONFIRMED): _O.ACCEPTED,
        (_O.AWAITING_ACTIVATION, _E.CONTRACT_APPROVED): _O.ACCEPTED,
        (_O.AWAITING_ACTIVATION, _E.STAFF_ACCEPTED): _O.ACCEPTED,
        (_O.AWAITING_ACTIVATION, _E.REFUSED): _O.REFUSED,
        (_O.AWAITING_ACTIVATION, _E.LAPSED): _O.EXPIRED,
        (_O.AWAITING_ACTIVATION, _E.WITHDRAWN): _O.WITHDRAWN,
        (_O.EXPIRED, _E.REOPENED): _O.IN_REVIEW,
        (_O.ACCEPTED, _E.PROVISIONING_BEGUN): _O.PROVISIONING,
        (_O.PROVISIONING, _E.ACCOUNT_READY): _O.ACTIVE,
        (_O.PROVISIONING, _E.JOB_PARKED): _O.PROVISIONING_FAILED,
        (_O.PROVISIONING_FAILED, _E.RETRIED): _O.PROVISIONING,
        (_O.PROVISIONING_FAILED, _E.ACCOUNT_READY): _O.ACTIVE,
    }
)
"""Every legal move of an order. A pair that is absent is illegal; there is no other rule."""


class JobState(StrEnum):
    """Where the hand-off of one account stands."""

    WAITING_FOR_DRAW = "WAITING_FOR_DRAW"
    WAITING_FOR_ROOM = "WAITING_FOR_ROOM"
    READY = "READY"
    RUNNING = "RUNNING"
    PARKED = "PARKED"
    SUCCEEDED = "SUCCEEDED"


class JobEvent(StrEnum):
    """What happens to a job."""

    NOBODY_ELIGIBLE = "NOBODY_ELIGIBLE"
    ROOM_FOUND = "ROOM_FOUND"
    PINNED = "PINNED"
    CLAIMED = "CLAIMED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ERRORED = "ERRORED"
    LEASE_ENDED = "LEASE_ENDED"
    TRIES_USED_UP = "TRIES_USED_UP"
    RETRIED = "RETRIED"


_J, _V = JobState, JobEvent

JOB_MOVES: Mapping[tuple[JobState, JobEvent], JobState] = MappingProxyType(
    {
        (_J.WAITING_FOR_DRAW, _V.PINNED): _J.READY,
        (_J.WAITING_FOR_DRAW, _V.NOBODY_ELIGIBLE): _J.WAITING_FOR_ROOM,
        (_J.WAITING_FOR_ROOM, _V.ROOM_FOUND): _J.WAITING_FOR_DRAW,
        (_J.READY, _V.CLAIMED): _J.RUNNING,
        (_J.RUNNING, _V.SUCCEEDED): _J.SUCCEEDED,
        (_J.RUNNING, _V.FAILED): _J.PARKED,
        (_J.RUNNING, _V.ERRORED): _J.READY,
        (_J.RUNNING, _V.LEASE_ENDED): _J.READY,
        (_J.RUNNING, _V.TRIES_USED_UP): _J.PARKED,
        (_J.PARKED, _V.RETRIED): _J.READY,
    }
)
"""Every legal move of a job."""


class MailState(StrEnum):
    """Where a mail stands on its way out."""

    QUEUED = "QUEUED"
    SENT = "SENT"
    PARKED = "PARKED"


class MailEvent(StrEnum):
    """What happens to a mail."""

    DELIVERED = "DELIVERED"
    DEFERRED = "DEFERRED"
    REFUSED = "REFUSED"
    RETRIED = "RETRIED"


_M, _N = MailState, MailEvent

MAIL_MOVES: Mapping[tuple[MailState, MailEvent], MailState] = MappingProxyType(
    {
        (_M.QUEUED, _N.DELIVERED): _M.SENT,
        (_M.QUEUED, _N.DEFERRED): _M.QUEUED,
        (_M.QUEUED, _N.REFUSED): _M.PARKED,
        (_M.PARKED, _N.RETRIED): _M.QUEUED,
    }
)
"""Every legal move of a mail."""


class ReturnState(StrEnum):
    """Where a document stands that came back."""

    RECEIVED = "RECEIVED"
    INBOX = "INBOX"
    FILED = "FILED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    DUPLICATE = "DUPLICATE"


class ReturnEvent(StrEnum):
    """What happens to a document that came back."""

    MATCHED = "MATCHED"
    NOT_MATCHED = "NOT_MATCHED"
    REPEATED = "REPEATED"
    ASSIGNED = "ASSIGNED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


_R, _T = ReturnState, ReturnEvent

RETURN_MOVES: Mapping[tuple[ReturnState, ReturnEvent], ReturnState] = MappingProxyType(
    {
        (_R.RECEIVED, _T.MATCHED): _R.FILED,
        (_R.RECEIVED, _T.NOT_MATCHED): _R.INBOX,
        (_R.RECEIVED, _T.REPEATED): _R.DUPLICATE,
        (_R.INBOX, _T.ASSIGNED): _R.FILED,
        (_R.INBOX, _T.REJECTED): _R.REJECTED,
        (_R.FILED, _T.ASSIGNED): _R.FILED,
        (_R.FILED, _T.APPROVED): _R.APPROVED,
        (_R.FILED, _T.REJECTED): _R.REJECTED,
    }
)
"""Every legal move of a document that came back. Only a person approves."""

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


def follow(moves: Mapping[tuple[S, E], S], state: S, event: E) -> S:
    """Return the state that *event* leads to.

    Raises:
        IllegalMoveError: the table does not hold the pair.
    """
    try:
        return moves[state, event]
    except KeyError:
        raise IllegalMoveError(f"{event} does not fit {state}") from None


def final(moves: Mapping[tuple[S, E], S]) -> frozenset[S]:
    """Return the states that nothing leads out of."""
    return frozenset(moves.values()) - {state for state, _ in moves}
