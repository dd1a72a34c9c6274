"""What may follow what in the life of an ordered domain; `api.lifecycle` hands it on with the other tables."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class DomainState(StrEnum):
    """Where an ordered domain stands."""

    REQUESTED = "REQUESTED"
    ZONE_READY = "ZONE_READY"
    #: The intent is stored, the registry is being asked; when the answer is lost, it is looked up.
    ORDERED = "ORDERED"
    PENDING = "PENDING"
    REGISTERED = "REGISTERED"
    TRANSFERRED = "TRANSFERRED"
    #: The registry said no; a corrected auth code or staff can go on.
    REFUSED = "REFUSED"
    #: Nobody but a person can say what became of it.
    UNCLEAR = "UNCLEAR"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    #: Another registrar asks for it.
    LEAVING = "LEAVING"
    TRANSFERRED_AWAY = "TRANSFERRED_AWAY"
    EXPIRING = "EXPIRING"
    ON_HOLD = "ON_HOLD"


class DomainEvent(StrEnum):
    """What happens to an ordered domain."""

    ZONE_MADE = "ZONE_MADE"
    ORDERED = "ORDERED"
    PENDED = "PENDED"
    REGISTERED = "REGISTERED"
    TRANSFERRED = "TRANSFERRED"
    REFUSED = "REFUSED"
    #: Refused for what is ours to mend (money, zone): tried again later, the customer is not bothered.
    POSTPONED = "POSTPONED"
    HANDED_TO_STAFF = "HANDED_TO_STAFF"
    CORRECTED = "CORRECTED"
    RETRIED = "RETRIED"
    GIVEN_UP = "GIVEN_UP"
    CANCELLED = "CANCELLED"
    LEAVE_ASKED = "LEAVE_ASKED"
    LEFT = "LEFT"
    KEPT = "KEPT"
    EXPIRY_NEAR = "EXPIRY_NEAR"
    HELD = "HELD"
    RELEASED = "RELEASED"


_D, _X = DomainState, DomainEvent

DOMAIN_MOVES: Mapping[tuple[DomainState, DomainEvent], DomainState] = MappingProxyType(
    {
        (_D.REQUESTED, _X.ZONE_MADE): _D.ZONE_READY,
        (_D.REQUESTED, _X.REGISTERED): _D.REGISTERED,
        (_D.REQUESTED, _X.TRANSFERRED): _D.TRANSFERRED,
        (_D.REQUESTED, _X.CANCELLED): _D.CANCELLED,
        (_D.ZONE_READY, _X.ORDERED): _D.ORDERED,
        (_D.ZONE_READY, _X.REGISTERED): _D.REGISTERED,
        (_D.ZONE_READY, _X.TRANSFERRED): _D.TRANSFERRED,
        (_D.ZONE_READY, _X.REFUSED): _D.REFUSED,
        (_D.ZONE_READY, _X.CANCELLED): _D.CANCELLED,
        (_D.ORDERED, _X.PENDED): _D.PENDING,
        (_D.ORDERED, _X.REGISTERED): _D.REGISTERED,
        (_D.ORDERED, _X.TRANSFERRED): _D.TRANSFERRED,
        (_D.ORDERED, _X.REFUSED): _D.REFUSED,
        (_D.ORDERED, _X.POSTPONED): _D.ZONE_READY,
        (_D.ORDERED, _X.HANDED_TO_STAFF): _D.UNCLEAR,
        (_D.PENDING, _X.REGISTERED): _D.REGISTERED,
        (_D.PENDING, _X.TRANSFERRED): _D.TRANSFERRED,
        (_D.PENDING, _X.REFUSED): _D.REFUSED,
        (_D.PENDING, _X.HANDED_TO_STAFF): _D.UNCLEAR,
        (_D.PENDING, _X.CANCELLED): _D.CANCELLED,
        (_D.PENDING, _X.GIVEN_UP): _D.FAILED,
        (_D.REFUSED, _X.CORRECTED): _D.ZONE_READY,
        (_D.REFUSED, _X.RETRIED): _D.ZONE_READY,
        (_D.REFUSED, _X.REGISTERED): _D.REGISTERED,
        (_D.REFUSED, _X.TRANSFERRED): _D.TRANSFERRED,
        (_D.REFUSED, _X.GIVEN_UP): _D.FAILED,
        (_D.UNCLEAR, _X.PENDED): _D.PENDING,
        (_D.UNCLEAR, _X.REGISTERED): _D.REGISTERED,
        (_D.UNCLEAR, _X.TRANSFERRED): _D.TRANSFERRED,
        (_D.UNCLEAR, _X.REFUSED): _D.REFUSED,
        (_D.UNCLEAR, _X.RETRIED): _D.ZONE_READY,
        (_D.UNCLEAR, _X.GIVEN_UP): _D.FAILED,
        (_D.REGISTERED, _X.LEAVE_ASKED): _D.LEAVING,
        (_D.REGISTERED, _X.LEFT): _D.TRANSFERRED_AWAY,
        (_D.REGISTERED, _X.EXPIRY_NEAR): _D.EXPIRING,
        (_D.REGISTERED, _X.HELD): _D.ON_HOLD,
        (_D.TRANSFERRED, _X.LEAVE_ASKED): _D.LEAVING,
        (_D.TRANSFERRED, _X.LEFT): _D.TRANSFERRED_AWAY,
        (_D.TRANSFERRED, _X.EXPIRY_NEAR): _D.EXPIRING,
        (_D.TRANSFERRED, _X.HELD): _D.ON_HOLD,
        (_D.LEAVING, _X.LEFT): _D.TRANSFERRED_AWAY,
        (_D.LEAVING, _X.KEPT): _D.REGISTERED,
        (_D.EXPIRING, _X.LEAVE_ASKED): _D.LEAVING,
        (_D.EXPIRING, _X.LEFT): _D.TRANSFERRED_AWAY,
        (_D.EXPIRING, _X.HELD): _D.ON_HOLD,
        (_D.EXPIRING, _X.RELEASED): _D.REGISTERED,
        (_D.ON_HOLD, _X.LEAVE_ASKED): _D.LEAVING,
        (_D.ON_HOLD, _X.LEFT): _D.TRANSFERRED_AWAY,
        (_D.ON_HOLD, _X.RELEASED): _D.REGISTERED,
    }
)
"""Every legal move of a domain. Staff who vouch for a domain take the registrar's part."""

HELD_DOMAINS = frozenset({_D.REGISTERED, _D.TRANSFERRED, _D.LEAVING, _D.EXPIRING, _D.ON_HOLD})
"""States in which the domain is with us: its mail is ours to take, its zone is kept."""
