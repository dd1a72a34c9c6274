"""Hosting servers and their agents: invited by staff, enrolled by a one-time token, approved by staff."""

from __future__ import annotations

import re
import secrets
from base64 import b64decode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from agent.signing import fingerprint
from api import journal
from api.piccolo_conf import DB
from api.provisioning.tables import Host

NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?\Z")
KEY_BYTES = 32

INVITED, AWAITING_APPROVAL, APPROVED, DRAINING = "INVITED", "AWAITING_APPROVAL", "APPROVED", "DRAINING"


class UnknownHostError(LookupError):
    """There is no such hosting server."""


class HostRefusedError(Exception):
    """What was asked for does not fit the host; the message says what to do."""


class EnrolmentRefusedError(Exception):
    """The token is unknown, over, or was used by another key: nobody learns which."""


async def invite(name: str, *, address: str | None, valid: timedelta, actor: str) -> str:
    """Invite the agent of *name*; return its one-time token, which is kept nowhere.

    A host that was there before keeps its accounts; its former key opens nothing any more.

    Raises:
        HostRefusedError: the name cannot be one of the inventory.
    """
    if not NAME.match(name):
        raise HostRefusedError("a host's name holds a-z, 0-9, dot and hyphen, as in the inventory")
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    values: dict[Any, Any] = {
        Host.state: INVITED,
        Host.token_digest: _digest(token),
        Host.token_expires_at: now + valid,
        Host.public_key: None,
    }
    if address is not None:
        values[Host.address] = address
    async with DB.transaction():
        if await Host.update(values).where(Host.name == name).returning(Host.id):
            pass
        else:
            row = Host(name=name, created_at=now, **{column._meta.name: value for column, value in values.items()})  # noqa: SLF001 (the column's name)
            await Host.insert(row)
        await _write(name, "INVITED", actor)
    return token


async def enrol(name: str, token: str, public_key: str) -> dict[str, Any]:
    """Bind *public_key* to host *name* if the token is its own; the same again gives the same answer.

    Raises:
        EnrolmentRefusedError: it is not.
    """
    row = await Host.select().where(Host.name == name).first()
    now = datetime.now(UTC)
    is_known = row is not None and row["token_digest"] is not None and row["token_digest"] == _digest(token)
    if row is None or not is_known or not _is_key(public_key):
        raise EnrolmentRefusedError("the token does not open this host")
    if row["public_key"] is None:
        if row["token_expires_at"] < now:
            raise EnrolmentRefusedError("the token does not open this host")
        async with DB.transaction():
            bound = (
                await Host.update({Host.public_key: public_key, Host.state: AWAITING_APPROVAL})
                .where(Host.name == name, Host.state == INVITED, Host.token_digest == row["token_digest"])
                .returning(Host.id)
            )
            if not bound:
                raise EnrolmentRefusedError("the token does not open this host")
            await _write(name, "ENROLLED", journal.host(name), fingerprint=_shown(public_key))
        return {"host": name, "state": AWAITING_APPROVAL, "fingerprint": _shown(public_key)}
    if row["public_key"] != public_key:
        raise EnrolmentRefusedError("the token does not open this host")
    return {"host": name, "state": row["state"], "fingerprint": _shown(public_key)}


async def approve(name: str, *, actor: str) -> None:
    """Let an enrolled or draining host work.

    Raises:
        UnknownHostError, HostRefusedError: there is no such host, or its agent has not enrolled yet.
    """
    await _set(name, APPROVED, (AWAITING_APPROVAL, DRAINING, APPROVED), actor)


async def drain(name: str, *, actor: str) -> None:
    """Give *name* no new accounts; those it has are looked after as before.

    Raises:
        UnknownHostError, HostRefusedError: there is no such host, or it is not approved.
    """
    await _set(name, DRAINING, (APPROVED, DRAINING), actor)


async def seen(name: str, placement_digest: str | None) -> None:
    """Remember that the agent of *name* asked just now, and with which placement file."""
    await Host.update({Host.last_seen_at: datetime.now(UTC), Host.placement_digest: placement_digest}).where(
        Host.name == name
    )


async def listed() -> Sequence[dict[str, Any]]:
    """Return all hosts as staff see them."""
    rows = await Host.select().order_by(Host.name)
    return [
        {
            "host": row["name"],
            "state": row["state"],
            "address": row["address"],
            "fingerprint": _shown(row["public_key"]) if row["public_key"] else None,
            "last_seen_at": row["last_seen_at"],
            "placement_digest": row["placement_digest"],
        }
        for row in rows
    ]


async def _set(name: str, state: str, before: Sequence[str], actor: str) -> None:
    async with DB.transaction():
        moved = (
            await Host.update({Host.state: state})
            .where(Host.name == name, Host.state.is_in(list(before)))
            .returning(Host.id)
        )
        if not moved:
            if not await Host.exists().where(Host.name == name):
                raise UnknownHostError(f"there is no host {name}; `ankunft host add {name}` invites its agent")
            raise HostRefusedError(f"{name} has to be one of {', '.join(before)} for this; see `ankunft host list`")
        await _write(name, state, actor)


async def _write(name: str, event: str, actor: str, **facts: str) -> None:
    await journal.write(subject="host", subject_id=name, event=event, actor=actor, facts=facts)


def _is_key(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == KEY_BYTES
    except ValueError:
        return False


def _shown(public_key: str) -> str:
    return fingerprint(b64decode(public_key))


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
