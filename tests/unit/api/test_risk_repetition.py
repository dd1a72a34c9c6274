"""Too often and unwanted: what is counted and blocked, by digests alone."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from api.activation.acceptance import accept
from api.activation.correction import correct
from api.equipment import Equipment
from api.intake.person import ImplausibleError
from api.intake.risk import blocklist, traces
from api.intake.risk.tables import RiskAssessment, RiskBlock, RiskTrace
from api.intake.screening import screen_waiting
from api.lifecycle import OrderEvent
from api.notices.tables import Outbox
from api.tables import Journal
from tests.unit.api.manyorders import iban
from tests.unit.api.orderform import offered, placed, row_of
from tests.unit.api.riskcases import checked, rules_of, strict, ways_of

pytestmark = pytest.mark.usefixtures("database")


async def test_a_network_that_orders_too_often_gets_the_contract_and_another_one_sms(equipment: Equipment) -> None:
    tight = strict(equipment)
    people = [
        {"customer__email": f"p{number}@example.org", "customer__phone": f"+49151123456{number:02d}"}
        for number in range(14)
    ]
    orders = []
    for number, said in enumerate(people):
        account = f"{number:010d}"
        check = 98 - int(f"12030000{account}131400") % 97
        iban = {"payment__iban": f"DE{check:02d}12030000{account}"}
        ip = "203.0.113.9" if number == 13 else f"198.51.100.{number}"
        orders.append(await checked(tight, None, ip, **said, **iban))
    assert [await ways_of(order) for order in orders[:11]] == [["sms", "contract"]] * 11
    assert [await ways_of(order) for order in orders[11:13]] == [["contract"]] * 2
    assert await rules_of(orders[12]) == {"network_hour"}
    assert await ways_of(orders[13]) == ["sms", "contract"]


async def test_a_flood_from_one_network_is_refused_and_staff_are_told_once(equipment: Equipment) -> None:
    """Played with a limit of two."""
    flood = msgspec.structs.replace(equipment.catalogue.risk.rules["network_flood"], over=2)
    rules = msgspec.structs.replace(equipment.catalogue.risk, rules={"network_flood": flood})
    catalogue = msgspec.structs.replace(equipment.catalogue, risk=rules)
    tight = strict(replace(equipment, catalogue=catalogue))
    orders = [await checked(tight) for _ in range(6)]
    assert [(await row_of(order))["state"] for order in orders] == ["AWAITING_ACTIVATION"] * 3 + ["REFUSED"] * 3
    (alarm,) = await Outbox.select().where(Outbox.kind == "staff_alarm")
    assert (alarm["order"], json.loads(alarm["context"])["risk_rule"]) == (orders[3], "network_flood")


async def test_the_same_mail_telephone_and_account_too_often_get_the_contract(equipment: Equipment) -> None:
    tight = strict(equipment)
    orders = [await checked(tight, None, f"198.51.{number}.7") for number in range(6)]
    assert await ways_of(orders[4]) == ["sms", "contract"]
    assert await ways_of(orders[5]) == ["contract"]
    assert await rules_of(orders[5]) == {"mail_day", "phone_day", "iban_day"}


async def test_orders_of_one_round_are_counted_as_if_one_came_after_the_other(equipment: Equipment) -> None:
    tight = strict(equipment)
    orders = [await placed(tight) for _ in range(7)]
    await asyncio.gather(screen_waiting(tight), screen_waiting(tight))
    assert [len(await ways_of(order)) for order in orders] == [2] * 5 + [1] * 2
    assert await RiskAssessment.count() == len(orders)


async def test_what_is_blocked_is_refused_and_a_person_can_reopen_it(equipment: Equipment) -> None:
    number = await blocklist.add(equipment.seal, "phone", "+49 151 1234 5678", reason="fraud 17", actor="staff:Anna")
    order_id = await checked(equipment)
    assert (await row_of(order_id))["state"] == "REFUSED"
    assert await ways_of(order_id) == []
    assert await rules_of(order_id) == {"blocked_phone"}
    with pytest.raises(blocklist.BlockedAlreadyError):
        await blocklist.add(equipment.seal, "phone", "+4915112345678", reason="again", actor="staff:Anna")
    await blocklist.remove(number, actor="staff:Anna")
    assert await ways_of(await checked(equipment)) == ["sms", "contract"]
    with pytest.raises(blocklist.NotBlockedError):
        await blocklist.remove(number, actor="staff:Anna")
    kept = json.dumps([await RiskBlock.select(), await Journal.select().where(Journal.subject == "block")], default=str)
    assert "5678" not in kept


async def test_every_kind_can_be_blocked(equipment: Equipment) -> None:
    for kind, text, state in (
        ("mail", "J+shop@example.org", "REFUSED"), ("mail_domain", "example.org", "IN_REVIEW"),
        ("iban", "DE02 1203 0000 0000 2020 51", "REFUSED"), ("network", "198.51.100.200", "AWAITING_ACTIVATION"),
    ):  # fmt: skip
        number = await blocklist.add(equipment.seal, kind, text, reason="trouble", actor="staff:Anna")
        order_id = await checked(equipment)
        assert (await row_of(order_id))["state"] == state
        assert await rules_of(order_id) == {f"blocked_{kind}"}
        await blocklist.remove(number, actor="staff:Anna")


async def test_traces_are_forgotten_where_no_contract_came_of_them(equipment: Equipment) -> None:
    kept, gone = await offered(equipment), await offered(equipment)
    await accept(equipment, kept, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    assert await traces.forget(timedelta(days=90)) == 0
    assert await traces.forget(timedelta(days=-1)) == 4
    assert await RiskTrace.count().where(RiskTrace.order == gone) == 0
    assert await RiskTrace.count().where(RiskTrace.order == kept) == 4


async def test_a_number_that_orders_are_corrected_to_is_counted_whoever_ordered_first(equipment: Equipment) -> None:
    tight = strict(equipment)
    orders = [
        await checked(
            tight, None, f"198.51.{number}.7", customer__phone=f"+4915112300{number:03d}",
            customer__email=f"p{number}@example.org", payment__iban=iban(number),
        )
        for number in range(7)
    ]  # fmt: skip
    for order in reversed(orders):
        await correct(order, "+4915177777777", actor="customer")
        await screen_waiting(tight)
    assert [await ways_of(order) for order in reversed(orders)] == [["sms", "contract"]] * 5 + [["contract"]] * 2
    assert await rules_of(orders[0]) == {"phone_day"}


async def test_a_mail_domain_is_blocked_with_all_below_it(equipment: Equipment) -> None:
    await blocklist.add(equipment.seal, "mail_domain", "example.org", reason="spam", actor="staff:Anna")
    below = await checked(equipment, customer__email="j@mail.shop.example.org")
    beside = await checked(equipment, customer__email="j@anexample.org")
    assert [(await row_of(order))["state"] for order in (below, beside)] == ["IN_REVIEW", "AWAITING_ACTIVATION"]


@pytest.mark.parametrize("larger", ["10.0.0.0/8", "198.51.100.0/23", "2001:db8::/48", "::/0", "::ffff:10.0.0.0/104"])
async def test_a_network_that_is_larger_than_one_is_refused(equipment: Equipment, larger: str) -> None:
    with pytest.raises(ImplausibleError, match="larger"):
        await blocklist.add(equipment.seal, "network", larger, reason="flood", actor="staff:Anna")
    for one in ("198.51.100.0/24", "2001:db8:0:ff00::/56"):
        await blocklist.add(equipment.seal, "network", one, reason="flood", actor="staff:Anna")


async def test_what_is_blocked_already_is_told_by_its_line(equipment: Equipment) -> None:
    number = await blocklist.add(equipment.seal, "network", "198.51.100.0/24", reason="flood", actor="staff:Anna")
    with pytest.raises(blocklist.BlockedAlreadyError, match=f"line {number}"):
        await blocklist.add(equipment.seal, "network", "198.51.100.7", reason="flood", actor="staff:Anna")
