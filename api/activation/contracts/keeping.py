"""How long originals are kept: what was approved, with its order; what was rejected, a while; second copies, not."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from piccolo.columns.combination import WhereRaw
from piccolo.query.functions import Sum

from api import journal
from api.activation.contracts.returns import move
from api.activation.contracts.tables import Original, Returned
from api.allowances import take, today
from api.equipment import Equipment
from api.lifecycle import IllegalMoveError, ReturnEvent, ReturnState
from api.notices import outbox
from api.piccolo_conf import DB

BATCH = 200
NEARLY_FULL_PERCENT = 80
NOTES_WAIT = timedelta(days=14)
"""For a person, for what is no document."""

log = logging.getLogger("ankunft.returns")


async def forget_rejected(equipment: Equipment) -> int:
    """Delete originals that only rejected documents are in, once they are old enough; return how many.

    The documents stay as notes: who sent what when, its digests, who decided.
    """
    before = datetime.now(UTC) - timedelta(days=equipment.settings.returns.keep_rejected_days)
    done = (ReturnState.REJECTED.value, ReturnState.DUPLICATE.value)
    needed = Returned.select(Returned.original).where(
        Returned.original.is_not_null(),
        Returned.state.not_in(list(done)) | (Returned.decided_at.is_not_null() & (Returned.decided_at > before)),
    )
    kept = set(await needed.output(as_list=True))
    old = (
        await Original.select(Original.id)
        .where(Original.content.is_not_null(), Original.received_at <= before)
        .output(as_list=True)
    )
    forgotten = [number for number in old if number not in kept][:BATCH]
    if forgotten:
        await Original.update({Original.content: None}).where(Original.id.is_in(forgotten))
    return len(forgotten)


async def waiting_bytes() -> int:
    """Return how large all originals are that are kept and were not approved: what outsiders can make us store."""
    not_approved = WhereRaw(
        "NOT EXISTS (SELECT 1 FROM returned_document WHERE returned_document.original = returned_original.id"
        " AND returned_document.state IN ({}))",
        ReturnState.APPROVED.value,
    )
    row = await Original.select(Sum(Original.size)).where(Original.content.is_not_null() & not_approved).first()
    return int((row or {}).get("sum") or 0)


async def forget_copies(original: int) -> None:
    """Delete an original of which nothing is new: each document in it shows what an earlier one shows."""
    nothing_new = WhereRaw(
        "NOT EXISTS (SELECT 1 FROM returned_document WHERE returned_document.original = returned_original.id"
        " AND returned_document.state NOT IN ({}))",
        ReturnState.DUPLICATE.value,
    )
    await Original.update({Original.content: None}).where((Original.id == original) & nothing_new)


async def end_old_notes() -> int:
    """Put aside notes that nobody looked at for long: there is nothing in them to look at; return how many."""
    old = (Returned.state == ReturnState.INBOX.value) & (Returned.received_at < datetime.now(UTC) - NOTES_WAIT)
    rows = await Returned.select().where(old & Returned.original.is_null()).order_by(Returned.id).limit(BATCH)
    for row in rows:
        values = {Returned.decided_at: datetime.now(UTC), Returned.decided_by: journal.SYSTEM}
        try:
            async with DB.transaction():
                await move(row, ReturnEvent.REJECTED, actor=journal.SYSTEM, values=values)
        except IllegalMoveError:
            log.info("note %s was decided about while it was about to end", row["id"])
    return len(rows)


async def tell_nearly_full(most_mib: int, now: datetime) -> bool:
    """Tell staff once a day when little room is left before mails are turned away; return whether that is so."""
    kept = await waiting_bytes()
    if kept * 100 < (most_mib << 20) * NEARLY_FULL_PERCENT:
        return False
    async with DB.transaction():
        if await take("alarm returns_full", today(now), 1):
            written = await journal.write(
                subject="return", subject_id="all", event="NEARLY_FULL", actor=journal.SYSTEM,
                facts={"kept_mib": kept >> 20, "most_mib": most_mib},
            )  # fmt: skip
            await outbox.tell("staff_returns_full", None, written, {"kept_mib": kept >> 20, "most_mib": most_mib})
    return True
