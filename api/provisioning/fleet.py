"""The fleet as the API knows it: the approved placement file, who is alive, how much room is left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from agent import placement
from api import journal
from api.piccolo_conf import DB
from api.provisioning.tables import Host, PlacementFile, Reservation

_MOST_KEPT = 8
_kept: dict[str, placement.Placement] = {}
"""Placement files by digest: what a digest names never changes, and a large fleet's takes its time to read."""

ALIVE_WITHIN = timedelta(seconds=75)
"""An agent that has not asked for so long is silent: three long polls."""


class PlacementRefusedError(Exception):
    """What is to be approved is no placement file."""


class Fleet(NamedTuple):
    """The approved placement file under its digest."""

    digest: str
    placement: placement.Placement

    def max_accounts(self, host: str) -> int:
        """Return how many accounts *host* takes; none if it is not of the fleet."""
        return next((known.max_accounts for known in self.placement.hosts if known.name == host), 0)


async def approved() -> Fleet | None:
    """Return the placement file in force, None before the first approval."""
    newest = PlacementFile.select(PlacementFile.digest).order_by(PlacementFile.approved_at, ascending=False)
    row = await newest.first()
    known = None if row is None else await placement_of(row["digest"])
    return None if row is None or known is None else Fleet(row["digest"], known)


async def placement_of(digest: str) -> placement.Placement | None:
    """Return the placement file with *digest*, in force or not; None if it was never approved."""
    if (known := _kept.get(digest)) is None:
        row = await PlacementFile.select(PlacementFile.content).where(PlacementFile.digest == digest).first()
        if row is None:
            return None
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        known = _kept[digest] = placement.decode(row["content"].encode())
    return known


async def approve(content: bytes, *, actor: str) -> str:
    """Put a placement file into force; return its digest. The same file again only becomes the newest.

    Raises:
        PlacementRefusedError: it is not one.
    """
    try:
        hosts = placement.decode(content).hosts
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise PlacementRefusedError(f"this is no placement file: {error}") from error
    name, now = placement.digest(content), datetime.now(UTC)
    async with DB.transaction():
        row = PlacementFile(digest=name, content=content.decode(), approved_by=actor, approved_at=now)
        await PlacementFile.insert(row).on_conflict(
            target=PlacementFile.digest,
            action="DO UPDATE",
            values=[PlacementFile.approved_by, PlacementFile.approved_at],
        )
        for host in hosts:
            await Reservation.insert(Reservation(host=host.name, taken=0)).on_conflict(action="DO NOTHING")
        await journal.write(
            subject="host", subject_id="fleet", event="PLACEMENT_APPROVED", actor=actor,
            facts={"digest": name, "hosts": len(hosts)},
        )  # fmt: skip
    return name


async def alive(now: datetime) -> list[str]:
    """Return the hosts that may take new accounts and whose agents answer."""
    rows = await Host.select(Host.name).where(Host.state == "APPROVED", Host.last_seen_at >= now - ALIVE_WITHIN)
    return sorted(row["name"] for row in rows)


async def room(fleet: Fleet) -> Mapping[str, int]:
    """Return the free places of each host of *fleet*."""
    rows = await Reservation.select(Reservation.host, Reservation.taken)
    taken = {row["host"]: row["taken"] for row in rows}
    return {host.name: max(0, host.max_accounts - taken.get(host.name, 0)) for host in fleet.placement.hosts}


async def reserve(fleet: Fleet, host: str) -> bool:
    """Take one place on *host*, in the caller's transaction; return whether there was one."""
    taken = (
        await Reservation.update({Reservation.taken: Reservation.taken + 1})
        .where(Reservation.host == host, Reservation.taken < fleet.max_accounts(host))
        .returning(Reservation.host)
    )
    return bool(taken)
