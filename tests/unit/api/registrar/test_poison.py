"""A message at the head of the queue that can never be read: domains are ordered all the same, and staff are told."""

import dataclasses
from datetime import timedelta

import msgspec
import pytest

from api.domains.desk import Desk
from api.domains.office import Office
from api.domains.registrar import RegistrarUnavailableError
from api.domains.tables import RegistryLease, RegistryMessage
from api.domains.zones.nameservers import NoNameServers
from api.equipment import Equipment
from api.notices.tables import Outbox
from api.provisioning import handoff
from api.settings import Dns
from tests.registry import faults, queue
from tests.unit.api.domaindesk import Places, active, state_of
from tests.unit.api.orderform import new_name
from tests.unit.api.registrar.conftest import Lab

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]


@pytest.fixture
def impatient(equipment: Equipment) -> Equipment:
    """Equipment with name servers, for an office that polls each time."""
    dns = Dns(nameservers=("ns1.hosting.test", "ns2.hosting.test"))
    waits = msgspec.structs.replace(equipment.settings.domains, poll_every_s=0.001)
    settings = msgspec.structs.replace(equipment.settings, dns=dns, domains=waits)
    return dataclasses.replace(equipment, settings=settings)


@pytest.mark.parametrize("kind", ["huge", "doctype", "utf-16", "garbage"])
async def test_domains_are_ordered_beside_a_message_that_is_poison_for_good(
    lab: Lab, impatient: Equipment, kind: str
) -> None:
    with lab.store.change():
        queue.tell(lab.store, "ankunft", "poison")
    faults.order(lab.store, "poll", kind, 100)
    office = Office(Desk(lab.driver(), impatient, handoff.enqueue), NoNameServers(), Places())
    for _ in range(3):
        name = new_name()
        await active(impatient, name)
        with pytest.raises(RegistrarUnavailableError):
            await office.work()
        assert await state_of(name) == "REGISTERED"
        assert lab.creates(name) == 1
    (lease,) = await RegistryLease.select()
    long_ago = lease["drained_at"] - timedelta(minutes=20)
    await RegistryLease.update({RegistryLease.drained_at: long_ago}, force=True)
    with pytest.raises(RegistrarUnavailableError):
        await office.work()
    assert await Outbox.count().where(Outbox.kind == "staff_registry") == 1
    with lab.store.change():
        lab.store.rows("DELETE FROM fault RETURNING id")
    await office.work()
    assert [row["words"] for row in await RegistryMessage.select()] == ["poison"]
