"""The courier: the way between the order API and the spool. It has the network, and no rights.

It keeps nothing in memory that matters: killed at any point, it goes on from the spool and its key.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from agent import notify
from agent.alone import NotAloneError, alone_on
from agent.backoff import pause_s
from agent.client import NOT_LET_IN, Api, ApiRefusedError, ApiUnreachableError, connect
from agent.delivery import Delivery
from agent.enrolment import Enrolment, NoTokenError
from agent.fetching import Fetching
from agent.journal import open_journal
from agent.keys import KeyFileError, api_key, own_key
from agent.leases import Leases
from agent.settings import DEFAULT_FILE, Settings, SettingsError, load
from agent.spool import Spool
from agent.wake import Wake

log = logging.getLogger("courier")

EX_TEMPFAIL = 75
EX_CONFIG = 78
LOOK_S = 1.0
STUCK_S = 180.0
BEAT_S = 5.0


class Courier:
    """The loops of the courier, and whether each of them still turns."""

    def __init__(self, settings: Settings, key: Ed25519PrivateKey, job_key: Ed25519PublicKey, api: Api) -> None:
        spool = Spool(settings.spool_dir)
        leases = Leases(spool, settings.silence_s)
        self._enrolment = Enrolment(settings, key, api)
        self._is_approved = asyncio.Event()
        self._fetching = Fetching(settings, job_key, spool, leases, api)
        self._delivery = Delivery(spool, leases, api)
        self._turned_at: dict[str, float] = {}
        self._changed = asyncio.Event()
        self._out = spool.out

    async def run(self, stop: asyncio.Event) -> None:
        """Work until *stop* is set; then leave everything where it is, the next start goes on with it."""
        notify.tell("READY=1")
        with Wake([self._out]) as wake:
            loop = asyncio.get_running_loop()
            loop.add_reader(wake.fileno(), self._note_change, wake)
            try:
                async with asyncio.TaskGroup() as tasks:
                    running = [
                        tasks.create_task(self._turn_for_ever("fetch", self._fetch)),
                        tasks.create_task(self._turn_for_ever("deliver", self._deliver)),
                        tasks.create_task(self._beat()),
                    ]
                    await stop.wait()
                    notify.tell("STOPPING=1")
                    for task in running:
                        task.cancel()
            finally:
                loop.remove_reader(wake.fileno())

    async def _fetch(self) -> None:
        if not self._is_approved.is_set():
            if await self._enrolment.turn():
                self._is_approved.set()
            return
        try:
            await self._fetching.turn()
        except ApiRefusedError as error:
            if error.status in NOT_LET_IN:
                self._is_approved.clear()  # enrolled elsewhere, retired, or the clock is wrong: ask how it stands
            raise

    async def _deliver(self) -> None:
        if self._is_approved.is_set():
            await self._delivery.turn()
        try:
            await asyncio.wait_for(self._changed.wait(), LOOK_S)
        except TimeoutError:
            return
        self._changed.clear()

    async def _turn_for_ever(self, name: str, turn: Callable[[], Awaitable[None]]) -> None:
        failures = 0
        while True:
            self._turned_at[name] = time.monotonic()
            try:
                await turn()
                failures = 0
            except Exception as error:  # whatever it was, the loop goes on
                failures += 1
                wait_s = pause_s(failures)
                is_known = isinstance(error, ApiUnreachableError | ApiRefusedError | NoTokenError | OSError)
                log.warning("%s: %s; again in %.0f s", name, error, wait_s, exc_info=None if is_known else error)
                await asyncio.sleep(wait_s)

    async def _beat(self) -> None:
        """Tell systemd that all loops turn, as long as they do."""
        while True:
            stuck = [name for name, at in self._turned_at.items() if time.monotonic() - at > STUCK_S]
            if stuck:
                log.error("stuck: %s", ", ".join(stuck))
            else:
                notify.tell("WATCHDOG=1")
            await asyncio.sleep(BEAT_S)

    def _note_change(self, wake: Wake) -> None:
        wake.drain()
        self._changed.set()


async def _run(settings: Settings, key: Ed25519PrivateKey, job_key: Ed25519PublicKey) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with connect(settings, key) as api:
        await Courier(settings, key, job_key, api).run(stop)


@click.command()
@click.option("--config", type=click.Path(path_type=Path), default=DEFAULT_FILE, show_default=True)
@click.option("--verbose", is_flag=True)
def main(config: Path, *, verbose: bool) -> None:
    """Carry jobs from the order API into the spool, and reports back."""
    open_journal(verbose=verbose)
    os.umask(0o077)
    try:
        settings = load(config)
        key = own_key(settings.key_file)
        job_key = api_key(settings.job_public_key_file)
    except (SettingsError, KeyFileError) as error:
        log.critical("%s", error)
        sys.exit(EX_CONFIG)
    try:
        with alone_on(settings.spool_dir / "tmp"):
            asyncio.run(_run(settings, key, job_key))
    except NotAloneError as error:
        log.critical("%s", error)
        sys.exit(EX_TEMPFAIL)
