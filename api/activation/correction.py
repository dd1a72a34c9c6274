"""The number for the code, corrected by the customer: once, with a new check of the order, and a new code after it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from api import journal, orders
from api.activation import code
from api.activation.tables import SmsActivation
from api.allowances import TooSoonError
from api.answers import wrong
from api.equipment import Equipment
from api.intake import person
from api.lifecycle import OrderEvent, OrderState
from api.piccolo_conf import DB
from api.tables import Order

BATCH = 50

log = logging.getLogger("ankunft.correction")


class NotCorrectableError(Exception):
    """The number cannot be corrected here, or not again."""


async def correct(order_id: int, phone: str, *, actor: str) -> None:
    """Put *phone* in the place of the order's number, make the code before it worthless, and have the order checked.

    When the new check offers a code, it goes to the new number by itself. Tries that were spent stay spent.

    Raises:
        FieldsError: it can be no telephone number, or is the one that the order has.
        NotCorrectableError: it was corrected before, or belongs to a customer's data.
        UsedUpError: no tries are left, so no code is of use to any number.
        IllegalMoveError: the order does not wait for its activation.
    """
    try:
        number = person.phone(phone)
    except person.ImplausibleError as error:
        raise wrong("phone", str(error)) from error
    async with DB.transaction():
        await orders.move(order_id, OrderEvent.PHONE_CORRECTED, actor=actor)
        (order,) = await Order.select().where(Order.id == order_id)
        if order["customer"] is not None:
            raise NotCorrectableError("the number belongs to a customer's data; please call us to have it changed")
        applicant = json.loads(order["applicant"])
        if applicant["phone"] == number:
            raise wrong("phone", "is the number that the order has")
        await _spend_correction(order_id)
        applicant["phone"] = number
        await Order.update({Order.applicant: json.dumps(applicant)}).where(Order.id == order_id)


async def _spend_correction(order_id: int) -> None:
    now = datetime.now(UTC)
    await SmsActivation.insert(SmsActivation(order=order_id)).on_conflict(action="DO NOTHING")
    values: dict[Any, Any] = {
        SmsActivation.corrected_at: now,
        SmsActivation.expires_at: now,
        SmsActivation.sent_at: None,
        SmsActivation.is_wanted: True,
    }
    first = SmsActivation.corrected_at.is_null()
    if not await SmsActivation.update(values).where(SmsActivation.order == order_id, first).returning(SmsActivation.id):
        raise NotCorrectableError("the number was corrected once; the signed contract opens the account too")
    if not await code.has_tries(order_id):
        raise code.UsedUpError("all tries are used up; send the signed contract back, or call us")


async def send_wanted(equipment: Equipment) -> int:
    """Send the codes that wait for the check of a corrected number; return how many orders were looked at."""
    wanted = (
        await SmsActivation.select(SmsActivation.order)
        .where(SmsActivation.is_wanted.eq(True), SmsActivation.order.state != OrderState.SUBMITTED.value)
        .limit(BATCH)
    )
    for row in wanted:
        try:
            await code.request(equipment, row["order"], actor=journal.SYSTEM)
        except (code.NotOfferedError, code.UsedUpError, TooSoonError) as error:
            log.info("order %s gets no code after its correction: %s", row["order"], type(error).__name__)
            await SmsActivation.update({SmsActivation.is_wanted: False}).where(SmsActivation.order == row["order"])
    return len(wanted)
