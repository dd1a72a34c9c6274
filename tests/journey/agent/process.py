"""Start, kill and watch the agent's own programs, and wait for what they do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]


class Program:
    """A running courier or runner; its log is in *log*."""

    def __init__(self, name: str, config: Path, log: Path, user: int | None = None) -> None:
        self.log = log
        command = [sys.executable, "-c", f"from agent.{name} import main; main()", "--config", str(config)]
        groups: list[int] | None = None if user is None else []
        with log.open("ab") as sink:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stderr=sink, stdout=sink, user=user, group=user, extra_groups=groups
            )

    def wait(self, seconds: float) -> None:
        """Let it work for a while; it must not end by itself."""
        time.sleep(seconds)
        assert self.process.poll() is None, self.said()

    def kill(self) -> None:
        """End it without a word, as a power cut does; what it started goes on."""
        self.process.kill()
        self.process.wait()

    def stop(self, patience_s: float = 20.0) -> int:
        """Ask it to end and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(patience_s)

    def said(self) -> str:
        """Return its log so far."""
        return self.log.read_text()


@contextmanager
def running(name: str, config: Path, log: Path, user: int | None = None) -> Iterator[Program]:
    """Run a program for the length of a block; it is ended after a failure too."""
    program = Program(name, config, log, user)
    try:
        yield program
    finally:
        if program.process.poll() is None:
            try:
                program.stop()
            except subprocess.TimeoutExpired:
                os.kill(program.process.pid, signal.SIGKILL)
                raise


def eventually(holds: Callable[[], object], *, within_s: float = 20.0) -> None:
    """Wait until *holds*; fail when it does not in time."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)
