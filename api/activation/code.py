"""The code by SMS: six digits, ten minutes, five tries per order over all its codes, used once, kept nowhere."""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from api import journal
from api.activation.acceptance import accept
from api.activation.tables import SmsActivation
from api.answers import wrong
from api.equipment import Equipment
from api.intake.screening import SMS, phone_of
from api.lifecycle import OrderEvent, OrderState
from api.notices import outbox
from api.piccolo_conf import DB
from api.tables import Journal, Order

VALID_FOR = timedelta(minutes=10)
CODE = re.compile(r"[0-9]{6}\Z", re.ASCII)
REQUESTED = "CODE_REQUESTED"


class NotOfferedError(Exception):
    """This order cannot be unlocked by SMS now."""


class UsedUpError(Exception):
    """The code, or all tries of the order, are worth nothing any more."""


class TooSoonError(Exception):
    """A code was asked for too often; `wait_s` says when to come back."""

    def __init__(self, message: str, wait_s: int) -> None:
        super().__init__(message)
        self.wait_s = wait_s


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
        number = equipment.seal.derive("phone", await phone_of(order))[:16].hex()
        await _check_budget(equipment, number, now)
        generation = await _next_generation(equipment, order_id, now)
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
    await SmsActivation.insert(SmsActivation(order=order_id)).on_conflict(action="DO NOTHING")
    wait = timedelta(seconds=equipment.settings.sms.resend_after_s)
    moved = (
        await SmsActivation.update({
            SmsActivation.generation: SmsActivation.generation + 1,
            SmsActivation.sent_at: now,
            SmsActivation.expires_at: now + VALID_FOR,
        })
        .where(
            SmsActivation.order == order_id,
            SmsActivation.tries_left > 0,
            SmsActivation.sent_at.is_null() | (SmsActivation.sent_at <= now - wait),
        )
        .returning(SmsActivation.generation)
    )  # fmt: skip
    if moved:
        return int(moved[0]["generation"])
    row = await SmsActivation.select().where(SmsActivation.order == order_id).first()
    if row is None or row["tries_left"] <= 0:
        raise UsedUpError("all tries are used up; send the signed contract back, or call us")
    raise TooSoonError("a code is on its way already", _seconds(row["sent_at"] + wait - now))


async def _check_budget(equipment: Equipment, number: str, now: datetime) -> None:
    """Stop where one number or all together have had enough for today (UTC)."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    today = (Journal.subject == "sms") & (Journal.event == REQUESTED) & (Journal.at >= midnight)
    sms = equipment.settings.sms
    if (
        await Journal.count().where(today & (Journal.subject_id == number)) >= sms.per_number_daily
        or await Journal.count().where(today) >= sms.daily_budget
    ):
        tomorrow = _seconds(midnight + timedelta(days=1) - now)
        raise TooSoonError("no more codes can be sent today; the signed contract opens the account too", tomorrow)


def _seconds(span: timedelta) -> int:
    return max(1, int(span.total_seconds()) + 1)
