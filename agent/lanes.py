"""Runs side by side: whatever is queued is one run, and what is slow or failed in it goes on alone beside the next.

An account is in one run at a time, so its jobs keep their order. All but the runs themselves happens in one thread.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from agent.jobs import Report
from agent.workshop import Work, Workshop

log = logging.getLogger(__name__)

SIDE_BY_SIDE = 4
SLOW_S = 2.0
"""A run that takes longer than this does not keep the next one waiting."""
WITHOUT_BATCHES_S = 60.0
"""How long each job has a run of its own after a batch in which none succeeded: the playbook may not know batches."""

_Run = Future["dict[str, Report]"]


class Settled(NamedTuple):
    """What came of a job: its report, or the error that kept the runner from working on it."""

    work: Work
    report: Report | None
    error: BaseException | None = None


class _Lane(NamedTuple):
    works: Sequence[Work]
    began_at: float


class Lanes:
    """The runs under way, and the jobs of batches that have to be run alone.

    *most* is how many jobs a run takes; with 1 the runs go one after the other. *wake_up* is called, in another
    thread, when a run ends.
    """

    def __init__(self, workshop: Workshop, *, most: int, wake_up: Callable[[], None]) -> None:
        self._workshop = workshop
        self._most = most
        self._wake_up = wake_up
        self._count = SIDE_BY_SIDE if most > 1 else 1
        self._pool = ThreadPoolExecutor(self._count, thread_name_prefix="run")
        self._runs: dict[_Run, _Lane] = {}
        self._alone: deque[Work] = deque()
        self._single_until = 0.0

    @property
    def works(self) -> list[Work]:
        """Return all jobs that are being worked on or wait to be run alone."""
        return [*(work for lane in self._runs.values() for work in lane.works), *self._alone]

    @property
    def are_idle(self) -> bool:
        """Tell whether no run is under way."""
        return not self._runs

    @property
    def room(self) -> int:
        """Return how many jobs a new run may take; 0 while none may begin."""
        now = time.monotonic()
        is_young = any(now - lane.began_at < SLOW_S for lane in self._runs.values())
        if len(self._runs) >= self._count or is_young:
            return 0
        return 1 if now < self._single_until else self._most

    def start(self, works: Sequence[Work]) -> None:
        """Begin a run for *works*, each of another account."""
        for work in works:
            job = work.job
            log.info("%s: attempt %d.%d of job %s begins", job.account.name, job.epoch, job.attempt, job.job_id)
        run = self._pool.submit(self._workshop.work, works)
        self._runs[run] = _Lane(works, time.monotonic())
        run.add_done_callback(lambda _: self._wake_up())

    def start_alone(self) -> bool:
        """Begin a run for a job that has to be run alone; one lane stays free for what is new."""
        alone = sum(len(lane.works) == 1 for lane in self._runs.values())
        if not self._alone or alone >= max(1, self._count - 1):
            return False
        self.start([self._alone.popleft()])
        return True

    def collect(self, *, is_stopping: bool) -> list[Settled]:
        """Return what came of the runs that ended; jobs of a batch that did not succeed in it will be run alone.

        A runner that stops drops what was cancelled: it stays in the spool.
        """
        settled = []
        for run in [run for run in self._runs if run.done()]:
            works = self._runs.pop(run).works
            error = run.exception()
            reports = {} if error else run.result()
            if len(works) > 1 and not is_stopping:
                log.info("of %d jobs in one run %d succeeded", len(works), len(reports))
                self._single_until = 0.0 if reports else time.monotonic() + WITHOUT_BATCHES_S
            for work in works:
                if work.name in reports:
                    settled.append(Settled(work, reports[work.name]))
                elif len(works) == 1:
                    settled.append(Settled(work, None, error))
                elif not is_stopping:
                    self._alone.append(work)
        return settled

    def end(self) -> None:
        """Wait for the threads, which have nothing more to do."""
        self._pool.shutdown()
