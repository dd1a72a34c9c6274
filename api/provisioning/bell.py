"""The bell at the agents' door: couriers that wait cost nothing, and are woken when there is something for them.

One look a process at what changed, instead of one a courier. Who is woken looks for itself: a ring promises nothing.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from api.piccolo_conf import DB
from api.provisioning import draws, jobs

SWEEP_S = 1.0
"""How often to look without having been told: pauses end, leases of draws end, a notice may have been lost."""

log = logging.getLogger("ankunft.bell")


@dataclass(eq=False, slots=True)
class Waiter:
    """A courier that waits. Thousands do, so it holds a future while it waits and no event, which is larger."""

    host: str
    #: It would draw.
    draws: bool
    #: It would take a job.
    works: bool
    is_rung: bool = False
    #: The same host asks again, so this connection is dead.
    is_dismissed: bool = False
    _waking: asyncio.Future[None] | None = None

    async def wait(self, longest_s: float) -> bool:
        """Wait for the bell; return whether it rang for this one. Whoever is rung looks, and may wait again."""
        if not self.is_rung and not self.is_dismissed:
            loop = asyncio.get_running_loop()
            self._waking = loop.create_future()
            clock = loop.call_later(longest_s, self._wake)
            try:
                await self._waking
            finally:
                clock.cancel()
                self._waking = None
        rung, self.is_rung = self.is_rung and not self.is_dismissed, False
        return rung

    def ring(self) -> None:
        """Have it look, now or as soon as it would wait."""
        self.is_rung = True
        self._wake()

    def dismiss(self) -> None:
        """Have it go: another one waits in its place."""
        self.is_dismissed = True
        self._wake()

    def _wake(self) -> None:
        if self._waking is not None and not self._waking.done():
            self._waking.set_result(None)


class Bell:
    """Those who wait in this process, and the one who wakes them."""

    def __init__(self) -> None:
        self._workers: defaultdict[str, set[Waiter]] = defaultdict(set)
        self._drawers: set[Waiter] = set()
        self._newest: dict[str, Waiter] = {}
        self._told = asyncio.Event()

    @contextmanager
    def waiting(self, host: str, *, draws: bool, works: bool) -> Iterator[Waiter]:
        """Be heard from now on: begin before the first look, so that nothing falls between look and wait.

        A host has one courier, so whoever waits for the same host already is told to go.
        """
        waiter = Waiter(host, draws, works)
        if older := self._newest.get(host):
            older.dismiss()
        self._newest[host] = waiter
        if draws:
            self._drawers.add(waiter)
        if works:
            self._workers[host].add(waiter)
        try:
            yield waiter
        finally:
            if self._newest.get(host) is waiter:
                del self._newest[host]
            self._drawers.discard(waiter)
            if works:
                self._workers[host].discard(waiter)
                if not self._workers[host]:
                    del self._workers[host]

    async def attend(self) -> None:
        """Wake whoever there is something for, until cancelled."""
        listener = asyncio.create_task(self._listen(), name="bell: listener")
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(SWEEP_S):
                        await self._told.wait()
                self._told.clear()
                try:
                    await self._look()
                except Exception as error:  # noqa: BLE001 (the one broad catch: the bell survives any single failure)
                    log.error("the bell could not look: %s", type(error).__name__)  # noqa: TRY400 (its text may hold addresses)
                    await asyncio.sleep(SWEEP_S)
        finally:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)

    def ring_all(self) -> None:
        """Wake everybody: the program is about to end."""
        for waiter in self._drawers.union(*self._workers.values()):
            waiter.ring()

    async def _look(self) -> None:
        if not self._drawers and not self._workers:
            return
        now = datetime.now(UTC)
        for host in await jobs.hosts_with_work(now):
            for waiter in self._workers.get(host, ()):
                waiter.ring()
        if self._drawers and (number := await draws.unanswered(now)):
            for waiter in random.sample(list(self._drawers), min(number, len(self._drawers))):
                waiter.ring()

    async def _listen(self) -> None:
        while True:
            try:
                async with aclosing(DB.commits()) as commits:
                    async for _ in commits:
                        self._told.set()
            except Exception as error:  # noqa: BLE001 (without the listener the sweep goes on)
                log.error("the database does not tell of commits: %s", type(error).__name__)  # noqa: TRY400 (its text may hold addresses)
            await asyncio.sleep(SWEEP_S)
