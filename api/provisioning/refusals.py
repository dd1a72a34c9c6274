"""What agents were refused, in the journal: seen by people, and capped, so that a flood cannot fill it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from api import journal

MOST_A_MINUTE = 120
"""Rows a minute and process; what comes beyond is refused all the same, only not written down."""

_WRITTEN: deque[float] = deque(maxlen=MOST_A_MINUTE)


async def note(
    event: str,
    host: str,
    *,
    subject: str = "host",
    subject_id: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write that *host* was refused. Call it outside of the transaction that the refusal ends."""
    now = time.monotonic()
    if len(_WRITTEN) == MOST_A_MINUTE and now - _WRITTEN[0] < 60:  # noqa: PLR2004 (a minute in seconds)
        return
    _WRITTEN.append(now)
    await journal.write(
        subject=subject, subject_id=subject_id or host, event=event, actor=journal.host(host), facts=facts
    )
