"""The runner's in-tray: takes files out of the spool and sees each to its end, and lets none hold up the others.

A job is claimed, identified, admitted, worked on (`agent.lanes`), reported; until the report is kept it stays in cur,
and a runner that was killed in between begins again there.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Container
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent import durable
from agent import report as reports
from agent.admission import ForeignJobError, LateJobError, admit, identify
from agent.backoff import pause_s
from agent.claim import HostileFileError, claim, expected, park, reclaim, remove
from agent.fence import FenceError, StaleJobError
from agent.jobs import Job, JobRefusedError, Outcome, Report
from agent.journal import printable
from agent.lanes import Settled
from agent.progress import ProgressFile
from agent.settings import Settings
from agent.spool import Spool
from agent.workshop import Work

log = logging.getLogger(__name__)


class _Retry(NamedTuple):
    """When to try again what this server itself could not do."""

    at: float
    failures: int


class Intray:
    """The files of the spool on their way from new over cur to done or parked."""

    def __init__(self, settings: Settings, spool: Spool, key: Ed25519PublicKey) -> None:
        self._host = settings.host
        self._fences = settings.state_dir / "fences"
        self._spool = spool
        self._key = key
        self._put_off: dict[str, _Retry] = {}
        #: Reports that could not be written yet (disk full); the work itself is not repeated for them.
        self._undelivered: dict[str, Report] = {}
        #: Jobs in cur of which it was shown that they wait for an earlier one of their account.
        self._waiting: set[str] = set()

    def clear(self) -> None:
        """Remove what a killed runner had half written; the jobs stay."""
        for left in self._spool.cur.iterdir():
            if expected(left.name) is None:
                remove(left)
        reports.forget_old(self._spool, time.time())

    def is_due(self, name: str) -> bool:
        """Tell whether *name* may be handled now; what could not be done is put off for a while."""
        retry = self._put_off.get(name)
        return retry is None or retry.at <= time.monotonic()

    def take(self, folder: Path, name: str, busy: Container[str]) -> Work | None:
        """Take the file *name* in *folder* (new or cur) and return it as work that may begin now.

        None: it came to its end here (parked, late, done before), is put off, or waits for an earlier job of its
        account, one of those in *busy*.
        """
        try:
            return self._take(folder, name, busy)
        except (HostileFileError, JobRefusedError, ForeignJobError, StaleJobError) as error:
            self._park(folder, name, error)
        except Exception as error:  # noqa: BLE001  # one poisoned job must not hold up the others
            if any(os.path.lexists(place / name) for place in (folder, self._spool.cur)):
                self._postpone(name, error)
        return None

    def _take(self, folder: Path, name: str, busy: Container[str]) -> Work | None:
        attempt = expected(name)
        if attempt is None:
            raise JobRefusedError("the courier makes no such names")
        if report := self._undelivered.get(name):
            self._finish(name, report)
            return None
        content = claim(self._spool, name) if folder == self._spool.new else reclaim(self._spool, name)
        job, payload = identify(name, content, key=self._key, host=self._host)
        if reports.deliver_again(self._spool, attempt):
            (self._spool.cur / name).rename(self._spool.done / name)
            return None
        work = Work(name, job, payload)
        if job.account.id in busy:
            self._show_waiting(work)
            return None
        durable.write(self._spool.cur / name, content)  # an inode of our own: the courier may hold the old one open
        try:
            admit(job, self._fences, datetime.now(UTC))
        except (LateJobError, FenceError) as error:
            self._finish(name, _not_tried(job, str(error)))
            return None
        return work

    def settle(self, settled: Settled) -> None:
        """Report what came of a job; without a report or an error it stays in cur for the next start."""
        work, report, error = settled
        account = work.job.account.name
        if report is None and error is None:
            log.warning("%s: dropped unfinished, the next start takes it up again", account)
            return
        if isinstance(error, OSError):
            log.warning("%s: could not be tried: %s", account, error)
            report = _not_tried(work.job, f"{self._host} cannot work: {error}")
        elif error is not None:
            log.error("%s: the runner itself failed", account, exc_info=error)
            report = _not_tried(work.job, f"the runner itself failed ({type(error).__name__}); see its journal")
        assert report is not None
        log.info("%s: %s, changed=%d %s", account, report.outcome, report.changed, report.problem or "")
        try:
            self._finish(work.name, report)
        except Exception as failure:  # noqa: BLE001  # a full disk; the work itself is not repeated
            self._postpone(work.name, failure)

    def _show_waiting(self, work: Work) -> None:
        """Show once that the job was taken, so that its lease is kept while an earlier one is worked on."""
        if work.name not in self._waiting:
            self._waiting.add(work.name)
            progress = ProgressFile(self._spool, work.attempt, host=self._host)
            progress.add("waits for an earlier job of the account", "skipped")

    def _finish(self, name: str, report: Report) -> None:
        self._undelivered[name] = report
        reports.deliver(self._spool, report)
        (self._spool.cur / name).rename(self._spool.done / name)
        del self._undelivered[name]
        self._put_off.pop(name, None)
        self._waiting.discard(name)

    def _park(self, folder: Path, name: str, reason: Exception) -> None:
        where = self._spool.cur if os.path.lexists(self._spool.cur / name) else folder
        try:
            aside = park(self._spool, where, name)
        except OSError as error:
            self._postpone(name, error)
            return
        log.error("parked %s as %s: %s", printable(ascii(name)), aside, reason)
        if attempt := expected(name):
            self._spool.end_progress(attempt)

    def _postpone(self, name: str, error: Exception) -> None:
        failures = self._put_off[name].failures + 1 if name in self._put_off else 1
        wait_s = pause_s(failures)
        self._put_off[name] = _Retry(time.monotonic() + wait_s, failures)
        log.error("%s is put off for %.0f s: %s", printable(ascii(name)), wait_s, error, exc_info=error)


def _not_tried(job: Job, problem: str) -> Report:
    verdict = reports.Verdict(Outcome.ERRORED, problem)
    return reports.compose(job, verdict, started_at=datetime.now(UTC), log=(), secrets=(job.account.password_hash,))
