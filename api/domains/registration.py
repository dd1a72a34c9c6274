"""A domain's life from the acceptance on: bound to its order, moved, told. The only mover of domains."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from api import journal
from api.domains import alarms
from api.lifecycle import DOMAIN_MOVES, HELD_DOMAINS, DomainEvent, DomainState, IllegalMoveError, follow
from api.notices import outbox
from api.tables import Journal, OrderDomain

RELEASED = frozenset({DomainState.FAILED, DomainState.CANCELLED, DomainState.TRANSFERRED_AWAY})
"""States in which the name belongs to this order no longer: another one may hold it."""

SERVED = HELD_DOMAINS | RELEASED
"""States that need no auth code any more."""

TOLD = frozenset(DomainState) - {DomainState.REQUESTED, DomainState.ZONE_READY}
"""States that the customer is told of, by one mail each and in the timeline; the acceptance's mail tells the first."""


ALARMED = MappingProxyType({DomainState.LEAVING: alarms.leaving, DomainState.EXPIRING: alarms.expiring})
"""States in which staff have to act in time → their alarm."""

STILL: Mapping[str, DomainEvent] = MappingProxyType({
    DomainState.EXPIRING.value: DomainEvent.EXPIRY_NEAR,
    DomainState.ON_HOLD.value: DomainEvent.HELD,
})  # fmt: skip
"""What held when another registrar asked for a domain, and holds on when it did not get it."""


class NoDomainError(LookupError):
    """No order holds this domain."""


async def begin(order_id: int) -> None:
    """Bind the names of an order to it, in the transaction of its acceptance.

    The unique index on held names decides: when another order holds one, the database's refusal goes to the caller.
    """
    for row in await OrderDomain.select().where(OrderDomain.order == order_id).order_by(OrderDomain.position):
        await OrderDomain.update({OrderDomain.held_name: row["name"]}).where(OrderDomain.id == row["id"])
        await journal.write(
            subject="domain", subject_id=row["name"], order=order_id, event="NAME_BOUND", actor=journal.SYSTEM
        )


async def held(name: str) -> dict[str, Any]:
    """Return the domain *name* (A-label) of the order that holds it.

    Raises:
        NoDomainError: no accepted order holds it.
    """
    row = await OrderDomain.select().where(OrderDomain.held_name == name).first()
    if row is None:
        raise NoDomainError(f"no accepted order holds {name}; `ankunft domain list` shows those that wait")
    return dict(row)


async def move(
    row: Mapping[str, Any],
    event: DomainEvent,
    *,
    actor: str,
    said: Mapping[str, Any] | None = None,
    auth_code_sealed: str | None = None,
    quietly: bool = False,
) -> dict[str, Any]:
    """Move a domain as read in *row*, in the caller's transaction; return it as it is now, and its journal row.

    The customer is told of every state but those that are ours alone; *said* (reason, until) is for journal and mail.
    *quietly*: what the customer was told before and did not see end is not told again.

    Raises:
        IllegalMoveError: the event does not fit, or something else moved the domain meanwhile.
    """
    before = DomainState(row["state"])
    after = follow(DOMAIN_MOVES, before, event)
    values: dict[Any, Any] = {OrderDomain.state: after.value, OrderDomain.changed_at: datetime.now(UTC)}
    if after in RELEASED:
        values[OrderDomain.held_name] = None
    if after in SERVED or auth_code_sealed is not None:
        values[OrderDomain.auth_code_sealed] = auth_code_sealed
    guard = (OrderDomain.id == row["id"]) & (OrderDomain.state == before.value) & OrderDomain.held_name.is_not_null()
    if not await OrderDomain.update(values).where(guard).returning(OrderDomain.id):
        raise IllegalMoveError(f"{event} came at the same time as something else")
    is_told = after in TOLD and not quietly
    facts = {"reason": None, "until": None} | dict(said or {})
    written = await journal.write(
        subject="domain", subject_id=row["name"], order=row["order"], event=event, actor=actor,
        before=before, after=after, public=is_told, facts={key: facts[key] for key in facts if facts[key]},
    )  # fmt: skip
    if is_told:
        told = {"domain": row["name"], "status": after, "event": event, "before": before, **facts}
        await outbox.tell("domain_status", row["order"], written, told)
    moved = dict(row) | {"state": after.value, "journal": written}
    if after in ALARMED and not quietly:
        await ALARMED[after](moved, facts["until"] or "")
    if event is DomainEvent.KEPT and (still := STILL.get(await _before_leaving(row["name"]))):
        return await move(moved, still, actor=actor, quietly=True)
    return moved


def confirmation(action: str) -> DomainEvent:
    """Return the event that ends an *action* well."""
    return DomainEvent.TRANSFERRED if action == "transfer" else DomainEvent.REGISTERED


async def _before_leaving(name: str) -> str:
    """Return the state in which another registrar asked for *name* last."""
    asked = (Journal.subject == "domain") & (Journal.subject_id == name)
    rows = Journal.select(Journal.state_before).where(asked, Journal.event == DomainEvent.LEAVE_ASKED.value)
    row = await rows.order_by(Journal.id, ascending=False).first()
    return "" if row is None else str(row["state_before"])


async def waiting() -> list[dict[str, Any]]:
    """Return the domains that are bound to an order and not with us, the longest waiting first."""
    ours = [state.value for state in HELD_DOMAINS]
    unconfirmed = OrderDomain.held_name.is_not_null() & OrderDomain.state.not_in(ours)
    return list(await OrderDomain.select().where(unconfirmed).order_by(OrderDomain.changed_at))
