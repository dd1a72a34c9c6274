"""The outbox: what is to be told is written in the transaction of what it tells, and sent afterwards, at least once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec

from api.lifecycle import MAIL_MOVES, MailEvent, MailState, follow
from api.notices.tables import Outbox
from api.piccolo_conf import DB
from api.tables import Customer, Order

HELD_FOR = timedelta(minutes=2)
"""How long a message that is being sent is left alone by other workers; then its sender is taken for dead."""

PAUSES_S = (5, 30, 120, 600, 1800)
"""Pauses after a refusal for now, the last one again and again."""

GIVEN_UP_AFTER = timedelta(days=3)


async def tell(
    kind: str, order_id: int, journal_id: int, context: Mapping[str, Any] | None = None, channel: str = "mail"
) -> None:
    """Have *kind* told to the customer of an order, or to staff, in the caller's transaction.

    It is told once for each journal row. *context* never holds a secret.
    """
    language, recipient = await _addressee(kind, order_id, channel)
    now = datetime.now(UTC)
    await Outbox.insert(
        Outbox(
            order=order_id,
            journal=journal_id,
            channel=channel,
            kind=kind,
            recipient=recipient,
            language=language,
            message_id=uuid4().hex,
            context=msgspec.json.encode(context or {}).decode(),
            state=MailState.QUEUED.value,
            not_before=now,
            created_at=now,
        )
    )


async def take(most: int) -> list[dict[str, Any]]:
    """Return messages that are due, each held for this worker alone for a while."""
    now = datetime.now(UTC)
    due = await Outbox.select().where(Outbox.state == MailState.QUEUED.value, Outbox.not_before <= now).limit(most)
    held = []
    for row in due:
        guard = (Outbox.id == row["id"]) & (Outbox.state == row["state"]) & (Outbox.not_before == row["not_before"])
        values: dict[Any, Any] = {Outbox.not_before: now + HELD_FOR, Outbox.tries: Outbox.tries + 1}
        if await Outbox.update(values).where(guard).returning(Outbox.id):
            held.append(row | {"tries": row["tries"] + 1})
    return held


async def sent(row: Mapping[str, Any]) -> None:
    """Mark a message as delivered."""
    await _move(row, MailEvent.DELIVERED, {Outbox.sent_at: datetime.now(UTC), Outbox.problem: None})


async def deferred(row: Mapping[str, Any], problem: str) -> None:
    """Try a message again later, and park it when it has been tried for days."""
    now = datetime.now(UTC)
    if row["created_at"] < now - GIVEN_UP_AFTER:
        await refused(row, problem)
        return
    pause = PAUSES_S[min(row["tries"], len(PAUSES_S)) - 1]
    values = {Outbox.not_before: now + timedelta(seconds=pause), Outbox.problem: problem[:500]}
    await _move(row, MailEvent.DEFERRED, values)


async def refused(row: Mapping[str, Any], problem: str) -> None:
    """Park a message that will never be taken, alone."""
    await _move(row, MailEvent.REFUSED, {Outbox.problem: problem[:500]})


async def _move(row: Mapping[str, Any], event: MailEvent, values: dict[Any, Any]) -> None:
    before = MailState(row["state"])
    after = follow(MAIL_MOVES, before, event)
    async with DB.transaction():
        await Outbox.update({Outbox.state: after.value, **values}).where(
            Outbox.id == row["id"], Outbox.state == before.value
        )


async def _addressee(kind: str, order_id: int, channel: str) -> tuple[str, str]:
    """Return language and address; the staff's address is a setting, so it is left to the mailer."""
    order = await Order.select(Order.language, Order.customer, Order.applicant).where(Order.id == order_id).first()
    assert order is not None
    field = "phone" if channel == "sms" else "email"
    if kind == "staff_alarm":
        return "en", ""
    if order["customer"] is not None:
        customer = await Customer.select(Customer.email, Customer.phone).where(Customer.id == order["customer"]).first()
        assert customer is not None
        return order["language"], customer[field]
    return order["language"], json.loads(order["applicant"])[field]
