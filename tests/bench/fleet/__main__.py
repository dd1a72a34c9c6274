"""A fleet with orders for all of it: `python -m tests.bench.fleet [--hosts 1000] [--orders 100000] [--at-once 64]`.

Real: API, worker, PostgreSQL, signatures, draws, leases. Played: customers, a person of the staff who accepts, hosts
whose playbooks take no time. Passwords are hashed beforehand; mails are written, not sent.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import statistics
import time
from collections import Counter
from itertools import count
from uuid import uuid4

import asyncpg
from rich.console import Console
from rich.progress import Progress

from tests.bench.fleet.ground import Ground, ground
from tests.bench.fleet.host import Host
from tests.bench.fleet.wire import Wire
from tests.bench.results import Figure, Results, keep
from tests.bench.table import show
from tests.customer.form import order_form, person

SLICES = 10
LOOK_S = 0.05
ROOMIER = 1.5
"""How much more room the fleet has than there are orders."""

OFFERED = "SELECT cart_id FROM orders WHERE state IN ('AWAITING_ACTIVATION', 'IN_REVIEW') ORDER BY id LIMIT 200"
DONE = "SELECT count(*) FROM orders WHERE state = 'ACTIVE'"
TIMES = 'SELECT extract(epoch FROM a.ready_at - o.accepted_at) FROM account a JOIN orders o ON o.id = a."order"'
SPREAD = "SELECT taken FROM reservation"


def main() -> None:
    """Run it, print and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fleet")
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--at-once", type=int, default=64)
    asked = parser.parse_args()
    places = math.ceil(asked.orders / asked.hosts * ROOMIER) + 5
    with ground(asked.hosts, places) as stage:
        results = asyncio.run(_run(stage, asked.orders, asked.at_once, places))
    keep(results)
    show(results, Console())


async def _run(stage: Ground, orders: int, at_once: int, places: int) -> Results:
    hosts = [Host(host.name, stage.peer.port, stage.key, stage.placement) for host in stage.placement.hosts]
    living = [asyncio.create_task(host.live()) for host in hosts]
    database = await asyncpg.create_pool(stage.peer.url, min_size=1, max_size=3)
    await asyncio.sleep(1 + len(hosts) / 200)
    began = time.perf_counter()
    accepting = asyncio.create_task(_accept(stage, database))
    ordering = [asyncio.create_task(_customer(stage, numbers)) for numbers in _shares(orders, at_once)]
    costs = await _watch(stage, database, orders)
    took = time.perf_counter() - began
    await asyncio.gather(*ordering)
    for task in (accepting, *living):
        task.cancel()
    await asyncio.gather(accepting, *living, return_exceptions=True)
    times = sorted(float(row[0]) for row in await database.fetch(TIMES))
    taken = [int(row[0]) for row in await database.fetch(SPREAD)]
    await database.close()
    return _figures(len(hosts), orders, took, times, taken, places, costs)


def _shares(orders: int, at_once: int) -> list[range]:
    return [range(first, orders, at_once) for first in range(min(at_once, orders))]


async def _customer(stage: Ground, numbers: range) -> None:
    """Place the orders of *numbers*, one after the other."""
    wire = Wire(stage.peer.port)
    for number in numbers:
        who = person(number)
        content = json.dumps(order_form(who, f"flotte-{number}.de")).encode()
        headers = {
            "Host": "bench", "Content-Type": "application/json", "Idempotency-Key": uuid4().hex,
            "X-Forwarded-For": who.visitor, "Content-Length": str(len(content)),
        }  # fmt: skip
        status, body = await wire.post("/api/v1/orders", headers, content)
        assert status == 202, (status, body[:300])
    wire.close()


async def _accept(stage: Ground, database: asyncpg.Pool) -> None:
    """Accept whatever is offered or waits for a person, until cancelled."""
    wire = Wire(stage.peer.port)
    headers = {
        "Host": "bench", "Authorization": f"Bearer {stage.staff_token}", "Content-Length": "0",
        "Content-Type": "application/json",
    }  # fmt: skip
    for _ in count():
        carts = [row["cart_id"] for row in await database.fetch(OFFERED)]
        for cart in carts:
            status, body = await wire.post(f"/api/v1/staff/carts/{cart}/accept", headers, b"")
            assert status == 200, (status, body[:300])
        if not carts:
            await asyncio.sleep(LOOK_S)


async def _watch(stage: Ground, database: asyncpg.Pool, orders: int) -> list[float]:
    """Wait until all are ACTIVE; return the CPU seconds of API and worker for one order, in each tenth of the way."""
    costs, cpu, last = [], stage.cpu_s(), 0
    with Progress() as progress:
        bar = progress.add_task("orders", total=orders)
        while last < orders:
            await asyncio.sleep(0.5)
            done = await database.fetchval(DONE)
            progress.update(bar, completed=done)
            if done >= orders or done - last >= orders / SLICES:
                now = stage.cpu_s()
                costs.append((now - cpu) / (done - last))
                cpu, last = now, done
    return costs


def _figures(
    hosts: int, orders: int, took: float, times: list[float], taken: list[int], places: int, costs: list[float]
) -> Results:
    against = f"{hosts:,} hosts, {orders:,} orders, one API process and one worker on PostgreSQL, all on one machine"
    even = orders / hosts
    chi2 = sum((number - even) ** 2 / even for number in taken)
    deviation = (chi2 - (hosts - 1)) / math.sqrt(2 * (hosts - 1))
    spread = Counter(taken)
    return {
        "fleet rate": Figure(value=orders / took, unit="orders a second", ratio=None, against=against),
        "fleet p50": Figure(
            value=statistics.median(times), unit="s from acceptance to ACTIVE", ratio=None, against=against,
            minimum=times[0], maximum=times[-1], note=f"p99 {times[int(len(times) * 0.99)]:.2f} s",
        ),
        "fleet spread": Figure(
            value=deviation, unit="standard deviations of chi²", ratio=abs(deviation), goal="≤ 3",
            against="a draw that is fair",
            note=f"{min(spread)} to {max(spread)} accounts on a host, room for {places}: none is over-filled",
        ),
        "fleet growth": Figure(
            value=costs[-1] * 1000, unit="ms CPU an order, at the end", ratio=costs[-1] / costs[0], goal="≤ 1.2",
            against=f"{costs[0] * 1000:.1f} ms at the beginning", minimum=min(costs) * 1000, maximum=max(costs) * 1000,
        ),
    }  # fmt: skip


if __name__ == "__main__":
    main()
