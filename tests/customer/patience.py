"""Waiting for something that happens elsewhere."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class TookTooLongError(AssertionError):
    """What was waited for did not happen in time."""


def wait_for(what: str, look: Callable[[], T | None], *, timeout_s: float, every_s: float = 0.25) -> T:
    """Call *look* until it returns something other than None or False, and return that.

    Raises:
        TookTooLongError: *what* did not happen within *timeout_s*.
    """
    end = time.monotonic() + timeout_s
    while not (found := look()):
        if time.monotonic() > end:
            raise TookTooLongError(f"{what}: not within {timeout_s:g} s")
        time.sleep(every_s)
    return found
