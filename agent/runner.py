"""The runner (root): takes signed jobs out of the spool, runs the playbook for each, reports.

It speaks to nobody but the spool. Killed at any point it converges: a job stays in cur until its report is kept.
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent import durable, notify, orphans
from agent import report as reports
from agent.admission import ForeignJobError, LateJobError, admit, identify
from agent.backoff import pause_s
from agent.claim import HostileFileError, claim, expected, park, reclaim, remove, waiting
from agent.fence import FenceError, StaleJobError
from agent.jobs import Job, JobRefusedError, Outcome, Report
from agent.journal import open_journal, printable
from agent.keys import KeyFileError, api_key
from agent.progress import Beat
from agent.project import Project
from agent.provision import provide_launcher
from agent.settings import DEFAULT_FILE, Settings, SettingsError, load
from agent.spool import Spool
from agent.wake import Wake
from agent.workshop import Workshop

log = logging.getLogger("runner")

EX_TEMPFAIL = 75
EX_CONFIG = 78
_UNSETTLED_S = 0.4


class _Retry(NamedTuple):
    """When to try again what this server itself could not do."""

    at: float
    failures: int


class Runner:
    """One job at a time; a job that cannot be worked on now is put off and holds up no other."""

    def __init__(self, settings: Settings, key: Ed25519PublicKey, mark: str) -> None:
        self.settings = settings
        self.spool = Spool(settings.spool_dir)
        self.fences = settings.state_dir / "fences"
        self.is_stopping = False
        self.is_cancelled = False
        self._key = key
        self._beat = Beat(self.spool)
        self.project = Project(
            settings.project_dir,
            settings.state_dir / "good",
            host=settings.host,
            playbook=settings.playbook,
            inventory=settings.inventory,
            beat=self.beat,
        )
        self._workshop = Workshop(
            settings, self.project, mark=mark, beat=self.beat, is_cancelled=lambda: self.is_cancelled
        )
        self._put_off: dict[str, _Retry] = {}
        self._undelivered: dict[str, Report] = {}

    def beat(self) -> None:
        """Show systemd and the courier that the runner lives."""
        notify.tell("WATCHDOG=1")
        try:
            self._beat.renew()
        except OSError as error:
            log.warning("the spool cannot be written: %s", error)

    def recover(self) -> None:
        """Clear away what a killed runner left; its jobs are still in cur and are taken up again."""
        self._workshop.clear()
        for left in self.spool.cur.iterdir():
            if expected(left.name) is None:
                remove(left)

    def turn(self) -> None:
        """Work on everything that is due, the interrupted first; also bring the project up to date."""
        for folder in (self.spool.cur, self.spool.new):
            for name in waiting(folder):
                if self.is_stopping:
                    return
                self._bring_up_to_date()
                retry = self._put_off.get(name)
                if retry is None or retry.at <= time.monotonic():
                    self._handle(folder, name)
        self._bring_up_to_date()

    def run(self, wake: Wake) -> None:
        """Turn and wait until told to stop."""
        notify.tell("READY=1")
        while not self.is_stopping:
            try:
                self.turn()
            except OSError:
                log.exception("the spool in %s cannot be read; trying again", self.spool.root)
            wake.wait(self.settings.rescan_s if self.project.is_settled else _UNSETTLED_S)
        notify.tell("STOPPING=1")

    def _bring_up_to_date(self) -> None:
        self.beat()
        before = self.project.refused
        self.project.refresh()
        if self.project.refused != before:
            notify.tell(f"STATUS=an edit is not in use: {self.project.refused}" if self.project.refused else "STATUS=")

    def _handle(self, folder: Path, name: str) -> None:
        """See one file of the spool to its end, or put it off."""
        try:
            self._advance(folder, name)
        except FileNotFoundError as error:
            if str(error.filename) != str(folder / name):
                self._postpone(name, error)
        except (HostileFileError, JobRefusedError, ForeignJobError, StaleJobError) as error:
            self._park(folder, name, error)
        except Exception as error:  # noqa: BLE001  # one poisoned job must not hold up the others
            self._postpone(name, error)
        else:
            self._put_off.pop(name, None)

    def _advance(self, folder: Path, name: str) -> None:
        attempt = expected(name)
        if attempt is None:
            raise JobRefusedError("the courier makes no such names")
        if report := self._undelivered.get(name):
            self._finish(name, report)
            return
        content = claim(self.spool, name) if folder == self.spool.new else reclaim(self.spool, name)
        job, payload = identify(name, content, key=self._key, host=self.settings.host)
        if reports.deliver_again(self.spool, attempt):
            (self.spool.cur / name).unlink()
            return
        durable.write(self.spool.cur / name, content)  # an inode of our own: the courier may hold the old one open
        try:
            admit(job, self.fences, datetime.now(UTC))
        except (LateJobError, FenceError) as error:
            self._finish(name, self._not_tried(job, str(error)))
            return
        self._work(name, job, payload)

    def _work(self, name: str, job: Job, payload: bytes) -> None:
        notify.tell(f"STATUS=working on {job.account.name}")
        log.info("%s: attempt %d.%d of job %s begins", job.account.name, job.epoch, job.attempt, job.job_id)
        try:
            report = self._workshop.work(job, payload)
        except OSError as error:
            log.warning("%s: could not be tried: %s", job.account.name, error)
            report = self._not_tried(job, f"{job.host} cannot work: {error}")
        except Exception as error:
            log.exception("%s: the runner itself failed", job.account.name)
            report = self._not_tried(job, f"the runner itself failed ({type(error).__name__}); see its journal")
        notify.tell("STATUS=")
        if report is None:
            log.warning("%s: dropped unfinished, the next start takes it up again", job.account.name)
            return
        log.info("%s: %s, changed=%d %s", job.account.name, report.outcome, report.changed, report.problem or "")
        self._finish(name, report)

    def _finish(self, name: str, report: Report) -> None:
        self._undelivered[name] = report
        reports.deliver(self.spool, report)
        (self.spool.cur / name).unlink(missing_ok=True)
        del self._undelivered[name]

    def _not_tried(self, job: Job, problem: str) -> Report:
        verdict = reports.Verdict(Outcome.ERRORED, problem)
        return reports.compose(job, verdict, started_at=datetime.now(UTC), log=(), secrets=(job.account.password_hash,))

    def _park(self, folder: Path, name: str, reason: Exception) -> None:
        where = self.spool.cur if os.path.lexists(self.spool.cur / name) else folder
        try:
            aside = park(self.spool, where, name)
        except OSError as error:
            self._postpone(name, error)
            return
        log.error("parked %s as %s: %s", printable(ascii(name)), aside, reason)

    def _postpone(self, name: str, error: Exception) -> None:
        failures = self._put_off[name].failures + 1 if name in self._put_off else 1
        wait_s = pause_s(failures)
        self._put_off[name] = _Retry(time.monotonic() + wait_s, failures)
        log.error("%s is put off for %.0f s: %s", printable(ascii(name)), wait_s, error, exc_info=error)


def _stop_on_signals(runner: Runner, wake: Wake) -> None:
    """First SIGTERM: finish the running job. Second: drop it, the next start takes it up again."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        runner.is_cancelled = runner.is_stopping
        runner.is_stopping = True
        wake.interrupt()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _prepare(settings: Settings) -> None:
    os.umask(0o077)
    for folder in (settings.state_dir, settings.run_dir):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("fences", "good", "locks", "bin"):
        (settings.state_dir / name).mkdir(exist_ok=True)
    provide_launcher(settings.state_dir / "bin")


@click.command()
@click.option("--config", type=click.Path(path_type=Path), default=DEFAULT_FILE, show_default=True)
@click.option("--once", is_flag=True, help="Work on what is there and end.")
@click.option("--verbose", is_flag=True)
def main(config: Path, *, once: bool, verbose: bool) -> None:
    """Run the playbooks for the jobs in the spool, as root."""
    open_journal(verbose=verbose)
    try:
        settings = load(config)
        key = api_key(settings.job_public_key_file)
    except (SettingsError, KeyFileError) as error:
        log.critical("%s", error)
        sys.exit(EX_CONFIG)
    _prepare(settings)
    with (settings.state_dir / "lock").open("w") as alone:
        try:
            fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.critical("another runner works on %s", settings.state_dir)
            sys.exit(EX_TEMPFAIL)
        mark = orphans.own_mark(settings.state_dir)
        orphans.end_orphans(mark)
        runner = Runner(settings, key, mark)
        runner.recover()
        trees = [settings.project_dir / part for part in ("playbooks", "inventory", "templates")]
        with Wake([runner.spool.new, settings.project_dir], trees) as wake:
            _stop_on_signals(runner, wake)
            if once:
                runner.turn()
            else:
                runner.run(wake)
