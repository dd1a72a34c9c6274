"""What staff have a registry do: object to a transfer away, let one go, take ours back, renew; and who is told."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from api.domains import instructions
from api.domains.desk import Desk
from api.domains.registrar import News, NotTakenError, Outcome, Pending, Reason, Refused, Trade
from api.equipment import Equipment
from api.lifecycle import IllegalMoveError
from api.provisioning import handoff
from tests.unit.api.domaindesk import Told, active, mails_of, moving, office, state_of
from tests.unit.api.orderform import new_name
from tests.unit.api.playedhosts import STAFF

pytestmark = pytest.mark.usefixtures("database")


class Obeying(Told):
    """A registry that does what it is told, or refuses all."""

    refuses = False

    async def answer(self, name: str, *, agree: bool) -> None:
        """Count."""
        self.asked[f"{'approve' if agree else 'reject'} {name}"] += 1
        if self.refuses:
            raise NotTakenError("lab answered 2301: no transfer is pending")

    async def renew(self, name: str, before: datetime) -> datetime:
        """Count."""
        self.asked[f"renew {name}"] += 1
        return before + timedelta(days=300)

    async def cancel(self, trade: Trade) -> Outcome:
        """Count."""
        self.asked[f"cancel {trade.name}"] += 1
        return Pending() if self.refuses else Refused(Reason.REJECTED)


async def hear(equipment: Equipment, registrar: Told, kind: News, name: str) -> None:
    """Have a message of the registry taken."""
    registrar.hear(kind, name, expires_at=datetime(2027, 1, 2, tzinfo=UTC))
    desk = office(equipment, registrar)
    await desk.work()
    await desk.close()


async def ours(equipment: Equipment, registrar: Told, name: str) -> int:
    """Have an order whose domain is with us."""
    order_id = await active(equipment, name)
    desk = office(equipment, registrar)
    await desk.work()
    await desk.close()
    return order_id


def on(equipment: Equipment, registrar: Told) -> Desk:
    """Return a staff member's desk."""
    return Desk(registrar, equipment, handoff.enqueue)


async def statuses(order_id: int) -> list[tuple[str, str]]:
    """Return what the customer was told: event and state."""
    told = [json.loads(mail["context"]) for mail in await mails_of(order_id)]
    return [(one["event"], one["status"]) for one in told]


@pytest.mark.parametrize(("how", "state"), [("reject", "REGISTERED"), ("approve", "TRANSFERRED_AWAY")])
async def test_a_transfer_away_is_alarmed_and_answered(equipment: Equipment, how: str, state: str) -> None:
    name, registrar = new_name(), Obeying()
    order_id = await ours(equipment, registrar, name)
    with pytest.raises(IllegalMoveError):
        await instructions.carry_out(on(equipment, registrar), name, how, actor=STAFF)
    await hear(equipment, registrar, News.LEAVING, name)
    (alarm,) = await mails_of(order_id, "staff_alarm")
    assert "domain_leaving" in alarm["context"]
    assert await instructions.carry_out(on(equipment, registrar), name, how, actor=STAFF) == state
    assert registrar.asked[f"{how} {name}"] == 1
    assert (await statuses(order_id))[-1] == ({"reject": "KEPT", "approve": "LEFT"}[how], state)


async def test_what_the_registry_refuses_changes_nothing_here(equipment: Equipment) -> None:
    name, registrar = new_name(), Obeying()
    registrar.refuses = True
    await ours(equipment, registrar, name)
    await hear(equipment, registrar, News.LEAVING, name)
    with pytest.raises(IllegalMoveError, match="2301"):
        await instructions.carry_out(on(equipment, registrar), name, "reject", actor=STAFF)
    assert await state_of(name) == "LEAVING"
    waiting, registrar = new_name(), Obeying(Pending())
    registrar.refuses = True
    await moving(equipment, waiting)
    await office(equipment, registrar).work()
    with pytest.raises(IllegalMoveError, match="pending"):
        await instructions.carry_out(on(equipment, registrar), waiting, "cancel", actor=STAFF)
    assert await state_of(waiting) == "PENDING"


async def test_a_pending_transfer_is_taken_back(equipment: Equipment) -> None:
    name, registrar = new_name(), Obeying(Pending())
    order_id = await moving(equipment, name)
    await office(equipment, registrar).work()
    assert await instructions.carry_out(on(equipment, registrar), name, "cancel", actor=STAFF) == "CANCELLED"
    assert registrar.asked[f"cancel {name}"] == 1
    assert (await statuses(order_id))[-1] == ("CANCELLED", "CANCELLED")


async def test_what_expires_is_alarmed_and_renewed_by_staff(equipment: Equipment) -> None:
    name, registrar = new_name(), Obeying()
    order_id = await ours(equipment, registrar, name)
    await hear(equipment, registrar, News.EXPIRING, name)
    (alarm,) = await mails_of(order_id, "staff_alarm")
    assert json.loads(alarm["context"]) == {"domain": name, "what": "domain_expiring", "until": "2027-01-02"}
    assert await instructions.carry_out(on(equipment, registrar), name, "renew", actor=STAFF) == "REGISTERED"
    assert registrar.asked[f"renew {name}"] == 1
    assert (await statuses(order_id))[-1] == ("RELEASED", "REGISTERED")


@pytest.mark.parametrize(("kind", "state"), [(News.ON_HOLD, "ON_HOLD"), (News.EXPIRING, "EXPIRING")])
async def test_a_transfer_away_that_fails_leaves_hold_and_expiry_as_they_were(
    equipment: Equipment, kind: News, state: str
) -> None:
    name, registrar = new_name(), Obeying()
    order_id = await ours(equipment, registrar, name)
    for news in (kind, News.LEAVING):
        await hear(equipment, registrar, news, name)
    assert await state_of(name) == "LEAVING"
    await hear(equipment, registrar, News.STAYED, name)
    assert await state_of(name) == state
    assert (await statuses(order_id))[-1] == ("KEPT", "REGISTERED")
    alarms = [json.loads(mail["context"])["what"] for mail in await mails_of(order_id, "staff_alarm")]
    assert alarms.count("domain_expiring") == (state == "EXPIRING")
