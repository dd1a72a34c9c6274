"""What comes in is kept first, sealed, and looked at afterwards: nothing is lost that was acknowledged."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from api import journal
from api.activation.contracts.headers import printable
from api.activation.contracts.returns import USE, tell_unclear, tell_unusable
from api.activation.contracts.tables import Original, Returned
from api.equipment import Equipment
from api.intake.cart import heard
from api.lifecycle import ReturnState
from api.piccolo_conf import DB
from api.tables import Order

Channel = Literal["email", "fax", "post"]

SPOKEN = re.compile(r"\b[2-9A-Za-z]{4}[ -]?[2-9A-Za-z]{4}[ -]?[2-9A-Za-z]\b")


class Envelope(NamedTuple):
    """What is known of who sent it."""

    channel: Channel
    #: For the journal: "customer", or "staff:<name>" for what staff scanned.
    actor: str
    sender: str = ""
    subject: str = ""
    #: The order that staff say it belongs to.
    order: int | None = None


class File(NamedTuple):
    """A document as it came."""

    name: str
    content: bytes


async def take(equipment: Equipment, envelope: Envelope, files: Sequence[File], notes: Sequence[str] = ()) -> list[int]:
    """Keep *files*, all or none; return their numbers. Where there is none, *notes* alone wait for a person."""
    suggested = envelope.order or await _named_in(envelope.subject)
    numbers = []
    async with DB.transaction():
        for file in files:
            original = await _original(equipment, file.content)
            row = _row(envelope, suggested, ReturnState.RECEIVED, file.name, "; ".join(notes))
            row.original = original
            numbers.append(await _insert(row, envelope))
        if not files and notes:
            row = _row(envelope, suggested, ReturnState.INBOX, "", "; ".join(notes))
            numbers.append(await _insert(row, envelope))
    return numbers


def _row(envelope: Envelope, suggested: int | None, state: ReturnState, name: str, note: str) -> Returned:
    now = datetime.now(UTC)
    return Returned(
        {Returned.state: state.value},
        pages=json.dumps([]),
        channel=envelope.channel,
        suggested=suggested,
        sender=printable(envelope.sender)[:254],
        subject=printable(envelope.subject)[:254],
        name=printable(name)[:120],
        note=printable(note)[:500],
        not_before=now,
        received_at=now,
    )


async def _insert(row: Returned, envelope: Envelope) -> int:
    number = int((await Returned.insert(row).returning(Returned.id))[0]["id"])
    written = await journal.write(
        subject="return", subject_id=number, event="RECEIVED", actor=envelope.actor, after=row.state,
        facts={"channel": envelope.channel},
    )  # fmt: skip
    if row.state == ReturnState.INBOX:
        told = {"id": number, "channel": envelope.channel, "suggested": row.suggested}
        await tell_unclear(told, row.note, written)
        await tell_unusable(told, written)
    return number


async def _original(equipment: Equipment, content: bytes) -> int:
    """Keep the bytes once, sealed; return where."""
    digest = hashlib.sha256(content).hexdigest()
    sealed = equipment.seal.seal_bytes(USE, content)
    original = Original(digest=digest, size=len(content), content=sealed, received_at=datetime.now(UTC))
    await Original.insert(original).on_conflict(action="DO NOTHING")
    kept = await Original.select(Original.id, Original.content).where(Original.digest == digest).first()
    assert kept is not None
    if kept["content"] is None:
        await Original.update({Original.content: sealed}).where(Original.id == kept["id"])
    return int(kept["id"])


async def _named_in(subject: str) -> int | None:
    """Return the order whose cart ID somebody wrote into a mail's subject: a hint for people, nothing more."""
    for spoken in SPOKEN.findall(subject):
        if cart_id := heard(spoken):
            row = await Order.select(Order.id).where(Order.cart_id == cart_id).first()
            if row is not None:
                return int(row["id"])
    return None
