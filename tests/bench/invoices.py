"""The invoice run over 100,000 contracts: invoices a second, memory, and documents a second and core."""

from __future__ import annotations

import asyncio
import gc
import resource
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from rich.progress import Progress

from api.billing import issuing
from api.billing.periods import today
from api.billing.run import run as bill
from api.billing.tables import Invoice, InvoiceLine
from tests.bench.results import Figure, Results
from tests.unit.api import billed, databases

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS, ENTRIES = 100_000, 3
DOCUMENTS = 100
#: Documents by which fonts, schematron and schemas are loaded.
WARM = 16


class Seen(NamedTuple):
    """What a run was seen to do."""

    rate: float
    #: KiB held when a tenth was billed, and at the end.
    early: int
    late: int


def resident() -> int:
    """Return the KiB of memory that this process holds; see proc(5)."""
    gc.collect()
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1])


async def bill_all(contracts: int) -> Seen:
    """Bill so many contracts that have no entry yet."""
    await billed.many(contracts, ENTRIES)
    done, early = 0, 0

    def tick(customers: int) -> None:
        nonlocal done, early
        done += customers
        if not early and done >= contracts // 10:
            early = resident()

    began = time.perf_counter()
    totals = await bill(billed.task(billed.BEGUN), tick)
    seconds = time.perf_counter() - began
    assert totals.invoices == await Invoice.count() == contracts
    assert await InvoiceLine.count() == contracts * ENTRIES
    return Seen(contracts / seconds, early, resident())


def used_s() -> float:
    """Return the processor seconds that this process and those that ended below it have used."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


async def issue_some() -> tuple[float, float]:
    """Make, validate and archive documents in one process; return processor and clock seconds of each.

    What starting the process takes is left out: a run of few is taken off a run of many.
    """
    taken = []
    for first, number in ((100_001, WARM), (200_001, WARM + DOCUMENTS)):
        await billed.many(number, ENTRIES, first=first)
        await bill(billed.task(billed.BEGUN)._replace(day=today(billed.SELLER.time_zone)))
        cpu, clock = used_s(), time.perf_counter()
        issued = await issuing.issue(ROOT / "templates", processes=1)
        assert issued.documents == number, issued.held
        taken.append((used_s() - cpu, time.perf_counter() - clock))
    (few_cpu, few_clock), (many_cpu, many_clock) = taken
    return (many_cpu - few_cpu) / DOCUMENTS, (many_clock - few_clock) / DOCUMENTS


async def _measured() -> tuple[Seen, tuple[float, float]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        template = folder / "template.sqlite"
        for part in ("documents", "run"):
            (folder / part).mkdir()
        async with databases.sqlite_copy(template, folder / "documents"):
            documents = await issue_some()
        async with databases.sqlite_copy(template, folder / "run"):
            return await bill_all(CONTRACTS), documents


def run() -> Results:
    """Measure on SQLite, the default."""
    with Progress(transient=True) as progress:
        progress.add_task(f"{CONTRACTS:,} contracts", total=None)
        seen, (cpu_s, clock_s) = asyncio.run(_measured())
    return {
        "P7 documents": Figure(
            value=1 / cpu_s, unit="documents a second and core", ratio=1 / cpu_s, goal="≥ 10", cpu_s=cpu_s,
            against="PDF/A-3, XML, validation by schematron, archive",
            note=f"of processor time; by the clock {1 / clock_s:.1f} a second with one process",
        ),
        "P7 run": Figure(
            value=seen.rate, unit="invoices a second", ratio=None,
            against=f"{CONTRACTS:,} contracts of {ENTRIES} entries each: entries, numbers, invoices, on SQLite",
        ),
        "P7 memory": Figure(
            value=seen.late / 1024, unit="MiB", ratio=seen.late / seen.early, goal="≤ 1.1",
            against="at the end, to what was held when a tenth was billed",
        ),
    }  # fmt: skip


if __name__ == "__main__":
    for key, figure in run().items():
        print(f"{key}: {figure['value']:.1f} {figure['unit']}, ratio {figure['ratio']} ({figure['against']})")
