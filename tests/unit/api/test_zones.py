"""Zones: what stands in them, in a real PowerDNS, as a validating resolver sees it; and that they follow accounts."""

from collections.abc import AsyncIterator, Iterator

import httpx
import msgspec
import pytest

from api.domains import registration
from api.domains.registrar import Ds
from api.domains.tables import Zone
from api.domains.zones import keeping
from api.domains.zones.content import SigningKey, Whereabouts, text, zone_of
from api.domains.zones.keeping import NoAddressError
from api.domains.zones.powerdns import NameServersError, PowerDns
from api.equipment import Equipment
from api.lifecycle import DomainEvent
from api.piccolo_conf import DB
from api.provisioning.tables import Host, Job
from api.provisioning.whereabouts import whereabouts
from api.settings import Dns
from api.tables import OrderDomain
from tests.nameservers.ports import free_ports
from tests.nameservers.programs import NameServers, rec_control, running
from tests.nameservers.resolver import Found, resolve
from tests.unit.api.domaindesk import Names, Places, Told, active, mails_of, office, row_of, rush, state_of
from tests.unit.api.orderform import new_name
from tests.unit.api.playedhosts import STAFF, accepted, draw_all, living, pinned, take_one, tell

SERVERS = ("ns1.hosting.test", "ns2.hosting.test")
HOSTMASTER = "hostmaster@hosting.test"
KEY = SigningKey("h1", "MIIBIjANBgkq" * 33)
HERE = Whereabouts(("192.0.2.10", "2001:db8::10"), ("192.0.2.20",), KEY)
THERE = Whereabouts(("192.0.2.30",), ("192.0.2.30",), KEY)


@pytest.fixture(scope="session")
def nameservers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServers]:
    """A PowerDNS and its resolver."""
    address = "127.0.0.1"
    port, api_port, resolver_port = free_ports(address, 3)
    here = NameServers(tmp_path_factory.mktemp("dns"), address, port, api_port, resolver_port, "kein-Geheimnis")
    with running(here):
        yield here


@pytest.fixture
async def powerdns(nameservers: NameServers) -> AsyncIterator[PowerDns]:
    """What the API talks through."""
    made = PowerDns(nameservers.api_url, nameservers.api_key)
    yield made
    await made.close()


@pytest.fixture
def equipped(equipment: Equipment) -> Equipment:
    """Equipment of somebody who has name servers."""
    dns = Dns(driver="powerdns", api_url="http://x", api_key="x", nameservers=SERVERS, hostmaster=HOSTMASTER)
    object.__setattr__(equipment, "settings", msgspec.structs.replace(equipment.settings, dns=dns))
    return equipment


def ask(here: NameServers, name: str, kind: str) -> Found:
    return resolve(here.address, here.resolver_port, name, kind)


async def test_a_zone_answers_with_all_that_a_customer_needs(nameservers: NameServers, powerdns: PowerDns) -> None:
    name = "xn--beispiel-shne-ejb.de"
    await powerdns.put(name, zone_of(name, HERE, SERVERS, HOSTMASTER))
    assert ask(nameservers, name, "A").records == ("192.0.2.10",)
    assert ask(nameservers, f"www.{name}", "AAAA").records == ("2001:db8::10",)
    assert ask(nameservers, name, "NS").records == ("ns1.hosting.test.", "ns2.hosting.test.")
    assert ask(nameservers, name, "MX").records == (f"10 mail.{name}.",)
    assert ask(nameservers, f"mail.{name}", "A").records == ("192.0.2.20",)
    assert ask(nameservers, name, "TXT").records == ('"v=spf1 a mx -all"',)
    (key,) = ask(nameservers, f"h1._domainkey.{name}", "TXT").records
    assert key.replace('" "', "") == f'"v=DKIM1; k=rsa; p={KEY.public}"'
    (soa,) = ask(nameservers, name, "SOA").records
    assert soa.startswith("ns1.hosting.test. hostmaster.hosting.test. ")


async def test_a_zone_is_validated_by_the_ds_that_goes_to_the_registry(
    nameservers: NameServers, powerdns: PowerDns
) -> None:
    name = "signiert.de"
    (ds,) = await powerdns.put(name, zone_of(name, HERE, SERVERS, HOSTMASTER))
    assert not ask(nameservers, name, "A").is_validated
    rec_control(nameservers, "add-ta", name, f"{ds.key_tag} {ds.algorithm} {ds.digest_type} {ds.digest}")
    rec_control(nameservers, "wipe-cache", f"{name}$")
    assert ask(nameservers, name, "A").is_validated
    rec_control(nameservers, "clear-ta", name)
    rec_control(nameservers, "add-ta", name, f"{ds.key_tag} {ds.algorithm} {ds.digest_type} {'AB' * 32}")
    rec_control(nameservers, "wipe-cache", f"{name}$")
    assert ask(nameservers, name, "A").rcode == "SERVFAIL"


async def test_a_zone_is_made_once_changed_as_a_whole_and_removed(nameservers: NameServers, powerdns: PowerDns) -> None:
    name = "umzug.de"
    first = await powerdns.put(name, zone_of(name, HERE, SERVERS, HOSTMASTER))
    again = await powerdns.put(name, zone_of(name, THERE, SERVERS, HOSTMASTER))
    assert first == again, "its key stays"
    rec_control(nameservers, "wipe-cache", f"{name}$")
    assert ask(nameservers, name, "A").records == ("192.0.2.30",)
    assert ask(nameservers, name, "AAAA").records == (), "what it no longer holds is gone"
    for _ in range(2):
        await powerdns.remove(name)
    rec_control(nameservers, "wipe-cache", f"{name}$")
    assert ask(nameservers, name, "A").rcode == "SERVFAIL", "unknown, not absent"


async def test_a_zone_that_somebody_else_made_is_neither_changed_nor_removed(
    nameservers: NameServers, powerdns: PowerDns
) -> None:
    name = "hoster.de"
    async with httpx.AsyncClient(headers={"X-API-Key": nameservers.api_key}, trust_env=False) as staff:
        zone = {"name": f"{name}.", "kind": "Native", "nameservers": ["ns1.hosting.test."]}
        made = await staff.post(f"{nameservers.api_url}/api/v1/servers/localhost/zones", json=zone)
        assert made.status_code == 201
    with pytest.raises(NameServersError, match="not ours"):
        await powerdns.put(name, zone_of(name, HERE, SERVERS, HOSTMASTER))
    with pytest.raises(NameServersError, match="not ours"):
        await powerdns.remove(name)
    assert ask(nameservers, name, "NS").records == ("ns1.hosting.test.",)


async def test_each_change_has_a_higher_serial(nameservers: NameServers, powerdns: PowerDns) -> None:
    name, serials = "serie.de", []
    for place in (HERE, THERE, HERE):
        await powerdns.put(name, zone_of(name, place, SERVERS, HOSTMASTER))
        rec_control(nameservers, "wipe-cache", f"{name}$")
        serials.append(int(ask(nameservers, name, "SOA").records[0].split()[2]))
    assert serials == sorted(set(serials))


async def test_a_powerdns_that_refuses_or_is_away_says_so_without_its_key(nameservers: NameServers) -> None:
    for made in (PowerDns(nameservers.api_url, "falsch"), PowerDns("http://127.0.0.1:9", "geheim")):
        with pytest.raises(NameServersError, match="cannot make the zone") as refused:
            await made.put("x.de", zone_of("x.de", HERE, SERVERS, HOSTMASTER))
        assert "falsch" not in str(refused.value)
        await made.close()


def test_no_record_of_ours_can_be_broken_out_of() -> None:
    for evil in ('v=DKIM1"', "back\\slash", "zeile\nzwei", "ü"):
        with pytest.raises(ValueError, match="plain ASCII"):
            text(evil)


@pytest.mark.usefixtures("database")
async def test_a_domain_is_ordered_once_its_zone_is_there_and_its_ds_follows(equipped: Equipment) -> None:
    name, registrar, names, places = new_name(), Told(), Names(), Places(None)
    await active(equipped, name)
    desk = office(equipped, registrar, names, places)
    await desk.work()
    assert await state_of(name) == "REQUESTED"
    assert not registrar.asked
    places.place = HERE
    await rush()
    await desk.work()
    assert await state_of(name) == "REGISTERED"
    assert registrar.trades[0].nameservers == SERVERS
    assert registrar.delegated == [(name, SERVERS, (Ds(12345, 13, 2, "AB" * 32),))]
    for _ in range(3):
        await rush()
        await desk.work()
    assert names.writes == {name: 1}
    assert len(registrar.delegated) == 1


@pytest.mark.usefixtures("database")
async def test_a_zone_follows_its_account_and_goes_with_it(equipped: Equipment) -> None:
    name, names, places = new_name(), Names(), Places(HERE)
    order_id = await active(equipped, name)
    desk = office(equipped, Told(), names, places)
    await desk.work()
    places.place = THERE
    async with DB.transaction():
        await keeping.touch(order_id)
    await desk.work()
    assert names.writes == {name: 2}
    assert "192.0.2.30" in str(names.zones[name])
    places.place = None
    await rush()
    await desk.work()
    assert names.zones == {}
    assert await Zone.count() == 0


@pytest.mark.usefixtures("database")
async def test_a_zone_answers_for_a_week_after_its_domain_left(equipped: Equipment) -> None:
    name, names = new_name(), Names()
    await active(equipped, name)
    desk = office(equipped, Told(), names, Places(HERE))
    await desk.work()
    async with DB.transaction():
        await registration.move(await row_of(name), DomainEvent.LEFT, actor=STAFF)
    await rush()
    await desk.work()
    assert name in names.zones
    old = (await row_of(name))["changed_at"].replace(year=2025)
    await OrderDomain.update({OrderDomain.changed_at: old}).where(OrderDomain.name == name)
    await rush()
    await desk.work()
    assert name not in names.zones


@pytest.mark.usefixtures("database")
async def test_name_servers_that_fail_hold_no_other_zone_up_and_staff_are_told_once(equipped: Equipment) -> None:
    bad, good = new_name(), new_name()

    class Failing(Names):
        async def put(self, name: str, records: object) -> tuple[Ds, ...]:
            if name == bad:
                raise NameServersError("cannot make the zone: PowerDNS answers 500")
            return await super().put(name, records)  # type: ignore[arg-type]

    order_id = await active(equipped, bad)
    await active(equipped, good)
    desk = office(equipped, Told(), Failing(), Places(HERE))
    for _ in range(7):
        await desk.work()
        await rush()
    assert (await state_of(bad), await state_of(good)) == ("REQUESTED", "REGISTERED")
    (alarm,) = await mails_of(order_id, "staff_alarm")
    assert "PowerDNS answers 500" in alarm["context"]


@pytest.mark.usefixtures("database")
async def test_where_an_account_is_comes_from_its_hosts_and_what_they_report(equipment: Equipment) -> None:
    made = await living("h1")
    order_id = await accepted(equipment)
    assert await whereabouts(order_id) is None, "no host is drawn"
    await draw_all(made)
    with pytest.raises(NoAddressError, match="h1"):
        await whereabouts(order_id)
    await Host.update({Host.address: "192.0.2.7"}).where(Host.name == "h1")
    assert await whereabouts(order_id) == Whereabouts(("192.0.2.7",), ("192.0.2.7",))
    key = {"dkim_selector": "a1", "dkim_key_1": "A" * 200, "dkim_key_2": "B" * 190 + "=="}
    await tell(await take_one(equipment, order_id), facts=key)
    found = await whereabouts(order_id)
    assert found is not None
    assert found.signing == SigningKey("a1", "A" * 200 + "B" * 190 + "==")
    await Job.update({Job.target: "absent"}, force=True)
    assert await whereabouts(order_id) is None


@pytest.mark.parametrize("evil", ['x"; p=', "ä" * 200, "A" * 50, "A" * 2000])
@pytest.mark.usefixtures("database")
async def test_a_host_cannot_write_just_anything_into_a_zone(equipment: Equipment, evil: str) -> None:
    made = await living("h1")
    order_id = await pinned(equipment, made)
    await Host.update({Host.address: "192.0.2.7"}, force=True)
    facts = {"dkim_selector": "a1"} | {
        f"dkim_key_{n}": evil[n * 200 : n * 200 + 200] for n in range(len(evil) // 200 + 1)
    }
    await tell(await take_one(equipment, order_id), facts=facts)
    found = await whereabouts(order_id)
    assert found is not None
    assert found.signing is None
