"""What a process holds in its memory is nobody else's: not even of a process of the same user, or of its own child."""

from __future__ import annotations

import ctypes

PR_SET_DUMPABLE = 4
"""prctl(2): at 0 no other process of this user may read or write this one's memory or trace it; no core is dumped."""


def keep_to_itself() -> None:
    """Close this process's memory to all others without privileges; programs that it starts begin open again.

    Raises:
        OSError: the kernel refuses.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the memory of this process cannot be closed to others")
