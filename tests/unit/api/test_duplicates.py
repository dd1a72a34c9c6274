"""Customers who may have been filed twice: found by their signs, decided by a person, both numbers accounted for."""

import asyncio
from typing import Any

import httpx
import pytest

from api import staff
from api.activation.acceptance import accept
from api.app import build
from api.console import customers
from api.console.search import search
from api.customers import deciding, duplicates, numbers
from api.customers.deciding import NoCustomerError, NotMergeableError, Pair, merge, part, undecided
from api.customers.duplicates import compare_new
from api.customers.tables import Duplicate, Merger, Trait
from api.customers.traits import normal_mail, normal_street
from api.equipment import Equipment
from api.intake import placing
from api.lifecycle import OrderEvent
from api.tables import Customer, Journal, Order
from tests.unit.api.orderform import CUSTOMER, further_form, id_of, offered, row_of
from tests.unit.api.test_identity import transport_to

pytestmark = pytest.mark.usefixtures("database")

ANNA = "staff:Anna"
OTHER: dict[str, Any] = {
    "customer__given_name": "Thị Hoa", "customer__family_name": "Nguyễn", "customer__street": "Lindenallee 77",
    "customer__postal_code": "20095", "customer__city": "Hamburg", "customer__email": "hoa@example.net",
    "customer__phone": "+4915199999999",
}  # fmt: skip
"""Somebody else altogether."""


async def filed(equipment: Equipment, **changes: Any) -> int:
    """File a customer; return the number."""
    order_id = await offered(equipment, **changes)
    await accept(equipment, order_id, OrderEvent.STAFF_ACCEPTED, actor=ANNA)
    row = await Customer.select(Customer.number).order_by(Customer.id, ascending=False).first()
    assert row is not None
    return int(row["number"])


async def pairs(equipment: Equipment) -> list[tuple[int, int, list[str]]]:
    await compare_new(equipment.seal)
    return [(pair.earlier, pair.later, list(pair.reasons)) for pair in await undecided()]


@pytest.mark.parametrize(
    ("same", "reasons"),
    [
        ({"customer__email": "J+shop@Example.ORG"}, ["mail"]),
        ({"customer__phone": "+49 151 12345678"}, ["phone"]),
        (
            {
                "customer__given_name": "JÜRGEN", "customer__family_name": "O’Brien", "customer__street": "Am Markt 3",
                "customer__postal_code": "80331",
            },
            ["address"],
        ),
        (
            {
                "customer__given_name": "Juergen", "customer__family_name": "O'Brien",
                "customer__street": "Am Markt 33", "customer__postal_code": "80331",
            },
            ["name"],
        ),
        ({}, []),
        ({"customer__given_name": "Jürgen", "customer__family_name": "O'Brien"}, []),
        ({"customer__street": "Am Markt 3", "customer__postal_code": "80331"}, []),
    ],
)  # fmt: skip
async def test_two_are_suggested_when_they_share_a_sign(
    equipment: Equipment, same: dict[str, str], reasons: list[str]
) -> None:
    first, second = await filed(equipment), await filed(equipment, **(OTHER | same))
    assert await pairs(equipment) == ([(first, second, reasons)] if reasons else [])


async def test_all_that_fits_is_named_and_a_pair_is_suggested_once(equipment: Equipment) -> None:
    first, second = await filed(equipment), await filed(equipment)
    await asyncio.gather(*(compare_new(equipment.seal) for _ in range(4)))
    assert await pairs(equipment) == [(first, second, ["address", "mail", "phone"])]
    assert await pairs(equipment) == [(first, second, ["address", "mail", "phone"])]


async def test_of_many_who_are_alike_the_likeliest_are_suggested(
    equipment: Equipment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "MOST_PAIRS", 2)
    first, second, third, fourth = [await filed(equipment, customer__email=f"{n}@example.org") for n in "abca"]
    found = await pairs(equipment)
    assert (first, fourth, ["address", "mail", "phone"]) in found
    assert [pair[:2] for pair in found] == [
        (first, second), (first, third), (second, third), (first, fourth), (second, fourth),
    ]  # fmt: skip


async def test_signs_are_kept_as_digests_alone(equipment: Equipment) -> None:
    await filed(equipment)
    await compare_new(equipment.seal)
    kept = str(await Trait.select())
    assert not [word for word in ("example", "15112345678", "brien", "80331") if word in kept.casefold()]


async def test_nothing_is_merged_by_itself(equipment: Equipment) -> None:
    await filed(equipment)
    await filed(equipment)
    await compare_new(equipment.seal)
    assert await Merger.count() == 0
    assert len(set(await Order.select(Order.customer).output(as_list=True))) == 2


async def test_of_two_that_are_one_the_orders_move_and_both_numbers_lead_there(equipment: Equipment) -> None:
    keep, give_up = await filed(equipment), await filed(equipment)
    await compare_new(equipment.seal)
    assert await merge(keep, give_up, actor=ANNA) == 1
    assert await undecided() == []
    assert len((await customers.orders_of(keep, None, 9)).items) == 2
    assert len((await customers.orders_of(give_up, None, 9)).items) == 2
    assert (await customers.customer_view(give_up)).number == keep
    assert {cart.customer_number for cart in await search(str(give_up))} == {keep}
    assert [row["number"] for row in await Customer.select().order_by(Customer.id)] == [keep, give_up]
    kept = await numbers.customer_of(keep)
    assert kept is not None
    assert len(await numbers.all_of(kept)) == 2
    rows = await Journal.select().where(Journal.event == "MERGED").order_by(Journal.id)
    assert [(row["subject_id"], row["actor"], row["public"]) for row in rows] == [(str(give_up), ANNA, False)] * 2
    assert rows[0]["facts"] == f'{{"from":{give_up},"into":{keep},"orders":1}}'
    assert {row["order"] for row in rows} == {None, 2}


async def test_a_further_order_by_the_number_that_was_given_up_is_the_kept_customers(equipment: Equipment) -> None:
    keep, give_up = await filed(equipment), await filed(equipment)
    receipt = await placing.place(equipment, further_form(give_up), key="before", sender=CUSTOMER)
    await merge(keep, give_up, actor=ANNA)
    later = await placing.place(equipment, further_form(give_up), key="after", sender=CUSTOMER)
    kept = await numbers.customer_of(keep)
    for cart_id in (receipt.cart_id, later.cart_id):
        assert (await row_of(await id_of(cart_id)))["customer"] == kept


async def test_an_order_that_slipped_in_while_two_were_merged_is_accepted_for_the_one_who_is_there(
    equipment: Equipment,
) -> None:
    keep, give_up = await filed(equipment), await filed(equipment)
    gone = await numbers.customer_of(give_up)
    receipt = await placing.place(equipment, further_form(give_up), key="late", sender=CUSTOMER)
    order_id = await id_of(receipt.cart_id)
    await merge(keep, give_up, actor=ANNA)
    await Order.update({Order.customer: gone, Order.state: "AWAITING_ACTIVATION"}).where(Order.id == order_id)
    await accept(equipment, order_id, OrderEvent.STAFF_ACCEPTED, actor=ANNA)
    assert (await row_of(order_id))["customer"] == await numbers.customer_of(keep)


async def test_two_that_are_two_are_not_suggested_again(equipment: Equipment) -> None:
    one, other = await filed(equipment), await filed(equipment)
    await compare_new(equipment.seal)
    await part(other, one, actor=ANNA)
    assert await undecided() == []
    await Trait.delete().where(Trait.kind == "compared")
    assert await pairs(equipment) == []
    (row,) = await Duplicate.select()
    assert (row["decision"], row["decided_by"]) == ("distinct", ANNA)
    assert await merge(one, other, actor=ANNA) == 1, "a person may think again"


async def test_what_was_suggested_of_the_one_who_is_given_up_is_suggested_of_the_other(equipment: Equipment) -> None:
    first, second = await filed(equipment), await filed(equipment)
    third = await filed(equipment, **(OTHER | {"customer__phone": "+4915112345678"}))
    await compare_new(equipment.seal)
    await merge(first, second, actor=ANNA)
    assert await undecided() == [Pair(first, third, ["phone"], (await undecided())[0].found_at)]


async def test_numbers_that_were_given_up_one_after_the_other_all_lead_to_the_last(equipment: Equipment) -> None:
    first, second, third = [await filed(equipment) for _ in range(3)]
    await merge(second, third, actor=ANNA)
    await merge(first, second, actor=ANNA)
    kept = await numbers.customer_of(first)
    assert kept is not None
    assert [await numbers.customer_of(number) for number in (first, second, third)] == [kept] * 3
    assert len((await customers.orders_of(third, None, 9)).items) == 3


async def test_what_cannot_be_merged_stays_as_it_is(equipment: Equipment) -> None:
    first, second = await filed(equipment), await filed(equipment)
    with pytest.raises(NotMergeableError):
        await merge(first, first, actor=ANNA)
    with pytest.raises(NoCustomerError):
        await merge(first, 4711, actor=ANNA)
    await merge(first, second, actor=ANNA)
    for keep, give_up in ((first, second), (second, first)):
        with pytest.raises(NotMergeableError):
            await merge(keep, give_up, actor=ANNA)
    with pytest.raises(NotMergeableError):
        await part(first, second, actor=ANNA)


async def test_two_who_merge_both_ways_at_once_do_not_lose_both(equipment: Equipment) -> None:
    first, second = await filed(equipment), await filed(equipment)
    answers = await asyncio.gather(
        *(merge(*pair, actor=ANNA) for pair in [(first, second), (second, first)] * 4), return_exceptions=True
    )
    assert sum(isinstance(answer, int) for answer in answers) == 1
    assert {type(answer) for answer in answers} == {int, NotMergeableError}
    assert await Merger.count() == 1
    assert await deciding.undecided() == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("J.O.Brien@gmail.com", "jobrien+x@googlemail.com"), ("A@Example.org", "a@example.org"), ("+x@b.de", "+x@b.de")],
)
async def test_one_mailbox_has_many_spellings(one: str, other: str) -> None:
    assert normal_mail(one) == normal_mail(other)


@pytest.mark.parametrize("street", ["Hauptstraße 5", "Hauptstrasse 5", "HAUPTSTR. 5", "Hauptstr.5", "Haupt-Str 5"])
async def test_one_street_has_many_spellings(street: str) -> None:
    assert normal_street(street) == "hauptstr5"


async def test_staff_decide_by_the_api_and_nobody_else(equipment: Equipment) -> None:
    first, second = await filed(equipment), await filed(equipment)
    third = await filed(equipment, **(OTHER | {"customer__phone": "+4915112345678"}))
    await compare_new(equipment.seal)
    token = await staff.add("Anna")
    async with httpx.AsyncClient(transport=transport_to(build(equipment)), base_url="http://api.test") as http:
        assert (await http.get("/api/v1/staff/duplicates")).status_code == 401
        http.headers["Authorization"] = f"Bearer {token}"
        found = (await http.get("/api/v1/staff/duplicates")).json()["pairs"]
        assert [(pair["earlier"], pair["later"]) for pair in found] == [
            (first, second), (first, third), (second, third),
        ]  # fmt: skip
        left = await http.post("/api/v1/staff/duplicates/distinct", json={"one": third, "other": first})
        assert len(left.json()["pairs"]) == 2
        merged = await http.post("/api/v1/staff/duplicates/merge", json={"keep": first, "give_up": second})
        assert (merged.status_code, merged.json()) == (200, {"orders": 1})
        again = await http.post("/api/v1/staff/duplicates/merge", json={"keep": first, "give_up": second})
        assert again.status_code == 409
        unknown = await http.post("/api/v1/staff/duplicates/merge", json={"keep": first, "give_up": 4711})
        assert unknown.status_code == 404
        assert (await http.get(f"/api/v1/customers/{second}")).json()["number"] == first
    assert await Journal.count().where(Journal.actor == ANNA, Journal.event == "MERGED") == 2
