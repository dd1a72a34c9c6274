"""The runs of the warm Ansible, each a fork of this process with its client's connection.

The death of a client is the end of its run, with all that the run started.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import selectors
import signal
import socket
from pathlib import Path
from typing import NoReturn

from agent import notify
from agent.environment import ansible_environment
from agent.errand import REFUSED, TAKEN, BrokenErrandError, Errand, answer, receive
from agent.playbook import become

log = logging.getLogger(__name__)

LOOK_S = 5.0
"""How often to look whether another version of the project is in use."""
_SET_PDEATHSIG, _SET_CHILD_SUBREAPER = 1, 36
_PER_RUN = ("ANSIBLE_HOME", "ANSIBLE_LOCAL_TEMP", "ANSIBLE_REMOTE_TEMP")


class Forks:
    """The runs under way, each a process with its client's connection."""

    def __init__(self, listener: socket.socket, version: Path) -> None:
        self._listener = listener
        self._version = version
        self._runs: dict[int, socket.socket] = {}
        self._is_ending = False
        self._selector = selectors.DefaultSelector()
        self._ears, self._mouth = socket.socketpair()
        self._ears.setblocking(False)
        self._mouth.setblocking(False)

    def serve(self, current: Path) -> None:
        """Take runs until told to end, or until the file *current* names another version; then wait for the last."""
        _take_in_orphans()
        self._listen()
        while self._runs or not self._is_done(current):
            for key, _ in self._selector.select(LOOK_S):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._ears:
                    self._hear()
                else:
                    self._hear_client(int(key.data))
            notify.tell("WATCHDOG=1")

    @property
    def is_ending(self) -> bool:
        """Tell whether this process was asked to end."""
        return self._is_ending

    def _is_done(self, current: Path) -> bool:
        return self._is_ending or version_in_use(current) != self._version

    def _listen(self) -> None:
        signal.set_wakeup_fd(self._mouth.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._ears, selectors.EVENT_READ)

    def _end(self, *_: object) -> None:
        self._is_ending = True

    def _hear(self) -> None:
        """Signals came; whichever, look what ended."""
        with contextlib.suppress(BlockingIOError):
            self._ears.recv(4096)
        self._reap()

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        try:
            errand = receive(connection)
        except BrokenErrandError as error:
            log.warning("%s", error)
            connection.close()
            return
        try:
            if self._is_mine(errand):
                self._begin(connection, errand)
            else:
                connection.sendall(REFUSED)
                connection.close()
        except OSError as error:
            log.warning("a run cannot begin: %s", error)
            connection.close()
        finally:
            errand.close()

    def _is_mine(self, errand: Errand) -> bool:
        """Tell whether this process was made for what the errand's environment configures."""
        frozen = ansible_environment(self._version, Path("/"))
        same = all(
            errand.environment.get(name) == value
            for name, value in frozen.items()
            if name.startswith("ANSIBLE_") and name not in _PER_RUN
        )
        return same and not self._is_done(self._version.parent / "current")

    def _begin(self, connection: socket.socket, errand: Errand) -> None:
        connection.sendall(TAKEN)
        process = os.fork()
        if process == 0:
            self._be_run(connection, errand)
        connection.setblocking(False)
        self._runs[process] = connection
        self._selector.register(connection, selectors.EVENT_READ, process)

    def _be_run(self, connection: socket.socket, errand: Errand) -> NoReturn:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL if number != signal.SIGINT else signal.default_int_handler)
        for other in (connection, self._listener, self._ears, self._mouth, *self._runs.values()):
            other.close()
        self._selector.close()
        _take_in_orphans()
        os.register_at_fork(after_in_child=_die_with_parent)
        _die_with_parent()
        become(errand)

    def _hear_client(self, process: int) -> None:
        """Pass a client's signals on to its run; a client that is gone takes its run along."""
        connection = self._runs.get(process)
        if connection is None:
            return
        try:
            heard = connection.recv(16)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        for number in heard or bytes([signal.SIGKILL]):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process, number)
        if not heard:
            self._selector.unregister(connection)

    def _reap(self) -> None:
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if process == 0:
                break
            if connection := self._runs.pop(process, None):
                self._finish(connection, os.waitstatus_to_exitcode(status))
        for stranger in children(os.getpid()) - self._runs.keys():
            with contextlib.suppress(ProcessLookupError):
                os.kill(stranger, signal.SIGKILL)

    def _finish(self, connection: socket.socket, exit_code: int) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(connection)
        with contextlib.suppress(OSError):
            answer(connection, exit_code)
        connection.close()


def children(parent: int) -> set[int]:
    """Return the processes that *parent* has to wait for; those of an ended run become ours."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                if int(fields[1]) == parent:
                    found.add(int(entry.name))
    return found


def version_in_use(current: Path) -> Path | None:
    """Return the folder of the version that the file *current* names, None if there is none."""
    try:
        return current.parent / current.read_text().strip()
    except FileNotFoundError:
        return None


_prctl = ctypes.CDLL(None).prctl


def _take_in_orphans() -> None:
    """Become the parent of all that is left over below this process."""
    _prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _die_with_parent() -> None:
    """End with the process that forked this one, however that ends."""
    _prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
