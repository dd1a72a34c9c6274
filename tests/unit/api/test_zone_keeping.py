"""Zones follow the accounts: made before a domain is ordered, changed when the account moves, gone with it."""

import msgspec
import pytest

from api.domains import registration
from api.domains.registrar import Ds
from api.domains.tables import Zone
from api.domains.zones import keeping
from api.domains.zones.content import SigningKey, Whereabouts
from api.domains.zones.keeping import NoAddressError
from api.domains.zones.powerdns import NameServersAwayError, NameServersError
from api.equipment import Equipment
from api.lifecycle import DomainEvent
from api.piccolo_conf import DB
from api.provisioning.tables import Host, Job
from api.provisioning.whereabouts import whereabouts
from api.settings import Dns
from api.tables import OrderDomain
from tests.unit.api.domaindesk import (
    Names,
    Places,
    Told,
    active,
    mails_of,
    office,
    row_of,
    rush,
    state_of,
)
from tests.unit.api.orderform import new_name
from tests.unit.api.playedhosts import STAFF, accepted, draw_all, living, pinned, take_one, tell

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

SERVERS = ("ns1.hosting.test", "ns2.hosting.test")
HOSTMASTER = "hostmaster@hosting.test"
KEY = SigningKey("h1", "MIIBIjANBgkq" * 33)
HERE = Whereabouts(("192.0.2.10", "2001:db8::10"), ("192.0.2.20",), KEY)
THERE = Whereabouts(("192.0.2.30",), ("192.0.2.30",), KEY)


@pytest.fixture
def equipped(equipment: Equipment) -> Equipment:
    """Equipment of somebody who has name servers."""
    dns = Dns(driver="powerdns", api_url="http://x", api_key="x", nameservers=SERVERS, hostmaster=HOSTMASTER)
    object.__setattr__(equipment, "settings", msgspec.structs.replace(equipment.settings, dns=dns))
    return equipment


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


async def test_name_servers_that_are_away_are_asked_once_a_round(equipped: Equipment) -> None:
    class Away(Names):
        async def put(self, name: str, records: object) -> tuple[Ds, ...]:
            del records
            self.writes[name] += 1
            raise NameServersAwayError("cannot make the zone: ConnectTimeout")

    await active(equipped, new_name(), new_name())
    names = Away()
    await office(equipped, Told(), names, Places(HERE)).work()
    assert names.writes.total() == 1


async def test_where_the_registry_wants_to_see_the_zone_nothing_is_ordered_before_it_answers(
    equipped: Equipment,
) -> None:
    class Unseen(Names):
        async def answer(self, name: str) -> bool:
            return name in self.zones and self.writes.total() > 2

    seen, unseen, registrar, names = "sicht-beispiel.com", "sicht-beispiel.de", Told(), Unseen()
    order_id = await active(equipped, seen, unseen)
    desk = office(equipped, registrar, names, Places(HERE))
    for _ in range(5):
        await desk.work()
        await rush()
    assert registrar.asked == {seen: 1}
    (alarm,) = await mails_of(order_id, "staff_alarm")
    assert "not all of the name servers answer" in alarm["context"]
    names.writes[unseen] = 2
    await desk.work()
    assert await state_of(unseen) == "REGISTERED"


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
