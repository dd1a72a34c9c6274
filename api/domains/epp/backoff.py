"""How long to wait before a registry is tried again: logins that fail again and again get accounts locked."""

from __future__ import annotations

import time

FIRST_S, LONGEST_S = 0.5, 60.0
#: After a refused login: somebody has to change something first.
REFUSED_S = 300.0


class Backoff:
    """Counts failures in a row."""

    def __init__(self) -> None:
        self._failures = 0
        self._until = 0.0

    def left_s(self) -> float:
        """Return the seconds until the next try is due, 0 when it is."""
        return max(0.0, self._until - time.monotonic())

    def failed(self) -> None:
        """Try again at once after the first failure, then wait twice as long as the last time."""
        if self._failures:
            pause = min(LONGEST_S, FIRST_S * 2.0 ** min(self._failures - 1, 10))
            self._until = max(self._until, time.monotonic() + pause)
        self._failures += 1

    def refused(self) -> None:
        """Wait until somebody had the time to mend the account."""
        self._until = time.monotonic() + REFUSED_S

    def reset(self) -> None:
        """Forget: it worked."""
        self._failures, self._until = 0, 0.0
