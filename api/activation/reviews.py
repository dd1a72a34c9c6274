"""Orders that wait for a person too long: staff are told once a day, of all of them together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from piccolo.columns.combination import WhereRaw

from api import journal
from api.allowances import take, today
from api.lifecycle import OrderState
from api.notices import outbox
from api.piccolo_conf import DB
from api.tables import Order

NAMED = 20
REVIEW_OVERDUE = "REVIEW_OVERDUE"


async def tell_overdue(after_hours: int, now: datetime) -> int:
    """Tell staff of the orders in review since more than *after_hours*; return how many there are."""
    overdue = await _overdue(now - timedelta(hours=after_hours))
    if not overdue:
        return 0
    async with DB.transaction():
        if await take("alarm review_waiting", today(now), 1):
            oldest, carts = overdue[0]["id"], [row["cart_id"] for row in overdue[:NAMED]]
            row = await journal.write(
                subject="order", subject_id=oldest, order=oldest, event=REVIEW_OVERDUE, actor=journal.SYSTEM,
                facts={"waiting": len(overdue), "hours": after_hours},
            )  # fmt: skip
            said = {"what": "review_waiting", "waiting": len(overdue), "hours": after_hours, "carts": carts}
            await outbox.tell("staff_alarm", oldest, row, said)
    return len(overdue)


async def _overdue(since: datetime) -> list[dict[str, Any]]:
    """Return the orders whose last move led into the review, before *since*; the oldest first."""
    in_review = Order.state == OrderState.IN_REVIEW.value
    waits = WhereRaw(
        '(SELECT max(journal.at) FROM journal WHERE journal."order" = orders.id AND journal.state_after = {}) <= {}',
        OrderState.IN_REVIEW.value,
        since,
    )
    return list(await Order.select(Order.id, Order.cart_id).where(in_review & waits).order_by(Order.id))
