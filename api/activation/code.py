"""The code by SMS: six digits, ten minutes, five tries per order over all its codes, used once, kept nowhere."""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import msgspec

from api import journal
from api.activation import budget
from api.activation.acceptance import accept
from api.activation.tables import SmsActivation
from api.allowances import TooSoonError
from api.answers import wrong
from api.equipment import Equipment
from api.intake.person import takes_sms
from api.intake.risk.verdict import SMS
from api.intake.screening import phone_of
from api.lifecycle import OrderEvent, OrderState
from api.notices import outbox
from api.piccolo_conf import DB
from api.settings import Sms
from api.tables import Order

VALID_FOR = timedelta(minutes=10)
LONGEST_WAIT_S = 3600
CODE = re.compile(r"[0-9]{6}\Z", re.ASCII)
REQUESTED = "CODE_REQUESTED"


class NotOfferedError(Exception):
    """This order cannot be unlocked by SMS now."""


class UsedUpError(Exception):
    """The code, or all tries of the order, are worth nothing any more."""


async def request(equipment: Equipment, order_id: int, *, actor: str) -> datetime:
    """Have a new code sent; the one before it is worthless from now on. Return until when it is valid.

    Raises:
        NotOfferedError: the order is not waiting for a code.
        UsedUpError: no tries are left.
        TooSoonError: too early after the last one, or too many today.
    """
    now = datetime.now(UTC)
    async with DB.transaction():
        order = await _waiting_order(order_id)
        phone = await phone_of(order)
        if not takes_sms(phone, equipment.settings.sms.countries):
            raise NotOfferedError("no code can be sent to this number; send the signed contract back")
        number = equipment.seal.derive("phone", phone)[:16].hex()
        generation = await _next_generation(equipment, order_id, now)
        await budget.spend(equipment, order, number, now)
        row = await journal.write(
            subject="sms", subject_id=number, order=order_id, event=REQUESTED, actor=actor,
            facts={"generation": generation},
        )  # fmt: skip
        await outbox.tell("sms_code", order_id, row, context={"generation": generation}, channel="sms")
    return now + VALID_FOR


async def confirm(equipment: Equipment, order_id: int, code: str, *, actor: str) -> None:
    """Accept the order if *code* is the one that was sent last.

    Raises:
        FieldsError: it is no code (this costs no try), or a wrong one.
        NotOfferedError: nothing was sent, or the order does not wait for a code.
        UsedUpError: the code was used or is too old, or no tries are left.
    """
    if not CODE.match(code):
        raise wrong("code", "is six digits, 0 to 9")
    async with DB.transaction():  # commits the try before the code is looked at
        await _waiting_order(order_id)
        generation = await _take_try(order_id)
    if not hmac.compare_digest(code, equipment.seal.sms_code(order_id, generation)):
        raise wrong("code", "is not the code that was sent last")
    async with DB.transaction():
        spent = (
            await SmsActivation.update({SmsActivation.used_at: datetime.now(UTC)})
            .where(
                SmsActivation.order == order_id,
                SmsActivation.generation == generation,
                SmsActivation.used_at.is_null(),
                SmsActivation.expires_at > datetime.now(UTC),  # a correction of the number ends a code at once
            )
            .returning(SmsActivation.id)
        )
        if not spent:
            raise UsedUpError("another code was sent, or this one was used; take the newest")
        await accept(equipment, order_id, OrderEvent.CODE_CONFIRMED, actor=actor)


async def _waiting_order(order_id: int) -> dict[str, Any]:
    order = await Order.select().where(Order.id == order_id).first()
    if order is None or order["state"] != OrderState.AWAITING_ACTIVATION:
        raise NotOfferedError("the order does not wait for a code")
    if SMS not in msgspec.json.decode(order["offered"]):
        raise NotOfferedError("no code can be sent for this order; send the signed contract back")
    return dict(order)


async def _take_try(order_id: int) -> int:
    """Spend one of the order's tries, in one guarded statement; return which code is valid."""
    row = await SmsActivation.select().where(SmsActivation.order == order_id).first()
    if row is None or row["generation"] == 0:
        raise NotOfferedError("no code was sent yet")
    if row["used_at"] is not None or row["expires_at"] <= datetime.now(UTC):
        raise UsedUpError("the code is too old; ask for a new one")
    taken = (
        await SmsActivation.update({SmsActivation.tries_left: SmsActivation.tries_left - 1})
        .where(SmsActivation.order == order_id, SmsActivation.tries_left > 0)
        .returning(SmsActivation.generation)
    )
    if not taken:
        raise UsedUpError("all tries are used up; send the signed contract back, or call us")
    return int(taken[0]["generation"])


async def _next_generation(equipment: Equipment, order_id: int, now: datetime) -> int:
    """Make the next code the valid one, unless the one before it went out too short a while ago."""
    await SmsActivation.insert(SmsActivation(order=order_id)).on_conflict(action="DO NOTHING")
    (row,) = await SmsActivation.select().where(SmsActivation.order == order_id)
    if row["tries_left"] <= 0:
        raise UsedUpError("all tries are used up; send the signed contract back, or call us")
    wait = waiting_time(equipment.settings.sms, row["generation"])
    if row["sent_at"] is not None and (early := row["sent_at"] + wait - now) > timedelta(0):
        raise TooSoonError("a code is on its way already", ceil(early.total_seconds()))
    moved = (
        await SmsActivation.update({
            SmsActivation.generation: SmsActivation.generation + 1,
            SmsActivation.sent_at: now,
            SmsActivation.expires_at: now + VALID_FOR,
            SmsActivation.is_wanted: False,
        })
        .where(SmsActivation.order == order_id, SmsActivation.generation == row["generation"])
        .returning(SmsActivation.generation)
    )  # fmt: skip
    if not moved:
        raise TooSoonError("a code is on its way already", ceil(wait.total_seconds()) or 1)
    return int(moved[0]["generation"])


async def has_tries(order_id: int) -> bool:
    """Return whether a code is of any use to the order still."""
    return not await SmsActivation.exists().where(SmsActivation.order == order_id, SmsActivation.tries_left <= 0)


def waiting_time(sms: Sms, sent: int) -> timedelta:
    """Return how long a customer who was *sent* so many codes waits for another one: twice as long each time."""
    return timedelta(seconds=min(sms.resend_after_s * 2 ** max(0, min(sent, 20) - 1), LONGEST_WAIT_S))
