"""The invoice run is killed with -9 at random points, again and again: no entry is billed twice, none is forgotten.

Documents are left to a later run here: 5,000 of them take minutes, and they are made after the sums are kept.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest

from api import counters
from api.billing import cents, reconcile
from api.billing.run import run
from api.billing.tables import Invoice, InvoiceLine, OpenEntry, ServiceEntry
from tests.unit.api import billed, databases
from tests.unit.api.cluster import cluster

CUSTOMERS, SERVICES = 5000, 20
KILLS = 6
RUN_TAKES_AT_MOST_S = 240
ANKUNFT = str(Path(sys.executable).with_name("ankunft"))
ROOT = Path(__file__).parents[2]

CONFIG = """
[database]
url = "{url}"
[http]
public_url = "http://api.test"
agent_url = "http://agents.test"
[keys]
folder = "{folder}/keys"
[mail]
smtp_host = "127.0.0.1"
sender = "service@hosting.test"
staff = "staff@hosting.test"
[hosting]
zone = "hosting.test"
[catalogue]
folder = "{root}/inventory/catalogue"
[templates]
folder = "{root}/templates"
[seller]
name = "Ankunft Hosting GmbH"
street = "Laborweg 1"
postal_code = "10115"
city = "Berlin"
email = "rechnung@hosting.test"
vat_id = "DE136695976"
iban = "DE02120300000000202051"
bic = "BYLADEM1001"
"""


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, as the API does."""
    return "asyncio"


@asynccontextmanager
async def filled(kind: str, folder: Path) -> AsyncIterator[str]:
    """A database of *kind* with 5,000 customers of 20 services each; yield its URL."""
    if kind == "sqlite":
        async with databases.sqlite_copy(folder / "template.sqlite", folder) as url:
            await billed.many(CUSTOMERS, SERVICES)
            yield url
    else:
        with cluster() as urls:
            async with databases.postgresql_copy(urls) as url:
                await billed.many(CUSTOMERS, SERVICES)
                yield url


def start(config: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start the run as an operator does."""
    command = [ANKUNFT, "--config", str(config), "invoice-run", "--until", f"{billed.BEGUN}"]
    with log.open("ab") as output:
        return subprocess.Popen(command, stdout=output, stderr=output, cwd=config.parent)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_run_that_is_killed_again_and_again_bills_each_entry_once(kind: str) -> None:
    seed = int.from_bytes(os.urandom(4))
    print(f"seed {seed}")
    moments = random.Random(seed)  # noqa: S311 (a test's dice)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with filled(kind, folder) as url:
            config, log = folder / "ankunft.toml", folder / "log"
            config.write_text(CONFIG.format(url=url, folder=folder, root=ROOT))
            await asyncio.to_thread(subprocess.run, [ANKUNFT, "--config", str(config), "init"], check=True)
            killed_while_billing = 0
            for _ in range(KILLS):
                before = await Invoice.count()
                process = start(config, log)
                until = monotonic() + 60
                while await Invoice.count() == before and process.poll() is None:  # it has begun to write
                    assert monotonic() < until, log.read_text()
                    await asyncio.sleep(0.02)
                await asyncio.sleep(moments.uniform(0, 1.2))
                process.send_signal(signal.SIGKILL)
                killed_while_billing += process.wait() == -signal.SIGKILL
            assert killed_while_billing >= KILLS // 2, log.read_text()
            assert 0 < await Invoice.count() < CUSTOMERS
            assert start(config, log).wait(RUN_TAKES_AT_MOST_S) == 0, log.read_text()
            await assert_exact()


async def assert_exact() -> None:
    """Each entry is on one invoice, each invoice has the same 20 prices, each number is there, nothing is left."""
    prices = [billed.price(index) for index in range(SERVICES)]
    net = cents.net(sum(prices), 19, 19)
    rows = await Invoice.select(Invoice.customer, Invoice.serial, Invoice.net_cents, Invoice.tax_cents)
    assert {(row["net_cents"], row["tax_cents"]) for row in rows} == {(net, cents.tax(net, 19))}
    assert len({row["customer"] for row in rows}) == len(rows) == CUSTOMERS
    assert sorted(row["serial"] for row in rows) == list(range(700_001, 700_001 + CUSTOMERS))
    assert await counters.last(counters.INVOICE) == 700_000 + CUSTOMERS
    assert await ServiceEntry.count() == await InvoiceLine.count() == CUSTOMERS * SERVICES
    assert await OpenEntry.count() == 0
    assert await reconcile.reconcile(billed.BEGUN) == []
    assert (await run(billed.task(billed.BEGUN))).entries == 0
