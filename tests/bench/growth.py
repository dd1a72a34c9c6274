"""P3: what an account costs on a server that holds ten, and on one that holds ten thousand."""

from __future__ import annotations

import os
from collections.abc import Sequence

from tests.bench.hostsite import HostSite
from tests.bench.measure import Spread
from tests.bench.plot import growth
from tests.bench.results import Figure, Results

MANY = int(os.environ.get("BENCH_ACCOUNTS", "10000"))
STEPS = (10, MANY // 10, MANY)
ROUNDS = 11
FIRST, FIRST_MEASURED = 7_000_000, 8_500_000
AT_ONCE = 500
STATES = {"create": "present", "suspend": "suspended", "absent": "absent"}


def measure(site: HostSite) -> Results:
    """Fill the server step by step and measure at each; leave it empty."""
    seen: dict[int, dict[str, Spread]] = {}
    held = 0
    try:
        for step in STEPS:
            held = _fill(site, held, step)
            seen[step] = _look(site)
    finally:
        _empty(site, held)
    few, many = seen[STEPS[0]], seen[STEPS[-1]]
    works = [*STATES, "first page"]
    growth("growth", "Cost of an account's work as a server fills up", "ms", STEPS, _lines(seen, works))
    looks = [name for name in few if name not in works and name != "memory"]
    growth("growth-daemons", "One look-up by each daemon as a server fills up", "ms", STEPS, _lines(seen, looks))
    results = {f"P3 {name}": _figure(few[name], many[name], "ms") for name in [*works, *looks]}
    worst = max(works, key=lambda name: many[name].median / few[name].median)
    results["P3"] = _figure(few[worst], many[worst], "ms") | {
        "goal": "≤ 1.2",
        "note": f"the worst of {', '.join(works)}: {worst}",
    }
    results["P3 memory"] = _figure(few["memory"], many["memory"], "MiB")
    return results


def _look(site: HostSite) -> dict[str, Spread]:
    numbers = range(FIRST_MEASURED, FIRST_MEASURED + ROUNDS)
    taken: dict[str, list[float]] = {name: [] for name in (*STATES, "first page")}
    site.do(["library", [FIRST_MEASURED - 1], "present"], ["library", [FIRST_MEASURED - 1], "absent"])
    for number in numbers:
        create, page, suspend, absent = site.do(
            ["library", [number], "present"],
            ["first_page", number],
            ["library", [number], "suspended"],
            ["library", [number], "absent"],
        )
        for name, answer in zip(taken, (create, suspend, absent, page), strict=True):
            taken[name].append(answer["s"] * 1000)
    looks, used = site.do(["look_ups", FIRST], ["used_mib"])
    seen = {name: Spread.of(values) for name, values in taken.items()}
    return seen | {name: Spread.of([value]) for name, value in {**looks, "memory": used["mib"]}.items()}


def _fill(site: HostSite, held: int, wanted: int) -> int:
    for begin in range(held, wanted, AT_ONCE):
        site.do(["populate", list(range(FIRST + begin, FIRST + min(begin + AT_ONCE, wanted))), "present"])
    return wanted


def _empty(site: HostSite, held: int) -> None:
    for begin in range(0, held, AT_ONCE):
        site.do(["populate", list(range(FIRST + begin, FIRST + min(begin + AT_ONCE, held))), "absent"])


def _lines(seen: dict[int, dict[str, Spread]], names: Sequence[str]) -> dict[str, list[float]]:
    return {name: [seen[step][name].median for step in STEPS] for name in names}


def _figure(few: Spread, many: Spread, unit: str) -> Figure:
    return Figure(
        value=many.median,
        unit=unit,
        ratio=many.median / few.median,
        against=f"{STEPS[0]} accounts: {few.median:.2f} {unit}; here {STEPS[-1]:,}",
        minimum=many.minimum,
        maximum=many.maximum,
    )
