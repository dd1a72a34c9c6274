"""P1: one order, as a command on the server, against a plain shell script that makes an equal account."""

from __future__ import annotations

from itertools import count

from tests.bench.hostsite import HostSite
from tests.bench.measure import Pair, Spread, pairs
from tests.bench.results import Figure, Results

ROUNDS = 15
CLASSICAL_ROUNDS = 5
FIRST, FIRST_YARDSTICK = 8_100_000, 8_200_000


def measure(site: HostSite) -> Results:
    """Make accounts one at a time, each way, and take them away again."""
    ours, theirs = count(FIRST), count(FIRST_YARDSTICK)
    proven = pairs(
        lambda _: site.seconds("agent", [next(ours)], "present"),
        lambda _: site.seconds("command", "/root/yardstick.sh", "make_and_prove", str(next(theirs))),
        rounds=ROUNDS,
        cpu_s=site.cpu_s,
    )
    site.do(["agent", list(range(FIRST, next(ours))), "absent"])
    made = pairs(
        lambda number: site.seconds("library", [FIRST + number], "present", ["web", "database", "mail"]),
        lambda _: site.seconds("command", "/root/yardstick.sh", "make", str(next(theirs))),
        rounds=ROUNDS,
        cpu_s=site.cpu_s,
    )
    site.do(["agent", list(range(FIRST, FIRST + ROUNDS)), "absent"])
    for number in range(FIRST_YARDSTICK, next(theirs)):
        site.do(["command", "/root/yardstick.sh", "unmake", str(number)])
    classical = _classical(site)
    return {
        "P1": _figure(proven, "a shell script that makes and tries an equal account", "≤ 1.3"),
        "P1 library": _figure(made, "the script without its trials, and the library without ours", None),
        "P1 classical": Figure(
            value=classical.median,
            unit="s",
            ratio=proven.ours.median / classical.median,
            against="a vhost, an FPM pool and reloads, on a server without any other account",
            minimum=classical.minimum,
            maximum=classical.maximum,
        ),
    }


def _classical(site: HostSite) -> Spread:
    site.do(["command", "/root/classical.sh", "set-up"])
    try:
        numbers = range(1, CLASSICAL_ROUNDS + 1)
        return Spread.of([site.seconds("command", "/root/classical.sh", "make", str(number)) for number in numbers])
    finally:
        site.do(["command", "/root/classical.sh", "clean-up"])


def _figure(pair: Pair, against: str, goal: str | None) -> Figure:
    figure = Figure(
        value=pair.ours.median,
        unit="s",
        ratio=pair.ratio,
        against=f"{against}: {pair.theirs.median:.3f} s",
        minimum=pair.ours.minimum,
        maximum=pair.ours.maximum,
        cpu_s=pair.our_cpu.median,
        cpu_s_against=pair.their_cpu.median,
    )
    if goal:
        figure["goal"] = goal
    return figure
