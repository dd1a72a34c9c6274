"""Persons who may use the staff routes, by a token each; only digests are kept."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from hashlib import sha256

from api import journal
from api.piccolo_conf import DB
from api.tables import Staff

PREFIX = "staff_"


class StaffExistsError(Exception):
    """A person of that name has a token."""


async def add(name: str) -> str:
    """Give the person *name* a token and return it: it is shown once and kept nowhere.

    Raises:
        StaffExistsError: the name is taken.
    """
    token = PREFIX + secrets.token_urlsafe(32)
    async with DB.transaction():
        known = await Staff.select(Staff.active).where(Staff.name == name).first()
        if known is not None and known["active"]:
            raise StaffExistsError(f"{name} has a token already; `ankunft staff revoke` ends it first")
        if known is None:
            await Staff.insert(Staff(name=name, token_digest=_digest(token), created_at=datetime.now(UTC)))
        else:
            await Staff.update({Staff.token_digest: _digest(token), Staff.active: True}).where(Staff.name == name)
        await journal.write(subject="staff", subject_id=name, event="STAFF_ADDED", actor=journal.SYSTEM)
    return token


async def revoke(name: str) -> bool:
    """Make the token of *name* worthless from now on; return whether there was one."""
    async with DB.transaction():
        ended = (
            await Staff.update({Staff.active: False})
            .where(Staff.name == name, Staff.active.eq(True))
            .returning(Staff.id)
        )
        if ended:
            await journal.write(subject="staff", subject_id=name, event="STAFF_REVOKED", actor=journal.SYSTEM)
    return bool(ended)


async def name_of(token: str) -> str | None:
    """Return who holds *token*."""
    row = await Staff.select(Staff.name).where(Staff.token_digest == _digest(token), Staff.active.eq(True)).first()
    return None if row is None else str(row["name"])


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
