"""The warm Ansible (root): has Ansible imported, and forks for each run that the runner asks for.

A run is warm for one version of the project. When another one comes into use, this process lets its runs end and
starts itself anew, with the same socket; until then it refuses, and the client becomes the real ansible-playbook.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
from pathlib import Path
from typing import NoReturn

import click

from agent import notify
from agent.alone import NotAloneError, alone_on
from agent.environment import ansible_environment
from agent.forks import LOOK_S, Forks, version_in_use
from agent.journal import open_journal
from agent.playbook import warm_up
from agent.settings import DEFAULT_FILE, Settings, SettingsError, load

log = logging.getLogger("warm")

EX_TEMPFAIL = 75
EX_CONFIG = 78
_LISTENER = "ANKUNFT_WARM_LISTENER"


def _listener(address: Path) -> socket.socket:
    """Return the listening socket: the one that this process had before it started anew, or a new one."""
    if known := os.environ.pop(_LISTENER, ""):
        return socket.socket(fileno=int(known))
    address.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    listener.bind(str(address))
    os.umask(mask)
    listener.listen(64)
    return listener


def _start_anew(listener: socket.socket) -> NoReturn:
    listener.set_inheritable(True)
    os.environ[_LISTENER] = str(listener.fileno())
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606


def _wait_for_version(current: Path) -> Path:
    """Return the version in use, once the runner found one good."""
    while not ((version := version_in_use(current)) and version.is_dir()):
        notify.tell("READY=1", "STATUS=waiting for the runner to find playbooks good", "WATCHDOG=1")
        time.sleep(LOOK_S)
    return version


def _warm_for(version: Path, own: Path) -> None:
    """Import Ansible as it is configured for *version*; *own* is an empty folder of this process."""
    own.mkdir(mode=0o700, exist_ok=True)
    os.environ.update(ansible_environment(version, own))
    os.chdir(version)
    warm_up(version)


def _serve(settings: Settings) -> None:
    current = settings.state_dir / "good" / "current"
    with _listener(settings.warm_socket) as listener:
        version = _wait_for_version(current)
        _warm_for(version, settings.warm_socket.parent / "own")
        log.info("warm for version %s", version.name[:12])
        notify.tell("READY=1", f"STATUS=warm for version {version.name[:12]}")
        forks = Forks(listener, version)
        forks.serve(current)
        if not forks.is_ending:
            log.info("another version is in use; starting anew")
            _start_anew(listener)
    notify.tell("STOPPING=1")


@click.command()
@click.option("--config", type=click.Path(path_type=Path), default=DEFAULT_FILE, show_default=True)
@click.option("--verbose", is_flag=True)
def main(config: Path, *, verbose: bool) -> None:
    """Keep Ansible imported and fork for each run that the runner asks for, as root."""
    open_journal(verbose=verbose)
    try:
        settings = load(config)
    except SettingsError as error:
        log.critical("%s", error)
        sys.exit(EX_CONFIG)
    os.umask(0o077)
    folder = settings.warm_socket.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with alone_on(folder):
            _serve(settings)
    except NotAloneError as error:
        log.critical("%s", error)
        sys.exit(EX_TEMPFAIL)
