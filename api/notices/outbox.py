"""The outbox: what is to be told, written in the transaction of what it tells, and the only mover of its rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from piccolo.columns.combination import WhereRaw

from api import journal
from api.engine.together import IdOf, Row
from api.lifecycle import MAIL_MOVES, IllegalMoveError, MailEvent, MailState, follow
from api.notices.tables import Outbox
from api.piccolo_conf import DB
from api.tables import Customer, Journal, Order

STAFF = "staff"
"""Recipient of what staff are told; the settings say whose mailbox that is when it is sent."""

STAFF_LANGUAGE = "en"

HOLDS_BACK_FOR = timedelta(hours=4)
"""How long a mail that cannot be sent keeps those after it waiting: longer than greylisting, shorter than patience."""


async def tell(
    kind: str,
    order_id: int | None,
    journal_id: int,
    context: Mapping[str, Any] | None = None,
    channel: str = "mail",
    *,
    said_in: str | None = None,
) -> None:
    """Have *kind* told because of journal row *journal_id*, once, after the caller's transaction.

    Kinds that begin with `staff_` go to staff, all others to whoever made order *order_id*; without an order only staff
    can be told. No secret in *context*. It is told in the order's language, unless it is *said_in* another.
    """
    if is_for_staff(kind):
        recipient, language = STAFF, STAFF_LANGUAGE
    else:
        columns = (Order.customer, Order.applicant, Order.language)
        order = await Order.select(*columns).where(Order.id == order_id).first()
        assert order is not None
        recipient, language = (
            await _address(order, "phone" if channel == "sms" else "email"),
            said_in or order["language"],
        )
    await DB.insert_together([row(kind, order_id, journal_id, recipient, language, context, channel)])


def row(
    kind: str,
    order: int | IdOf | None,
    journal_row: int | IdOf,
    recipient: str,
    language: str,
    context: Mapping[str, Any] | None = None,
    channel: str = "mail",
) -> Row:
    """Return the outbox's row that tells *kind* to *recipient* in *language*; see `tell`."""
    now = datetime.now(UTC)
    return Row("outbox", {
        "order": order,
        "journal": journal_row,
        "channel": channel,
        "kind": kind,
        "recipient": recipient,
        "language": language,
        "message_id": uuid4().hex,
        "context": json.dumps(dict(context or {})),
        "state": MailState.QUEUED.value,
        "tries": 0,
        "not_before": now,
        "created_at": now,
    })  # fmt: skip


def is_for_staff(kind: str) -> bool:
    """Return whether letters of *kind* go to staff, in their language."""
    return kind.startswith(f"{STAFF}_")


async def due(channel: str, most: int) -> list[dict[str, Any]]:
    """Return up to *most* rows of *channel* that may be sent now, the oldest first."""
    now = datetime.now(UTC)
    queued = (Outbox.state == MailState.QUEUED.value) & (Outbox.channel == channel) & (Outbox.not_before <= now)
    if channel == "mail":
        queued &= _is_its_turn(now)
    return list(await Outbox.select().where(queued).order_by(Outbox.id).limit(most))


def _is_its_turn(now: datetime) -> WhereRaw:
    """Return the condition that nothing older to the same reader about the same order is put off, or on its way."""
    return WhereRaw(
        'NOT EXISTS (SELECT 1 FROM outbox older WHERE older."order" = outbox."order" AND older.id < outbox.id'
        " AND older.recipient = outbox.recipient AND older.channel = outbox.channel AND older.state = {}"
        " AND older.not_before > {} AND older.created_at > {})",
        MailState.QUEUED.value, now, now - HOLDS_BACK_FOR,
    )  # fmt: skip


async def claim(row: Mapping[str, Any], held_for: timedelta) -> dict[str, Any] | None:
    """Take *row* as it was read, for *held_for*; None if another worker has it. Whoever dies loses it to the next."""
    taken = (
        await Outbox.update({Outbox.tries: Outbox.tries + 1, Outbox.not_before: datetime.now(UTC) + held_for})
        .where(Outbox.id == row["id"], Outbox.state == MailState.QUEUED.value, Outbox.tries == row["tries"])
        .returning(Outbox.id)
    )
    return dict(row) | {"tries": row["tries"] + 1} if taken else None


async def move(
    row: Mapping[str, Any],
    event: MailEvent,
    *,
    actor: str = journal.SYSTEM,
    problem: str | None = None,
    wait: timedelta = timedelta(0),
) -> None:
    """Move *row* as it was claimed, in the caller's transaction. A deferral is no change and no journal row.

    Raises:
        IllegalMoveError: the event does not fit, or the row was claimed by another worker meanwhile.
    """
    before = MailState(row["state"])
    after = follow(MAIL_MOVES, before, event)
    now = datetime.now(UTC)
    values: dict[Any, Any] = {Outbox.state: after.value, Outbox.problem: problem, Outbox.not_before: now + wait}
    if after is MailState.SENT:
        values[Outbox.sent_at] = now
    guard = (Outbox.id == row["id"]) & (Outbox.state == before.value) & (Outbox.tries == row["tries"])
    if not await Outbox.update(values).where(guard).returning(Outbox.id):
        raise IllegalMoveError(f"{event} came at the same time as something else")
    if after is not before:
        await journal.write(
            subject="mail", subject_id=row["id"], order=row["order"], event=event, actor=actor,
            before=before, after=after, facts={"kind": row["kind"], "channel": row["channel"]},
        )  # fmt: skip


async def is_superseded(row: Mapping[str, Any]) -> bool:
    """Return whether a newer message of this kind waits or went for the same order: the code in this one is dead."""
    newer = (Outbox.order == row["order"]) & (Outbox.kind == row["kind"]) & (Outbox.id > row["id"])
    return bool(await Outbox.exists().where(newer))


async def is_retried_since(row: Mapping[str, Any], moment: datetime) -> bool:
    """Return whether a person had *row* tried again after *moment*."""
    ours = (
        (Journal.subject == "mail")
        & (Journal.subject_id == str(row["id"]))
        & (Journal.event == MailEvent.RETRIED.value)
    )
    return bool(await Journal.exists().where(ours, Journal.at > moment))


async def _address(order: Mapping[str, Any], field: str) -> str:
    """Return mail address or telephone of the customer, or of who wants to become one; nothing where none is known.

    A row without an address is parked when it is its turn, and keeps the change that it tells of from nothing.
    """
    if order["customer"] is not None:
        (customer,) = await Customer.select().where(Customer.id == order["customer"])
        return str(customer[field])
    return str(json.loads(order["applicant"]).get(field, ""))
