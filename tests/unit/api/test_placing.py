"""An order is stored whole, once per key, and keeps no secret in clear."""

import asyncio
import json
from uuid import uuid4

import msgspec
import pytest

from api.activation.acceptance import accept
from api.allowances import TooSoonError
from api.answers import FieldsError
from api.equipment import Equipment
from api.intake import placing
from api.intake.placing import KeyMissingError, KeyReusedError, place
from api.intake.screening import screen_waiting
from api.lifecycle import OrderEvent
from api.notices.tables import Outbox
from api.tables import Customer, Journal, Order, OrderDomain
from tests.unit.api.changed import with_settings
from tests.unit.api.orderform import CUSTOMER, form, further_form, id_of, new_name, offered, placed, row_of

pytestmark = pytest.mark.usefixtures("database")

STAFF = placing.Sender("staff:Anna", None)


async def test_an_order_is_stored_with_its_domains_its_history_and_its_first_mail(equipment: Equipment) -> None:
    order_id = await placed(equipment, "eins-beispiel.de", "straße-beispiel.de")
    row = await row_of(order_id)
    assert (row["state"], row["tariff"], row["terms_version"]) == ("SUBMITTED", "start", "2026-11-01")
    assert row["client_ip"] == "198.51.100.7"
    names = await OrderDomain.select(OrderDomain.name).where(OrderDomain.order == order_id).output(as_list=True)
    assert names == ["eins-beispiel.de", "xn--strae-beispiel-3fb.de"]
    (entry,) = await Journal.select().where(Journal.order == order_id)
    assert (entry["event"], entry["actor"], entry["public"]) == ("SUBMITTED", "customer", True)
    assert await Outbox.count().where(Outbox.order == order_id, Outbox.kind == "order_received") == 1


async def test_twenty_repetitions_at_once_are_one_order_with_one_answer(equipment: Equipment) -> None:
    same, key = form(), uuid4().hex
    receipts = await asyncio.gather(*(place(equipment, same, key=key, sender=CUSTOMER) for _ in range(20)))
    assert len(set(receipts)) == 1
    assert await Order.count() == await Journal.count() == await OrderDomain.count() == 1


async def test_a_repetition_is_answered_the_same_after_the_order_went_on(equipment: Equipment) -> None:
    same, key = form(), uuid4().hex
    first = await place(equipment, same, key=key, sender=CUSTOMER)
    order_id = await id_of(first.cart_id)
    await accept_now(equipment, order_id)
    assert await place(equipment, same, key=key, sender=CUSTOMER) == first


async def test_a_key_that_comes_with_another_order_is_refused(equipment: Equipment) -> None:
    await place(equipment, form(), key="my key", sender=CUSTOMER)
    with pytest.raises(KeyReusedError):
        await place(equipment, form(), key="my key", sender=CUSTOMER)
    assert await Order.count() == 1


async def test_a_key_that_is_none_is_refused(equipment: Equipment) -> None:
    for key in (None, "", "x" * 256, "tab\t", "ümlaut"):
        with pytest.raises(KeyMissingError):
            await place(equipment, form(), key=key, sender=CUSTOMER)


async def test_what_cannot_be_meant_leaves_nothing_behind(equipment: Equipment) -> None:
    for bad in (form(password="kurz"), form("-a.de"), form(customer__phone="+4900"), form(tariff="palace")):
        with pytest.raises(FieldsError):
            await place(equipment, bad, key=uuid4().hex, sender=CUSTOMER)
    assert await Order.count() == await OrderDomain.count() == await Journal.count() == await Outbox.count() == 0


async def test_no_table_holds_password_account_number_auth_code_token_or_key(equipment: Equipment) -> None:
    transfer = {"name": "umzug-beispiel.net", "action": "transfer", "auth_code": "x7Kp+Q2m9A"}
    receipt = await place(equipment, form(domains=[transfer]), key="very secret key", sender=CUSTOMER)
    everything = [await table.select() for table in (Order, OrderDomain, Journal, Outbox)]
    text = json.dumps(everything, default=str)
    for secret in ("Kirschbaum", "DE0212", "202051", "x7Kp", receipt.token, "very secret key"):
        assert secret not in text
    (domain,) = await OrderDomain.select()
    assert equipment.seal.unseal("auth code", domain["auth_code_sealed"]) == "x7Kp+Q2m9A"
    applicant = msgspec.json.decode((await Order.select())[0]["applicant"])
    assert equipment.seal.unseal("iban", applicant["iban_sealed"]) == "DE02120300000000202051"


async def test_honest_names_are_kept_to_the_letter(equipment: Equipment) -> None:
    for name in ("O'Brien", "Nguyễn", "{{ 7*7 }}", "100% Bio GmbH", "=3+4 GmbH", "Null", "'; DROP TABLE orders; --"):
        order_id = await placed(equipment, customer__family_name=name)
        assert json.loads((await row_of(order_id))["applicant"])["family_name"] == name


async def test_a_further_order_belongs_to_the_customer_who_is_named(equipment: Equipment) -> None:
    first = await offered(equipment)
    await accept_now(equipment, first)
    (customer,) = await Customer.select()
    receipt = await place(equipment, further_form(customer["number"]), key=uuid4().hex, sender=STAFF)
    further = await id_of(receipt.cart_id)
    await accept_now(equipment, further)
    assert (await row_of(further))["customer"] == customer["id"] == (await row_of(first))["customer"]
    assert await Customer.count() == 1


async def test_a_customer_who_is_not_there_has_no_further_order(equipment: Equipment) -> None:
    with pytest.raises(FieldsError) as caught:
        await place(equipment, further_form(100_777), key=uuid4().hex, sender=STAFF)
    assert caught.value.errors[0].field == "customer.number"


async def test_a_name_that_is_hosted_is_refused_and_one_in_a_cart_is_not(equipment: Equipment) -> None:
    name = new_name()
    await placed(equipment, name)
    order_id = await offered(equipment, name)
    await accept_now(equipment, order_id)
    with pytest.raises(FieldsError) as caught:
        await placed(equipment, name)
    assert caught.value.errors[0].field == "domains.0.name"


async def accept_now(equipment: Equipment, order_id: int) -> None:
    await screen_waiting(equipment)
    await accept(equipment, order_id, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")


async def test_a_place_and_a_mailbox_have_their_share_and_beyond_it_nothing_is_stored_or_mailed(
    equipment: Equipment,
) -> None:
    tight = with_settings(equipment, "orders", per_place_hourly=3, per_mailbox_daily=2)

    async def ordered(ip: str, email: str, actor: str = "customer") -> bool:
        one = form(customer__email=email)
        try:
            await place(tight, one, key=uuid4().hex, sender=placing.Sender(actor, ip))
        except TooSoonError:
            return False
        return True

    assert [await ordered(f"203.0.113.{n}", f"p{n}@example.org") for n in range(4)] == [True, True, True, False]
    victim = [await ordered(f"198.51.{n}.1", f"Victim+{n}@example.org") for n in range(4)]
    assert victim == [True, True, False, False]
    assert await Order.count() == await Outbox.count() == 5
    assert await ordered("203.0.113.1", "victim@example.org", "staff:Anna"), "staff order as often as they like"


async def test_what_is_repeated_counts_once(equipment: Equipment) -> None:
    tight, same, key = with_settings(equipment, "orders", per_mailbox_daily=1), form(), uuid4().hex
    assert len({await place(tight, same, key=key, sender=CUSTOMER) for _ in range(3)}) == 1


@pytest.mark.parametrize("name", ["https://cheap.example", "www.cheap.example", "Gewinn bit.ly/abc", "cheap-pills.de"])
async def test_a_web_address_is_no_name_to_greet_anybody_by(equipment: Equipment, name: str) -> None:
    with pytest.raises(FieldsError) as caught:
        await place(equipment, form(customer__given_name=name), key=uuid4().hex, sender=CUSTOMER)
    assert [error.field for error in caught.value.errors] == ["customer.given_name"]
    assert await Outbox.count() == 0


async def test_an_order_of_terms_or_prices_that_are_not_todays_is_refused(equipment: Equipment) -> None:
    await place(equipment, form(terms_version="2026-11-01", tariff_version=1), key="today", sender=CUSTOMER)
    with pytest.raises(FieldsError) as caught:
        await place(equipment, form(terms_version="2025-01-01", tariff_version=99), key="old", sender=CUSTOMER)
    assert {error.field for error in caught.value.errors} == {"terms_version", "tariff_version"}
    assert await Order.count() == 1
