"""P6: five thousand couriers that wait: what each costs, how soon its job is there, how the end and a storm go."""

from __future__ import annotations

import asyncio
import gc
import random
import signal
import statistics
import time
from itertools import count
from pathlib import Path

import asyncpg

from tests.bench.crowd import Courier, enrol, gather_all, job_for
from tests.bench.measure import Spread
from tests.bench.peers import TICK_S, Peer, peers
from tests.bench.results import Figure, Results
from tests.bench.traffic import request, send

COURIERS = 5000
JOBS = 200
ORDERS = 40
READY_WITHIN_S = 60

_numbers = count(9_000_000)


def run() -> Results:
    """Return the figures of one API process on PostgreSQL."""
    settings = {"ANKUNFT_LEASES_LONG_POLL_S": "25"}
    with peers("postgresql", "ours", settings=settings) as known:
        return asyncio.run(_run(known["ours"]))


async def _run(peer: Peer) -> Results:
    gc.disable()  # a collection among five thousand played couriers would be taken for the API's delay
    await send(peer.port, [_order(peer) for _ in range(20)], 4)
    alone = await _orders(peer)
    couriers = await enrol(peer.url, COURIERS, peer.port)
    before = _memory_kib(peer)
    await gather_all(couriers)
    await _quiet(peer)
    each = (_memory_kib(peer) - before) / COURIERS
    late = await _jobs(peer, couriers)
    in_storm, again_s = await _storm(peer, couriers)
    ended_s = await _end(peer)
    against = f"{COURIERS:,} waiting couriers, one API process, PostgreSQL"
    return {
        "P6": _late(late, against),
        "P6 memory": Figure(value=each, unit="KiB a courier", ratio=each, against=against, goal="≤ 20"),
        "P6 end": Figure(value=ended_s, unit="s from SIGTERM to the end", ratio=ended_s, against=against, goal="≤ 5"),
        "P6 storm": Figure(
            value=in_storm.median * 1000,
            unit="ms an order while all come back",
            ratio=in_storm.median / alone.median,
            against=f"{alone.median * 1000:.0f} ms an order with nobody waiting",
            minimum=in_storm.minimum * 1000,
            maximum=in_storm.maximum * 1000,
            note=f"all were back after {again_s:.0f} s",
        ),
    }


def _late(late: list[float], against: str) -> Figure:
    spread = Spread.of([second * 1000 for second in late])
    p99 = statistics.quantiles(late, n=100)[98] * 1000
    return Figure(
        value=p99, unit="ms from commit to courier, p99", ratio=p99, against=against, goal="≤ 50",
        minimum=spread.minimum, maximum=spread.maximum, note=f"median {spread.median:.0f} ms of {len(late)} jobs",
    )  # fmt: skip


async def _quiet(peer: Peer) -> None:
    """Wait until all that were sent are answered or wait."""
    used_s = -1.0
    while peer.cpu_s() - used_s > 2 * TICK_S:
        used_s = peer.cpu_s()
        await asyncio.sleep(0.5)


async def _jobs(peer: Peer, couriers: list[Courier]) -> list[float]:
    """Return the seconds between the commit of a job and its arrival, for couriers drawn at random."""
    connection = await asyncpg.connect(peer.url)
    late = []
    for number, courier in enumerate(random.sample(couriers, JOBS)):
        committed_at = await job_for(connection, courier.name, number)
        async with asyncio.timeout(10):
            await courier.woken.wait()
        late.append(courier.woken_at - committed_at)
        await asyncio.sleep(0.01)
    await connection.close()
    return late


async def _storm(peer: Peer, couriers: list[Courier]) -> tuple[Spread, float]:
    """Cut all connections at once and let all come back at once; order meanwhile."""
    await asyncio.gather(*(courier.leave() for courier in couriers))
    began = time.perf_counter()
    coming = asyncio.create_task(gather_all(couriers))
    await asyncio.sleep(0.5)
    spread = await _orders(peer)
    await coming
    return spread, time.perf_counter() - began


async def _orders(peer: Peer) -> Spread:
    heard = await send(peer.port, [_order(peer) for _ in range(ORDERS)], 2)
    assert not heard.refused
    return Spread.of(heard.took_s)


async def _end(peer: Peer) -> float:
    peer.process.send_signal(signal.SIGTERM)
    began = time.perf_counter()
    await asyncio.to_thread(peer.process.wait, 30)
    return time.perf_counter() - began


def _order(peer: Peer) -> bytes:
    return request(next(_numbers), f"127.0.0.1:{peer.port}")


def _memory_kib(peer: Peer) -> int:
    for line in Path(f"/proc/{peer.process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise AssertionError("the kernel tells no memory")
