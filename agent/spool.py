"""The spool between courier and runner: folders and names, and the courier's side of them.

tmp → new by the courier, new → cur → done or parked by the runner, reports and progress come back through out.
Renaming is the only transition. The runner's side, which trusts nothing here, is in `agent.claim`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple, Self

from agent import durable

_STEM = re.compile(r"([0-9a-f]{32})\.([1-9][0-9]{0,17})\.([1-9][0-9]{0,17})\Z")

JOB = ".job"
REPORT = ".report.json"
PROGRESS = ".progress.jsonl"
BEAT = "runner.beat"


class Attempt(NamedTuple):
    """Which attempt a file belongs to; the beginning of its name."""

    job_id: str
    epoch: int
    attempt: int

    @property
    def stem(self) -> str:
        """Return what the names of all files of this attempt begin with."""
        return f"{self.job_id}.{self.epoch}.{self.attempt}"

    @classmethod
    def of(cls, name: str, suffix: str) -> Self | None:
        """Return the attempt that *name* stands for, None when it is no name of the spool."""
        match = _STEM.match(name.removesuffix(suffix)) if name.endswith(suffix) else None
        return cls(match[1], int(match[2]), int(match[3])) if match else None


class Spool:
    """The folders of the spool below *root*."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tmp = root / "tmp"
        self.new = root / "new"
        self.cur = root / "cur"
        self.done = root / "done"
        self.parked = root / "parked"
        self.out = root / "out"

    def hand_in(self, attempt: Attempt, file: bytes) -> None:
        """Give a job *file* to the runner; the same again replaces the one that still waits."""
        durable.write(self.new / (attempt.stem + JOB), file, beside=self.tmp)

    def is_queued(self, attempt: Attempt) -> bool:
        """Tell whether the job still waits for the runner."""
        try:
            (self.new / (attempt.stem + JOB)).lstat()
        except FileNotFoundError:
            return False
        return True

    def withdraw(self, attempt: Attempt) -> None:
        """Take a job back that the runner has not begun."""
        (self.new / (attempt.stem + JOB)).unlink(missing_ok=True)

    def reported(self) -> set[Attempt]:
        """Return the attempts whose reports the API has not acknowledged yet."""
        found = (Attempt.of(path.name, REPORT) for path in self.out.iterdir())
        return {attempt for attempt in found if attempt is not None}

    def report(self, attempt: Attempt) -> bytes:
        """Return the report of an attempt as the runner wrote it."""
        return (self.out / (attempt.stem + REPORT)).read_bytes()

    def end_progress(self, attempt: Attempt) -> None:
        """Take the progress of an attempt away: nobody works on it any more and no report will come."""
        (self.out / (attempt.stem + PROGRESS)).unlink(missing_ok=True)

    def forget(self, attempt: Attempt) -> None:
        """Remove report and progress of an attempt, once they are acknowledged or refused for good."""
        for suffix in (REPORT, PROGRESS):
            (self.out / (attempt.stem + suffix)).unlink(missing_ok=True)

    def last_sign(self, attempt: Attempt) -> float:
        """Return when the runner last showed that it lives (seconds since the epoch); 0 = never."""
        return max(_changed_at(self.out / BEAT), _changed_at(self.out / (attempt.stem + PROGRESS)))

    def has_begun(self, attempt: Attempt) -> bool:
        """Tell whether the runner took the job: there is progress, or already a report."""
        return any((self.out / (attempt.stem + suffix)).exists() for suffix in (PROGRESS, REPORT))

    def progress(self, attempt: Attempt) -> list[bytes]:
        """Return the lines of progress so far."""
        try:
            lines = (self.out / (attempt.stem + PROGRESS)).read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        return [line for line in lines if line.endswith(b"\n")]


def _changed_at(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return 0.0
