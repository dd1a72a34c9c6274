"""One worker at a time talks to a registry: a lease in the database, kept alive while it works."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from api.domains.tables import RegistryLease
from api.engine.conflicts import is_conflict
from api.piccolo_conf import DB

T = TypeVar("T")

LEASE = timedelta(seconds=20)
BEAT_S = 4.0


class LeaseLostError(Exception):
    """Another worker talks to the registry by now."""


class Lease:
    """This worker's hold on *registry*; it stays between rounds until it is given back or runs out."""

    def __init__(self, registry: str, holder: str = "") -> None:
        self.registry = registry
        self.holder = holder or secrets.token_hex(16)
        self._until = datetime.min.replace(tzinfo=UTC)

    async def take(self) -> bool:
        """Have the lease for a while; False = another worker has it."""
        now = datetime.now(UTC)
        if self._until - now > LEASE / 2:
            return True
        free = (RegistryLease.holder == self.holder) | (RegistryLease.held_until < now)
        values: dict[Any, Any] = {RegistryLease.holder: self.holder, RegistryLease.held_until: now + LEASE}
        mine = RegistryLease.registry == self.registry
        taken = await RegistryLease.update(values).where(mine, free).returning(RegistryLease.registry)
        if not taken and not await RegistryLease.exists().where(mine):
            taken = await self._first(now)
        self._until = now + LEASE if taken else datetime.min.replace(tzinfo=UTC)
        return bool(taken)

    async def give_back(self) -> None:
        """Let the next worker have it at once."""
        self._until = datetime.min.replace(tzinfo=UTC)
        mine = (RegistryLease.registry == self.registry) & (RegistryLease.holder == self.holder)
        await RegistryLease.update({RegistryLease.held_until: datetime.now(UTC)}).where(mine)

    async def while_kept(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do *work* and keep the lease that was taken; *work* is cancelled when it is lost.

        Raises:
            LeaseLostError: it was.
        """
        working, beating = asyncio.ensure_future(work()), asyncio.create_task(self._beat())
        try:
            await asyncio.wait((working, beating), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise LeaseLostError(f"another worker talks to {self.registry}")
            return await working
        finally:
            for task in (working, beating):
                task.cancel()
            await asyncio.gather(working, beating, return_exceptions=True)

    async def _beat(self) -> None:
        """Keep the lease until it is lost."""
        while await self._renew():  # noqa: ASYNC110 (time passes, nobody sets an event)
            await asyncio.sleep(BEAT_S)

    async def _renew(self) -> bool:
        try:
            kept = await self.take()
        except Exception:  # noqa: BLE001 (a database that is away for a moment: the lease holds until its end)
            kept = datetime.now(UTC) < self._until
        return kept

    async def _first(self, now: datetime) -> list[Any]:
        row = RegistryLease(registry=self.registry, holder=self.holder, held_until=now + LEASE, drained_at=now)
        made: list[Any] = []
        try:
            async with DB.transaction():
                made = await RegistryLease.insert(row).returning(RegistryLease.registry)
        except Exception as error:
            if not is_conflict(error):
                raise
        return made
