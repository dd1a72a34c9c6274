"""Domains move by their table alone, and one worker at a time talks to a registry."""

import asyncio
from typing import Any

import pytest

from api.domains import registration
from api.domains.leases import Lease, LeaseLostError
from api.domains.tables import RegistryLease
from api.equipment import Equipment
from api.lifecycle import DOMAIN_MOVES, DomainEvent, DomainState, IllegalMoveError
from api.piccolo_conf import DB
from api.tables import OrderDomain
from tests.unit.api.domaindesk import Told, activate, events_of, office, row_of, state_of
from tests.unit.api.orderform import new_name
from tests.unit.api.playedhosts import STAFF, accepted

pytestmark = pytest.mark.usefixtures("database")


async def test_two_workers_never_share_a_registry_and_the_next_one_takes_over(equipment: Equipment) -> None:
    name, first, second = new_name(), Told(), Told()
    one, other = office(equipment, first), office(equipment, second)
    await one.work()
    await activate(await accepted(equipment, name))
    await other.work()
    assert not second.asked
    await one.close()
    await other.work()
    assert second.asked == {name: 1}


async def test_a_worker_that_slept_through_its_lease_is_stopped(
    equipment: Equipment, monkeypatch: pytest.MonkeyPatch
) -> None:
    del equipment
    monkeypatch.setattr("api.domains.leases.BEAT_S", 0.01)
    lease, thief = Lease("de"), Lease("de")
    assert await lease.take()

    async def long_work() -> int:
        await RegistryLease.update({RegistryLease.holder: thief.holder}).where(RegistryLease.registry == "de")
        lease._until = lease._until.replace(year=2000)
        await asyncio.sleep(10)
        return 1

    with pytest.raises(LeaseLostError):
        await asyncio.wait_for(lease.while_kept(long_work), 5)


@pytest.mark.parametrize("event", DomainEvent)
async def test_a_domain_moves_as_its_table_says_and_in_no_other_way(equipment: Equipment, event: DomainEvent) -> None:
    name = new_name()
    await accepted(equipment, name)
    domain = await row_of(name)
    for state in DomainState:
        values: dict[Any, Any] = {OrderDomain.state: state.value, OrderDomain.held_name: name}
        await OrderDomain.update(values).where(OrderDomain.id == domain["id"])
        row = await row_of(name)
        if (state, event) in DOMAIN_MOVES:
            moved = await registration.move(row, event, actor=STAFF)
            assert moved["state"] == DOMAIN_MOVES[state, event] == await state_of(name)
        else:
            with pytest.raises(IllegalMoveError):
                await registration.move(row, event, actor=STAFF)
            assert await state_of(name) == state
    assert (await events_of(name)).count(event.value) == sum(1 for _, known in DOMAIN_MOVES if known is event)


async def test_of_two_who_move_a_domain_at_once_one_is_refused(equipment: Equipment) -> None:
    name = new_name()
    await accepted(equipment, name)
    read = await row_of(name)
    async with DB.transaction():
        await registration.move(read, DomainEvent.ZONE_MADE, actor=STAFF)
    with pytest.raises(IllegalMoveError):
        await registration.move(read, DomainEvent.CANCELLED, actor=STAFF)
    assert await state_of(name) == "ZONE_READY"
