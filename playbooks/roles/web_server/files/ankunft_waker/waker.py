"""Wake an account and end an idle one: the only two decisions, never both at once for one account."""

import asyncio
import logging
import time
from weakref import WeakValueDictionary

from ankunft_waker.backoff import Backoff
from ankunft_waker.doors import Doors, Stream
from ankunft_waker.units import UnitFailedError, Units

#: PHP-FPM accepts a waiting connection within milliseconds; after this long none can be left.
QUIET_S = 1.0

log = logging.getLogger(__name__)


class AsleepError(Exception):
    """The account's PHP cannot be woken now; `retry_after_s` says when to try again."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"asleep for another {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class Waker:
    """Knows which accounts are being woken or ended, and which ones to leave alone for a while."""

    def __init__(self, doors: Doors, units: Units) -> None:
        self.doors = doors
        self.units = units
        self._backoff = Backoff()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._wanted: dict[str, asyncio.Event] = {}

    def _lock(self, account: str) -> asyncio.Lock:
        return self._locks.setdefault(account, asyncio.Lock())

    async def wake(self, account: str) -> Stream:
        """Return a connection to the account's PHP, which is started if need be, once for all who ask.

        Raises:
            AsleepError: it does not start, or did not start a moment ago.
        """
        if account in self._wanted:
            self._wanted[account].set()
        lock = self._lock(account)
        async with lock:
            stream = await self.doors.enter(account)
            if stream is not None:
                return stream
            await self._start(account)
            stream = await self.doors.enter(account)
            if stream is None:
                raise AsleepError(self._fail(account))
            return stream

    async def _start(self, account: str) -> None:
        wait_s = self._backoff.wait_s(account, time.monotonic())
        if wait_s:
            raise AsleepError(wait_s)
        self._backoff.started(account, time.monotonic())
        try:
            await self.units.start(account)
        except UnitFailedError as error:
            log.warning("PHP of %s does not start: %s", account, error)
            raise AsleepError(self._fail(account)) from error

    def _fail(self, account: str) -> float:
        now = time.monotonic()
        self._backoff.failed(account, now)
        return self._backoff.wait_s(account, now)

    async def end(self, account: str) -> bool:
        """End the account's PHP unless somebody wants it; no request is lost either way.

        First the door is closed, then it is looked whether anybody is inside: in the other order a
        request could come in between.
        """
        lock = self._lock(account)
        async with lock:
            wanted = self._wanted[account] = asyncio.Event()
            self.doors.close(account)
            try:
                if await _happens(wanted, QUIET_S) or self.units.processes().get(account, 0) > 1:
                    self.doors.open(account)
                    return False
                await self.units.stop(account)
            except UnitFailedError as error:
                log.warning("PHP of %s does not end: %s", account, error)
                self.doors.open(account)
                return False
            except asyncio.CancelledError:
                self.doors.open(account)
                raise
            finally:
                del self._wanted[account]
            self.doors.forget(account)
            return True

    def recover(self) -> None:
        """Open the doors that an earlier waker left closed, and forget those without a service."""
        awake = self.units.processes()
        for account in self.doors.closed():
            if awake.get(account):
                self.doors.open(account)
            else:
                self.doors.forget(account)

    def tidy(self) -> None:
        """Forget what no longer matters."""
        self._backoff.forget_older_than(time.monotonic())


async def _happens(event: asyncio.Event, within_s: float) -> bool:
    """Wait for the event; return whether it came in time."""
    try:
        await asyncio.wait_for(event.wait(), within_s)
    except TimeoutError:
        return False
    return True
