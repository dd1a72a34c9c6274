"""The whole life of domains against a real registry and real name servers: ordered once, zones validated, all told."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import idna
import msgspec
import pytest

from api.domains import decisions
from api.domains.desk import Desk
from api.domains.office import Office
from api.domains.registrar import RegistrarUnavailableError
from api.domains.tables import DomainTrade, RegistryMessage
from api.domains.zones.content import Whereabouts
from api.domains.zones.powerdns import PowerDns
from api.equipment import Equipment
from api.notices.tables import Outbox
from api.provisioning import handoff
from api.settings import Dns
from api.tables import Customer, OrderDomain
from tests.nameservers.anchors import Keys, follow
from tests.nameservers.ports import free_ports
from tests.nameservers.programs import NameServers, running
from tests.nameservers.resolver import resolve
from tests.registry import domains, faults, queue, transfers
from tests.unit.api.domaindesk import Names, Places, active, mails_of, moving, row_of, rush, state_of
from tests.unit.api.registrar.conftest import Lab
from tests.unit.api.registrar.test_drops import POINTS, TIMES, theirs

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

SERVERS = ("ns1.hosting.test", "ns2.hosting.test")
HERE = Whereabouts(("192.0.2.10",), ("192.0.2.20",))
CODE = "aB&<+/9x"


@pytest.fixture(scope="session")
def nameservers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServers]:
    """A PowerDNS and its resolver."""
    port, api_port, resolver_port = free_ports("127.0.0.1", 3)
    folder = tmp_path_factory.mktemp("dns")
    with running(NameServers(folder, "127.0.0.1", port, api_port, resolver_port, "kein-Geheimnis")) as here:
        yield here


@pytest.fixture
def equipped(equipment: Equipment) -> Equipment:
    """Equipment of somebody who has name servers."""
    dns = Dns(
        driver="powerdns", api_url="http://x", api_key="x", nameservers=SERVERS, hostmaster="h@hosting.test",
        ds_after_s=0,
    )  # fmt: skip
    waits = msgspec.structs.replace(equipment.settings.domains, poll_every_s=0.2)
    settings = msgspec.structs.replace(equipment.settings, dns=dns, domains=waits)
    object.__setattr__(equipment, "settings", settings)
    return equipment


class Hoster(NamedTuple):
    """Who orders domains."""

    equipment: Equipment
    lab: Lab
    names: Any

    async def work(self, rounds: int = 1) -> None:
        """Be a worker that was just started, for some rounds."""
        driver = self.lab.driver()
        office = Office(Desk(driver, self.equipment, handoff.enqueue), self.names, Places(HERE))
        for _ in range(rounds):
            with suppress(RegistrarUnavailableError):  # the worker's loop goes on, too
                await office.work()
            await rush()
        await office.close()

    async def told(self, order_id: int) -> list[tuple[str, str | None]]:
        """Return state and reason of each mail to the customer."""
        said = [json.loads(mail["context"]) for mail in await mails_of(order_id)]
        return [(one["status"], one["reason"]) for one in said]


@pytest.fixture
def hoster(equipped: Equipment, lab: Lab) -> Hoster:
    """A hoster whose name servers are in memory."""
    return Hoster(equipped, lab, Names())


async def test_a_registration_is_in_the_registry_and_its_zone_is_validated(
    equipped: Equipment, lab: Lab, nameservers: NameServers
) -> None:
    there = f"{nameservers.address}:{nameservers.port}"
    powerdns = PowerDns(nameservers.api_url, nameservers.api_key, (there,))
    hoster, name, keys = Hoster(equipped, lab, powerdns), idna.encode("müller-söhne-beispiel.de").decode(), Keys()
    order_id = await active(equipped, name)
    await Customer.update({Customer.company: "Müller & <Söhne> GmbH"}, force=True)
    await hoster.work(2)
    held = lab.store.row("domain", "name", name)
    assert held is not None
    assert held["sponsor"] == "ankunft"
    assert sorted(server[0] if isinstance(server, list) else server for server in held["nameservers"]) == list(SERVERS)
    assert len(held["ds"]) == 1
    (contact,) = lab.store.rows("SELECT body FROM contact")
    assert "Müller &amp; &lt;Söhne&gt; GmbH" in contact["body"]
    keys = follow(nameservers, lab.folder / "registry.sqlite", keys)
    found = resolve(nameservers.address, nameservers.resolver_port, name, "A")
    assert (found.records, found.is_validated) == (("192.0.2.10",), True)
    assert await hoster.told(order_id) == [("ORDERED", None), ("REGISTERED", None)]
    await powerdns.close()


async def test_a_transfer_waits_for_the_other_side_and_brings_its_delegation_along(hoster: Hoster) -> None:
    name, store = "umzug-beispiel.com", hoster.lab.store
    theirs(hoster.lab, name)
    order_id = await moving(hoster.equipment, name, CODE)
    await hoster.work(2)
    assert await state_of(name) == "PENDING"
    with store.change():
        transfers.act(store, "other", name, "approve")
    await hoster.work(2)
    held = store.row("domain", "name", name)
    assert held is not None
    assert (held["sponsor"], len(held["nameservers"]), len(held["ds"])) == ("ankunft", 2, 1)
    assert (await row_of(name))["auth_code_sealed"] is None
    assert await hoster.told(order_id) == [("ORDERED", None), ("PENDING", None), ("TRANSFERRED", None)]


@pytest.mark.parametrize("wrong", ["locked", "young", "code"])
async def test_a_refused_transfer_goes_on_once_the_customer_corrected_it(hoster: Hoster, wrong: str) -> None:
    name, store = f"{wrong}-beispiel.com", hoster.lab.store
    theirs(hoster.lab, name)
    with store.change():
        row = domains.held(store, name)
        changes: dict[str, dict[str, Any]] = {
            "locked": {"statuses": ["clientTransferProhibited"]},
            "young": {"created_at": "2099-01-01T00:00:00.000Z"},
            "code": {},
        }
        store.put("domain", **row | changes[wrong])
    order_id = await moving(hoster.equipment, name, "falsch12" if wrong == "code" else CODE)
    await hoster.work(2)
    reason = {"locked": "LOCKED", "young": "TOO_YOUNG", "code": "WRONG_AUTH_CODE"}[wrong]
    assert await hoster.told(order_id) == [("ORDERED", None), ("REFUSED", reason)]
    with store.change():
        store.put("domain", **row | {"created_at": "2020-01-01T00:00:00.000Z", "statuses": ["ok"]})
    await decisions.correct(hoster.equipment, order_id, name, CODE, actor="customer")
    await hoster.work(2)
    with store.change():
        transfers.act(store, "other", name, "approve")
    await hoster.work(2)
    assert (await hoster.told(order_id))[2:] == [("ORDERED", None), ("PENDING", None), ("TRANSFERRED", None)]


@pytest.mark.parametrize(("end", "reason"), [("reject", "REJECTED"), ("timeout", "TIMED_OUT")])
async def test_a_transfer_that_the_other_side_does_not_want_ends_with_its_reason(
    hoster: Hoster, end: str, reason: str
) -> None:
    name, store = f"{end}-beispiel.com", hoster.lab.store
    theirs(hoster.lab, name)
    order_id = await moving(hoster.equipment, name, CODE)
    await hoster.work(2)
    with store.change():
        if end == "reject":
            transfers.act(store, "other", name, "reject")
        else:
            transfers.end(store, name, "serverCancelled")
    await hoster.work(2)
    assert await hoster.told(order_id) == [("ORDERED", None), ("PENDING", None), ("REFUSED", reason)]


async def test_a_pending_registration_that_is_refused_later_is_told(hoster: Hoster) -> None:
    name, store = "spaeter-beispiel.com", hoster.lab.store
    with store.change():
        store.put("rule", tld="com", creates="pending", transfers="pending")
    order_id = await active(hoster.equipment, name)
    await hoster.work(2)
    assert await state_of(name) == "PENDING"
    with store.change():
        domains.decide(store, name, granted=False)
    await hoster.work(2)
    assert (await hoster.told(order_id))[-1] == ("REFUSED", "POLICY")


async def test_a_transfer_away_is_told_when_it_is_asked_for_and_when_it_happened(hoster: Hoster) -> None:
    name, store = "weg-beispiel.com", hoster.lab.store
    order_id = await active(hoster.equipment, name)
    await hoster.work(2)
    with store.change():
        row = domains.held(store, name)
        store.put("domain", **row | {"created_at": "2020-01-01T00:00:00.000Z"})
        transfers.request(store, "other", name, row["code"], 1)
    await hoster.work(2)
    assert (await hoster.told(order_id))[-1] == ("LEAVING", None)
    with store.change():
        transfers.end(store, name, "serverApproved")
    await hoster.work(2)
    assert (await hoster.told(order_id))[-1] == ("TRANSFERRED_AWAY", None)
    assert [row["result"] for row in await RegistryMessage.select()] == ["APPLIED", "APPLIED"]


async def test_an_empty_account_postpones_the_order_and_staff_are_told(hoster: Hoster) -> None:
    name, store = "guthaben-beispiel.com", hoster.lab.store
    order_id = await active(hoster.equipment, name)
    with store.change():
        account = store.row("account", "id", "ankunft") or {}
        store.put("account", **account | {"balance_cents": 0})
        queue.tell(store, "ankunft", "Low account balance: 0.00 EUR left.")
    await hoster.work()
    assert await state_of(name) == "ZONE_READY"
    assert await hoster.told(order_id) == [("ORDERED", None)]
    (postponed,) = await mails_of(order_id, "staff_alarm")
    assert json.loads(postponed["context"])["reason"] == "BALANCE"
    (low,) = await Outbox.select().where(Outbox.kind == "staff_registry")
    assert json.loads(low["context"])["what"] == "low_balance"
    with store.change():
        store.put("account", **account)
    await hoster.work(2)
    assert await hoster.told(order_id) == [("ORDERED", None), ("REGISTERED", None)]
    assert hoster.lab.creates(name) == 1


@pytest.mark.parametrize(("command", "fault"), POINTS)
async def test_wherever_the_connection_drops_workers_order_a_domain_once(
    hoster: Hoster, command: str, fault: str
) -> None:
    for number in range(TIMES):
        name = f"punkt{number}.de"
        await active(hoster.equipment, name)
        if command == "info domain":
            faults.order(hoster.lab.store, "create domain", faults.AFTER)
        faults.order(hoster.lab.store, command, fault)
        await hoster.work()
        looked = 0
        while await state_of(name) == "ORDERED" and looked < 4:
            looked += 1
            await hoster.work()
        assert await state_of(name) == "REGISTERED"
        assert hoster.lab.creates(name) == 1
        assert looked <= (3 if command == "info domain" else 2)  # there a look itself is lost
    assert await DomainTrade.count() == TIMES
    assert await OrderDomain.count().where(OrderDomain.state == "REGISTERED") == TIMES
