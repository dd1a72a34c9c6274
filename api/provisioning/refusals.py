"""What agents were refused, in the journal: seen by people, and capped, so that a flood cannot fill it."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

from api import journal

MOST_A_MINUTE = 120
"""Rows a minute, actor and process; what comes beyond is refused all the same, only not written down."""

NOBODY = "unknown"
"""Actor of what nobody's key signed."""

_WRITTEN: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MOST_A_MINUTE))


async def note(
    event: str,
    host: str,
    *,
    subject: str = "host",
    subject_id: str | None = None,
    facts: Mapping[str, Any] | None = None,
    is_proven: bool = True,
) -> None:
    """Write that *host* was refused, or somebody who only said so. Call it outside of the transaction that it ends."""
    actor, now = journal.host(host) if is_proven else NOBODY, time.monotonic()
    written = _WRITTEN[actor]
    if len(written) == MOST_A_MINUTE and now - written[0] < 60:  # noqa: PLR2004 (a minute in seconds)
        return
    written.append(now)
    await journal.write(subject=subject, subject_id=subject_id or host, event=event, actor=actor, facts=facts)
