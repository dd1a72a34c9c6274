"""The blocklist: mail addresses, mail domains, telephones, bank accounts, networks that no order is wanted from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from api import journal
from api.engine.conflicts import is_conflict
from api.intake.risk.digests import KINDS, digest, spelling
from api.intake.risk.tables import RiskBlock
from api.piccolo_conf import DB
from api.seal import Seal


class BlockedAlreadyError(Exception):
    """It is on the list."""


class NotBlockedError(LookupError):
    """No line of the list has this number."""


async def blocked(digests: Mapping[str, Collection[str]]) -> dict[str, bool]:
    """Return for each kind whether one of its digests is on the list, by fact."""
    wanted = [digest for of_kind in digests.values() for digest in of_kind]
    rows: Any = await RiskBlock.select(RiskBlock.digest).where(RiskBlock.digest.is_in(wanted)).output(as_list=True)
    return {f"blocked_{kind}": not set(rows).isdisjoint(digests[kind]) for kind in KINDS if kind in digests}


async def add(seal: Seal, kind: str, text: str, *, reason: str, actor: str) -> int:
    """Put *text* on the list, as a digest; return its number there.

    Raises:
        ImplausibleError: *text* is none of this kind.
        BlockedAlreadyError: it is on the list.
    """
    unwanted = digest(seal, kind, spelling(kind, text))
    row = RiskBlock(kind=kind, digest=unwanted, reason=reason, actor=actor, at=datetime.now(UTC))
    try:
        async with DB.transaction():
            number = int((await RiskBlock.insert(row).returning(RiskBlock.id))[0]["id"])
            await journal.write(
                subject="block", subject_id=number, event="BLOCKED", actor=actor, facts={"kind": kind, "reason": reason}
            )
    except Exception as error:
        if is_conflict(error):
            lines = await RiskBlock.select(RiskBlock.id).where(RiskBlock.digest == unwanted).output(as_list=True)
            raise BlockedAlreadyError(f"this is on the blocklist already: line {lines[0] if lines else '–'}") from error
        raise
    return number


async def listed() -> list[dict[str, Any]]:
    """Return all lines, the newest last. What is blocked is not to be seen, only who blocked it and why."""
    columns = (RiskBlock.id, RiskBlock.kind, RiskBlock.reason, RiskBlock.actor, RiskBlock.at)
    return [dict(row) for row in await RiskBlock.select(*columns).order_by(RiskBlock.id)]


async def remove(number: int, *, actor: str) -> None:
    """Take line *number* off the list.

    Raises:
        NotBlockedError: there is no such line.
    """
    async with DB.transaction():
        gone = await RiskBlock.delete().where(RiskBlock.id == number).returning(RiskBlock.kind)
        if not gone:
            raise NotBlockedError(f"the blocklist has no line {number}; `ankunft blocklist list` shows them")
        await journal.write(
            subject="block", subject_id=number, event="UNBLOCKED", actor=actor, facts={"kind": gone[0]["kind"]}
        )
