"""What was received is looked at and files itself to its order; whatever is unclear waits for a person."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from api import journal
from api.activation.contracts.answers import Scanned
from api.activation.contracts.division import Part, divide
from api.activation.contracts.headers import printable
from api.activation.contracts.keeping import forget_copies
from api.activation.contracts.mark import cart_id_in
from api.activation.contracts.reader import MAILED, SCANNED, Bounds, LookError, scan
from api.activation.contracts.returns import (
    WAITED_FOR,
    content_of,
    is_waited_for,
    move,
    row_of,
    tell_unclear,
    tell_unusable,
)
from api.activation.contracts.tables import Returned
from api.allowances import take, this_hour
from api.engine.conflicts import is_conflict
from api.equipment import Equipment
from api.lifecycle import IllegalMoveError, ReturnEvent, ReturnState
from api.notices import outbox
from api.piccolo_conf import DB
from api.tables import Order

BATCH = 20
GRACE_S = 30
"""How much longer than a look may last a claimed document is left to its worker; whoever was killed loses it then."""

MOST_TRIES = 3
RACES = 3
PASSED_ON = ("original", "channel", "suggested", "sender", "subject", "name", "note", "tries", "received_at")
UNREADABLE = "no mark of ours can be read on it"

log = logging.getLogger("ankunft.returns")


async def file_received(equipment: Equipment) -> int:
    """Look at what was received, a few at once; return how many documents there were."""
    due = (
        await Returned.select()
        .where(Returned.state == ReturnState.RECEIVED.value, Returned.not_before <= datetime.now(UTC))
        .order_by(Returned.id)
        .limit(BATCH)
    )
    gate = asyncio.Semaphore(equipment.settings.returns.readers)

    async def one(row: dict[str, Any]) -> None:
        async with gate:
            if await _claim(row):
                await _look(equipment, row)

    for result in await asyncio.gather(*(one(row) for row in due), return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
    return len(due)


async def _claim(row: dict[str, Any]) -> bool:
    until = datetime.now(UTC) + timedelta(seconds=_bounds(row).wall_s + GRACE_S)
    taken = (
        await Returned.update({Returned.tries: Returned.tries + 1, Returned.not_before: until})
        .where(
            Returned.id == row["id"], Returned.state == ReturnState.RECEIVED.value, Returned.tries == row["tries"]
        )
        .returning(Returned.id)
    )  # fmt: skip
    return bool(taken)


async def _look(equipment: Equipment, row: dict[str, Any]) -> None:
    """Look at one claimed document. One that cannot be looked at keeps no other one waiting."""
    if row["tries"] >= MOST_TRIES:
        scanned = Scanned([], "three workers did not come to an end with it")
    else:
        content = await content_of(equipment, row)
        try:
            scanned = await scan(content or b"", _bounds(row))
        except LookError as error:
            scanned = Scanned([], str(error))
    try:
        await _settle(equipment, row, scanned)
    except IllegalMoveError:
        log.info("returned document %s was moved while it was looked at", row["id"])


def _bounds(row: dict[str, Any]) -> Bounds:
    """Return how much and how long is looked: a stack by staff is longer than anything by mail."""
    return SCANNED if row["channel"] == "post" else MAILED


async def _settle(equipment: Equipment, row: dict[str, Any], scanned: Scanned) -> None:
    """File each part of the document on its own, all in one transaction."""
    marked = [
        frozenset(cart_id for mark in page.marks if (cart_id := cart_id_in(equipment.seal, mark)))
        for page in scanned.pages
    ]
    first, *others = divide(marked) or [Part(None, ())]
    for _ in range(RACES):
        try:
            async with DB.transaction():
                await _file(equipment, row, first, scanned)
                for part in others:
                    await _file(equipment, await _piece(row), part, scanned)
                await forget_copies(row["original"])
        except Exception as error:
            if not is_conflict(error):
                raise
        else:
            return
    raise LookError("the same document came too often at once")


async def _piece(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of its own for a further part of the original."""
    kept = {name: row[name] for name in PASSED_ON}
    piece = Returned({Returned.state: ReturnState.RECEIVED.value}, not_before=datetime.now(UTC), **kept)
    number = (await Returned.insert(piece).returning(Returned.id))[0]["id"]
    return await row_of(number)


async def _file(equipment: Equipment, row: dict[str, Any], part: Part, scanned: Scanned) -> None:
    digest = _digest([scanned.pages[page].digest for page in part.pages])
    first = await _first_copy(row, digest)
    values: dict[Any, Any] = {Returned.pages: json.dumps(part.pages)}
    if first is None:
        values[Returned.pages_digest] = digest
    else:
        values[Returned.same_as] = first["id"]
    if first is not None and first["state"] != ReturnState.REJECTED:
        await move(row, ReturnEvent.REPEATED, actor=journal.SYSTEM, order=first["order"], values=values)
        await _file_first(equipment, first, row)
        return
    order, note = await _order_for(row, part, scanned)
    if first is not None:
        note = f"the same as document {first['id']}, which was rejected"
    if order is None or note:
        values |= {Returned.suggested: order["id"] if order else row["suggested"], Returned.note: _joined(row, note)}
        written = await move(row, ReturnEvent.NOT_MATCHED, actor=journal.SYSTEM, values=values)
        await tell_unclear(row, note, written)
        if not part.pages:
            await tell_unusable(row, written)
    else:
        values |= {Returned.order: order["id"], Returned.suggested: None}
        written = await move(
            row, ReturnEvent.MATCHED, actor=journal.SYSTEM, order=order["id"], values=values, public=True
        )
        await tell_filed(equipment, order["id"], row["id"], written)


async def _file_first(equipment: Equipment, first: dict[str, Any], row: dict[str, Any]) -> None:
    """File a document that waits in the inbox where staff say that its copy, in *row*, belongs."""
    order_id = row["suggested"] if row["channel"] == "post" else None
    if order_id is not None and first["state"] == ReturnState.INBOX:
        values: dict[Any, Any] = {Returned.order: order_id, Returned.suggested: None, Returned.note: ""}
        event = ReturnEvent.ASSIGNED
        written = await move(first, event, actor=row["sender"], order=order_id, values=values, public=True)
        await tell_filed(equipment, order_id, first["id"], written)


async def tell_filed(equipment: Equipment, order_id: int, number: int, written: int) -> None:
    """Tell the customer that the contract arrived and staff that it waits, if its order does.

    Both hear of it once an hour, and once more after a rejection: what comes again and again fills no mailbox.
    """
    if not await is_waited_for(order_id):
        return
    await keep_open(equipment, order_id)
    rejected = await Returned.count().where(Returned.order == order_id, Returned.state == ReturnState.REJECTED.value)
    if await take(f"contract of order {order_id} after {rejected}", this_hour(datetime.now(UTC)), 1):
        await outbox.tell("contract_returned", order_id, written)
        await outbox.tell("staff_alarm", order_id, written, {"what": "contract_returned", "number": number})


async def keep_open(equipment: Equipment, order_id: int) -> None:
    """Give the order the whole time of an offer from now on."""
    until = datetime.now(UTC) + timedelta(days=equipment.settings.orders.expires_after_days)
    await Order.update({Order.expires_at: until}).where(Order.id == order_id, Order.expires_at < until)


async def _first_copy(row: dict[str, Any], digest: str | None) -> dict[str, Any] | None:
    """Return the document that was known first by these pages; of unreadable ones, by the same file."""
    if digest:
        known = (Returned.pages_digest == digest) & (Returned.id != row["id"])
    else:
        unread = Returned.pages_digest.is_null() & Returned.same_as.is_null()
        known = (Returned.original == row["original"]) & unread & (Returned.id < row["id"])
    first = await Returned.select().where(known).order_by(Returned.id).first()
    return dict(first) if first else None


async def _order_for(row: dict[str, Any], part: Part, scanned: Scanned) -> tuple[dict[str, Any] | None, str]:
    """Return the order that the part belongs to, and why a person has to look, if one has to."""
    named = row["suggested"] if row["channel"] == "post" else None
    if part.cart_id is None:
        order = await Order.select().where(Order.id == named).first() if named else None
        note = scanned.problem or ("" if order else UNREADABLE)
    else:
        order = await Order.select().where(Order.cart_id == part.cart_id).first()
        note = scanned.problem or ""
        if order is None:
            note = "its mark names an order that is not there"
        elif named and order["id"] != named:
            note = "its mark names another order than the one it was handed in for"
    if order and not note and order["state"] not in WAITED_FOR:
        note = f"its order is {order['state']}"
    return (dict(order) if order else None), note


def _digest(pages: Sequence[str]) -> str | None:
    return hashlib.sha256("".join(pages).encode()).hexdigest() if pages else None


def _joined(row: dict[str, Any], note: str) -> str:
    return printable("; ".join(filter(None, [note, row["note"]])))[:500]
