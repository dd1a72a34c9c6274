"""The journal: what happened, written in the transaction that did it, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from api.engine.together import IdOf, Row
from api.piccolo_conf import DB

SYSTEM = "system"
CUSTOMER = "customer"


def staff(name: str) -> str:
    """Return the actor of a person."""
    return f"staff:{name}"


def because(reason: str | None) -> dict[str, str]:
    """Return the facts of a decision for which a person gave a *reason*, in words without personal data."""
    return {} if reason is None else {"reason": reason}


def host(name: str) -> str:
    """Return the actor of a hosting server's agent."""
    return f"host:{name}"


async def write(
    *,
    subject: str,
    subject_id: str | int,
    event: str,
    actor: str,
    order: int | None = None,
    before: str | None = None,
    after: str | None = None,
    facts: Mapping[str, Any] | None = None,
    public: bool = False,
) -> int:
    """Write one row and return its id. Facts are small, typed, without personal data and secrets."""
    (written,) = await DB.insert_together([
        row(
            subject=subject, subject_id=subject_id, event=event, actor=actor, order=order, before=before, after=after,
            facts=facts, public=public,
        )
    ])  # fmt: skip
    return written


def row(
    *,
    subject: str,
    subject_id: str | int | IdOf,
    event: str,
    actor: str,
    order: int | IdOf | None = None,
    before: str | None = None,
    after: str | None = None,
    facts: Mapping[str, Any] | None = None,
    public: bool = False,
) -> Row:
    """Return the journal's row; see `write`."""
    return Row("journal", {
        "at": datetime.now(UTC),
        "order": order,
        "subject": subject,
        "subject_id": subject_id if isinstance(subject_id, IdOf) else str(subject_id),
        "event": str(event),
        "state_before": None if before is None else str(before),
        "state_after": None if after is None else str(after),
        "actor": actor,
        "facts": msgspec.json.encode(facts or {}).decode(),
        "public": public,
    })  # fmt: skip
