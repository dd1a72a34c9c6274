"""The check of a submitted order, in the background: what is offered to the customer, soon after the click."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from api import journal, orders
from api.equipment import Equipment
from api.intake.person import takes_sms
from api.lifecycle import OrderEvent, OrderState
from api.piccolo_conf import DB
from api.tables import Customer, Order

BATCH = 50
SMS = "sms"
CONTRACT = "contract"

log = logging.getLogger("ankunft.screening")


async def screen_waiting(equipment: Equipment) -> int:
    """Check submitted orders, the oldest first; return how many there were.

    What cannot be checked goes to staff, so that it does not keep others waiting.
    """
    waiting = (
        await Order.select(Order.id)
        .where(Order.state == OrderState.SUBMITTED.value)
        .order_by(Order.id)
        .limit(BATCH)
        .output(as_list=True)
    )
    for order_id in waiting:
        try:
            await screen(equipment, order_id)
        except Exception as error:  # noqa: BLE001 (one bad order must not keep the others waiting)
            log.error("the check of order %s failed with %s", order_id, type(error).__name__)  # noqa: TRY400 (its text may hold personal data)
            await _hold(order_id)
    return len(waiting)


async def screen(equipment: Equipment, order_id: int) -> None:
    """Decide what is offered for order *order_id*, and offer it. Safe to run twice at once: one of the two moves it."""
    async with DB.transaction():
        order = await Order.select().where(Order.id == order_id).first()
        if order is None or order["state"] != OrderState.SUBMITTED:
            return
        offered = ways(equipment, await phone_of(order))
        expires_at = datetime.now(UTC) + timedelta(days=equipment.settings.orders.expires_after_days)
        await orders.move(order_id, OrderEvent.OFFERED, actor=journal.SYSTEM, facts={"offered": offered})
        await Order.update({Order.offered: msgspec.json.encode(offered).decode(), Order.expires_at: expires_at}).where(
            Order.id == order_id
        )


def ways(equipment: Equipment, phone: str) -> list[str]:
    """Return the ways of activation for a customer with this *phone*: the contract always, SMS where one may go."""
    sms = equipment.settings.sms
    return [SMS, CONTRACT] if sms.url and takes_sms(phone, sms.countries) else [CONTRACT]


async def phone_of(order: dict[str, Any]) -> str:
    """Return the telephone of whoever made *order*."""
    if order["customer"] is not None:
        customer = await Customer.select(Customer.phone).where(Customer.id == order["customer"]).first()
        return str(customer["phone"]) if customer else ""
    return str(json.loads(order["applicant"])["phone"])


async def _hold(order_id: int) -> None:
    async with DB.transaction():
        if await orders.state_of(order_id) is OrderState.SUBMITTED:
            facts = {"reason": "the check could not be made"}
            await orders.move(order_id, OrderEvent.HELD_FOR_REVIEW, actor=journal.SYSTEM, facts=facts)
