"""Zones: what stands in them, in a real PowerDNS, as a validating resolver sees it; and that they follow accounts."""

import socket
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from api.domains.zones.content import SigningKey, Whereabouts, text, zone_of
from api.domains.zones.powerdns import NameServersAwayError, NameServersError, PowerDns
from api.domains.zones.seeing import is_seen
from tests.nameservers.ports import free_ports
from tests.nameservers.programs import NameServers, rec_control, running
from tests.nameservers.resolver import Found, resolve

pytestmark = pytest.mark.slow

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


async def test_the_name_servers_themselves_are_asked_whether_a_zone_is_there(nameservers: NameServers) -> None:
    there = f"{nameservers.address}:{nameservers.port}"
    name = "sichtbar.de"
    powerdns = PowerDns(nameservers.api_url, nameservers.api_key, (there,))
    assert not await powerdns.answer(name)
    await powerdns.put(name, zone_of(name, HERE, SERVERS, HOSTMASTER))
    assert await powerdns.answer(name)
    resolver = f"{nameservers.address}:{nameservers.resolver_port}"
    assert not await is_seen(name, (there, resolver)), "each of them has to have it itself"
    await powerdns.close()


async def test_a_name_server_that_is_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.domains.zones.seeing.WITHIN_S", 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        powerdns = PowerDns("http://127.0.0.1:9", "geheim", (f"127.0.0.1:{silent.getsockname()[1]}",))
        with pytest.raises(NameServersAwayError):
            await powerdns.answer("still.de")
        await powerdns.close()


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
