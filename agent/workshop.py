"""Where an admitted job is worked on: its private folder, its lock, its progress, its report."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from agent.claim import remove
from agent.jobs import Job, Outcome, Report
from agent.orphans import end_orphans
from agent.progress import ProgressFile
from agent.project import Project
from agent.provision import Run, play
from agent.report import Verdict, compose, judge
from agent.settings import Settings
from agent.spool import Attempt, Spool

log = logging.getLogger(__name__)

CANCELLED = "canceled"
_LOOKS, _LOOK_S = 50, 0.1


class Workshop:
    """The work on one job after the other, with the last good version of the project.

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
        self._beat = beat
        self._is_cancelled = is_cancelled

    def clear(self) -> None:
        """Wipe what runs that were killed have left in their private folders."""
        for left in self._settings.run_dir.iterdir():
            remove(left)

    def work(self, job: Job, payload: bytes) -> Report | None:
        """Bring the account into the state that *job* asks for and return the report; None when it was cancelled.

        Raises:
            OSError: this server cannot work at the moment (disk full); nothing is known of the job.
        """
        started_at = datetime.now(UTC)
        secrets = (job.account.password_hash, job.account.password_hash.rsplit("$", 1)[-1])
        progress = ProgressFile(
            self._spool, Attempt(job.job_id, job.epoch, job.attempt), host=job.host, secrets=secrets
        )
        version = self._project.current
        if version is None:
            reason = self._project.refused or "it was not read yet"
            verdict = Verdict(Outcome.ERRORED, f"there are no working playbooks in {self._project.source}: {reason}")
            return compose(job, verdict, started_at=started_at, log=(), secrets=secrets)
        run = self._run(job, payload, version, progress)
        if run.status == CANCELLED:
            return None
        log = [*self._preface(version), *run.log]
        return compose(job, judge(run, job.host), started_at=started_at, log=log, secrets=secrets)

    def _run(self, job: Job, payload: bytes, version: Path, progress: ProgressFile) -> Run:
        def is_cancelled() -> bool:
            self._beat()
            progress.renew()
            return self._is_cancelled()

        locks = self._settings.state_dir / "locks"
        private = self._settings.run_dir / f"{job.job_id}.{job.epoch}.{job.attempt}"
        shutil.rmtree(private, ignore_errors=True)
        private.mkdir(mode=0o700)
        try:
            progress.add(f"playbooks {version.name[:12]}", "started")
            if self._project.refused:
                progress.add(f"an edit is not in use: {self._project.refused}", "skipped")
            return play(
                project=version,
                playbook=self._settings.playbook,
                inventory=self._settings.inventory,
                host=job.host,
                payload=payload,
                private=private,
                launcher=self._settings.state_dir / "bin",
                locks=[locks / job.account.id],
                warm=self._settings.warm_socket if self._settings.warm else None,
                mark=self._mark,
                timeout_s=self._settings.run_timeout_s,
                on_step=progress.add,
                is_cancelled=is_cancelled,
            )
        finally:
            end_orphans(self._mark)
            _wipe(private)

    def _preface(self, version: Path) -> list[str]:
        lines = [f"playbooks {version.name[:12]}"]
        if self._project.refused:
            lines.append(f"an edit of {self._project.source} is not in use: {self._project.refused}")
        return lines


def _wipe(private: Path) -> None:
    """Remove a run's folder; the last processes of a run that was dropped may still be dying in it."""
    for _ in range(_LOOKS):
        shutil.rmtree(private, ignore_errors=True)
        if not private.exists():
            return
        time.sleep(_LOOK_S)
    log.warning("%s cannot be removed; the next start wipes it", private)
