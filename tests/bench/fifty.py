"""P2: fifty accounts at once, over spool, runner and Ansible, against the library called in one process."""

from __future__ import annotations

from tests.bench.hostsite import HostSite
from tests.bench.measure import pairs
from tests.bench.results import Figure, Results

FIFTY = 50
ROUNDS = 3
FIRST = 8_300_000


def measure(site: HostSite) -> Results:
    """Make fifty, each way, in turn; those that were made are taken away in between."""
    numbers = list(range(FIRST, FIRST + FIFTY))

    def take_away() -> None:
        site.do(["agent", numbers, "absent"])

    pair = pairs(
        lambda _: site.seconds("agent", numbers, "present"),
        lambda _: site.seconds("library", numbers, "present"),
        rounds=ROUNDS,
        cpu_s=site.cpu_s,
        between=take_away,
    )
    take_away()
    return {
        "P2": Figure(
            value=FIFTY / pair.ours.median * 60,
            unit="accounts/min",
            ratio=1 / pair.ratio,
            goal="≥ 0.9",
            against=f"the library in one process: {FIFTY / pair.theirs.median * 60:.0f} accounts/min",
            minimum=FIFTY / pair.ours.maximum * 60,
            maximum=FIFTY / pair.ours.minimum * 60,
            cpu_s=pair.our_cpu.median / FIFTY,
            cpu_s_against=pair.their_cpu.median / FIFTY,
        )
    }
