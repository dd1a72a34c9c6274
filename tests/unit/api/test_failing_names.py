"""A registry that fails over one name keeps the others going; staff are told, once for each reason."""

import json
from datetime import UTC, datetime

import pytest

from api.domains import decisions, settling
from api.domains.registrar import Done, FailedError, Outcome, Reason, Refused, Trade
from api.domains.tables import DomainTrade
from api.equipment import Equipment
from api.provisioning import handoff
from tests.unit.api.domaindesk import Told, active, mails_of, office, rush, state_of
from tests.unit.api.orderform import new_name
from tests.unit.api.playedhosts import STAFF
from tests.unit.api.test_domain_orders import rounds, trade

pytestmark = pytest.mark.usefixtures("database")


async def test_staff_are_told_when_the_reason_that_is_ours_to_mend_changes(equipment: Equipment) -> None:
    name = new_name()
    registrar = Told(Refused(Reason.BALANCE), Refused(Reason.BALANCE), *[Refused(Reason.ZONE_NOT_READY)] * 2, Done())
    order_id = await active(equipment, name)
    await rounds(equipment, registrar, 5)
    alarms = [json.loads(one["context"])["reason"] for one in await mails_of(order_id, "staff_alarm")]
    assert alarms == ["BALANCE", "ZONE_NOT_READY"]
    assert await state_of(name) == "REGISTERED"


async def test_one_name_that_always_fails_keeps_no_other_waiting_and_goes_to_a_person(equipment: Equipment) -> None:
    bad, good = new_name(), new_name()

    class Failing(Told):
        async def order(self, trade: Trade) -> Outcome:
            if trade.name == bad:
                self.asked[bad] += 1
                raise FailedError("the registry answered 2400")
            return await super().order(trade)

    registrar = Failing()
    order_id = await active(equipment, bad, good)
    await rounds(equipment, registrar, settling.MOST_FAILURES - 1)
    assert (await state_of(bad), await state_of(good)) == ("ORDERED", "REGISTERED")
    assert (await trade(bad))["sent_at"] is None
    await rounds(equipment, registrar, 5)
    assert registrar.asked == {bad: settling.MOST_FAILURES, good: 1}
    assert await state_of(bad) == "UNCLEAR"
    (alarm,) = await mails_of(order_id, "staff_alarm")
    assert json.loads(alarm["context"])["why"] == "the registry answered 2400"
    await decisions.resolve(bad, "retry", handoff.enqueue, actor=STAFF)
    await rounds(equipment, registrar, 1)
    assert (await trade(bad))["failures"] == 1


async def test_each_failure_of_a_name_makes_its_pause_longer(equipment: Equipment) -> None:
    name, registrar = new_name(), Told(*[FailedError("the registry answered 2400")] * 9)
    await active(equipment, name)
    desk, pauses = office(equipment, registrar), []
    for _ in range(9):
        now = datetime.now(UTC)
        await desk.work()
        (row,) = await DomainTrade.select()
        pauses.append(round((row["look_at"] - now).total_seconds() / 5))
        await rush()
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 120, 120]


async def test_a_registry_that_fails_over_one_name_after_the_other_is_left_alone_for_a_while(
    equipment: Equipment,
) -> None:
    registrar = Told(*[FailedError("no answer within 30 s")] * 9)
    for _ in range(5):
        await active(equipment, new_name())
    with pytest.raises(FailedError):
        await office(equipment, registrar).work()
    assert sum(registrar.asked.values()) == 3
