"""Transfers and pending orders, as answers and messages tell of them (trnData of RFC 5731 §3.2.4, panData §3.3)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from api.domains.epp.markup import Element, find, text, time


class Transfer(NamedTuple):
    """The latest transfer of a domain."""

    name: str
    #: pending, or clientApproved, clientCancelled, clientRejected, serverApproved, serverCancelled.
    status: str
    #: Who asked (reID).
    gaining: str
    asked_at: datetime | None
    #: Who has to act, or acted (acID).
    losing: str
    #: When it was acted, or at the latest will be.
    acts_at: datetime | None
    expires_at: datetime | None

    @property
    def approved(self) -> bool:
        """Whether the domain moved."""
        return self.status in {"clientApproved", "serverApproved"}


class Decision(NamedTuple):
    """How a pending order ended."""

    name: str
    granted: bool
    #: The clTRID of what was ordered.
    transaction_id: str


def transfer(data: Element | None) -> Transfer | None:
    """Return the transfer in *data*, None where there is none."""
    found = find(data, "domain:trnData")
    if found is None:
        return None
    return Transfer(
        name=text(found, "domain:name").lower(),
        status=text(found, "domain:trStatus"),
        gaining=text(found, "domain:reID"),
        asked_at=time(found, "domain:reDate"),
        losing=text(found, "domain:acID"),
        acts_at=time(found, "domain:acDate"),
        expires_at=time(found, "domain:exDate"),
    )


def decision(data: Element | None) -> Decision | None:
    """Return the decision in *data*, None where there is none."""
    found = find(data, "domain:panData")
    name = find(found, "domain:name")
    if found is None or name is None:
        return None
    return Decision(
        name=text(found, "domain:name").lower(),
        granted=name.get("paResult") in {"1", "true"},
        transaction_id=text(found, "domain:paTRID/epp:clTRID"),
    )
