"""A session with a registry: 1,000 domains ordered one after the other, commands a second, and what memory it takes."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from api.catalogue import load
from api.domains.epp.access import Account
from api.domains.epp.driver import EppRegistrar
from api.domains.registrar import Done, Holder, Trade
from tests.bench.results import Results
from tests.registry.store import Store

ROOT = Path(__file__).resolve().parents[2]
DOMAINS = 1000
#: The caches of lxml and asyncio are full by then.
WARM = 100
HOLDER = Holder(
    company="Müller & <Söhne> GmbH", name="Jörg Müller", street="Straße 1", postal_code="50667", city="Köln",
    country="DE", phone="+4922112345678", email="joerg@example.org",
)  # fmt: skip


@contextmanager
def registry(folder: Path) -> Iterator[int]:
    """Run a registry in its own process; yield its port."""
    command = [sys.executable, "-m", "tests.registry", str(folder), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield int(running.stdout.readline().rpartition(":")[2])
        finally:
            running.send_signal(signal.SIGTERM)


def resident() -> int:
    """Return the KiB of memory that this process holds, what libxml2 holds for it included; see proc(5)."""
    gc.collect()
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1])


async def order_all(driver: EppRegistrar) -> tuple[float, int]:
    """Order the domains; return the seconds they took, and how many KiB more were held after them than before."""
    began, before = time.perf_counter(), 0
    for number in range(DOMAINS + WARM):
        if number == WARM:
            before = resident()
            began = time.perf_counter()
        trade = Trade(
            id=number, name=f"n{number}.example", action="register", auth_code=None,
            holder=replace(HOLDER, street=f"Straße {number}"), nameservers=("ns1.hosting.test", "ns2.hosting.test"),
            transaction_id=f"BENCH-{number}", since=datetime.now(UTC),
        )  # fmt: skip
        assert isinstance(await driver.order(trade), Done)
    taken = time.perf_counter() - began
    return taken, resident() - before


async def session(folder: Path, port: int) -> tuple[float, int]:
    """Order the domains through one session."""
    account = Account(
        host="127.0.0.1", port=port, client_id="ankunft", password=(folder / "ankunft.password").read_text(),
        ca_file=folder / "ca.pem", certificate=folder / "ankunft.pem", key=folder / "ankunft.key",
    )  # fmt: skip
    driver = EppRegistrar("bench", account, load(ROOT / "inventory" / "catalogue").registries)
    try:
        return await order_all(driver)
    finally:
        await driver.close()


def visit() -> tuple[float, int, int]:
    """Run it once with a registry of its own; return seconds, KiB more, and commands that were counted there."""
    with tempfile.TemporaryDirectory(prefix="ankunft-bench-") as name:
        folder = Path(name)
        with registry(folder) as port:
            seconds, more = asyncio.run(session(folder, port))
        store = Store(folder / "registry.sqlite")
        try:
            assert not store.rows("SELECT * FROM violation")
            assert store.rows("SELECT count(*) AS n FROM domain")[0]["n"] == DOMAINS + WARM
            commands = store.rows("SELECT count(*) AS n FROM past WHERE command LIKE 'create %'")[0]["n"]
        finally:
            store.close()
    return seconds, more, int(commands * DOMAINS / (DOMAINS + WARM))


def run() -> Results:
    """Measure."""
    seconds, more, commands = visit()
    note = f"{DOMAINS} domains with a contact each, one session, every frame judged by the schemas on the other side"
    return {
        "epp commands per second": {
            "value": round(commands / seconds, 1), "unit": "1/s", "ratio": None, "against": "", "note": note,
        },
        "epp domains per second": {"value": round(DOMAINS / seconds, 1), "unit": "1/s", "ratio": None, "against": ""},
        "epp memory of 1,000 domains": {
            "value": more, "unit": "KiB", "ratio": None, "against": "resident memory after the first 100",
        },
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
