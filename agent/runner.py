"""The runner (root): takes signed jobs out of the spool, runs the playbook for each, reports.

It speaks to nobody but the spool, and works on one job at a time.
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
_UNSETTLED_S = 0.6


class Runner:
    """The loop: keep the project up to date, work on what the listing shows, wait for a hint or a while."""

    def __init__(self, settings: Settings, key: Ed25519PublicKey, mark: str) -> None:
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
        self._intray = Intray(settings, self._spool, key, self._workshop)

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

    def stop(self) -> None:
        """Finish the running job and end; asked a second time, drop it: the next start takes it up again."""
        self._is_cancelled = self._is_stopping
        self._is_stopping = True

    def turn(self) -> None:
        """Work on everything that is due, the interrupted first; also bring the project up to date."""
        self._bring_up_to_date()
        for folder in (self._spool.cur, self._spool.new):
            for name in waiting(folder):
                if self._is_stopping:
                    return
                if self._intray.is_due(name):
                    self._intray.handle(folder, name)
                    self._bring_up_to_date()

    def run(self, wake: Wake) -> None:
        """Turn and wait until told to stop."""
        notify.tell("READY=1")
        while not self._is_stopping:
            try:
                self.turn()
            except OSError:
                log.exception("the spool in %s cannot be read; trying again", self._spool.root)
            wake.wait(self._settings.rescan_s if self._project.is_settled else _UNSETTLED_S)
        notify.tell("STOPPING=1")

    def _bring_up_to_date(self) -> None:
        self.beat()
        self._project.refresh()
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
    runner = Runner(settings, key, mark)
    runner.recover()
    trees = [settings.project_dir / part for part in ("playbooks", "inventory", "templates")]
    with Wake([settings.spool_dir / "new", settings.project_dir], trees) as wake:
        _listen_to_signals(runner, wake)
        if once:
            runner.turn()
        else:
            runner.run(wake)


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
