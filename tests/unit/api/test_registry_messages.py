"""A registry's messages: acted on once, acknowledged after the commit, and none stops those behind it."""

import json

import pytest

from api.domains import polling
from api.domains.registrar import Message, News, Pending, Reason, RegistrarUnavailableError
from api.domains.tables import DomainTrade, RegistryLease, RegistryMessage
from api.equipment import Equipment
from api.notices.tables import Outbox
from api.provisioning.tables import Job
from api.tables import OrderDomain
from tests.unit.api.domaindesk import AT, Told, active, mails_of, moving, office, row_of, state_of
from tests.unit.api.orderform import new_name
from tests.unit.api.playedhosts import accepted, living, pinned, take_one, tell

pytestmark = pytest.mark.usefixtures("database")


async def pending(equipment: Equipment, name: str) -> tuple[int, Told]:
    """Have a registration that the registry took and not yet decided."""
    registrar = Told(Pending("sv-1"))
    order_id = await active(equipment, name)
    await working(equipment, registrar)
    assert await state_of(name) == "PENDING"
    return order_id, registrar


async def working(equipment: Equipment, registrar: Told) -> None:
    desk = office(equipment, registrar)
    await desk.work()
    await desk.close()


async def results() -> list[str]:
    return [row["result"] for row in await RegistryMessage.select().order_by(RegistryMessage.id)]


async def test_a_pending_registration_ends_well_by_message(equipment: Equipment) -> None:
    name = new_name()
    order_id, registrar = await pending(equipment, name)
    (trade,) = await DomainTrade.select()
    registrar.hear(News.REGISTERED, name, transaction_id=trade["transaction_id"])
    await working(equipment, registrar)
    assert await state_of(name) == "REGISTERED"
    assert [json.loads(mail["context"])["status"] for mail in await mails_of(order_id)] == [
        "ORDERED", "PENDING", "REGISTERED",
    ]  # fmt: skip
    assert registrar.acknowledged == ["1000"]


async def test_a_pending_registration_that_is_refused_later_is_told_with_its_reason(equipment: Equipment) -> None:
    name = new_name()
    order_id, registrar = await pending(equipment, name)
    registrar.hear(News.REFUSED, name, reason=Reason.POLICY, text="not eligible")
    await working(equipment, registrar)
    assert await state_of(name) == "REFUSED"
    assert json.loads((await mails_of(order_id))[-1]["context"])["reason"] == "POLICY"


@pytest.mark.parametrize("reason", [Reason.REJECTED, Reason.TIMED_OUT, Reason.LOCKED])
async def test_a_transfer_that_fails_later_is_told_with_its_reason(equipment: Equipment, reason: Reason) -> None:
    name, registrar = new_name(), Told(Pending())
    order_id = await moving(equipment, name)
    await working(equipment, registrar)
    registrar.hear(News.REFUSED, name, reason=reason)
    await working(equipment, registrar)
    assert json.loads((await mails_of(order_id))[-1]["context"])["reason"] == reason
    assert (await row_of(name))["auth_code_sealed"] is not None, "staff may try again with it"


async def test_a_message_that_comes_again_changes_nothing_again(equipment: Equipment) -> None:
    name = new_name()
    order_id, registrar = await pending(equipment, name)
    message = registrar.hear(News.REGISTERED, name)
    await working(equipment, registrar)
    registrar.queue.append(message)  # its acknowledgement was lost
    await working(equipment, registrar)
    assert len(await mails_of(order_id)) == 3
    assert registrar.acknowledged == [message.id, message.id]


async def test_a_message_is_acknowledged_only_after_the_commit(equipment: Equipment) -> None:
    name = new_name()
    order_id, registrar = await pending(equipment, name)
    registrar.hear(News.REGISTERED, name)

    async def dead(message_id: str) -> None:
        assert await state_of(name) == "REGISTERED"
        raise RegistrarUnavailableError(message_id)

    registrar.acknowledge = dead  # type: ignore[method-assign]
    with pytest.raises(RegistrarUnavailableError):
        await working(equipment, registrar)
    assert len(await mails_of(order_id)) == 3


async def test_a_message_that_breaks_us_goes_to_staff_and_those_behind_it_are_taken(
    equipment: Equipment, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = new_name()
    _, registrar = await pending(equipment, name)
    registrar.hear(News.EXPIRING, "poison.de")
    registrar.hear(News.REGISTERED, name)
    honest = polling._apply

    async def broken(desk: object, message: Message) -> object:
        if message.name == "poison.de":
            raise ZeroDivisionError
        return await honest(desk, message)  # type: ignore[arg-type]

    monkeypatch.setattr(polling, "_apply", broken)
    await working(equipment, registrar)
    assert await results() == ["UNCLEAR", "APPLIED"]
    assert len(registrar.acknowledged) == 2
    assert await Outbox.count().where(Outbox.kind == "staff_registry") == 1
    assert await state_of(name) == "REGISTERED"


async def test_a_message_that_answers_somebody_else_s_transaction_moves_nothing(equipment: Equipment) -> None:
    name = new_name()
    _, registrar = await pending(equipment, name)
    registrar.hear(News.REFUSED, name, transaction_id="OTHER-1", reason=Reason.POLICY)
    await working(equipment, registrar)
    assert (await state_of(name), await results()) == ("PENDING", ["UNCLEAR"])


async def test_messages_of_names_that_are_not_ours_and_of_no_name_go_to_staff(equipment: Equipment) -> None:
    registrar = Told()
    registrar.hear(News.EXPIRING, "somebody-else.de")
    registrar.hear(News.OTHER, None, text="the registry is closed on Sunday")
    await working(equipment, registrar)
    assert await results() == ["UNCLEAR", "UNCLEAR"]
    assert not registrar.queue
    assert await Outbox.count().where(Outbox.kind == "staff_registry") == 2


async def test_a_transfer_away_is_told_at_once_and_its_mail_goes_off(equipment: Equipment) -> None:
    order_id = await pinned(equipment, await living("h1"))
    await tell(await take_one(equipment, order_id))
    registrar = Told()
    await working(equipment, registrar)
    (row,) = await OrderDomain.select().where(OrderDomain.order == order_id)
    await tell(await take_one(equipment, order_id))
    registrar.hear(News.LEAVING, row["name"])
    await working(equipment, registrar)
    assert await state_of(row["name"]) == "LEAVING"
    assert json.loads((await mails_of(order_id))[-1]["context"])["status"] == "LEAVING"
    registrar.hear(News.LEFT, row["name"])
    await working(equipment, registrar)
    assert await state_of(row["name"]) == "TRANSFERRED_AWAY"
    assert await Job.count() == 3
    assert row["name"].encode() not in (await take_one(equipment, order_id)).file
    await accepted(equipment, row["name"])  # another order may bring it back


async def test_expiry_hold_and_release_are_told(equipment: Equipment) -> None:
    name, registrar = new_name(), Told()
    order_id = await active(equipment, name)
    await working(equipment, registrar)
    for kind in (News.EXPIRING, News.ON_HOLD, News.RELEASED, News.LEAVING, News.STAYED):
        registrar.hear(kind, name, expires_at=AT if kind is News.EXPIRING else None)
        await working(equipment, registrar)
    told = [json.loads(mail["context"]) for mail in await mails_of(order_id)][2:]
    assert [one["status"] for one in told] == ["EXPIRING", "ON_HOLD", "REGISTERED", "LEAVING", "REGISTERED"]
    assert told[0]["until"] == "2026-11-24"


async def test_a_low_balance_is_told_to_staff_once(equipment: Equipment) -> None:
    registrar = Told()
    for _ in range(3):
        registrar.hear(News.LOW_BALANCE, None)
    await working(equipment, registrar)
    (alarm,) = await Outbox.select().where(Outbox.kind == "staff_registry")
    assert json.loads(alarm["context"]) == {"what": "low_balance", "registry": "sandbox"}


async def test_staff_are_told_when_the_queue_was_not_read_for_long(equipment: Equipment) -> None:
    registrar = Told()
    desk = office(equipment, registrar)
    await desk.work()
    await RegistryLease.update({RegistryLease.drained_at: AT.replace(year=2025)}, force=True)
    await desk.work()
    await desk.work()
    (alarm,) = await Outbox.select().where(Outbox.kind == "staff_registry")
    assert json.loads(alarm["context"])["what"] == "poll_lag"
