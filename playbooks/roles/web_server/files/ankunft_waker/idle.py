"""Look around for accounts whose PHP has nothing to do."""

import asyncio
import logging

from ankunft_waker.waker import Waker

#: How many accounts are ended at the same time.
AT_ONCE = 8

log = logging.getLogger(__name__)


async def end_idle(waker: Waker, idle_s: float) -> None:
    """End, for ever, what was without a child process at two looks in a row."""
    before: set[str] = set()
    while True:
        idle = {account for account, count in waker.units.processes().items() if count == 1}
        await _end_all(waker, sorted(before & idle))
        waker.tidy()
        before = idle
        await asyncio.sleep(idle_s / 2)


async def _end_all(waker: Waker, accounts: list[str]) -> None:
    for first in range(0, len(accounts), AT_ONCE):
        batch = accounts[first : first + AT_ONCE]
        ended = await asyncio.gather(*(waker.end(account) for account in batch), return_exceptions=True)
        for account, outcome in zip(batch, ended, strict=True):
            if isinstance(outcome, BaseException):
                log.error("PHP of %s could not be ended", account, exc_info=outcome)
