"""What a person decides about a document: whose it is, whether it is signed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from api.activation.acceptance import accept
from api.activation.contracts.filing import keep_open, tell_filed
from api.activation.contracts.returns import is_waited_for, move, row_of
from api.activation.contracts.tables import Returned
from api.equipment import Equipment
from api.lifecycle import OrderEvent, ReturnEvent
from api.notices import outbox
from api.piccolo_conf import DB
from api.tables import Order


async def assign(equipment: Equipment, number: int, order_id: int, *, actor: str, is_approved: bool = False) -> None:
    """File document *number* to order *order_id*, wherever it was before; with *is_approved* confirm it in one step.

    Raises:
        NoReturnError: there is no such document.
        IllegalMoveError: it was decided about already; or the order that it would be approved for waits for nothing.
    """
    async with DB.transaction():
        row = await row_of(number)
        values: dict[Any, Any] = {Returned.order: order_id, Returned.suggested: None, Returned.note: ""}
        event = ReturnEvent.ASSIGNED
        written = await move(row, event, actor=actor, order=order_id, values=values, public=True)
        if is_approved:
            await approve(equipment, number, actor=actor)
        elif row["order"] != order_id:
            await tell_filed(equipment, order_id, number, written)


async def approve(equipment: Equipment, number: int, *, actor: str) -> int:
    """Confirm the signature on document *number*: its order is accepted, at once. Return the order.

    One that was accepted another way stays as it is, and the paper is kept with it.

    Raises:
        NoReturnError: there is no such document.
        IllegalMoveError: it is filed to no order, was decided about, or the order waits for nothing.
        NameTakenError: one of the domains is hosted by now. Nothing is changed.
    """
    async with DB.transaction():
        row = await row_of(number)
        await move(row, ReturnEvent.APPROVED, actor=actor, order=row["order"], values=_decided(actor))
        if not await Order.exists().where(Order.id == row["order"], Order.accepted_at.is_not_null()):
            await accept(equipment, row["order"], OrderEvent.CONTRACT_APPROVED, actor=actor)
    return int(row["order"])


async def reject(equipment: Equipment, number: int, reason: str, *, actor: str, is_told: bool = True) -> None:
    """Put document *number* aside; whoever waits for its order reads the *reason*, unless nobody is to be told.

    The offer has its whole time again, so that a better copy can follow.

    Raises:
        NoReturnError: there is no such document.
        IllegalMoveError: it was decided about already.
    """
    async with DB.transaction():
        row = await row_of(number)
        values = _decided(actor) | {Returned.reason: reason}
        is_told = is_told and row["order"] is not None and await is_waited_for(row["order"])
        written = await move(row, ReturnEvent.REJECTED, actor=actor, order=row["order"], values=values, public=is_told)
        if is_told:
            await keep_open(equipment, row["order"])
            await outbox.tell("contract_rejected", row["order"], written, {"why": reason})


def _decided(actor: str) -> dict[Any, Any]:
    return {Returned.decided_at: datetime.now(UTC), Returned.decided_by: actor}
