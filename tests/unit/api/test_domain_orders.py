"""A domain is ordered at most once, whatever answer is lost; what nobody can say is handed to a person."""

import asyncio
import json

import pytest

from api.allowances import TooSoonError
from api.domains import decisions, trades
from api.domains.registrar import (
    Done,
    Outcome,
    Pending,
    Reason,
    Refused,
    RegistrarUnavailableError,
    Trade,
    Unknown,
)
from api.domains.tables import DomainTrade
from api.engine.conflicts import is_conflict
from api.equipment import Equipment
from api.lifecycle import IllegalMoveError
from api.provisioning import handoff
from tests.unit.api.domaindesk import (
    Told,
    active,
    mails_of,
    moving,
    office,
    row_of,
    rush,
    state_of,
)
from tests.unit.api.orderform import new_name
from tests.unit.api.playedhosts import STAFF, accepted

pytestmark = pytest.mark.usefixtures("database")

LOST = Unknown("the connection ended")


async def trade(name: str) -> dict[str, object]:
    (*_, row) = await DomainTrade.select().where(DomainTrade.domain.name == name).order_by(DomainTrade.id)
    return dict(row)


async def rounds(equipment: Equipment, registrar: Told, many: int) -> None:
    desk = office(equipment, registrar)
    for _ in range(many):
        await desk.work()
        await rush()
    await desk.close()


async def test_the_intent_is_stored_before_anything_is_sent(equipment: Equipment) -> None:
    name = new_name()
    seen: list[dict[str, object]] = []

    class Looking(Told):
        async def order(self, trade: Trade) -> Outcome:
            seen.extend(await DomainTrade.select())
            return await super().order(trade)

    await active(equipment, name)
    registrar = Looking()
    await office(equipment, registrar).work()
    (stored,) = seen
    assert stored["transaction_id"] == registrar.trades[0].transaction_id
    assert stored["sent_at"] is not None


async def test_after_a_lost_answer_the_registry_is_asked_and_nothing_is_sent_again(equipment: Equipment) -> None:
    name, registrar = new_name(), Told(LOST, looks=[Done()])
    await active(equipment, name)
    await rounds(equipment, registrar, 2)
    assert registrar.asked == {name: 1, f"look {name}": 1}
    assert await state_of(name) == "REGISTERED"


async def test_what_the_registry_knows_nothing_of_is_sent_again_under_the_same_transaction(
    equipment: Equipment,
) -> None:
    name, registrar = new_name(), Told(LOST, Done(), looks=[None])
    await active(equipment, name)
    await rounds(equipment, registrar, 2)
    first, second = registrar.trades
    assert first.transaction_id == second.transaction_id
    assert await state_of(name) == "REGISTERED"


async def test_a_first_send_that_arrives_late_is_found_when_the_second_is_refused(equipment: Equipment) -> None:
    name, registrar = new_name(), Told(LOST, Refused(Reason.TAKEN), looks=[None, Done()])
    await active(equipment, name)
    await rounds(equipment, registrar, 2)
    assert await state_of(name) == "REGISTERED"


async def test_a_worker_that_is_killed_while_it_orders_leaves_its_trade_to_be_looked_up(equipment: Equipment) -> None:
    name = new_name()

    class Killed(Told):
        async def order(self, trade: Trade) -> Outcome:
            self.asked[trade.name] += 1
            raise asyncio.CancelledError

    await active(equipment, name)
    killed, next_one = Killed(), Told(looks=[Done()])
    desk = office(equipment, killed)
    with pytest.raises(asyncio.CancelledError):
        await desk.work()
    await desk.close()
    await rush()
    await rounds(equipment, next_one, 1)
    assert (killed.asked[name], next_one.asked[name]) == (1, 0)
    assert await state_of(name) == "REGISTERED"


async def test_what_three_questions_do_not_clear_up_goes_to_a_person_and_is_sent_no_more(equipment: Equipment) -> None:
    name, registrar = new_name(), Told(LOST, looks=[LOST, LOST])
    order_id = await active(equipment, name)
    await rounds(equipment, registrar, 6)
    assert registrar.asked == {name: 1, f"look {name}": 2}
    assert await state_of(name) == "UNCLEAR"
    (alarm,) = await mails_of(order_id, "staff_alarm")
    assert json.loads(alarm["context"])["what"] == "domain_unclear"


async def test_an_unclear_one_that_staff_retry_is_looked_up_first(equipment: Equipment) -> None:
    name, registrar = new_name(), Told(LOST, looks=[LOST, LOST, Done()])
    await active(equipment, name)
    await rounds(equipment, registrar, 4)
    await decisions.resolve(name, "retry", handoff.enqueue, actor=STAFF)
    await rounds(equipment, registrar, 1)
    assert registrar.asked[name] == 1
    assert await state_of(name) == "REGISTERED"


async def test_a_registry_that_is_away_is_no_lost_answer(equipment: Equipment) -> None:
    name, registrar = new_name(), Told(*[RegistrarUnavailableError("down")] * 5, Done())
    await active(equipment, name)
    desk = office(equipment, registrar)
    for _ in range(5):
        with pytest.raises(RegistrarUnavailableError):
            await desk.work()
        await rush()
    assert await state_of(name) == "ORDERED"
    assert (await trade(name))["sent_at"] is None
    await desk.work()
    assert await state_of(name) == "REGISTERED"
    assert registrar.asked[f"look {name}"] == 0


async def test_a_pending_one_that_the_registry_forgot_goes_to_a_person(equipment: Equipment) -> None:
    name, registrar = new_name(), Told(Pending("sv-1"), looks=[None, None, None])
    await active(equipment, name)
    await rounds(equipment, registrar, 5)
    assert registrar.asked[name] == 1
    assert await state_of(name) == "UNCLEAR"


@pytest.mark.parametrize("reason", [Reason.BALANCE, Reason.ZONE_NOT_READY, Reason.NAME_SERVERS])
async def test_what_is_ours_to_mend_is_tried_again_and_the_customer_is_not_bothered(
    equipment: Equipment, reason: Reason
) -> None:
    name, registrar = new_name(), Told(Refused(reason), Refused(reason), Done())
    order_id = await active(equipment, name)
    desk = office(equipment, registrar)
    await desk.work()
    await desk.work()
    assert (await state_of(name), registrar.asked[name]) == ("ZONE_READY", 1)
    for _ in range(2):
        await rush()
        await desk.work()
    assert (await state_of(name), registrar.asked[name]) == ("REGISTERED", 3)
    assert [json.loads(mail["context"])["status"] for mail in await mails_of(order_id)] == ["ORDERED", "REGISTERED"]
    assert len(await mails_of(order_id, "staff_alarm")) == 1


async def test_a_wrong_code_is_told_and_the_customer_corrects_it_and_goes_on(equipment: Equipment) -> None:
    name, registrar = new_name(), Told(Refused(Reason.WRONG_AUTH_CODE), Done())
    order_id = await moving(equipment, name, "falsch12")
    await rounds(equipment, registrar, 3)
    assert await state_of(name) == "REFUSED"
    await decisions.correct(equipment, order_id, name, "aB&<+/9x", actor=STAFF)
    await rounds(equipment, registrar, 1)
    assert [one.auth_code for one in registrar.trades] == ["falsch12", "aB&<+/9x"]
    assert len({one.transaction_id for one in registrar.trades}) == 2
    assert await state_of(name) == "TRANSFERRED"
    assert (await row_of(name))["auth_code_sealed"] is None
    told = [json.loads(mail["context"]) for mail in await mails_of(order_id)]
    assert [(one["status"], one["reason"]) for one in told] == [
        ("ORDERED", None), ("REFUSED", "WRONG_AUTH_CODE"), ("ORDERED", None), ("TRANSFERRED", None),
    ]  # fmt: skip


async def test_a_code_is_corrected_only_where_it_was_refused_and_not_without_end(equipment: Equipment) -> None:
    name, registrar = new_name(), Told(*[Refused(Reason.WRONG_AUTH_CODE)] * 20)
    order_id = await moving(equipment, name)
    with pytest.raises(IllegalMoveError):
        await decisions.correct(equipment, order_id, name, "code1234", actor=STAFF)
    for _ in range(decisions.MOST_CORRECTIONS):
        await rounds(equipment, registrar, 1)
        await decisions.correct(equipment, order_id, name, "code1234", actor=STAFF)
    await rounds(equipment, registrar, 1)
    with pytest.raises(TooSoonError):
        await decisions.correct(equipment, order_id, name, "code1234", actor=STAFF)


async def test_a_domain_has_one_open_trade(equipment: Equipment) -> None:
    name = new_name()
    await accepted(equipment, name)
    domain = await row_of(name)
    await trades.intend(domain["id"])
    with pytest.raises(Exception, match=r"(?i)unique") as refused:
        await trades.intend(domain["id"])
    assert is_conflict(refused.value)
