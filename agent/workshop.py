"""Where admitted jobs are worked on, one or several in a run: private folder, locks, progress, reports."""

from __future__ import annotations

import itertools
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from agent.claim import remove
from agent.jobs import Job, Outcome, Report
from agent.orphans import end_orphans
from agent.progress import ProgressFile, Status
from agent.project import Project
from agent.provision import Run, play
from agent.report import Verdict, compose, judge, judge_in_batch, log_in_batch
from agent.settings import Settings
from agent.spool import Attempt, Spool

log = logging.getLogger(__name__)

CANCELLED = "canceled"
ENDED_BY_ITSELF = ("successful", "failed")
_LOOKS, _LOOK_S = 50, 0.1
_LOCK_WAIT_S, _LOCK_WAIT_IN_BATCH_S = 60, 1


class Work(NamedTuple):
    """An admitted job under its name in the spool, and its payload as it was signed."""

    name: str
    job: Job
    payload: bytes

    @property
    def attempt(self) -> Attempt:
        """Return the attempt that the job is."""
        return Attempt(self.job.job_id, self.job.epoch, self.job.attempt)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what must not leave the server."""
        whole = self.job.account.password_hash
        return (whole, whole.rsplit("$", 1)[-1])


class Workshop:
    """The work on jobs, with the last good version of the project; runs may go on side by side.

    *beat* is called every second of a run; *is_cancelled* tells whether to drop it unfinished.
    """

    def __init__(
        self,
        settings: Settings,
        project: Project,
        *,
        mark: str,
        beat: Callable[[], None],
        is_cancelled: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._spool = Spool(settings.spool_dir)
        self._project = project
        self._mark = mark
        self._serial = itertools.count(1)
        self._beat = beat
        self._is_cancelled = is_cancelled

    def clear(self) -> None:
        """Wipe what runs that were killed have left in their private folders."""
        for left in self._settings.run_dir.iterdir():
            remove(left)

    def work(self, works: Sequence[Work]) -> dict[str, Report]:
        """Bring the accounts of *works* into the states that are asked for, in one run; return reports by name.

        Of one job there is a report unless it was cancelled. Of several there are only successes: whatever else
        came of the others, they have to be worked on alone.

        Raises:
            OSError: this server cannot work at the moment (disk full); nothing is known of the jobs.
        """
        started_at = datetime.now(UTC)
        with self._project.using() as version:
            if version is None:
                return {work.name: self._without_playbooks(work, started_at) for work in works}
            run = self._run(works, version)
            preface = self._preface(version)
        if run.status == CANCELLED:
            return {}
        if len(works) == 1:
            (work,) = works
            verdict = judge(run, work.job.host)
            return {work.name: _compose(work, verdict, started_at, [*preface, *run.log])}
        reports = {}
        for work in works:
            if verdict_in_batch := judge_in_batch(run, work.job.host, work.attempt.stem):
                lines = [*preface, *log_in_batch(run, work.attempt.stem, len(works))]
                reports[work.name] = _compose(work, verdict_in_batch, started_at, lines)
        return reports

    def _without_playbooks(self, work: Work, started_at: datetime) -> Report:
        reason = self._project.refused or "it was not read yet"
        verdict = Verdict(Outcome.ERRORED, f"there are no working playbooks in {self._project.source}: {reason}")
        return _compose(work, verdict, started_at, [])

    def _run(self, works: Sequence[Work], version: Path) -> Run:
        shown = [ProgressFile(self._spool, work.attempt, host=work.job.host, secrets=work.secrets) for work in works]

        def tell(task: str, status: Status) -> None:
            for progress in shown:
                progress.add(task, status)

        def is_cancelled() -> bool:
            self._beat()
            for progress in shown:
                progress.renew()
            return self._is_cancelled()

        tell(f"playbooks {version.name[:12]}", "started")
        if self._project.refused:
            tell(f"an edit is not in use: {self._project.refused}", "skipped")
        is_batch = len(works) > 1
        with self._private(f"{works[0].attempt.stem}-{len(works)}") as (private, mark):
            run = play(
                project=version,
                playbook=self._settings.playbook,
                inventory=self._settings.inventory,
                host=works[0].job.host,
                payloads={work.attempt.stem: work.payload for work in works},
                private=private,
                launcher=self._settings.state_dir / "bin",
                locks=[self._settings.state_dir / "locks" / work.job.account.id for work in works],
                lock_wait_s=_LOCK_WAIT_IN_BATCH_S if is_batch else _LOCK_WAIT_S,
                warm=self._settings.warm_socket if self._settings.warm else None,
                mark=mark,
                timeout_s=self._settings.run_timeout_s,
                on_step=(lambda _task, _status: None) if is_batch else tell,
                is_cancelled=is_cancelled,
            )
            if run.status not in ENDED_BY_ITSELF:
                end_orphans(mark)
        return run

    @contextmanager
    def _private(self, name: str) -> Iterator[tuple[Path, str]]:
        """Have a folder and a mark for one run alone; what the run leaves behind ends with the block."""
        private, mark = self._settings.run_dir / name, f"{self._mark}.{next(self._serial)}"
        shutil.rmtree(private, ignore_errors=True)
        private.mkdir(mode=0o700)
        try:
            yield private, mark
        except BaseException:
            end_orphans(mark)
            raise
        finally:
            _wipe(private)

    def _preface(self, version: Path) -> list[str]:
        lines = [f"playbooks {version.name[:12]}"]
        if self._project.refused:
            lines.append(f"an edit of {self._project.source} is not in use: {self._project.refused}")
        return lines


def _compose(work: Work, verdict: Verdict, started_at: datetime, lines: Sequence[str]) -> Report:
    return compose(work.job, verdict, started_at=started_at, log=lines, secrets=work.secrets)


def _wipe(private: Path) -> None:
    """Remove a run's folder; the last processes of a run that was dropped may still be dying in it."""
    for _ in range(_LOOKS):
        shutil.rmtree(private, ignore_errors=True)
        if not private.exists():
            return
        time.sleep(_LOOK_S)
    log.warning("%s cannot be removed; the next start wipes it", private)
