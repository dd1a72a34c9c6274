"""A domain's life from the acceptance on: bound to its order, ordered once, confirmed. The only mover of domains."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from api import journal
from api.domains.registrar import Done, Outcome, Refused, Registrar
from api.domains.trades import trade_of
from api.lifecycle import DOMAIN_MOVES, DomainEvent, DomainState, IllegalMoveError, follow
from api.notices import outbox
from api.piccolo_conf import DB
from api.seal import Seal
from api.tables import OrderDomain

BATCH = 100
CONFIRMED = frozenset({DomainEvent.REGISTERED, DomainEvent.TRANSFERRED})

Confirmed = Callable[[int], Awaitable[None]]
"""Called in the transaction of a confirmation with the order: the domain's mail is ours to take from now on."""

log = logging.getLogger("ankunft.domains")


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


async def settle_all(registrar: Registrar, seal: Seal, confirmed: Confirmed) -> int:
    """Order the domains of accepted orders, and ask how those end that were ordered; return how many were moved.

    One domain that fails keeps no other one waiting.
    """
    moved = 0
    for row in [*await _oldest(DomainState.REQUESTED), *await _oldest(DomainState.PENDING)]:
        try:
            moved += await _settle(row, registrar, seal, confirmed)
        except IllegalMoveError:
            continue  # another worker, or staff, moved it
        except Exception as error:  # noqa: BLE001 (one bad domain must not keep the others waiting)
            log.error("%s could not be settled: %s", row["name"], type(error).__name__)  # noqa: TRY400 (one line a round)
    return moved


async def vouch(name: str, confirmed: Confirmed, *, actor: str) -> DomainState:
    """Confirm the domain *name* (A-label) in place of the registrar; return its new state.

    Raises:
        NoDomainError: no accepted order holds it.
        IllegalMoveError: it was confirmed, or failed, before.
    """
    row = await OrderDomain.select().where(OrderDomain.held_name == name).first()
    if row is None:
        raise NoDomainError(f"no accepted order holds {name}; `ankunft domain list` shows those that wait")
    async with DB.transaction():
        if row["state"] == DomainState.REQUESTED.value:
            row = await _move(row, DomainEvent.ORDERED, actor=actor)
        row = await _finish(row, confirmation(row["action"]), confirmed, actor=actor)
    return DomainState(row["state"])


async def waiting() -> list[dict[str, Any]]:
    """Return the domains that are bound to an order and not confirmed, the longest waiting first."""
    good = [DomainState.REGISTERED.value, DomainState.TRANSFERRED.value]
    unconfirmed = OrderDomain.held_name.is_not_null() & OrderDomain.state.not_in(good)
    return list(await OrderDomain.select().where(unconfirmed).order_by(OrderDomain.changed_at))


async def _oldest(state: DomainState) -> list[dict[str, Any]]:
    """Return the domains that have been in *state* longest; each state has its own share of a round."""
    bound = OrderDomain.held_name.is_not_null() & (OrderDomain.state == state.value)
    return list(await OrderDomain.select().where(bound).order_by(OrderDomain.changed_at).limit(BATCH))


async def _settle(row: dict[str, Any], registrar: Registrar, seal: Seal, confirmed: Confirmed) -> int:
    moved, outcome = 0, None
    if row["state"] == DomainState.REQUESTED.value:
        async with DB.transaction():  # committed before anything is ordered: after a crash it is looked up
            row = await _move(row, DomainEvent.ORDERED, actor=journal.SYSTEM)
        moved = 1
    else:
        outcome = await registrar.look(await trade_of(row, seal))
    event = _event(outcome or await registrar.order(await trade_of(row, seal)), row["action"])
    if event is not None:
        async with DB.transaction():
            await _finish(row, event, confirmed, actor=journal.SYSTEM)
        moved = 1
    return moved


def _event(outcome: Outcome, action: str) -> DomainEvent | None:
    if isinstance(outcome, Done):
        return confirmation(action)
    return DomainEvent.REFUSED if isinstance(outcome, Refused) else None


def confirmation(action: str) -> DomainEvent:
    """Return the event that ends an *action* well."""
    return DomainEvent.TRANSFERRED if action == "transfer" else DomainEvent.REGISTERED


async def _finish(row: Mapping[str, Any], event: DomainEvent, confirmed: Confirmed, *, actor: str) -> dict[str, Any]:
    """Write down how the order of a domain ended, tell the customer, and have its mail switched on."""
    done = await _move(row, event, actor=actor)
    await outbox.tell("domain_status", row["order"], done["journal"], {"domain": row["name"], "status": done["state"]})
    if event in CONFIRMED:
        await confirmed(row["order"])
    return done


async def _move(row: Mapping[str, Any], event: DomainEvent, *, actor: str) -> dict[str, Any]:
    """Move a domain as read in *row*, in the caller's transaction; return it as it is now, and the journal row."""
    before = DomainState(row["state"])
    after = follow(DOMAIN_MOVES, before, event)
    guard = (OrderDomain.id == row["id"]) & (OrderDomain.state == before.value) & OrderDomain.held_name.is_not_null()
    values: dict[Any, Any] = {OrderDomain.state: after.value, OrderDomain.changed_at: datetime.now(UTC)}
    if event in CONFIRMED:
        values[OrderDomain.auth_code_sealed] = None  # it served its purpose
    if not await OrderDomain.update(values).where(guard).returning(OrderDomain.id):
        raise IllegalMoveError(f"{event} came at the same time as something else")
    written = await journal.write(
        subject="domain", subject_id=row["name"], order=row["order"], event=event, actor=actor,
        before=before, after=after, public=True,
    )  # fmt: skip
    return dict(row) | {"state": after.value, "journal": written}
