"""P5: what an order costs the API beside the least that can be done, and beside the usual way."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Mapping
from itertools import count

from tests.bench.measure import Spread
from tests.bench.peers import Peer, peers
from tests.bench.results import Figure, Results
from tests.bench.traffic import request, send

ROUNDS = 7
ORDERS = 300
CUSTOMERS = 20
WRITERS = 100

_numbers = count(1)


def run() -> Results:
    """Return the figures on both databases, interleaved, the password's hash left out on all sides."""
    with peers("postgresql", "raw", "ours", "fastapi") as known:
        on_postgresql = _rounds(known)
        refused = _many_writers(known["ours"])
    with peers("sqlite", "raw", "ours") as known:
        on_sqlite = _rounds(known)
        refused += _many_writers(known["ours"])
    return {
        "P5": _figure(on_postgresql, "ours", "raw", "raw msgspec + asyncpg on PostgreSQL", "≤ 2")
        | Figure(note=f"{refused} of {2 * WRITERS * 5} orders of {WRITERS} writers at once refused"),  # type: ignore[typeddict-item]
        "P5 SQLite": _figure(on_sqlite, "ours", "raw", "raw msgspec + sqlite3, synchronous=FULL", "≤ 3"),
        "P5 peer": _figure(on_postgresql, "fastapi", "raw", "FastAPI + SQLAlchemy beside raw msgspec + asyncpg"),
    }


def _rounds(known: Mapping[str, Peer]) -> Mapping[str, list[float]]:
    """Return the CPU seconds of one order, by peer and round."""
    used: dict[str, list[float]] = {kind: [] for kind in known}
    for peer in known.values():
        _load(peer, ORDERS // 3, CUSTOMERS)
    for number in range(ROUNDS):
        for kind in sorted(known, reverse=bool(number % 2)):
            used[kind].append(_load(known[kind], ORDERS, CUSTOMERS))
    return used


def _load(peer: Peer, orders: int, customers: int) -> float:
    requests = [request(next(_numbers), f"127.0.0.1:{peer.port}") for _ in range(orders)]
    before = peer.cpu_s()
    heard = asyncio.run(send(peer.port, requests, customers))
    assert not heard.refused, (peer.kind, heard.refused[:3])
    return (peer.cpu_s() - before) / orders


def _many_writers(peer: Peer) -> int:
    requests = [request(next(_numbers), f"127.0.0.1:{peer.port}") for _ in range(5 * WRITERS)]
    return len(asyncio.run(send(peer.port, requests, WRITERS)).refused)


def _figure(used: Mapping[str, list[float]], kind: str, other: str, against: str, goal: str | None = None) -> Figure:
    spread = Spread.of([second * 1000 for second in used[kind]])
    figure = Figure(
        value=spread.median,
        unit="ms CPU an order",
        ratio=statistics.median(ours / theirs for ours, theirs in zip(used[kind], used[other], strict=True)),
        against=against,
        minimum=spread.minimum,
        maximum=spread.maximum,
        cpu_s=spread.median / 1000,
        cpu_s_against=statistics.median(used[other]),
    )
    return figure | Figure(goal=goal) if goal else figure  # type: ignore[typeddict-item]
