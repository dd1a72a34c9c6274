"""Name servers and keys of a domain at its registry: taken, refused for good, or without DNSSEC."""

from collections.abc import AsyncIterator

import pytest

from api.domains.epp.markup import RGP
from api.domains.registrar import Done, Ds, NotTakenError, Reason, Refused, RegistrarUnavailableError
from tests.registry import faults
from tests.registry.schemas import Judge
from tests.registry.server import Registry, listen
from tests.registry.zonecheck import Zones
from tests.unit.api.registrar.conftest import Lab
from tests.unit.api.registrar.trades import registration

pytestmark = pytest.mark.slow

KEY = Ds(12345, 13, 2, "AB" * 32)


@pytest.fixture
async def plain(lab: Lab, judge: Judge) -> AsyncIterator[Lab]:
    """The same registry at another port, without DNSSEC."""
    server = await listen(lab.folder, Registry(lab.store, judge, Zones(), (RGP,)), "127.0.0.1", 0)
    lab.port = server.sockets[0].getsockname()[1]
    yield lab
    server.close()


@pytest.mark.parametrize("code", ["2304", "2306", "2400"])
async def test_a_refusal_is_no_registry_that_is_away(lab: Lab, code: str) -> None:
    driver = lab.driver()
    assert isinstance(await driver.order(registration("zone.de")), Done)
    faults.order(lab.store, "update domain", code)
    with pytest.raises(NotTakenError, match=f"lab answered {code}: "):
        await driver.delegate("zone.de", ["ns3.hosting.test"], [KEY])
    faults.order(lab.store, "info domain", "2500")
    with pytest.raises(RegistrarUnavailableError):
        await driver.delegate("zone.de", ["ns3.hosting.test"], [KEY])
    await driver.delegate("zone.de", ["ns3.hosting.test"], [KEY])


async def test_a_registry_without_dnssec_is_handed_the_name_servers_alone(plain: Lab) -> None:
    driver = plain.driver()
    assert isinstance(await driver.order(registration("zone.de")), Done)
    await driver.delegate("zone.de", ["ns3.hosting.test"], [KEY])
    row = plain.store.row("domain", "name", "zone.de")
    assert row is not None
    assert row["nameservers"] == ["ns3.hosting.test"]
    assert row["ds"] == []


async def test_a_name_server_that_the_registry_does_not_take_is_ours_to_mend(lab: Lab) -> None:
    driver = lab.driver()
    faults.order(lab.store, "create host", "2306")
    outcome = await driver.order(registration("wirt.com"))
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.NAME_SERVERS
    assert isinstance(await driver.order(registration("wirt.com")), Done)
    faults.order(lab.store, "create host", "2306")
    with pytest.raises(NotTakenError, match=r"name server: ns9\.hosting\.test"):
        await driver.delegate("wirt.com", ["ns9.hosting.test"], [])
