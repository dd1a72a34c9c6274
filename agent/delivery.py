"""The courier's way out: keeps leases alive with progress, hands over reports until they are acknowledged."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable
from typing import NamedTuple

import msgspec

from agent.backoff import pause_s
from agent.client import NOT_LET_IN, Api, ApiRefusedError, ApiUnreachableError
from agent.jobs import Progress
from agent.leases import Leases
from agent.spool import Attempt, Spool

log = logging.getLogger(__name__)

MIN_BETWEEN_CALLS_S = 0.5
MAX_LINES = 100
"""Lines of progress in one call: it stays below what the API takes."""


class _Retry(NamedTuple):
    at: float
    failures: int


class Delivery:
    """What this server has to tell the API about its jobs."""

    def __init__(self, spool: Spool, leases: Leases, api: Api) -> None:
        self._spool = spool
        self._leases = leases
        self._api = api
        self._put_off: dict[Attempt, _Retry] = {}
        self._silent: set[Attempt] = set()

    async def turn(self) -> None:
        """Tell everything that is due; one that cannot be told holds up no other."""
        now = time.monotonic()
        reported = self._spool.reported()
        calls: list[Awaitable[None]] = [
            self._attempt(attempt, self._report(attempt)) for attempt in reported if self._may_try(attempt, now)
        ]
        calls += [
            self._attempt(attempt, self._renew(attempt))
            for attempt in self._leases.held
            if attempt not in reported and self._may_try(attempt, now) and self._is_due(attempt, now)
        ]
        await asyncio.gather(*calls)

    def _may_try(self, attempt: Attempt, now: float) -> bool:
        retry = self._put_off.get(attempt)
        return retry is None or retry.at <= now

    def _is_due(self, attempt: Attempt, now: float) -> bool:
        """Tell whether the lease of *attempt* should be renewed now, and may be: only while it is true."""
        if not self._leases.is_true(attempt):
            if attempt not in self._silent:
                self._silent.add(attempt)
                log.error(
                    "job %s is not being worked on (look at ankunft-runner.service); its lease ends", attempt.job_id
                )
            return False
        self._silent.discard(attempt)
        held = self._leases.held[attempt]
        has_news = len(self._spool.progress(attempt)) > held.sent
        return now >= held.renew_at or (has_news and now - held.called_at >= MIN_BETWEEN_CALLS_S)

    async def _attempt(self, attempt: Attempt, call: Awaitable[None]) -> None:
        try:
            await call
        except (ApiUnreachableError, ApiRefusedError, OSError) as error:
            failures = self._put_off[attempt].failures + 1 if attempt in self._put_off else 1
            wait_s = pause_s(failures)
            self._put_off[attempt] = _Retry(time.monotonic() + wait_s, failures)
            log.warning("job %s: %s; again in %.0f s", attempt.job_id, error, wait_s)
        else:
            self._put_off.pop(attempt, None)

    async def _renew(self, attempt: Attempt) -> None:
        """Renew one lease and pass on the progress; the API's no means that the job is somebody else's by now."""
        held = self._leases.held[attempt]
        held.called_at = time.monotonic()
        lines = self._spool.progress(attempt)[held.sent : held.sent + MAX_LINES]
        try:
            lease = await self._api.renew(attempt, _readable(lines))
        except ApiRefusedError as error:
            if error.status in NOT_LET_IN:
                raise
            log.warning("the lease of job %s is over: %s", attempt.job_id, error)
            self._spool.withdraw(attempt)
            self._leases.drop(attempt)
            return
        self._leases.note_renewal(attempt, lease.lease_s, held.sent + len(lines))

    async def _report(self, attempt: Attempt) -> None:
        """Hand over one report; acknowledged or refused for good, it is done."""
        if attempt in self._leases.held:
            await self._renew(attempt)  # the last lines of progress
        try:
            await self._api.report(attempt, self._spool.report(attempt))
        except ApiRefusedError as error:
            if error.status in NOT_LET_IN:
                raise
            log.error("the report of job %s is refused for good, done/ keeps it: %s", attempt.job_id, error)  # noqa: TRY400
        else:
            log.info("job %s, attempt %d.%d, is reported", *attempt)
        self._spool.forget(attempt)
        self._leases.drop(attempt)


def _readable(lines: list[bytes]) -> list[Progress]:
    steps = []
    for line in lines:
        try:
            steps.append(msgspec.json.decode(line, type=Progress))
        except msgspec.MsgspecError:
            log.warning("a line of progress cannot be read")
    return steps
