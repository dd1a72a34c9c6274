"""Domains: a name belongs to one accepted order, is ordered once, and has mail only once somebody confirmed it."""

import asyncio
import json

import pytest

from api.activation.acceptance import NameTakenError, accept
from api.domains import decisions, ordering, registration
from api.domains.drivers import DRIVERS, Nobody, Sandbox
from api.domains.registrar import Done, Pending, Reason, Refused
from api.domains.tables import DomainTrade
from api.equipment import Equipment
from api.lifecycle import IllegalMoveError, OrderEvent
from api.notices.tables import Outbox
from api.provisioning import handoff
from api.provisioning.tables import Job
from api.tables import Journal, OrderDomain
from tests.unit.api.domaindesk import Told, activate, active, events_of, mails_of, moving, office, rush, state_of
from tests.unit.api.orderform import new_name, offered, row_of
from tests.unit.api.playedhosts import STAFF, accepted, living, pinned, take_one, tell

pytestmark = pytest.mark.usefixtures("database")


async def test_a_name_belongs_to_the_first_order_that_is_accepted(equipment: Equipment) -> None:
    name = new_name()
    first, second = await offered(equipment, name), await offered(equipment, name)
    await accept(equipment, second, OrderEvent.STAFF_ACCEPTED, actor=STAFF)
    with pytest.raises(NameTakenError):
        await accept(equipment, first, OrderEvent.STAFF_ACCEPTED, actor=STAFF)
    assert (await row_of(first))["state"] == "AWAITING_ACTIVATION"


async def test_no_registrar_is_asked_before_the_account_is_there(equipment: Equipment) -> None:
    name, registrar = new_name(), Told()
    desk = office(equipment, registrar)
    await offered(equipment)
    order_id = await accepted(equipment, name)
    await desk.work()
    assert not registrar.asked
    assert await state_of(name) == "REQUESTED"
    await activate(order_id)
    await desk.work()
    assert registrar.asked == {name: 1}


async def test_a_domain_that_staff_cancel_before_it_was_ordered_costs_nothing(equipment: Equipment) -> None:
    name, registrar = new_name(), Told()
    order_id = await accepted(equipment, name)
    await decisions.resolve(name, "cancel", handoff.enqueue, actor=STAFF)
    await activate(order_id)
    await office(equipment, registrar).work()
    assert not registrar.asked
    assert await state_of(name) == "CANCELLED"
    await accepted(equipment, name)  # the name is free for another order


async def test_a_domain_is_ordered_by_acceptance_alone_where_the_operator_wants_that(
    equipment: Equipment, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = new_name()
    await accepted(equipment, name)
    monkeypatch.setattr(ordering, "ordered_in", lambda _: [state.value for state in ordering.ACCEPTED])
    await office(equipment, Sandbox()).work()
    assert await state_of(name) == "REGISTERED"


async def test_the_sandbox_confirms_at_once_and_the_customer_is_told_of_each_state_once(equipment: Equipment) -> None:
    name = new_name()
    order_id = await active(equipment, name)
    await office(equipment, Sandbox()).work()
    assert await state_of(name) == "REGISTERED"
    assert await events_of(name) == ["NAME_BOUND", "ZONE_MADE", "ORDERED", "REGISTERED"]
    assert [json.loads(mail["context"])["status"] for mail in await mails_of(order_id)] == ["ORDERED", "REGISTERED"]
    assert await Journal.count().where(Journal.subject_id == name, Journal.public.eq(True)) == 2


async def test_domains_that_wait_for_long_do_not_keep_new_ones_from_being_ordered(
    equipment: Equipment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordering, "BATCH", 2)
    desk = office(equipment, Told(*[Pending()] * 20, looks=[Pending()] * 20))
    for _ in range(5):
        await active(equipment, new_name())
    name = new_name()
    await active(equipment, name)
    for _ in range(4):
        await desk.work()
    assert await state_of(name) == "PENDING"


async def test_without_a_registrar_the_domain_waits_for_the_word_of_staff(equipment: Equipment) -> None:
    name = new_name()
    order_id = await active(equipment, name)
    desk = office(equipment, Nobody())
    for _ in range(2):
        await desk.work()
        await rush()
    assert await state_of(name) == "ZONE_READY"
    assert not await mails_of(order_id), "nothing was ordered, so nothing of that kind is told"
    (alarm,) = await mails_of(order_id, "staff_alarm")
    assert "domain_by_hand" in alarm["context"]
    assert [row["name"] for row in await registration.waiting()] == [name]
    await decisions.vouch(name, handoff.enqueue, actor=STAFF)
    assert await state_of(name) == "REGISTERED"
    assert await registration.waiting() == []
    with pytest.raises(IllegalMoveError):
        await decisions.vouch(name, handoff.enqueue, actor=STAFF)
    assert await Journal.count().where(Journal.event == "REGISTERED", Journal.actor == STAFF) == 1
    assert await DomainTrade.count().where(DomainTrade.open_domain.is_not_null()) == 0


async def test_nobody_vouches_for_a_name_that_no_order_holds(equipment: Equipment) -> None:
    name = new_name()
    await offered(equipment, name)
    with pytest.raises(registration.NoDomainError):
        await decisions.vouch(name, handoff.enqueue, actor=STAFF)


async def test_several_workers_order_and_confirm_a_domain_once(equipment: Equipment) -> None:
    name, registrar = new_name(), Told()
    order_id = await active(equipment, name)
    await asyncio.gather(*(office(equipment, registrar).work() for _ in range(6)))
    assert registrar.asked[name] == 1
    assert (await events_of(name)).count("ORDERED") == 1
    assert len(await mails_of(order_id)) == 2


async def test_a_domain_that_cannot_be_settled_keeps_no_other_waiting(equipment: Equipment) -> None:
    bad, good, registrar = new_name(), new_name(), Told()
    registrar.broken = {bad}
    await active(equipment, bad)
    await active(equipment, good)
    await office(equipment, registrar).work()
    assert (await state_of(bad), await state_of(good)) == ("ORDERED", "REGISTERED")
    assert registrar.asked == {bad: 1, good: 1}


async def test_what_the_registrar_refuses_is_told_with_its_reason_and_gets_no_mail(equipment: Equipment) -> None:
    order_id = await pinned(equipment, await living("h1"))
    await tell(await take_one(equipment, order_id))
    await office(equipment, Told(Refused(Reason.TAKEN, "in use"))).work()
    (row,) = await OrderDomain.select().where(OrderDomain.order == order_id)
    assert row["state"] == "REFUSED"
    (_, told) = await mails_of(order_id)
    assert json.loads(told["context"])["reason"] == "TAKEN"
    assert await Job.count() == 1


async def test_mail_of_a_domain_is_switched_on_by_a_job_once_it_is_confirmed(equipment: Equipment) -> None:
    order_id = await pinned(equipment, await living("h1"))
    await tell(await take_one(equipment, order_id))
    assert await Job.count() == 1
    await office(equipment, Sandbox()).work()
    assert await Job.count() == 2
    assert b'"mail":true' in (await take_one(equipment, order_id)).file


async def test_a_confirmation_before_the_account_needs_no_further_job(equipment: Equipment) -> None:
    order_id = await pinned(equipment, await living("h1"))
    (row,) = await OrderDomain.select().where(OrderDomain.order == order_id)
    await decisions.vouch(row["name"], handoff.enqueue, actor=STAFF)
    assert await Job.count() == 1
    assert b'"mail":true' in (await take_one(equipment, order_id)).file


async def test_an_auth_code_arrives_byte_for_byte_and_is_gone_once_it_served(equipment: Equipment) -> None:
    name, registrar = new_name(), Told(Done())
    order_id = await moving(equipment, name)
    await office(equipment, registrar).work()
    assert registrar.trades[0].auth_code == "aB&<+/9x"
    (row,) = await OrderDomain.select().where(OrderDomain.order == order_id)
    assert (row["state"], row["auth_code_sealed"]) == ("TRANSFERRED", None)
    said = [*await Journal.select(), *await Outbox.select(), *await DomainTrade.select()]
    assert "aB&" not in json.dumps(said, default=str)


async def test_there_is_a_driver_for_whatever_the_settings_may_name(equipment: Equipment) -> None:
    assert equipment.settings.hosting.registrar in DRIVERS
    assert {"none", "sandbox"} <= set(DRIVERS)
