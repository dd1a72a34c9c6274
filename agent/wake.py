"""inotify as a hint: something changed, go and list. The only place that knows pyinotify.

Events get lost (overflow, names that are not UTF-8, recreated folders), therefore none is ever read for what it
says: any event, readable or not, only ends a wait, and every wait ends by itself after a while.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import warnings
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # asyncore, gone from Python 3.12 on and replaced there
    import pyinotify

log = logging.getLogger(__name__)
pyinotify.log.setLevel(logging.CRITICAL)

_CHANGED = (
    pyinotify.IN_MOVED_TO
    | pyinotify.IN_MOVED_FROM
    | pyinotify.IN_CLOSE_WRITE
    | pyinotify.IN_CREATE
    | pyinotify.IN_DELETE
    | pyinotify.IN_ATTRIB
)
_ARRIVED = pyinotify.IN_MOVED_TO | pyinotify.IN_CLOSE_WRITE
_SELF = pyinotify.IN_DELETE_SELF | pyinotify.IN_MOVE_SELF | pyinotify.IN_ONLYDIR
_RENEW = (
    pyinotify.IN_DELETE_SELF
    | pyinotify.IN_MOVE_SELF
    | pyinotify.IN_IGNORED
    | pyinotify.IN_Q_OVERFLOW
    | pyinotify.IN_ISDIR
)


_READS_AT_ONCE = 16
"""Somebody may make events faster than they are read; what is left ends the next wait."""


class Wake:
    """Wait for arrivals in *folders* and for any change below *trees*, or for `interrupt` from a signal handler.

    A folder that does not exist yet, or is replaced, is watched as soon as it is there.
    """

    def __init__(self, folders: Iterable[Path], trees: Iterable[Path] = ()) -> None:
        self._folders = tuple(folders)
        self._trees = tuple(trees)
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._renew = True
        self._manager = self._notifier = None
        try:
            self._manager = pyinotify.WatchManager()
            self._notifier = pyinotify.Notifier(self._manager, default_proc_fun=self._note)
        except (OSError, pyinotify.PyinotifyError) as error:
            log.warning("inotify is not to be had (%s); folders are only listed every few seconds", error)
        self.drain()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._notifier is not None:
            self._notifier.stop()
        os.close(self._reader)
        os.close(self._writer)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable with an event, for an event loop; then call `drain`."""
        return self._reader if self._manager is None else int(self._manager.get_fd())

    def interrupt(self) -> None:
        """End the running or the next `wait`; may be called from a signal handler."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._writer, b"!")

    def wait(self, seconds: float, *others: Wake) -> None:
        """Return after *seconds*, or earlier when something may have changed, here or where *others* look."""
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        for wake in (self, *others):
            poll.register(wake.fileno(), select.POLLIN)
        poll.poll(max(0.0, seconds) * 1000)
        with contextlib.suppress(BlockingIOError):
            os.read(self._reader, 4096)
        self.drain()

    def is_stirred(self) -> bool:
        """Tell whether something may have changed since this was asked last; always, where inotify is not to be had."""
        if self._notifier is None:
            return True
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        stirred = bool(poll.poll(0)) or self._renew
        self.drain()
        return stirred

    def drain(self) -> None:
        """Throw away what inotify has to say, and watch again what is no longer watched."""
        if self._notifier is None:
            return
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        for _ in range(_READS_AT_ONCE):
            if not poll.poll(0):
                break
            try:
                self._notifier.read_events()
                self._notifier.process_events()
            except (UnicodeDecodeError, pyinotify.PyinotifyError, KeyError, AttributeError):
                self._renew = True
        if self._renew:
            self._watch()

    def _watch(self) -> None:
        assert self._manager is not None
        self._renew = False
        tree_folders = [folder for tree in self._trees for folder, _, _ in os.walk(tree)]
        wanted = [(str(folder), _ARRIVED) for folder in self._folders] + [(folder, _CHANGED) for folder in tree_folders]
        for folder, mask in wanted:
            result: dict[str, int] = self._manager.add_watch(folder, mask | _SELF)
            if result.get(folder, -1) < 0:
                self._renew = True
        if any(not tree.is_dir() for tree in self._trees):
            self._renew = True

    def _note(self, event: Any) -> None:
        if event.mask & _RENEW:
            self._renew = True
