"""The runner (root): takes signed jobs out of the spool, runs the playbook for each, reports.

It speaks to nobody but the spool. What is queued for different accounts goes into one run.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent import notify, orphans
from agent.alone import NotAloneError, alone_on
from agent.claim import waiting
from agent.intray import Intray
from agent.journal import open_journal
from agent.keys import KeyFileError, api_key
from agent.lanes import Lanes
from agent.progress import Beat
from agent.project import Project
from agent.provision import provide_launcher
from agent.settings import DEFAULT_FILE, Settings, SettingsError, load
from agent.spool import Spool
from agent.wake import Wake
from agent.workshop import Work, Workshop

log = logging.getLogger("runner")

EX_TEMPFAIL = 75
EX_CONFIG = 78
_UNSETTLED_S = 0.6


class Runner:
    """The loop: keep the project up to date, work on what the listing shows, wait for a hint or a while."""

    def __init__(self, settings: Settings, key: Ed25519PublicKey, mark: str, wake: Wake, edits: Wake) -> None:
        self._settings = settings
        self._spool = Spool(settings.spool_dir)
        self._is_stopping = False
        self._is_cancelled = False
        self._beat = Beat(self._spool)
        self._project = Project(
            settings.project_dir,
            settings.state_dir / "good",
            host=settings.host,
            playbook=settings.playbook,
            inventory=settings.inventory,
            beat=self.beat,
        )
        self._workshop = Workshop(
            settings, self._project, mark=mark, beat=self.beat, is_cancelled=lambda: self._is_cancelled
        )
        self._intray = Intray(settings, self._spool, key)
        self._lanes = Lanes(self._workshop, most=settings.batch, wake_up=wake.interrupt)
        self._wake, self._edits = wake, edits
        #: What an earlier runner was working on when it died. It may have died of it: each is run alone.
        self._interrupted: set[str] = set()

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
        self._intray.clear()
        self._interrupted = set(waiting(self._spool.cur))

    def stop(self) -> None:
        """Finish the running job and end; asked a second time, drop it: the next start takes it up again."""
        self._is_cancelled = self._is_stopping
        self._is_stopping = True

    def turn(self) -> None:
        """Report what is finished, and begin what is due, the interrupted first; bring the project up to date."""
        self._bring_up_to_date()
        for settled in self._lanes.collect(is_stopping=self._is_stopping):
            self._intray.settle(settled)
        while not self._is_stopping and (room := self._lanes.room):
            if self._lanes.start_alone():
                continue
            works = self._gather(room)
            if not works:
                return
            self._lanes.start(works)

    def _gather(self, room: int) -> list[Work]:
        """Take jobs of different accounts out of the spool, as many as there are and a run may have."""
        under_way = self._lanes.works
        names, busy = {work.name for work in under_way}, {work.job.account.id for work in under_way}
        works: list[Work] = []
        for folder in (self._spool.cur, self._spool.new):
            for name in waiting(folder):
                if name in names or not self._intray.is_due(name):
                    continue
                if name in self._interrupted and works:
                    continue
                if work := self._intray.take(folder, name, busy):
                    works.append(work)
                    busy.add(work.job.account.id)
                if len(works) == room or (works and name in self._interrupted):
                    return works
        return works

    def run(self) -> None:
        """Turn and wait until told to stop; then let what is under way end."""
        notify.tell("READY=1")
        while True:
            try:
                self.turn()
            except OSError:
                log.exception("the spool in %s cannot be read; trying again", self._spool.root)
            if self._is_stopping and self._lanes.are_idle:
                break
            is_quiet = self._project.is_settled and self._lanes.are_idle
            self._wake.wait(self._settings.rescan_s if is_quiet else _UNSETTLED_S, self._edits)
        notify.tell("STOPPING=1")
        self._lanes.end()

    def run_once(self) -> None:
        """Work on what is there, and end."""
        self.turn()
        while not self._lanes.are_idle:
            self._wake.wait(_UNSETTLED_S)
            self.turn()
        self._lanes.end()

    def _bring_up_to_date(self) -> None:
        self.beat()
        self._project.refresh(is_stirred=self._edits.is_stirred())
        refused = self._project.refused
        notify.tell(f"STATUS=an edit is not in use: {refused}" if refused else "STATUS=")


def _listen_to_signals(runner: Runner, wake: Wake) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        runner.stop()
        wake.interrupt()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _prepare(settings: Settings) -> None:
    """Make the runner's own folders, which nobody else may look into."""
    os.umask(0o077)
    for folder in (settings.state_dir, settings.run_dir):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("fences", "good", "locks", "bin"):
        (settings.state_dir / name).mkdir(exist_ok=True)
    provide_launcher(settings.state_dir / "bin")


def _work(settings: Settings, key: Ed25519PublicKey, *, once: bool) -> None:
    mark = orphans.own_mark(settings.state_dir)
    orphans.end_orphans(mark)
    trees = [settings.project_dir / part for part in ("playbooks", "inventory", "templates")]
    with Wake([settings.spool_dir / "new"]) as wake, Wake([settings.project_dir], trees) as edits:
        runner = Runner(settings, key, mark, wake, edits)
        runner.recover()
        _listen_to_signals(runner, wake)
        if once:
            runner.run_once()
        else:
            runner.run()


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
    try:
        with alone_on(settings.state_dir):
            _work(settings, key, once=once)
    except NotAloneError as error:
        log.critical("%s", error)
        sys.exit(EX_TEMPFAIL)
