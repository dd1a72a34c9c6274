"""Every command of the RFCs on the wire: the registry's schemas take it, and it does what it says."""

from collections.abc import AsyncIterator
from datetime import date

import pytest
from msgspec.structs import replace

from api.domains.epp import contacts, domains, hosts, transfers
from api.domains.epp.domains import Contacts
from api.domains.epp.markup import Element, domain, text
from api.domains.epp.reply import Reply
from api.domains.epp.session import Session
from api.domains.registrar import Ds
from tests.unit.api.registrar.conftest import Lab
from tests.unit.api.registrar.test_orders import CODE, play
from tests.unit.api.registrar.trades import HOLDER

pytestmark = pytest.mark.slow


class Asker:
    """A session of which every command has to come to a certain code."""

    def __init__(self, session: Session) -> None:
        self.session = session

    async def __call__(self, verb: Element, code: int = 1000, extension: Element | None = None) -> Reply:
        answer = await self.session.ask(verb, extension=extension)
        assert answer.code == code, answer.words
        return answer


@pytest.fixture
async def ask(lab: Lab) -> AsyncIterator[Asker]:
    """Our session."""
    session = Session(lab.account())
    yield Asker(session)
    await session.close()


async def test_contacts(ask: Asker) -> None:
    await ask(contacts.check("AK1"))
    await ask(contacts.create("AK1", HOLDER, "code-1"))
    await ask(contacts.create("AK1", HOLDER, "code-1"), 2302)
    await ask(contacts.update("AK1", replace(HOLDER, city="Bärlin & <Umland>", company=None)))
    answer = await ask(contacts.info("AK1"))
    assert contacts.sponsor(answer.data) == "ankunft"
    assert text(answer.data, "contact:infData/contact:postalInfo/contact:addr/contact:city") == "Bärlin & <Umland>"
    await ask(contacts.transfer("query", "AK1"), 2101)
    await ask(contacts.delete("AK1"))
    await ask(contacts.info("AK1"), 2303)


async def test_the_id_of_a_contact_follows_from_its_data_and_from_ours(ask: Asker) -> None:
    del ask
    identity = contacts.contact_id("ankunft", HOLDER)
    assert identity == contacts.contact_id("ankunft", replace(HOLDER))
    assert 3 <= len(identity) <= 16
    others = {contacts.contact_id("other", HOLDER)}
    others |= {contacts.contact_id("ankunft", replace(HOLDER, **{name: "x"})) for name in HOLDER.__struct_fields__}
    assert identity not in others
    assert len(others) == 1 + len(HOLDER.__struct_fields__)


async def test_hosts(ask: Asker) -> None:
    await ask(hosts.check("ns1.hosting.test"))
    await ask(hosts.create("ns1.hosting.test", ("192.0.2.1", "2001:db8::1")))
    await ask(hosts.update("ns1.hosting.test", add=("192.0.2.2",), remove=("192.0.2.1",)))
    answer = await ask(hosts.info("ns1.hosting.test"))
    assert answer.data is not None
    assert [found.text for found in answer.data.iter("{*}addr")] == ["2001:db8::1", "192.0.2.2"]
    await ask(hosts.delete("ns1.hosting.test"))
    await ask(hosts.info("ns1.hosting.test"), 2303)


async def test_domains(ask: Asker) -> None:
    await ask(contacts.create("AK1", HOLDER, "code-1"))
    owner = Contacts("AK1", (("admin", "AK1"), ("tech", "AK1")))
    await ask(domains.create("neu.example", 2, domains.host_attributes(["ns1.hosting.test"]), owner, CODE))
    key = Ds(12345, 13, 2, "AB" * 32)
    await ask(domains.update("neu.example"), 1000, domains.keys([key], []))
    lock = domain("status", s="clientTransferProhibited")
    await ask(domains.update("neu.example", add=[lock], change=[domains.code("aB2+/9x*")]))
    answer = await ask(domains.info("neu.example", "aB2+/9x*"))
    state = domains.state(answer.data, answer.extension)
    assert (state.sponsor, state.registrant, state.ds) == ("ankunft", "AK1", (key,))
    assert state.statuses == {"clientTransferProhibited"}
    assert state.expires_at is not None
    await ask(domains.info("neu.example", CODE), 2202)
    await ask(domains.renew("neu.example", state.expires_at.date(), 1))
    await ask(domains.renew("neu.example", state.expires_at.date(), 1), 2105)
    await ask(domains.renew("neu.example", date(2001, 1, 1), 1), 2105)
    await ask(contacts.delete("AK1"), 2305)
    await ask(domains.delete("neu.example"))
    await ask(domains.info("neu.example"), 2303)


async def test_a_domain_that_was_given_up_can_be_taken_back(lab: Lab, ask: Asker) -> None:
    await ask(domains.create("alt.example", 1, None, Contacts(None), CODE))
    with lab.store.change():
        row = lab.store.row("domain", "name", "alt.example")
        assert row is not None
        lab.store.put("domain", **row | {"created_at": "2020-01-01T00:00:00.000Z"})
    await ask(domains.update("alt.example"), 2304, domains.restoration())
    await ask(domains.delete("alt.example"), 1001)
    answer = await ask(domains.info("alt.example"))
    state = domains.state(answer.data, answer.extension)
    assert state.statuses | state.grace == {"pendingDelete", "redemptionPeriod"}
    await ask(domains.update("alt.example", change=[domain("registrant")]), 1000, domains.restoration())
    answer = await ask(domains.info("alt.example"))
    assert domains.state(answer.data, answer.extension).statuses == {"ok"}


@pytest.mark.parametrize(("operation", "status"), [("approve", "clientApproved"), ("reject", "clientRejected")])
async def test_a_domain_of_ours_can_be_let_go_or_kept(lab: Lab, ask: Asker, operation: str, status: str) -> None:
    await ask(domains.create("unser.example", 1, None, Contacts(None), CODE))
    play(lab, "request", "unser.example")
    moving = transfers.transfer((await ask(domains.transfer("query", "unser.example"))).data)
    assert moving is not None
    assert (moving.status, moving.gaining, moving.losing) == ("pending", "other", "ankunft")
    await ask(domains.transfer("cancel", "unser.example"), 2201)
    ended = transfers.transfer((await ask(domains.transfer(operation, "unser.example"))).data)
    assert ended is not None
    assert ended.status == status
    assert ended.approved is (operation == "approve")
    await ask(domains.transfer(operation, "unser.example"), 2301)
