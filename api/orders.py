"""The only mover of orders; what the customer has to know of a move is told with it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from api import journal
from api.lifecycle import ORDER_MOVES, IllegalMoveError, OrderEvent, OrderState, follow
from api.notices import outbox
from api.tables import Order, OrderDomain

LETTERS: Mapping[OrderEvent, str] = MappingProxyType({
    OrderEvent.OFFERED: "order_offered",
    OrderEvent.HELD_FOR_REVIEW: "order_in_review",
    OrderEvent.PHONE_CORRECTED: "phone_corrected",
    OrderEvent.REFUSED: "order_refused",
    OrderEvent.REOPENED: "order_reopened",
    OrderEvent.LAPSED: "order_lapsed",
    OrderEvent.WITHDRAWN: "order_withdrawn",
})  # fmt: skip
"""What the customer is told of a move, whoever makes it. Acceptance and what follows is told where more is known."""

ENDED = frozenset({OrderState.REFUSED, OrderState.EXPIRED, OrderState.WITHDRAWN})
"""States in which nothing is transferred: auth codes are not kept. Who is accepted after all enters them again."""

RACES = 5
"""How often a move may lose against another one before it gives up."""


class NoOrderError(LookupError):
    """An order that is not there."""


async def move(
    order_id: int, event: OrderEvent, *, actor: str, facts: Mapping[str, Any] | None = None, public: bool = True
) -> int:
    """Move order *order_id* by *event*, in the caller's transaction, and tell; return the id of the journal row.

    Raises:
        NoOrderError: there is no such order.
        IllegalMoveError: the event does not fit the order's state; nothing was changed.
    """
    for _ in range(RACES):
        before = await state_of(order_id)
        after = follow(ORDER_MOVES, before, event)
        moved = (
            await Order.update({Order.state: after.value})
            .where(Order.id == order_id, Order.state == before.value)
            .returning(Order.id)
        )
        if moved:
            row = await journal.write(
                subject="order", subject_id=order_id, order=order_id, event=event, actor=actor,
                before=before, after=after, facts=facts, public=public,
            )  # fmt: skip
            if after in ENDED:
                mine = OrderDomain.order == order_id
                await OrderDomain.update({OrderDomain.auth_code_sealed: None}).where(mine)
            if event in LETTERS:
                await outbox.tell(LETTERS[event], order_id, row)
            return row
    raise IllegalMoveError(f"{event} came too often at the same time as others")


async def state_of(order_id: int) -> OrderState:
    """Return the state of order *order_id*.

    Raises:
        NoOrderError: there is no such order.
    """
    row = await Order.select(Order.state).where(Order.id == order_id).first()
    if row is None:
        raise NoOrderError(f"there is no order {order_id}")
    return OrderState(row["state"])
