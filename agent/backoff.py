"""How long to wait before trying again."""

from __future__ import annotations

import random

FIRST_S = 1.0
LONGEST_S = 60.0
_LAST_DOUBLING = 10


def pause_s(failures: int) -> float:
    """Return the seconds to wait after so many *failures* in a row: doubling, capped, with jitter.

    The jitter keeps a fleet from coming back all at once after the API was away.
    """
    ceiling = min(LONGEST_S, FIRST_S * float(1 << min(failures - 1, _LAST_DOUBLING)))
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
