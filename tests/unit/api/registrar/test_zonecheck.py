"""The registry asks for the zone before it registers a .de, and says so when it does not answer."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from api.domains.registrar import Done, Reason, Refused
from tests.registry.schemas import Judge
from tests.registry.server import Registry, listen
from tests.registry.zonecheck import Zones
from tests.unit.api.registrar.conftest import Lab
from tests.unit.api.registrar.trades import registration

pytestmark = pytest.mark.slow

RECORDS = {dns.rdatatype.SOA: "ns1.x. hostmaster.x. 1 3600 600 86400 300", dns.rdatatype.NS: "ns1.x."}


class Resolver(asyncio.DatagramProtocol):
    """Answers for one zone."""

    def __init__(self, name: str) -> None:
        self._name = name

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        (asked,) = query.question
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if asked.name.to_text(omit_final_dot=True) == self._name:
            answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", asked.rdtype, RECORDS[asked.rdtype]))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def careful(lab: Lab, judge: Judge) -> AsyncIterator[Lab]:
    """The same registry at another port, where zones are asked for."""
    running = asyncio.get_running_loop()
    transport, _ = await running.create_datagram_endpoint(lambda: Resolver("da.de"), ("127.0.0.1", 0))
    zones = Zones("127.0.0.1", transport.get_extra_info("sockname")[1])
    server = await listen(lab.folder, Registry(lab.store, judge, zones), "127.0.0.1", 0)
    lab.port = server.sockets[0].getsockname()[1]
    yield lab
    server.close()
    transport.close()


async def test_a_zone_that_answers_is_registered_and_one_that_does_not_is_told_apart(careful: Lab) -> None:
    driver = careful.driver()
    assert isinstance(await driver.order(registration("da.de")), Done)
    outcome = await driver.order(registration("weg.de"))
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.ZONE_NOT_READY
    assert careful.creates("weg.de") == 0
    assert isinstance(await driver.order(registration("weg.com")), Done)
