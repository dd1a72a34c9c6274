"""Zones are handed over to the registry: name servers and keys, in the order that breaks nobody, refusals told."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from api.domains import decisions
from api.domains.registrar import Ds, FailedError, NotTakenError
from api.domains.tables import Zone
from api.domains.zones import keeping
from api.domains.zones.content import Whereabouts
from api.equipment import Equipment
from api.provisioning import handoff
from api.settings import Dns
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
    rush,
)
from tests.unit.api.orderform import new_name
from tests.unit.api.playedhosts import STAFF, accepted

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

SERVERS = ("ns1.hosting.test", "ns2.hosting.test")
HOSTMASTER = "hostmaster@hosting.test"
HERE = Whereabouts(("192.0.2.10",), ("192.0.2.20",))


@pytest.fixture
def equipped(equipment: Equipment) -> Equipment:
    """Equipment of somebody who has name servers."""
    dns = Dns(driver="powerdns", api_url="http://x", api_key="x", nameservers=SERVERS, hostmaster=HOSTMASTER)
    object.__setattr__(equipment, "settings", msgspec.structs.replace(equipment.settings, dns=dns))
    return equipment


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
