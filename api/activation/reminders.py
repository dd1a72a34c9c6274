"""Reminders that an offer lapses: so many days before, once each; of several that are due at once only the last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from piccolo.columns.combination import WhereRaw

from api import journal, orders
from api.activation.contracts.returns import nothing_waits
from api.activation.tables import Reminder
from api.lifecycle import OrderState
from api.notices import outbox
from api.piccolo_conf import DB
from api.settings import Orders
from api.tables import Journal, Order

BATCH = 100
REMINDED = "REMINDED"


async def remind_due(settings: Orders) -> int:
    """Remind of every offer that lapses soon; return how many mails that made."""
    now = datetime.now(UTC)
    told = 0
    for days in sorted(fitting(settings)):
        for order in await _due(days, now):
            told += await _remind(order, days)
    return told


def fitting(settings: Orders) -> set[int]:
    """Return the days before the end at which a reminder makes sense: none as soon as the offer is made."""
    return {days for days in settings.remind_before_days if days < settings.expires_after_days}


async def _due(days: int, now: datetime) -> list[dict[str, Any]]:
    """Return orders whose offer ends within *days*, with no reminder of then or later, and no contract that waits."""
    not_yet = WhereRaw(
        'NOT EXISTS (SELECT 1 FROM reminder WHERE reminder."order" = orders.id AND reminder.days_before <= {}'
        ' AND reminder.offer = (SELECT max(id) FROM journal WHERE journal."order" = orders.id'
        " AND journal.state_after = 'AWAITING_ACTIVATION'))",
        days,
    )
    waiting = Order.state == OrderState.AWAITING_ACTIVATION.value
    soon = (Order.expires_at > now) & (Order.expires_at <= now + timedelta(days=days))
    return list(
        await Order.select(Order.id).where(waiting & soon & not_yet & nothing_waits()).order_by(Order.id).limit(BATCH)
    )


async def _remind(order: Mapping[str, Any], days: int) -> bool:
    """Remind of one order, unless it moved on or another worker did."""
    async with DB.transaction():
        offer = await _offer(order["id"])
        if offer is None:
            return False
        row = Reminder(order=order["id"], offer=offer, days_before=days)
        if not await Reminder.insert(row).on_conflict(action="DO NOTHING").returning(Reminder.id):
            return False
        written = await journal.write(
            subject="order", subject_id=order["id"], order=order["id"], event=REMINDED, actor=journal.SYSTEM,
            facts={"days_before": days}, public=True,
        )  # fmt: skip
        await outbox.tell("order_reminder", order["id"], written)
    return True


async def _offer(order_id: int) -> int | None:
    """Return the journal row that made the offer of an order that still waits."""
    if await orders.state_of(order_id) is not OrderState.AWAITING_ACTIVATION:
        return None
    offers = Journal.select(Journal.id).where(
        Journal.order == order_id, Journal.state_after == OrderState.AWAITING_ACTIVATION.value
    )
    row = await offers.order_by(Journal.id, ascending=False).first()
    return None if row is None else int(row["id"])
