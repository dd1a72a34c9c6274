"""The jobs that this server has accepted and not yet accounted for, and whether their leases may be kept.

A lease says "it is being worked on", so it is kept only while that is true: the job waits in the spool or was
begun, and the runner lives. The ledger is a file per job in the spool's tmp folder, so that a courier that was
killed goes on where it was.
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from agent import durable
from agent.spool import Attempt, Spool

HELD = ".held"
GRACE_S = 30.0
"""How long a job may be neither waiting nor begun: the moment between being taken and the first progress."""


class Held(msgspec.Struct):
    """One accepted job: when it was handed in, how many lines of progress the API has, and when to renew."""

    handed_at: float
    sent: int = 0
    renew_at: float = 0.0
    called_at: float = 0.0


class _Entry(msgspec.Struct, frozen=True):
    handed_at: float
    sent: int


class Leases:
    """The ledger of accepted jobs."""

    def __init__(self, spool: Spool, silence_s: float) -> None:
        self._spool = spool
        self._silence_s = silence_s
        self.held: dict[Attempt, Held] = {}
        for path in spool.tmp.iterdir():
            if attempt := Attempt.of(path.name, HELD):
                self.held[attempt] = _read(path)
            else:
                path.unlink()  # torn by a kill before it was renamed

    def hold(self, attempt: Attempt, lease_s: float) -> None:
        """Remember *attempt* before it is handed in."""
        held = Held(time.time(), renew_at=time.monotonic() + lease_s / 3)
        self.held[attempt] = held
        self._write(attempt, held)

    def note_renewal(self, attempt: Attempt, lease_s: float, sent: int) -> None:
        """Remember that the API answered."""
        held = self.held.get(attempt)
        if held is None:
            return
        held.renew_at = time.monotonic() + lease_s / 3
        if sent != held.sent:
            held.sent = sent
            self._write(attempt, held)

    def drop(self, attempt: Attempt) -> None:
        """Forget *attempt*: it was reported, or belongs to somebody else by now."""
        self.held.pop(attempt, None)
        (self._spool.tmp / (attempt.stem + HELD)).unlink(missing_ok=True)

    def is_true(self, attempt: Attempt) -> bool:
        """Tell whether the job is really being seen to, by a runner that lives."""
        held = self.held[attempt]
        now = time.time()
        if now - max(self._spool.last_sign(attempt), held.handed_at) > self._silence_s:
            return False
        is_there = self._spool.is_queued(attempt) or self._spool.has_begun(attempt)
        return is_there or now - held.handed_at <= GRACE_S

    def _write(self, attempt: Attempt, held: Held) -> None:
        entry = _Entry(held.handed_at, held.sent)
        durable.write(self._spool.tmp / (attempt.stem + HELD), msgspec.json.encode(entry))


def _read(path: Path) -> Held:
    try:
        entry = msgspec.json.decode(path.read_bytes(), type=_Entry)
    except msgspec.MsgspecError:
        return Held(path.stat().st_mtime)
    return Held(entry.handed_at, entry.sent)
