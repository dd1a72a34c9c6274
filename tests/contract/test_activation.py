"""The code by SMS: six digits, five tries, ten minutes, once; and who is not offered it."""

import copy
from contextlib import closing
from uuid import uuid4

import httpx
import pytest

from tests.contract.numbers import new_domain, new_person
from tests.contract.process import Api
from tests.contract.test_bad_input import assert_problem
from tests.customer.form import Person, order_form
from tests.customer.phone import code_in, messages, wait_for_message
from tests.customer.shop import Receipt, Shop


def test_the_right_code_accepts_at_once(api: Api, shop: Shop) -> None:
    order, code = offered_with_code(api, shop, new_person())
    assert shop.confirm(order, code)["state"] in {"ACCEPTED", "PROVISIONING"}
    cart = shop.cart(order.cart_id)
    assert cart["customer"]["number"] >= 100_001
    assert cart["number"] >= 500_001


def test_nothing_is_sent_before_it_was_asked_for(api: Api, shop: Shop) -> None:
    who = new_person()
    offered(shop, who)
    assert messages(api.sms_sink, who.phone) == []


def test_a_wrong_code_is_refused_and_five_use_the_order_up(api: Api, shop: Shop) -> None:
    order, code = offered_with_code(api, shop, new_person())
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        answer = confirm(shop, order, wrong)
        assert answer.status_code in {410, 422}, answer.text
    assert_problem(confirm(shop, order, code), 410)
    assert shop.status(order)["state"] == "AWAITING_ACTIVATION"


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", " 12345", "123456\n", 123456, None])
def test_what_is_no_code_is_refused_and_costs_no_try(api: Api, shop: Shop, code: object) -> None:
    order, right = offered_with_code(api, shop, new_person())
    for _ in range(6):
        assert_problem(confirm(shop, order, code), 400, 422)
    assert confirm(shop, order, right).status_code == 200


def test_an_expired_code_is_refused(api: Api, shop: Shop) -> None:
    order, code = offered_with_code(api, shop, new_person())
    with closing(api.database()) as database, database:
        database.execute(
            "UPDATE sms_activation SET expires_at = '2020-01-01 00:00:00+00:00'"
            ' WHERE "order" = (SELECT id FROM orders WHERE cart_id = ?)',
            (order.cart_id,),
        )
    assert_problem(confirm(shop, order, code), 410, 422)
    assert shop.status(order)["state"] == "AWAITING_ACTIVATION"


def test_a_code_works_once(api: Api, shop: Shop) -> None:
    order, code = offered_with_code(api, shop, new_person())
    shop.confirm(order, code)
    assert_problem(confirm(shop, order, code), 409, 410)


def test_the_code_of_another_order_is_wrong(api: Api, shop: Shop) -> None:
    _, foreign = offered_with_code(api, shop, new_person())
    order, code = offered_with_code(api, shop, new_person())
    if foreign != code:
        assert_problem(confirm(shop, order, foreign), 422)


@pytest.mark.parametrize("phone", ["+498912345678", "+491802123456", "+12025550123"])
def test_a_number_that_no_code_may_go_to_is_no_error_and_is_offered_the_contract(shop: Shop, phone: str) -> None:
    form = copy.deepcopy(order_form(new_person(), new_domain()))
    form["customer"]["phone"] = phone
    order = shop.place(form, key=uuid4().hex)
    page = shop.wait_until(order, "AWAITING_ACTIVATION")
    assert page["offered"] == ["contract"]
    answer = shop.http.post(f"/api/v1/orders/{order.cart_id}/sms", headers=bearer(order.token))
    assert_problem(answer, 409)


def test_a_domain_that_is_hosted_already_is_refused(api: Api, shop: Shop) -> None:
    order, code = offered_with_code(api, shop, new_person())
    shop.confirm(order, code)
    (domain,) = shop.status(order)["domains"]
    before = api.row_counts()["orders"]
    form, key = order_form(new_person(), domain["name"]), uuid4().hex
    answer = shop.http.post("/api/v1/orders", json=form, headers={"Idempotency-Key": key})
    assert_problem(answer, 409, 422)
    assert "name" in answer.text
    assert api.row_counts()["orders"] == before


@pytest.mark.parametrize("token", ["x", "0" * 32, "é"])
def test_without_the_token_the_order_is_not_there(shop: Shop, token: str) -> None:
    order = shop.place(order_form(new_person(), new_domain()), key=uuid4().hex)
    headers = httpx.Headers({"Authorization": f"Bearer {token}"}, encoding="utf-8")
    known = shop.http.get(f"/api/v1/orders/{order.cart_id}", headers=headers)
    unknown = shop.http.get("/api/v1/orders/0000-0000-0", headers=headers)
    assert known.status_code == unknown.status_code
    assert known.status_code in {401, 403, 404}


def test_the_token_of_another_order_opens_nothing(shop: Shop) -> None:
    orders = [shop.place(order_form(new_person(), new_domain()), key=uuid4().hex) for _ in range(2)]
    answer = shop.http.get(f"/api/v1/orders/{orders[0].cart_id}", headers=bearer(orders[1].token))
    assert answer.status_code in {401, 403, 404}


def test_staff_routes_are_closed_to_others(shop: Shop) -> None:
    order = shop.place(order_form(new_person(), new_domain()), key=uuid4().hex)
    for headers in ({}, bearer("x"), bearer(order.token)):
        for method, path in (("GET", ""), ("POST", "/accept")):
            answer = shop.http.request(method, f"/api/v1/staff/carts/{order.cart_id}{path}", headers=headers)
            assert answer.status_code in {401, 403, 404}, answer.text


def test_a_number_is_corrected_once_and_the_new_code_comes_by_itself(api: Api, shop: Shop) -> None:
    who = new_person()
    order, older = offered_with_code(api, shop, who)
    right, path = new_person().phone, f"/api/v1/orders/{order.cart_id}/sms/phone"
    answer = shop.http.post(path, json={"phone": right}, headers=bearer(order.token))
    assert (answer.status_code, answer.json()) == (202, {"state": "SUBMITTED"})
    newer = code_in(wait_for_message(api.sms_sink, right))
    assert len(messages(api.sms_sink, who.phone)) == 1
    assert confirm(shop, order, older).status_code == 422
    assert_problem(shop.http.post(path, json={"phone": new_person().phone}, headers=bearer(order.token)), 409)
    assert confirm(shop, order, newer).status_code == 200
    assert_problem(shop.http.post(path, json={"phone": new_person().phone}, headers=bearer(order.token)), 409)


def offered(shop: Shop, who: Person) -> Receipt:
    """Order something and wait until the checks are done."""
    order = shop.place(order_form(who, new_domain()), key=uuid4().hex)
    page = shop.wait_until(order, "AWAITING_ACTIVATION")
    assert "sms" in page["offered"]
    return order


def offered_with_code(api: Api, shop: Shop, who: Person) -> tuple[Receipt, str]:
    """Order something and have the code sent."""
    order = offered(shop, who)
    shop.request_code(order)
    return order, code_in(wait_for_message(api.sms_sink, who.phone))


def confirm(shop: Shop, order: Receipt, code: object) -> httpx.Response:
    """Type *code* in and return the bare answer."""
    path = f"/api/v1/orders/{order.cart_id}/sms/confirm"
    return shop.http.post(path, json={"code": code}, headers=bearer(order.token))


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries *token*."""
    return {"Authorization": f"Bearer {token}"}
