"""What tests of the order API need: both databases, settings, keys, catalogue."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from api import keys
from api.equipment import Equipment, equip
from api.settings import Database, Domains, Folder, Hosting, Http, Keys, Mail, Orders, Risk, Settings, Sms
from tests.unit.api import databases
from tests.unit.api.cluster import cluster

ROOT = Path(__file__).parents[3]


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, as the API does."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A cluster for all tests."""
    with cluster() as urls:
        yield urls


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A database of the test's own, open, with the whole history; the test runs on both kinds."""
    if request.param == "sqlite":
        template = tmp_path_factory.getbasetemp() / "template.sqlite"
        async with databases.sqlite_copy(template, tmp_path_factory.mktemp("database")) as url:
            yield url
    else:
        async with databases.postgresql_copy(request.getfixturevalue("postgresql")) as url:
            yield url


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings as in a lab, with keys."""
    made = Settings(
        database=Database(url="unused:"),
        http=Http(public_url="http://api.test", agent_url="http://agents.test", trusted_proxies=("127.0.0.0/8",)),
        keys=Keys(folder=tmp_path / "keys"),
        mail=Mail(smtp_host="127.0.0.1", sender="Ankunft <service@hosting.test>", staff="staff@hosting.test"),
        sms=Sms(url="json://127.0.0.1/{phone}", resend_after_s=0),
        hosting=Hosting(zone="hosting.test", registrar="sandbox"),
        domains=Domains(rdap=False),
        catalogue=Folder(folder=ROOT / "inventory" / "catalogue"),
        orders=Orders(hashing_rounds=5000, per_place_hourly=1_000_000, per_mailbox_daily=1_000_000),
        risk=Risk(limits_factor=1_000_000),
        templates=Folder(folder=ROOT / "templates"),
    )
    keys.make_missing(made.keys)
    return made


@pytest.fixture
def equipment(settings: Settings) -> Iterator[Equipment]:
    """What a running program has."""
    made = equip(settings)
    yield made
    made.hashing.shutdown()
