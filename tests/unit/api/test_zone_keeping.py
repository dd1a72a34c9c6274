"""Zones follow the accounts: made before a domain is ordered, changed when the account moves, gone with it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from api.domains import decisions, registration
from api.domains.registrar import Ds, FailedError, NotTakenError
from api.domains.tables import Zone
from api.domains.zones import keeping
from api.domains.zones.content import SigningKey, Whereabouts
from api.domains.zones.keeping import NoAddressError
from api.domains.zones.powerdns import NameServersAwayError, NameServersError
from api.equipment import Equipment
from api.lifecycle import DomainEvent
from api.piccolo_conf import DB
from api.provisioning import handoff
from api.provisioning.tables import Host, Job
from api.provisioning.whereabouts import whereabouts
from api.settings import Dns
from api.tables import OrderDomain
from tests.unit.api.domaindesk import (
    AT,
    Names,
    Places,
    Told,
    activate,
    active,
    mails_of,
    moving,
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


async def test_a_delegation_that_the_registry_refuses_holds_no_other_up_and_staff_are_told_once(
    equipped: Equipment,
) -> None:
    bad, good = new_name(), new_name()

    class Refusing(Told):
        async def delegate(self, name: str, nameservers: Sequence[str], ds: Sequence[Ds]) -> None:
            await super().delegate(name, nameservers, ds)
            if name == bad:
                raise NotTakenError("lab answered 2304: locked")

    order_id, registrar = await active(equipped, bad), Refusing()
    await active(equipped, good)
    desk = office(equipped, registrar, Names(), Places(HERE))
    for _ in range(8):
        await desk.work()
        await rush()
        await Zone.update({Zone.delegate_at: AT}).where(Zone.delegate_at.is_not_null())
    assert [name for name, *_ in registrar.delegated].count(bad) == 8
    assert [name for name, *_ in registrar.delegated].count(good) == 1
    (alarm,) = await mails_of(order_id, "staff_alarm")
    assert "lab answered 2304: locked" in alarm["context"]


async def test_a_delegation_that_always_fails_is_tried_less_and_less_and_staff_are_told(equipped: Equipment) -> None:
    class Failing(Told):
        async def delegate(self, name: str, nameservers: Sequence[str], ds: Sequence[Ds]) -> None:
            await super().delegate(name, nameservers, ds)
            raise FailedError("lab: no answer within 30 s")

    order_id, pauses = await active(equipped, new_name()), []
    desk = office(equipped, Failing(), Names(), Places(HERE))
    for _ in range(8):
        now = datetime.now(UTC)
        with pytest.raises(FailedError):
            await desk.work()
        (zone,) = await Zone.select()
        pauses.append(round((zone["delegate_at"] - now).total_seconds() / 5))
        await Zone.update({Zone.delegate_at: AT}, force=True)
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128]
    (alarm,) = await mails_of(order_id, "staff_alarm")
    assert "lab: no answer within 30 s" in alarm["context"]


async def test_after_a_transfer_the_keys_follow_when_no_cache_has_the_former_name_servers(equipped: Equipment) -> None:
    name, registrar = new_name(), Told()
    await moving(equipped, name)
    desk = office(equipped, registrar, Names(), Places(HERE))
    await desk.work()
    assert registrar.delegated == [(name, SERVERS, ())]
    (zone,) = await Zone.select()
    assert timedelta(hours=47) < zone["delegate_at"] - datetime.now(UTC) < timedelta(hours=49)
    assert await keeping.rewrite(name)
    await desk.work()
    assert len(registrar.delegated) == 1, "the keys wait on when the zone is written anew"
    await Zone.update({Zone.delegate_at: AT}, force=True)
    await desk.work()
    assert registrar.delegated[1:] == [(name, SERVERS, (Ds(12345, 13, 2, "AB" * 32),))]
    assert await keeping.rewrite(name)
    await desk.work()
    assert registrar.delegated[2:] == registrar.delegated[1:2], "both are handed over together from then on"


async def test_a_domain_that_staff_vouched_for_before_it_had_a_zone_gets_one(equipped: Equipment) -> None:
    name, names, registrar = new_name(), Names(), Told()
    order_id = await accepted(equipped, name)
    await decisions.vouch(name, handoff.enqueue, actor=STAFF)
    await activate(order_id)
    await office(equipped, registrar, names, Places(HERE)).work()
    assert list(names.zones) == [name]
    assert [one for one, *_ in registrar.delegated] == [name]


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
