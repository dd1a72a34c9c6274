"""What is offered, and the code: five tries an order whatever is sent again, ten minutes, once."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from api import counters
from api.activation import code
from api.activation.code import NotOfferedError, UsedUpError
from api.activation.tables import SmsActivation
from api.answers import FieldsError
from api.equipment import Equipment
from api.intake.screening import screen_waiting
from api.notices.tables import Outbox
from api.provisioning.tables import Account, Draw, Job
from api.tables import Customer, Journal, Order, OrderDomain
from tests.unit.api.orderform import offered, placed, row_of

pytestmark = pytest.mark.usefixtures("database")

CUSTOMER = "customer"


async def right_code(equipment: Equipment, order_id: int) -> str:
    (row,) = await SmsActivation.select().where(SmsActivation.order == order_id)
    return equipment.seal.sms_code(order_id, row["generation"])


def other_than(code_: str) -> str:
    return f"{(int(code_) + 1) % 1_000_000:06d}"


async def test_a_checked_order_is_offered_sms_and_contract_soon(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    row = await row_of(order_id)
    assert row["state"] == "AWAITING_ACTIVATION"
    assert msgspec.json.decode(row["offered"]) == ["sms", "contract"]
    assert row["expires_at"] - row["created_at"] > timedelta(days=13)


async def test_a_telephone_that_takes_no_message_is_offered_the_contract(equipment: Equipment) -> None:
    for phone in ("+498912345678", "+491802123456", "+12025550123"):
        order_id = await offered(equipment, customer__phone=phone)
        assert msgspec.json.decode((await row_of(order_id))["offered"]) == ["contract"]
        with pytest.raises(NotOfferedError):
            await code.request(equipment, order_id, actor=CUSTOMER)


async def test_two_workers_check_an_order_once(equipment: Equipment) -> None:
    order_id = await placed(equipment)
    await asyncio.gather(*(screen_waiting(equipment) for _ in range(4)))
    assert (await row_of(order_id))["state"] == "AWAITING_ACTIVATION"
    assert await Journal.count().where(Journal.order == order_id, Journal.event == "OFFERED") == 1


async def test_an_order_that_cannot_be_checked_goes_to_staff_and_keeps_nobody_waiting(equipment: Equipment) -> None:
    bad, good = await placed(equipment), await placed(equipment)
    await Order.update({Order.applicant: "{}"}).where(Order.id == bad)
    await screen_waiting(equipment)
    assert (await row_of(bad))["state"] == "IN_REVIEW"
    assert (await row_of(good))["state"] == "AWAITING_ACTIVATION"


async def test_nothing_is_sent_before_the_customer_asks(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    assert await Outbox.count().where(Outbox.channel == "sms") == 0
    await code.request(equipment, order_id, actor=CUSTOMER)
    (row,) = await Outbox.select().where(Outbox.channel == "sms")
    assert await right_code(equipment, order_id) not in str(row)


async def test_the_code_makes_the_contract(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await code.request(equipment, order_id, actor=CUSTOMER)
    await code.confirm(equipment, order_id, await right_code(equipment, order_id), actor=CUSTOMER)
    row = await row_of(order_id)
    assert (row["state"], row["number"]) == ("ACCEPTED", 500_001)
    (customer,) = await Customer.select()
    assert (customer["number"], customer["family_name"], customer["iban_last4"]) == (100_001, "O'Brien", "2051")
    (account,) = await Account.select()
    assert (account["name"], account["uid"]) == ("a1001", 1_900_001_001)
    assert await Draw.count() == await Job.count() == 1
    (domain,) = await OrderDomain.select()
    assert domain["held_name"] == domain["name"]
    assert await Outbox.count().where(Outbox.kind == "contract_accepted") == 1


async def test_five_hundred_guesses_at_once_are_five_tries(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await code.request(equipment, order_id, actor=CUSTOMER)
    wrong = other_than(await right_code(equipment, order_id))
    answers = await asyncio.gather(
        *(code.confirm(equipment, order_id, wrong, actor=CUSTOMER) for _ in range(500)), return_exceptions=True
    )
    assert sum(isinstance(answer, FieldsError) for answer in answers) == 5
    assert sum(isinstance(answer, UsedUpError) for answer in answers) == 495


async def test_asking_again_gives_no_more_tries(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    for _ in range(5):
        await code.request(equipment, order_id, actor=CUSTOMER)
        with pytest.raises(FieldsError):
            await code.confirm(equipment, order_id, other_than(await right_code(equipment, order_id)), actor=CUSTOMER)
    with pytest.raises(UsedUpError):
        await code.request(equipment, order_id, actor=CUSTOMER)
    with pytest.raises(UsedUpError):
        await code.confirm(equipment, order_id, await right_code(equipment, order_id), actor=CUSTOMER)


async def test_a_newer_code_makes_the_older_one_worthless(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await code.request(equipment, order_id, actor=CUSTOMER)
    older = await right_code(equipment, order_id)
    await code.request(equipment, order_id, actor=CUSTOMER)
    assert older != await right_code(equipment, order_id)
    with pytest.raises(FieldsError):
        await code.confirm(equipment, order_id, older, actor=CUSTOMER)


async def test_a_code_works_once_however_often_it_is_sent_at_once(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await code.request(equipment, order_id, actor=CUSTOMER)
    right = await right_code(equipment, order_id)
    answers = await asyncio.gather(
        *(code.confirm(equipment, order_id, right, actor=CUSTOMER) for _ in range(5)), return_exceptions=True
    )
    assert sum(answer is None for answer in answers) == 1
    assert await Customer.count() == await Account.count() == 1
    assert await counters.last(counters.ORDER) == 500_001


async def test_a_code_is_worthless_after_ten_minutes(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    until = await code.request(equipment, order_id, actor=CUSTOMER)
    assert until - datetime.now(UTC) <= timedelta(minutes=10)
    past = datetime.now(UTC) - timedelta(seconds=1)
    await SmsActivation.update({SmsActivation.expires_at: past}).where(SmsActivation.order == order_id)
    with pytest.raises(UsedUpError):
        await code.confirm(equipment, order_id, await right_code(equipment, order_id), actor=CUSTOMER)


async def test_the_code_of_one_order_opens_no_other(equipment: Equipment) -> None:
    first, second = await offered(equipment), await offered(equipment)
    assert equipment.seal.sms_code(first, 1) != equipment.seal.sms_code(second, 1)
    await code.request(equipment, second, actor=CUSTOMER)
    with pytest.raises(FieldsError):
        await code.confirm(equipment, second, equipment.seal.sms_code(first, 1), actor=CUSTOMER)


async def test_what_is_no_code_costs_no_try(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await code.request(equipment, order_id, actor=CUSTOMER)
    for text in ("", "12345", "1234567", "12345a", "١٢٣٤٥٦", " 12345", "123456\n"):
        with pytest.raises(FieldsError):
            await code.confirm(equipment, order_id, text, actor=CUSTOMER)
    (row,) = await SmsActivation.select().where(SmsActivation.order == order_id)
    assert row["tries_left"] == 5
