"""Measure two ways of doing the same in interleaved pairs, so that a noisy machine is noisy for both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """Median, minimum and maximum of what was measured."""

    median: float
    minimum: float
    maximum: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the spread of *values*."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Pair:
    """Wall clock and processor seconds of both sides, and the median of the pairs' ratios (ours to theirs)."""

    ours: Spread
    theirs: Spread
    our_cpu: Spread
    their_cpu: Spread
    ratio: float
    cpu_ratio: float


def pairs(
    ours: Callable[[int], float | None],
    theirs: Callable[[int], float | None],
    *,
    rounds: int,
    cpu_s: Callable[[], float] = time.process_time,
    between: Callable[[], object] = lambda: None,
) -> Pair:
    """Do both *rounds* times, each round in the other order; each gets the round's number and may return its seconds.

    *cpu_s* tells the processor seconds used so far by all that works; *between* is done before each.
    """
    taken: dict[str, list[tuple[float, float]]] = {"ours": [], "theirs": []}
    sides = {"ours": ours, "theirs": theirs}
    for number in range(rounds):
        for side in sorted(sides, reverse=bool(number % 2)):
            between()
            cpu, clock = cpu_s(), time.perf_counter()
            own_s = sides[side](number)
            wall_s = time.perf_counter() - clock if own_s is None else own_s
            taken[side].append((wall_s, cpu_s() - cpu))
    walls = {side: [wall for wall, _ in both] for side, both in taken.items()}
    cpus = {side: [max(cpu, 1e-9) for _, cpu in both] for side, both in taken.items()}
    return Pair(
        ours=Spread.of(walls["ours"]),
        theirs=Spread.of(walls["theirs"]),
        our_cpu=Spread.of(cpus["ours"]),
        their_cpu=Spread.of(cpus["theirs"]),
        ratio=_ratio(walls["ours"], walls["theirs"]),
        cpu_ratio=_ratio(cpus["ours"], cpus["theirs"]),
    )


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
