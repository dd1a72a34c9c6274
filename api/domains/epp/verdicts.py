"""What a registry's answer means for an order: the one table from result codes to reasons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from api.domains.epp.domains import State
from api.domains.epp.markup import time
from api.domains.epp.reply import Code, Reply
from api.domains.epp.transfers import Transfer, transfer
from api.domains.registrar import Done, Outcome, Pending, Reason, Refused, Unknown
from api.registries import Registry

REASONS: Mapping[Literal["register", "transfer"], Mapping[int, Reason]] = MappingProxyType({
    "register": {Code.BILLING: Reason.BALANCE, Code.EXISTS: Reason.TAKEN},
    "transfer": {
        Code.BILLING: Reason.BALANCE,
        Code.AUTHORIZATION: Reason.WRONG_AUTH_CODE,
        Code.WRONG_AUTH_INFO: Reason.WRONG_AUTH_CODE,
        Code.NOT_TRANSFERABLE: Reason.TOO_YOUNG,
        Code.STATUS_PROHIBITS: Reason.LOCKED,
        Code.DOES_NOT_EXIST: Reason.NOT_REGISTERED,
    },
})  # fmt: skip
"""Action → result code → reason; what is absent is a matter of the registry's policy."""

LOCKS = frozenset({"clientTransferProhibited", "serverTransferProhibited"})

ENDINGS: Mapping[str, Reason] = MappingProxyType(
    {
        "clientRejected": Reason.REJECTED,
        "clientCancelled": Reason.REJECTED,
        "serverCancelled": Reason.TIMED_OUT,
    }
)
"""How a transfer ended that moved nothing → reason."""


def refusal(answer: Reply, action: Literal["register", "transfer"], registry: Registry) -> Refused | Unknown:
    """Return what a code from 2000 on says about an order; 24xx and 25xx leave it open whether it was carried out."""
    if answer.code >= Code.FAILED:
        return Unknown(f"the registry answered {answer.code}")
    if answer.code in registry.zone_codes:
        return Refused(Reason.ZONE_NOT_READY, answer.words)
    return Refused(REASONS[action].get(answer.code, Reason.POLICY), answer.words)


def created(answer: Reply) -> Outcome:
    """Return what a create came to that was taken."""
    if answer.code == Code.PENDING:
        return Pending(answer.reference)
    return Done(time(answer.data, "domain:creData/domain:exDate"))


def requested(answer: Reply) -> Outcome:
    """Return what a transfer came to that was taken: some registries say 1000 and mean that it waits."""
    made = transfer(answer.data)
    waits = made.status == "pending" if made else answer.code == Code.PENDING
    return Pending(answer.reference) if waits else Done(made.expires_at if made else None)


def held(state: State, since: datetime) -> Outcome:
    """Return what an order to register came to, when the name is ours now."""
    if state.created_at is not None and state.created_at < since:
        return Refused(Reason.TAKEN, "it was registered for us before")
    if "pendingCreate" in state.statuses:
        return Pending()
    return Done(state.expires_at, state.roid)


def moved(state: State, latest: Transfer | None, since: datetime, client_id: str) -> Outcome:
    """Return what an order to transfer came to, when the name is ours now."""
    by_query = latest.acts_at if latest and latest.approved and latest.gaining == client_id else None
    moved_at = state.transferred_at or by_query
    if moved_at is None:
        return Unknown("it is ours, and the registry does not say since when")
    if moved_at < since:
        return Refused(Reason.TAKEN, "it was ours before")
    return Done(state.expires_at, state.roid)


def waiting(latest: Transfer | None, since: datetime, client_id: str) -> Outcome | None:
    """Return what an order to transfer came to, when the name is another's: None = the registry has none of ours."""
    if latest is None or latest.gaining != client_id:
        return None
    if latest.status == "pending":
        return Pending()  # whenever it was asked for: a second one would be refused
    if latest.asked_at is not None and latest.asked_at < since:
        return None
    if latest.status in ENDINGS:
        return Refused(ENDINGS[latest.status], latest.status)
    return Unknown(f"the transfer is {latest.status[:20]}, and the domain is another registrar's")
