"""What a run is doing, while it does it: lines that the courier passes on, and the runner's sign of life."""

from __future__ import annotations

import logging
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from agent.jobs import Progress
from agent.journal import printable
from agent.redact import redact
from agent.spool import BEAT, PROGRESS, Attempt, Spool

log = logging.getLogger(__name__)

MAX_LINES = 500
MAX_TASK_CHARS = 200
RENEW_S = 5.0

Status = Literal["started", "ok", "changed", "failed", "skipped"]


class ProgressFile:
    """The progress of one attempt in the spool's out folder, replaced as a whole at each step."""

    def __init__(self, spool: Spool, attempt: Attempt, *, host: str, secrets: tuple[str, ...] = ()) -> None:
        self._spool = spool
        self._name = attempt.stem + PROGRESS
        self._host = host
        self._secrets = secrets
        self._lines: list[bytes] = []
        self._written_at = 0.0

    def add(self, task: str, status: Status) -> None:
        """Append a step and show it."""
        if len(self._lines) < MAX_LINES:
            text = printable(redact(task, self._secrets))[:MAX_TASK_CHARS]
            step = Progress(datetime.now(UTC), text, status, self._host)
            self._lines.append(msgspec.json.encode(step) + b"\n")
        self._write()

    def renew(self) -> None:
        """Show that the run still lives, when there was no step for a while."""
        if time.monotonic() - self._written_at >= RENEW_S:
            self._write()

    def _write(self) -> None:
        self._written_at = time.monotonic()
        try:
            _show(self._spool, self._name, b"".join(self._lines))
        except OSError as error:
            log.warning("progress cannot be shown: %s", error)  # the run is worth more than its display


class Beat:
    """The runner's sign of life in the spool, for the courier."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._written_at = -RENEW_S
        self._lock = threading.Lock()

    def renew(self) -> None:
        """Show that the runner lives; cheap enough for every turn of a loop, in any thread."""
        with self._lock:
            if time.monotonic() - self._written_at >= RENEW_S:
                _show(self._spool, BEAT, b"")
                self._written_at = time.monotonic()


def _show(spool: Spool, name: str, content: bytes) -> None:
    """Put a file into out, which the courier may write: made in cur, renamed over whatever bears the name."""
    temporary: Path = spool.cur / f".{name}"
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        with os.fdopen(descriptor, "wb") as sink:
            os.fchmod(descriptor, 0o644)
            sink.write(content)
        temporary.rename(spool.out / name)
    except OSError:
        temporary.unlink()
        raise
