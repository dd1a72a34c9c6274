"""The only mover of documents that came back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from piccolo.columns.combination import WhereRaw

from api import journal, orders
from api.activation.contracts.tables import Original, Returned
from api.allowances import take, this_hour
from api.equipment import Equipment
from api.lifecycle import RETURN_MOVES, IllegalMoveError, OrderState, ReturnEvent, ReturnState, follow
from api.notices import outbox

USE = "returned document"
"""What originals are sealed for."""


WAITED_FOR = frozenset({OrderState.AWAITING_ACTIVATION, OrderState.IN_REVIEW})
"""States of an order that a contract would unlock."""


class NoReturnError(LookupError):
    """A document that is not there."""


async def row_of(number: int) -> dict[str, Any]:
    """Return the document of this *number*.

    Raises:
        NoReturnError: there is none.
    """
    row = await Returned.select().where(Returned.id == number).first()
    if row is None:
        raise NoReturnError(f"there is no returned document {number}")
    return dict(row)


async def move(
    row: Mapping[str, Any],
    event: ReturnEvent,
    *,
    actor: str,
    order: int | None = None,
    values: Mapping[Any, Any] | None = None,
    public: bool = False,
) -> int:
    """Move the document of *row* as it was read, in the caller's transaction; return the id of the journal row.

    Raises:
        IllegalMoveError: the event does not fit, or somebody else moved it meanwhile.
    """
    before = ReturnState(row["state"])
    after = follow(RETURN_MOVES, before, event)
    changes: dict[Any, Any] = {Returned.state: after.value} | dict(values or {})
    moved = (
        await Returned.update(changes)
        .where(Returned.id == row["id"], Returned.state == before.value)
        .returning(Returned.id)
    )
    if not moved:
        raise IllegalMoveError("somebody else decided about the document meanwhile")
    return await journal.write(
        subject="return", subject_id=row["id"], order=order, event=event, actor=actor, before=before, after=after,
        facts={"channel": row["channel"]}, public=public,
    )  # fmt: skip


def nothing_waits() -> WhereRaw:
    """Return the condition on `orders` that no document of an order, or that may be of it, waits for a look."""
    return WhereRaw(
        "NOT EXISTS (SELECT 1 FROM returned_document WHERE returned_document.original IS NOT NULL"
        ' AND (returned_document."order" = orders.id OR returned_document.suggested = orders.id)'
        " AND returned_document.state IN ({}, {}, {}))",
        ReturnState.RECEIVED.value, ReturnState.INBOX.value, ReturnState.FILED.value,
    )  # fmt: skip


async def content_of(equipment: Equipment, row: Mapping[str, Any]) -> bytes | None:
    """Return the original that the document of *row* is in; None for a note, or when it was not to be kept longer."""
    if row["original"] is None:
        return None
    (original,) = await Original.select(Original.content).where(Original.id == row["original"])
    sealed = original["content"]
    return None if sealed is None else equipment.seal.unseal_bytes(USE, bytes(sealed))


async def tell_unclear(row: Mapping[str, Any], note: str, written: int) -> None:
    """Tell staff that the document of *row* waits in the inbox, once an hour: a flood of rubbish fills no mailbox."""
    if await take("alarm return_unclear", this_hour(datetime.now(UTC)), 1):
        said = {"number": row["id"], "channel": row["channel"], "note": note}
        await outbox.tell("staff_return", None, written, said)


async def tell_unusable(row: Mapping[str, Any], written: int) -> None:
    """Tell whoever ordered that nothing in a mail about the order can be looked at, once an hour for an order.

    The cart ID in its subject is anybody's word: only the address on file hears of it, and of an order that waits.
    """
    order_id = row["suggested"]
    if row["channel"] != "email" or order_id is None or not await is_waited_for(order_id):
        return
    if await take(f"unusable contract of order {order_id}", this_hour(datetime.now(UTC)), 1):
        await outbox.tell("contract_unusable", order_id, written)


async def is_waited_for(order_id: int) -> bool:
    """Return whether a contract would unlock the order."""
    return await orders.state_of(order_id) in WAITED_FOR
