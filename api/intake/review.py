"""The end of a review: a person lets the customer go on, whatever the rules said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from api import orders
from api.equipment import Equipment
from api.intake.person import takes_sms
from api.intake.risk.verdict import CONTRACT, SMS
from api.intake.screening import phone_of
from api.lifecycle import OrderEvent
from api.piccolo_conf import DB
from api.tables import Order


async def offer(equipment: Equipment, order_id: int, *, actor: str) -> list[str]:
    """Offer the contract for an order in review, and SMS where one may go; return what is on offer.

    Raises:
        NoOrderError: there is no such order.
        IllegalMoveError: it is not in review.
    """
    sms = equipment.settings.sms
    expires_at = datetime.now(UTC) + timedelta(days=equipment.settings.orders.expires_after_days)
    async with DB.transaction():
        await orders.state_of(order_id)
        (order,) = await Order.select().where(Order.id == order_id)
        offered = [CONTRACT]
        if sms.url and takes_sms(await phone_of(order), sms.countries):
            offered.insert(0, SMS)
        await orders.move(order_id, OrderEvent.OFFERED, actor=actor, facts={"offered": offered})
        await Order.update({
            Order.offered: msgspec.json.encode(offered).decode(), Order.expires_at: expires_at
        }).where(Order.id == order_id)  # fmt: skip
    return offered
