"""P4: another customer's page, under load, while a hundred accounts are made on the same server."""

from __future__ import annotations

import statistics
from concurrent.futures import ThreadPoolExecutor

from tests.bench.hostsite import HostSite, load
from tests.bench.results import Figure, Results

NEIGHBOUR, FIRST, HUNDRED = 8_400_000, 8_400_001, 100
ROUNDS, SECONDS, CONNECTIONS = 3, 15, 4


def measure(site: HostSite) -> Results:
    """Load the page with and without accounts being made beside it, in turn."""
    numbers = list(range(FIRST, FIRST + HUNDRED))
    site.do(["agent", [NEIGHBOUR], "present"])
    name = f"n{NEIGHBOUR}.example"
    quiet, busy, failed, made = [], [], 0.0, 0
    for _ in range(ROUNDS):
        quiet.append(load(f"http://{site.address}/", name, seconds=SECONDS, connections=CONNECTIONS))
        with ThreadPoolExecutor(1) as pool:
            making = pool.submit(site.do, ["agent", numbers, "present"])
            busy.append(load(f"http://{site.address}/", name, seconds=SECONDS, connections=CONNECTIONS))
            making.result()
        made += HUNDRED
        failed += busy[-1]["failed"]
        site.do(["agent", numbers, "absent"])
    site.do(["agent", [NEIGHBOUR], "absent"])
    before, during = (statistics.median(side["p99_ms"] for side in sides) for sides in (quiet, busy))
    return {
        "P4": Figure(
            value=during,
            unit="ms p99",
            ratio=statistics.median(b["p99_ms"] / q["p99_ms"] for b, q in zip(busy, quiet, strict=True)),
            goal="≤ 1.1",
            against=f"the same page while nothing is made: {before:.2f} ms",
            minimum=min(side["p99_ms"] for side in busy),
            maximum=max(side["p99_ms"] for side in busy),
            note=f"{made} accounts beside it, {busy[-1]['rate']:.0f} requests/s",
        ),
        "P4 failed": Figure(value=failed, unit="requests", ratio=failed, goal="≤ 0", against="none may fail"),
    }
