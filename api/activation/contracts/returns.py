"""The only mover of documents that came back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from api import journal
from api.activation.contracts.tables import Original, Returned
from api.equipment import Equipment
from api.lifecycle import RETURN_MOVES, IllegalMoveError, ReturnEvent, ReturnState, follow
from api.notices import outbox

USE = "returned document"
"""What originals are sealed for."""


TOLD_AGAIN_AFTER = timedelta(hours=1)
"""Whoever floods the address with rubbish floods nobody's mailbox."""


class NoReturnError(LookupError):
    """A document that is not there."""


async def row_of(number: int) -> dict[str, Any]:
    """Return the document of this *number*.

    Raises:
        NoReturnError: there is none.
    """
    row = await Returned.select().where(Returned.id == number).first()
    if row is None:
        raise NoReturnError(f"there is no returned document {number}")
    return dict(row)


async def move(
    row: Mapping[str, Any],
    event: ReturnEvent,
    *,
    actor: str,
    order: int | None = None,
    values: Mapping[Any, Any] | None = None,
    public: bool = False,
) -> int:
    """Move the document of *row* as it was read, in the caller's transaction; return the id of the journal row.

    Raises:
        IllegalMoveError: the event does not fit, or somebody else moved it meanwhile.
    """
    before = ReturnState(row["state"])
    after = follow(RETURN_MOVES, before, event)
    changes: dict[Any, Any] = {Returned.state: after.value} | dict(values or {})
    moved = (
        await Returned.update(changes)
        .where(Returned.id == row["id"], Returned.state == before.value)
        .returning(Returned.id)
    )
    if not moved:
        raise IllegalMoveError("somebody else decided about the document meanwhile")
    return await journal.write(
        subject="return", subject_id=row["id"], order=order, event=event, actor=actor, before=before, after=after,
        facts={"channel": row["channel"]}, public=public,
    )  # fmt: skip


async def content_of(equipment: Equipment, row: Mapping[str, Any]) -> bytes | None:
    """Return the original that the document of *row* is in; None for a note, or when it was not to be kept longer."""
    if row["original"] is None:
        return None
    (original,) = await Original.select(Original.content).where(Original.id == row["original"])
    sealed = original["content"]
    return None if sealed is None else equipment.seal.unseal_bytes(USE, bytes(sealed))


async def tell_unclear(row: Mapping[str, Any], note: str, written: int) -> None:
    """Tell staff that the document of *row* waits in the inbox, unless they were told of another within the hour."""
    since = datetime.now(UTC) - TOLD_AGAIN_AFTER
    others = (Returned.state == ReturnState.INBOX.value) & (Returned.id != row["id"]) & (Returned.received_at > since)
    if not await Returned.exists().where(others):
        said = {"number": row["id"], "channel": row["channel"], "note": note}
        await outbox.tell("staff_return", None, written, said)
