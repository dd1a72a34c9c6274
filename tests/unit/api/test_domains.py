"""Domains: a name belongs to one accepted order, is ordered once, and has mail only once somebody confirmed it."""

import asyncio
from collections import Counter

import pytest

from api.activation.acceptance import NameTakenError, accept
from api.domains import registration
from api.domains.drivers import DRIVERS, Nobody, Sandbox
from api.domains.registrar import Done, Outcome, Reason, Refused, Trade
from api.equipment import Equipment
from api.lifecycle import IllegalMoveError, OrderEvent
from api.notices.tables import Outbox
from api.provisioning import handoff
from api.provisioning.tables import Job
from api.tables import Journal, OrderDomain
from tests.unit.api.orderform import new_name, offered, row_of
from tests.unit.api.playedhosts import STAFF, accepted, living, pinned, take_one, tell

pytestmark = pytest.mark.usefixtures("database")


class Counting(Sandbox):
    """A registrar that counts what it is asked to order, and fails where it is told to."""

    def __init__(self, *broken: str, says: Outcome | None = None) -> None:
        self.asked: Counter[str] = Counter()
        self._broken, self._says = broken, says or Done()

    async def order(self, trade: Trade) -> Outcome:
        """Count."""
        self.asked[trade.name] += 1
        if trade.name in self._broken:
            raise ConnectionError
        return self._says


async def state_of(name: str) -> str:
    (row,) = await OrderDomain.select().where(OrderDomain.held_name == name)
    return str(row["state"])


async def test_a_name_belongs_to_the_first_order_that_is_accepted(equipment: Equipment) -> None:
    name = new_name()
    first, second = await offered(equipment, name), await offered(equipment, name)
    await accept(equipment, second, OrderEvent.STAFF_ACCEPTED, actor=STAFF)
    with pytest.raises(NameTakenError):
        await accept(equipment, first, OrderEvent.STAFF_ACCEPTED, actor=STAFF)
    assert (await row_of(first))["state"] == "AWAITING_ACTIVATION"


async def test_no_registrar_is_asked_about_an_order_that_nobody_accepted(equipment: Equipment) -> None:
    await offered(equipment)
    registrar = Counting()
    assert await registration.settle_all(registrar, equipment.seal, handoff.enqueue) == 0
    assert not registrar.asked


async def test_the_sandbox_confirms_at_once_and_the_customer_is_told(equipment: Equipment) -> None:
    name = new_name()
    order_id = await accepted(equipment, name)
    await registration.settle_all(Sandbox(), equipment.seal, handoff.enqueue)
    assert await state_of(name) == "REGISTERED"
    events = await Journal.select(Journal.event).where(Journal.subject_id == name).order_by(Journal.id)
    assert [row["event"] for row in events] == ["NAME_BOUND", "ORDERED", "REGISTERED"]
    assert await Outbox.count().where(Outbox.order == order_id, Outbox.kind == "domain_status") == 1


async def test_domains_that_wait_for_long_do_not_keep_new_ones_from_being_ordered(
    equipment: Equipment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registration, "BATCH", 2)
    for _ in range(2):
        await accepted(equipment, new_name())
    await registration.settle_all(Nobody(), equipment.seal, handoff.enqueue)
    name = new_name()
    await accepted(equipment, name)
    await registration.settle_all(Nobody(), equipment.seal, handoff.enqueue)
    assert await state_of(name) == "PENDING"


async def test_without_a_registrar_the_domain_waits_for_the_word_of_staff(equipment: Equipment) -> None:
    name = new_name()
    await accepted(equipment, name)
    for _ in range(2):
        await registration.settle_all(Nobody(), equipment.seal, handoff.enqueue)
    assert await state_of(name) == "PENDING"
    assert [row["name"] for row in await registration.waiting()] == [name]
    await registration.vouch(name, handoff.enqueue, actor=STAFF)
    assert await state_of(name) == "REGISTERED"
    assert await registration.waiting() == []
    with pytest.raises(IllegalMoveError):
        await registration.vouch(name, handoff.enqueue, actor=STAFF)
    assert await Journal.count().where(Journal.event == "REGISTERED", Journal.actor == STAFF) == 1


async def test_nobody_vouches_for_a_name_that_no_order_holds(equipment: Equipment) -> None:
    name = new_name()
    await offered(equipment, name)
    with pytest.raises(registration.NoDomainError):
        await registration.vouch(name, handoff.enqueue, actor=STAFF)


async def test_several_workers_confirm_a_domain_once(equipment: Equipment) -> None:
    name = new_name()
    order_id = await accepted(equipment, name)
    await asyncio.gather(*(registration.settle_all(Sandbox(), equipment.seal, handoff.enqueue) for _ in range(6)))
    assert await Journal.count().where(Journal.subject_id == name, Journal.event == "ORDERED") == 1
    assert await Outbox.count().where(Outbox.order == order_id, Outbox.kind == "domain_status") == 1


async def test_a_domain_that_cannot_be_settled_keeps_no_other_waiting(equipment: Equipment) -> None:
    bad, good = new_name(), new_name()
    await accepted(equipment, bad)
    await accepted(equipment, good)
    registrar = Counting(bad)
    await registration.settle_all(registrar, equipment.seal, handoff.enqueue)
    assert (await state_of(bad), await state_of(good)) == ("PENDING", "REGISTERED")
    assert registrar.asked == {bad: 1, good: 1}


async def test_what_the_registrar_refuses_is_told_and_gets_no_mail(equipment: Equipment) -> None:
    order_id = await pinned(equipment, await living("h1"))
    await tell(await take_one(equipment, order_id))
    await registration.settle_all(Counting(says=Refused(Reason.TAKEN)), equipment.seal, handoff.enqueue)
    (row,) = await OrderDomain.select().where(OrderDomain.order == order_id)
    assert row["state"] == "FAILED"
    assert await Outbox.count().where(Outbox.order == order_id, Outbox.kind == "domain_status") == 1
    assert await Job.count() == 1


async def test_mail_of_a_domain_is_switched_on_where_the_account_is_made_already(equipment: Equipment) -> None:
    order_id = await pinned(equipment, await living("h1"))
    await tell(await take_one(equipment, order_id))
    assert await Job.count() == 1
    await registration.settle_all(Sandbox(), equipment.seal, handoff.enqueue)
    assert await Job.count() == 2
    taken = await take_one(equipment, order_id)
    assert b'"mail":true' in taken.file


async def test_a_confirmation_before_the_account_needs_no_further_job(equipment: Equipment) -> None:
    made = await living("h1")
    order_id = await pinned(equipment, made)
    await registration.settle_all(Sandbox(), equipment.seal, handoff.enqueue)
    assert await Job.count() == 1
    assert b'"mail":true' in (await take_one(equipment, order_id)).file


async def test_an_auth_code_is_gone_once_it_served(equipment: Equipment) -> None:
    name = new_name()
    order_id = await accepted(equipment, name)
    await OrderDomain.update(
        {OrderDomain.action: "transfer", OrderDomain.auth_code_sealed: equipment.seal.seal("auth code", "aB&<+/9x")}
    ).where(OrderDomain.order == order_id)
    await registration.settle_all(Sandbox(), equipment.seal, handoff.enqueue)
    (row,) = await OrderDomain.select().where(OrderDomain.order == order_id)
    assert (row["state"], row["auth_code_sealed"]) == ("TRANSFERRED", None)


async def test_there_is_a_driver_for_whatever_the_settings_may_name(equipment: Equipment) -> None:
    assert equipment.settings.hosting.registrar in DRIVERS
    assert set(DRIVERS) == {"none", "sandbox"}
