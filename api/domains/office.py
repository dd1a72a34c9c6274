"""The round of whoever holds a registry's lease: messages, zones, what is to be sent, what is to be looked up."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from api.domains import alarms, ordering, polling
from api.domains.desk import Desk
from api.domains.leases import Lease, LeaseLostError
from api.domains.tables import RegistryLease
from api.domains.zones import keeping
from api.domains.zones.nameservers import NameServers
from api.piccolo_conf import DB

log = logging.getLogger("ankunft.domains")

LAG = timedelta(minutes=15)
"""A queue that was not seen empty for so long is an alarm."""


class Office:
    """One registrar's round, with the lease that keeps other workers out of it."""

    def __init__(self, desk: Desk, names: NameServers, where: keeping.Where) -> None:
        self._desk, self._names, self._where = desk, names, where
        self._lease = Lease(desk.registrar.name)
        self._polled_at = datetime.min.replace(tzinfo=UTC)

    async def work(self) -> int:
        """Do what is due, if no other worker does; return how many things were touched."""
        if not await self._lease.take():
            return 0
        try:
            return await self._lease.while_kept(self._round)
        except LeaseLostError:
            log.warning("another worker talks to %s by now", self._lease.registry)
            return 0

    async def close(self) -> None:
        """End the session with the registry and let the next worker in."""
        await self._lease.give_back()
        await self._desk.registrar.close()

    async def _round(self) -> int:
        desk, now = self._desk, datetime.now(UTC)
        done = await keeping.keep(desk, self._names, self._where)
        done += await ordering.intend_ready(desk)
        failures: list[Exception] = []
        for part in (self._poll, ordering.settle_due, keeping.delegate):
            try:
                done += await part(desk)
            except Exception as error:  # noqa: BLE001 (what fails for good at one of them must not stop the others)
                failures.append(error)
        await self._watch(now)
        if failures:
            raise failures[0]
        return done

    async def _poll(self, desk: Desk) -> int:
        now = datetime.now(UTC)
        if now - self._polled_at < timedelta(seconds=desk.equipment.settings.domains.poll_every_s):
            return 0
        self._polled_at = now  # also when it fails: a queue that cannot be read is tried no more often than another
        return await polling.poll(desk)

    async def _watch(self, now: datetime) -> None:
        row = await RegistryLease.select().where(RegistryLease.registry == self._lease.registry).first()
        if row is None or row["drained_at"] is None or now - row["drained_at"] < LAG:
            return
        async with DB.transaction():
            minutes = int((now - row["drained_at"]).total_seconds() / 60)
            await alarms.tell_of_registry(self._lease.registry, "poll_lag", minutes=minutes)
