"""The invoice run is killed with -9 at random points, again and again: no entry is billed twice, none is forgotten.

The large run leaves the documents to a later one: 5,000 of them take minutes, and they are made when the sums are kept.
A small one is killed while it makes them.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

import pytest

from api import counters
from api.billing import cents, reconcile
from api.billing.documents import archive
from api.billing.documents.tables import InvoiceDocument
from api.billing.run import run
from api.billing.tables import Invoice, InvoiceLine, OpenEntry, ServiceEntry, Unissued
from api.notices.tables import Outbox
from tests.customer.patience import wait_for
from tests.unit.api import billed, databases
from tests.unit.api.cluster import cluster

CUSTOMERS, SERVICES = 5000, 20
KILLS = 6
DOCUMENTS = 120
RUN_TAKES_AT_MOST_S = 400
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
contact = "Buchhaltung"
phone = "+49301234567"
creditor_id = "DE98ZZZ09999999999"
"""


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, as the API does."""
    return "asyncio"


@asynccontextmanager
async def filled(kind: str, folder: Path, customers: int, services: int) -> AsyncIterator[Path]:
    """A database of *kind* with so many customers of so many services each; yield the settings of its API."""
    async with AsyncExitStack() as stack:
        if kind == "sqlite":
            database = databases.sqlite_copy(folder / "template.sqlite", folder)
        else:
            database = databases.postgresql_copy(stack.enter_context(cluster()))
        url = await stack.enter_async_context(database)
        await billed.many(customers, services)
        config = folder / "ankunft.toml"
        config.write_text(CONFIG.format(url=url, folder=folder, root=ROOT))
        await asyncio.to_thread(subprocess.run, [ANKUNFT, "--config", str(config), "init"], check=True)
        yield config


class Strikes:
    """Starts the run again and again, and kills it with -9 a random while after it got something done."""

    def __init__(self, config: Path, *options: str) -> None:
        self.command = [ANKUNFT, "--config", str(config), "invoice-run", "--until", f"{billed.BEGUN}", *options]
        self.log = config.with_name("log")
        seed = int.from_bytes(os.urandom(4))
        print(f"seed {seed}")
        self.moments = random.Random(seed)  # noqa: S311 (a test's dice)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the run as an operator does."""
        with self.log.open("ab") as output:
            return subprocess.Popen(self.command, stdout=output, stderr=output, cwd=self.log.parent)

    async def strike(self, progress: Callable[[], Awaitable[int]], within_s: float) -> bool:
        """Kill a run within so many seconds after *progress*; return whether it was still at work."""
        before, until = await progress(), monotonic() + 60
        process = self.start()
        while await progress() == before and process.poll() is None:
            assert monotonic() < until, self.log.read_text()
            await asyncio.sleep(0.02)
        await asyncio.sleep(self.moments.uniform(0, within_s))
        process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL

    def finish(self) -> None:
        """Let a run come to its end."""
        assert self.start().wait(RUN_TAKES_AT_MOST_S) == 0, self.log.read_text()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_run_that_is_killed_again_and_again_bills_each_entry_once(kind: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with filled(kind, Path(name), CUSTOMERS, SERVICES) as config:
            strikes = Strikes(config, "--no-documents")
            at_work = [await strikes.strike(Invoice.count, within_s=1.2) for _ in range(KILLS)]
            assert sum(at_work) >= KILLS // 2, strikes.log.read_text()
            assert 0 < await Invoice.count() < CUSTOMERS
            await asyncio.to_thread(strikes.finish)
            await assert_exact()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_run_that_is_killed_while_it_makes_documents_sends_each_one_once(kind: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with filled(kind, Path(name), DOCUMENTS, 2) as config:
            strikes = Strikes(config)
            at_work = [await strikes.strike(InvoiceDocument.count, within_s=0.2) for _ in range(2)]
            assert any(at_work), strikes.log.read_text()
            assert 0 < await InvoiceDocument.count() < DOCUMENTS
            await asyncio.to_thread(strikes.finish)
            assert await InvoiceDocument.count() == DOCUMENTS
            assert len(set(await InvoiceDocument.select(InvoiceDocument.invoice).output(as_list=True))) == DOCUMENTS
            mails = await Outbox.select(Outbox.order).where(Outbox.kind == "invoice_issued").output(as_list=True)
            assert len(mails) == len(set(mails)) == DOCUMENTS
            assert await Unissued.count() == 0
            assert not (await archive.verify()).broken
            await asyncio.to_thread(no_makers_are_left, name)


def no_makers_are_left(folder: str) -> None:
    """Wait until nobody makes documents for a run that is gone."""
    wait_for("the makers of documents are gone", lambda: not makers(folder), timeout_s=20)


def makers(folder: str) -> list[str]:
    """Return the processes that still work in *folder*, where the run was started."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if str(place.readlink()) == folder:
                found.append(place.parent.name)
    return found


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
