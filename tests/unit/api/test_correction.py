"""The number for the code, corrected by the customer: once, checked anew, a new code after it, never too late."""

import asyncio
import json

import pytest

from api import orders
from api.activation import code, review
from api.activation.acceptance import accept
from api.activation.code import NotOfferedError, UsedUpError
from api.activation.correction import NotCorrectableError, correct, send_wanted
from api.activation.tables import SmsActivation
from api.answers import FieldsError
from api.equipment import Equipment
from api.intake import placing
from api.intake.screening import screen_waiting
from api.lifecycle import IllegalMoveError, OrderEvent
from api.notices.tables import Outbox
from api.piccolo_conf import DB
from api.tables import Customer, Journal
from tests.unit.api.changed import with_settings
from tests.unit.api.orderform import CUSTOMER as SENDER
from tests.unit.api.orderform import further_form, id_of, offered, row_of

pytestmark = pytest.mark.usefixtures("database")

CUSTOMER = "customer"
NEW = "+49 151 7654 3210"


async def sent_to() -> list[str]:
    """Return the numbers that codes were sent to, in order."""
    rows = await Outbox.select(Outbox.recipient).where(Outbox.channel == "sms").order_by(Outbox.id)
    return [row["recipient"] for row in rows]


async def checked_again(equipment: Equipment) -> None:
    await screen_waiting(equipment)
    await send_wanted(equipment)


async def valid_code(equipment: Equipment, order_id: int) -> str:
    (row,) = await SmsActivation.select().where(SmsActivation.order == order_id)
    return equipment.seal.sms_code(order_id, row["generation"])


async def test_the_order_is_checked_again_and_a_new_code_goes_to_the_new_number(equipment: Equipment) -> None:
    patient = with_settings(equipment, "sms", resend_after_s=600)
    order_id = await offered(patient)
    await code.request(patient, order_id, actor=CUSTOMER)
    older = await valid_code(patient, order_id)
    await correct(order_id, NEW, actor=CUSTOMER)
    assert (await row_of(order_id))["state"] == "SUBMITTED"
    assert await send_wanted(patient) == 0, "nothing goes out before the check"
    await checked_again(patient)
    assert await sent_to() == ["+4915112345678", "+4915176543210"]
    with pytest.raises(FieldsError):
        await code.confirm(patient, order_id, older, actor=CUSTOMER)
    await code.confirm(patient, order_id, await valid_code(patient, order_id), actor=CUSTOMER)
    (customer,) = await Customer.select()
    assert customer["phone"] == "+4915176543210"


async def test_the_code_before_is_worthless_from_that_moment_on(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await code.request(equipment, order_id, actor=CUSTOMER)
    older = await valid_code(equipment, order_id)
    await correct(order_id, NEW, actor=CUSTOMER)
    await screen_waiting(equipment)
    with pytest.raises(UsedUpError):
        await code.confirm(equipment, order_id, older, actor=CUSTOMER)


async def test_a_number_can_be_corrected_once_however_many_try_at_the_same_time(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    answers = await asyncio.gather(
        *(correct(order_id, f"+4915176543{n:03d}", actor=CUSTOMER) for n in range(8)), return_exceptions=True
    )
    assert sum(answer is None for answer in answers) == 1
    await checked_again(equipment)
    with pytest.raises(NotCorrectableError):
        await correct(order_id, "+4915199999999", actor=CUSTOMER)
    assert (await row_of(order_id))["state"] == "AWAITING_ACTIVATION", "what is refused changes nothing"
    assert await Journal.count().where(Journal.event == "PHONE_CORRECTED") == 1


async def test_spent_tries_stay_spent(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await code.request(equipment, order_id, actor=CUSTOMER)
    wrong = f"{(int(await valid_code(equipment, order_id)) + 1) % 1_000_000:06d}"
    for _ in range(4):
        with pytest.raises(FieldsError):
            await code.confirm(equipment, order_id, wrong, actor=CUSTOMER)
    await correct(order_id, NEW, actor=CUSTOMER)
    await checked_again(equipment)
    (row,) = await SmsActivation.select().where(SmsActivation.order == order_id)
    assert row["tries_left"] == 1


async def test_a_number_that_no_code_may_go_to_leaves_the_contract(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await correct(order_id, "+12025550123", actor=CUSTOMER)
    await checked_again(equipment)
    row = await row_of(order_id)
    assert (row["state"], json.loads(row["offered"])) == ("AWAITING_ACTIVATION", ["contract"])
    assert await sent_to() == []
    assert await send_wanted(equipment) == 0, "it is not tried again and again"


async def test_a_landline_is_corrected_to_a_mobile_phone(equipment: Equipment) -> None:
    order_id = await offered(equipment, customer__phone="+498912345678")
    await correct(order_id, NEW, actor=CUSTOMER)
    await checked_again(equipment)
    assert await sent_to() == ["+4915176543210"]


@pytest.mark.parametrize("phone", ["", "151 7654", "0151 76543210", "+49 1", "+4915112345678", "+49 151 1234 5678"])
async def test_what_is_no_number_or_no_other_one_spends_nothing(equipment: Equipment, phone: str) -> None:
    order_id = await offered(equipment)
    with pytest.raises(FieldsError):
        await correct(order_id, phone, actor=CUSTOMER)
    await correct(order_id, NEW, actor=CUSTOMER)


async def test_after_acceptance_the_number_stays_what_it_is(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await accept(equipment, order_id, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    with pytest.raises(IllegalMoveError):
        await correct(order_id, NEW, actor=CUSTOMER)
    (customer,) = await Customer.select()
    assert customer["phone"] == "+4915112345678"


async def test_an_order_changes_nothing_of_a_known_customer(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await accept(equipment, order_id, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    further = await placing.place(equipment, further_form(100_001), key="further", sender=SENDER)
    await screen_waiting(equipment)
    with pytest.raises(NotCorrectableError):
        await correct(await id_of(further.cart_id), NEW, actor=CUSTOMER)


async def test_the_customer_is_told_of_the_new_number_by_its_end(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await correct(order_id, NEW, actor=CUSTOMER)
    (told,) = await Outbox.select().where(Outbox.kind == "phone_corrected")
    assert told["channel"] == "mail"
    assert "7654" not in json.dumps([row["facts"] for row in await Journal.select()])


async def test_no_code_goes_where_none_may_go_whatever_is_on_offer(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    elsewhere = with_settings(equipment, "sms", countries=("AT",))
    with pytest.raises(NotOfferedError):
        await code.request(elsewhere, order_id, actor=CUSTOMER)
    assert await sent_to() == []


async def test_who_has_no_tries_left_has_nothing_to_correct_a_number_for(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await code.request(equipment, order_id, actor=CUSTOMER)
    await SmsActivation.update({SmsActivation.tries_left: 0}).where(SmsActivation.order == order_id)
    with pytest.raises(UsedUpError):
        await correct(order_id, NEW, actor=CUSTOMER)
    row = await row_of(order_id)
    assert (row["state"], json.loads(row["applicant"])["phone"]) == ("AWAITING_ACTIVATION", "+4915112345678")


async def test_who_has_no_tries_left_is_offered_the_contract_by_a_person_too(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await code.request(equipment, order_id, actor=CUSTOMER)
    await SmsActivation.update({SmsActivation.tries_left: 0}).where(SmsActivation.order == order_id)
    for event in (OrderEvent.REFUSED, OrderEvent.REOPENED):
        async with DB.transaction():
            await orders.move(order_id, event, actor="staff:Anna")
    assert await review.offer(equipment, order_id, actor="staff:Anna") == ["contract"]
