"""What tests of registrars need: a registry with a book of the test's own, and the driver that talks to it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from api.catalogue import load
from api.domains.epp.access import Account
from api.domains.epp.driver import EppRegistrar
from api.domains.epp.exchange import Record, forget
from api.registries import Registries
from tests.registry.__main__ import prepare
from tests.registry.schemas import Judge
from tests.registry.server import Registry, listen
from tests.registry.store import Store
from tests.registry.zonecheck import Zones

ROOT = Path(__file__).parents[4]


@dataclass
class Lab:
    """A registry that runs, and whoever talks to it."""

    folder: Path
    port: int
    store: Store
    registries: Registries
    drivers: list[EppRegistrar] = field(default_factory=list)

    def account(self, name: str = "ankunft", **other: object) -> Account:
        """Return how a registrar gets in."""
        plain = Account(
            host="127.0.0.1",
            port=self.port,
            client_id=name,
            password=(self.folder / f"{name}.password").read_text(),
            ca_file=self.folder / "ca.pem",
            certificate=self.folder / f"{name}.pem",
            key=self.folder / f"{name}.key",
            within_s=5,
        )
        return plain._replace(**other)  # type: ignore[arg-type]

    def driver(self, account: Account | None = None, record: Record = forget) -> EppRegistrar:
        """Return a driver that is closed after the test."""
        made = EppRegistrar("lab", account or self.account(), self.registries, record)
        self.drivers.append(made)
        return made

    def creates(self, name: str) -> int:
        """Return how often *name* was registered."""
        found = self.store.rows(
            "SELECT id FROM past WHERE command = 'create domain' AND name = ? AND code < 2000", name
        )
        return len(found)

    def violations(self) -> list[dict[str, object]]:
        """Return what the schemas objected to."""
        return self.store.rows("SELECT * FROM violation")


@pytest.fixture(scope="session")
def judge() -> Judge:
    """The RFCs' schemas."""
    return Judge()


@pytest.fixture
async def lab(tmp_path: Path, judge: Judge) -> AsyncIterator[Lab]:
    """A registry in this process, on a port of its own; nothing that it or we said broke a schema."""
    folder = tmp_path / "registry"
    store = prepare(folder, ["127.0.0.1", "localhost"])
    server = await listen(folder, Registry(store, judge, Zones()), "127.0.0.1", 0)
    running = Lab(folder, server.sockets[0].getsockname()[1], store, load(ROOT / "inventory" / "catalogue").registries)
    yield running
    for driver in running.drivers:
        await driver.close()
    server.close()
    assert not running.violations()
    store.close()
