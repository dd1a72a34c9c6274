"""P8: what the agent takes while nothing is to be done."""

from __future__ import annotations

import time

from tests.bench.hostsite import HostSite
from tests.bench.results import Figure, Results

REST_S = 60.0
MOST_MB, MOST_CPU = 120, 0.002


def measure(site: HostSite) -> Results:
    """Let the agent rest after work, and look at memory and processor time."""
    time.sleep(10)
    before, began = site.seconds("ticks"), time.monotonic()
    time.sleep(REST_S)
    share = (site.seconds("ticks") - before) / (time.monotonic() - began)
    shares = site.do(["memory"])[0]
    total = sum(shares.values())
    parts = ", ".join(f"{name} {value:.0f}" for name, value in shares.items())
    return {
        "P8": Figure(
            value=total,
            unit="MB",
            ratio=total / MOST_MB,
            goal="≤ 1",
            against=f"{MOST_MB} MB at rest",
            note=f"PSS: {parts}",
        ),
        "P8 CPU": Figure(
            value=share * 100, unit="%", ratio=share / MOST_CPU, goal="< 1", against="0.2 % of a core at rest"
        ),
    }
