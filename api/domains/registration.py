"""The domains of an accepted order: the names are bound, the registrar is asked, its word moves them.

A registrar is a small driver: it gets a name and an action and says at once, or later through `confirm`, how it went.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Protocol

from api import journal
from api.lifecycle import DOMAIN_MOVES, DomainEvent, DomainState, IllegalMoveError, follow
from api.notices import outbox
from api.piccolo_conf import DB
from api.tables import OrderDomain

DONE = MappingProxyType({"register": DomainEvent.REGISTERED, "transfer": DomainEvent.TRANSFERRED})
"""What confirms which action."""


class UnknownDomainError(LookupError):
    """No accepted order holds the name."""


class Registrar(Protocol):
    """Who registers and transfers domains."""

    #: Whether its answer needs no network, so that it can be had within a transaction.
    asks_nobody: bool

    async def order(self, name: str, action: str) -> bool:
        """Order *action* for *name*; return whether it is complete already."""


class Nobody:
    """The driver `none`: staff order the domain by hand and vouch for it."""

    asks_nobody = True

    async def order(self, name: str, action: str) -> bool:  # noqa: ARG002 (the driver's form)
        """Leave it to staff."""
        return False


class Sandbox:
    """The driver `sandbox`, for labs: everything is confirmed at once."""

    asks_nobody = True

    async def order(self, name: str, action: str) -> bool:  # noqa: ARG002 (the driver's form)
        """Confirm."""
        return True


DRIVERS: Mapping[str, type[Registrar]] = MappingProxyType({"none": Nobody, "sandbox": Sandbox})
"""What [hosting] registrar may name."""


async def begin(order_id: int, registrar: str) -> None:
    """Bind the names of an order that is being accepted, in that transaction: the unique index decides who has one.

    A registrar that asks nobody is heard at once; others are asked by the worker, after the commit.
    """
    driver = DRIVERS[registrar]()
    for row in await _of(order_id):
        await OrderDomain.update({OrderDomain.held_name: row["name"]}).where(OrderDomain.id == row["id"])
        if driver.asks_nobody and await driver.order(row["name"], row["action"]):
            await confirm(row["name"], actor=journal.SYSTEM)


async def order_due(driver: Registrar) -> list[int]:
    """Order what was accepted and not ordered yet; return the orders of which a domain is complete now."""
    waiting = OrderDomain.held_name.is_not_null() & (OrderDomain.state == DomainState.REQUESTED.value)
    complete = []
    for row in await OrderDomain.select().where(waiting).order_by(OrderDomain.id).limit(100):
        try:
            async with DB.transaction():
                await _move(row, DomainEvent.ORDERED, journal.SYSTEM)
        except IllegalMoveError:
            continue  # another worker ordered it
        if await driver.order(row["name"], row["action"]):
            complete.append(await confirm(row["name"], actor=journal.SYSTEM))
    return complete


async def confirm(name: str, *, actor: str) -> int:
    """Take the word of registrar or staff that *name* is registered or transferred; return its order.

    Raises:
        UnknownDomainError: no accepted order holds it.
        IllegalMoveError: it is not pending.
    """
    async with DB.transaction():
        row: dict[str, Any] | None = await OrderDomain.select().where(OrderDomain.held_name == name).first()
        if row is None:
            raise UnknownDomainError(f"no accepted order holds {name}; is it written as an A-label (xn--…)?")
        if row["state"] == DomainState.REQUESTED.value:
            await _move(row, DomainEvent.ORDERED, actor)
            row["state"] = DomainState.PENDING.value
        written = await _move(row, DONE[row["action"]], actor)
        await OrderDomain.update({OrderDomain.auth_code_sealed: None}).where(OrderDomain.id == row["id"])
        await outbox.tell("domain_status", row["order"], written, {"domain": name, "action": row["action"]})
    return int(row["order"])


async def listed() -> list[dict[str, Any]]:
    """Return all domains that accepted orders hold, as staff see them."""
    rows = await OrderDomain.select().where(OrderDomain.held_name.is_not_null()).order_by(OrderDomain.name)
    return [{key: row[key] for key in ("name", "action", "state", "changed_at")} for row in rows]


async def _move(row: Mapping[str, Any], event: DomainEvent, actor: str) -> int:
    before = DomainState(row["state"])
    after = follow(DOMAIN_MOVES, before, event)
    moved = (
        await OrderDomain.update({OrderDomain.state: after.value, OrderDomain.changed_at: datetime.now(UTC)})
        .where(OrderDomain.id == row["id"], OrderDomain.state == before.value)
        .returning(OrderDomain.id)
    )
    if not moved:
        raise IllegalMoveError(f"{event} came at the same time as something else")
    return await journal.write(
        subject="domain", subject_id=row["name"], order=row["order"], event=event, actor=actor,
        before=before, after=after, public=True,
    )  # fmt: skip


async def _of(order_id: int) -> list[dict[str, Any]]:
    return list(await OrderDomain.select().where(OrderDomain.order == order_id).order_by(OrderDomain.position))
