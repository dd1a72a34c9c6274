"""Messages that do not fit, come late or quote a secret, a queue that cannot be read: nothing else stops for them."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from api.domains import decisions, settling
from api.domains.desk import Desk
from api.domains.registrar import Message, News, Pending, Reason, RegistrarUnavailableError, Unknown
from api.domains.tables import DomainTrade, RegistryLease, RegistryMessage
from api.equipment import Equipment
from api.notices.tables import Outbox
from api.provisioning import handoff
from tests.unit.api.domaindesk import AT, Told, active, moving, office, state_of
from tests.unit.api.orderform import new_name
from tests.unit.api.playedhosts import STAFF
from tests.unit.api.test_registry_messages import pending, results, working

pytestmark = pytest.mark.usefixtures("database")


async def test_a_registration_that_staff_gave_up_and_the_registry_confirms_goes_to_staff(equipment: Equipment) -> None:
    name = new_name()
    _, registrar = await pending(equipment, name)
    (trade,) = await DomainTrade.select()
    await settling.take(Desk(registrar, equipment, handoff.enqueue), trade | {"lost": 2}, Unknown("lost"))
    await decisions.resolve(name, "give-up", handoff.enqueue, actor=STAFF)
    before = await Outbox.count()
    registrar.hear(News.REGISTERED, name)
    await working(equipment, registrar)
    assert await results() == ["UNCLEAR"]
    assert await Outbox.count() == before + 1


async def test_a_transfer_away_of_what_is_not_here_yet_moves_nothing_and_its_trade_goes_on(
    equipment: Equipment,
) -> None:
    name = new_name()
    _, registrar = await pending(equipment, name)
    registrar.hear(News.LEFT, name)
    await working(equipment, registrar)
    assert (await state_of(name), await results()) == ("PENDING", ["UNCLEAR"])
    (trade,) = await DomainTrade.select()
    assert (trade["open_domain"], trade["outcome"]) == (trade["domain"], None)


async def test_a_refusal_of_the_try_before_refuses_nothing(equipment: Equipment) -> None:
    name, registrar = new_name(), Told(Pending())
    await moving(equipment, name)
    await working(equipment, registrar)
    registrar.hear(News.REFUSED, name, reason=Reason.REJECTED, at=datetime.now(UTC) - timedelta(hours=1))
    await working(equipment, registrar)
    assert (await state_of(name), await results()) == ("PENDING", ["NOTED"])


async def test_an_auth_code_that_a_registry_quotes_is_not_kept(equipment: Equipment) -> None:
    name, registrar = new_name(), Told(Pending())
    await moving(equipment, name, "aB&<+/9x")
    await working(equipment, registrar)
    registrar.hear(News.REFUSED, name, reason=Reason.REJECTED, text="aB&<+/9x is not its code")
    await working(equipment, registrar)
    (message,), (trade,) = await RegistryMessage.select(), await DomainTrade.select()
    assert message["words"] == trade["words"] == "… is not its code"


async def test_a_name_that_is_too_long_is_kept_as_far_as_there_is_room(equipment: Equipment) -> None:
    registrar = Told()
    registrar.hear(News.EXPIRING, "a." * 200 + "com")
    await working(equipment, registrar)
    (row,) = await RegistryMessage.select()
    assert (len(row["name"]), row["result"]) == (253, "UNCLEAR")
    assert not registrar.queue


async def test_a_number_that_the_registry_gives_again_is_another_message(equipment: Equipment) -> None:
    name, registrar = new_name(), Told()
    await active(equipment, name)
    await working(equipment, registrar)
    registrar.queue.append(Message(id="5", kind=News.OTHER, at=AT, text="hello"))
    await working(equipment, registrar)
    registrar.queue.append(Message(id="5", kind=News.LEFT, at=AT + timedelta(days=1), name=name))
    for _ in range(2):
        message = registrar.queue[0]
        await working(equipment, registrar)
        registrar.queue.append(message)  # its acknowledgement was lost
    assert await state_of(name) == "TRANSFERRED_AWAY"
    assert await results() == ["UNCLEAR", "APPLIED"]
    assert [row["message_id"] for row in await RegistryMessage.select().order_by(RegistryMessage.id)] == [
        "5@20261124T120000000000", "5",
    ]  # fmt: skip


async def test_a_queue_that_can_never_be_read_stops_no_order_and_staff_are_told(equipment: Equipment) -> None:
    class Poisoned(Told):
        async def poll(self) -> Message | None:
            self.asked["poll"] += 1
            raise RegistrarUnavailableError("a frame of 10485760 bytes is announced")

    name, registrar = new_name(), Poisoned()
    await active(equipment, name)
    desk = office(equipment, registrar)
    with pytest.raises(RegistrarUnavailableError):
        await desk.work()
    assert await state_of(name) == "REGISTERED"
    for _ in range(5):
        await desk.work()  # it is not read again before its time
    assert registrar.asked["poll"] == 1
    assert not await Outbox.count().where(Outbox.kind == "staff_registry")
    (lease,) = await RegistryLease.select()
    later = lease["drained_at"] - timedelta(minutes=20)
    await RegistryLease.update({RegistryLease.drained_at: later}, force=True)
    await desk.work()
    (alarm,) = await Outbox.select().where(Outbox.kind == "staff_registry")
    assert json.loads(alarm["context"]) == {"what": "poll_lag", "registry": "sandbox", "minutes": 20}
