"""The journal: what happened, written in the transaction that did it, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from api.tables import Journal

SYSTEM = "system"
CUSTOMER = "customer"


def staff(name: str) -> str:
    """Return the actor of a person."""
    return f"staff:{name}"


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
    row = Journal(
        at=datetime.now(UTC),
        order=order,
        subject=subject,
        subject_id=str(subject_id),
        event=str(event),
        state_before=None if before is None else str(before),
        state_after=None if after is None else str(after),
        actor=actor,
        facts=msgspec.json.encode(facts or {}).decode(),
        public=public,
    )
    written = await Journal.insert(row).returning(Journal.id)
    return int(written[0]["id"])
