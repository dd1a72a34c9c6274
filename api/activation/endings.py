"""How an order ends that does not become a contract: withdrawn by the customer, or lapsed."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from api import journal, orders
from api.activation.contracts.returns import nothing_waits
from api.lifecycle import IllegalMoveError, OrderEvent, OrderState
from api.piccolo_conf import DB
from api.tables import Order

BATCH = 100

log = logging.getLogger("ankunft.endings")


async def withdraw(order_id: int, *, actor: str) -> None:
    """Take the order back while nothing began.

    Raises:
        IllegalMoveError: it is too late.
    """
    async with DB.transaction():
        await orders.move(order_id, OrderEvent.WITHDRAWN, actor=actor)


async def lapse_due() -> int:
    """Let every order lapse that nobody unlocked in time, and whose contract does not wait here; return how many."""
    overdue = (Order.state == OrderState.AWAITING_ACTIVATION.value) & (Order.expires_at <= datetime.now(UTC))
    due = await Order.select(Order.id).where(overdue & nothing_waits()).limit(BATCH).output(as_list=True)
    for order_id in due:
        try:
            async with DB.transaction():
                await orders.move(order_id, OrderEvent.LAPSED, actor=journal.SYSTEM)
        except IllegalMoveError:
            log.info("order %s was moved while it was about to lapse", order_id)
    return len(due)
