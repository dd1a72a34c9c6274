"""The end of a review: a person lets the customer go on, whatever the rules said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec

from api import orders
from api.activation import code
from api.equipment import Equipment
from api.intake.person import takes_sms
from api.intake.risk.verdict import CONTRACT, SMS
from api.intake.screening import phone_of
from api.lifecycle import IllegalMoveError, OrderEvent, OrderState
from api.piccolo_conf import DB
from api.tables import Order

NOTHING: Mapping[str, Any] = MappingProxyType({})


async def offer(equipment: Equipment, order_id: int, *, actor: str, facts: Mapping[str, Any] = NOTHING) -> list[str]:
    """Offer the contract for an order in review, and SMS where one may go; return what is on offer.

    *facts* go into the journal beside it.

    Raises:
        NoOrderError: there is no such order.
        IllegalMoveError: it is not in review.
    """
    sms = equipment.settings.sms
    expires_at = datetime.now(UTC) + timedelta(days=equipment.settings.orders.expires_after_days)
    async with DB.transaction():
        if (state := await orders.state_of(order_id)) is not OrderState.IN_REVIEW:
            raise IllegalMoveError(f"a person's offer does not fit {state}: it ends a review")
        (order,) = await Order.select().where(Order.id == order_id)
        offered = [CONTRACT]
        if sms.url and await code.has_tries(order_id) and takes_sms(await phone_of(order), sms.countries):
            offered.insert(0, SMS)
        await orders.move(order_id, OrderEvent.OFFERED, actor=actor, facts={"offered": offered, **facts})
        await Order.update({
            Order.offered: msgspec.json.encode(offered).decode(), Order.expires_at: expires_at
        }).where(Order.id == order_id)  # fmt: skip
    return offered
