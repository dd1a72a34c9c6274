"""Whatever is wrong with an order is told by a problem document that names the field; nothing is stored half."""

import copy
import json
from typing import Any
from uuid import uuid4

import httpx
import idna
import pytest

from tests.contract.numbers import new_domain, new_person
from tests.contract.process import Api
from tests.customer.form import Form, order_form
from tests.customer.shop import Shop

DELETE = object()

WRONG: list[tuple[str, Any]] = [
    ("tariff", "palace"),
    ("tariff", 7),
    ("billing_interval_months", 2),
    ("billing_interval_months", "1"),
    ("billing_interval_months", 1.0),
    ("billing_interval_months", True),
    ("language", "xx"),
    ("accept_terms", False),
    ("accept_terms", "true"),
    ("password", "kurz"),
    ("password", "aaaaaaaaaaaaaaaa"),
    ("password", "Passwort123"),
    ("domains", []),
    ("domains", None),
    ("domains.0.name", "-a.de"),
    ("domains.0.name", "a..de"),
    ("domains.0.name", f"{'a' * 64}.de"),
    ("domains.0.name", f"{'a.' * 130}de"),
    ("domains.0.name", "ohne-punkt"),
    ("domains.0.name", "co.uk"),
    ("domains.0.name", "127.0.0.1"),
    ("domains.0.name", "beispiel.de\n"),
    ("domains.0.name", "../../etc/passwd"),
    ("domains.0.name", "\u0440\u0430\u0443\u0440\u0430l.de"),
    ("domains.0.name", "a_b.de"),
    ("domains.0.action", "steal"),
    ("customer", None),
    ("customer.kind", "robot"),
    ("customer.given_name", ""),
    ("customer.given_name", "Jür\x00gen"),
    ("customer.given_name", "Jür\x1b[31mgen"),
    ("customer.given_name", "x" * 300),
    ("customer.family_name", "O\u202eBrien"),
    ("customer.street", "Am Markt\r\nBcc: all@example.org"),
    ("customer.postal_code", "12"),
    ("customer.country", "XX"),
    ("customer.email", "nobody"),
    ("customer.email", "a@b@c.de"),
    ("customer.email", "j@example.org\nBcc: x@example.org"),
    ("customer.phone", "+4900"),
    ("customer.phone", "12345"),
    ("customer.phone", "+49151123456781234567"),
    ("payment.method", "gold"),
    ("payment.iban", "DE02120300000000202052"),
    ("payment.iban", "XX00"),
    ("customer.is_admin", True),
    ("state", "ACTIVE"),
    ("payment.iban", DELETE),
    ("tariff", DELETE),
]
"""A field of the order's body, and what to put there."""


@pytest.mark.parametrize(
    ("field", "value"), WRONG, ids=lambda value: "left out" if value is DELETE else repr(value)[:40]
)
def test_a_wrong_field_is_named_and_nothing_is_stored(api: Api, shop: Shop, field: str, value: object) -> None:
    before = api.row_counts()
    answer = post(shop, changed(good_form(), field, value))
    assert_problem(answer, 400, 422)
    assert last_part(field) in answer.text, answer.text
    assert api.row_counts() == before


@pytest.mark.parametrize("value", ["{{ 7*7 }}-geheim", "geheim\u0007", "x' OR 1=1 --geheim"])
def test_what_was_typed_is_never_echoed(shop: Shop, value: str) -> None:
    answer = post(shop, changed(good_form(), "customer.email", value))
    assert_problem(answer, 400, 422)
    assert "geheim" not in answer.text


@pytest.mark.parametrize(
    "name", ["O'Brien", "Müller & Söhne", "Nguyễn", "{Klammer}", "100% Bio GmbH", "=3+4 GmbH", "Null", "{{ 7*7 }}"]
)
def test_an_honest_name_passes_literally(shop: Shop, name: str) -> None:
    form = changed(good_form(), "customer.family_name", name)
    order = shop.place(form, key=uuid4().hex)
    assert json.dumps(name) in json.dumps(shop.cart(order.cart_id)).replace("\\/", "/")


@pytest.mark.parametrize("pattern", ["straße-{}.de", "STRASSE-{}.DE", "faß-{}.de", "mu\u0308ller-{}.de"])
def test_a_name_is_read_as_idna_2008(shop: Shop, pattern: str) -> None:
    typed = pattern.format(new_domain().partition(".")[0])
    order = shop.place(order_form(new_person(), typed), key=uuid4().hex)
    (domain,) = shop.status(order)["domains"]
    assert domain["name"] == idna.encode(typed, uts46=True, std3_rules=True).decode()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"order"', b"\xff\xfe", b'{"tariff": "start", "tariff": 1}']
)
def test_a_body_that_is_no_order_is_a_problem(api: Api, shop: Shop, body: bytes) -> None:
    before = api.row_counts()
    assert_problem(send(shop, body), 400, 422)
    assert api.row_counts() == before


def test_a_body_nested_deeply_is_a_problem(shop: Shop) -> None:
    assert_problem(send(shop, b'{"customer":' * 5000 + b"1" + b"}" * 5000), 400, 422)


def test_a_lone_surrogate_is_a_problem(shop: Shop) -> None:
    body = json.dumps(good_form()).replace("Am Markt 3", "Am Markt \\ud800")
    assert_problem(send(shop, body.encode()), 400, 422)


def test_a_body_above_64_kib_is_refused(api: Api, shop: Shop) -> None:
    before = api.row_counts()
    form = changed(good_form(), "customer.street", "x" * 70_000)
    assert_problem(post(shop, form), 413)
    assert api.row_counts() == before


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_another_content_type_is_refused(shop: Shop, content_type: str) -> None:
    answer = send(shop, json.dumps(good_form()).encode(), content_type=content_type)
    assert_problem(answer, 415)


def test_an_order_without_a_key_is_refused(api: Api, shop: Shop) -> None:
    before = api.row_counts()
    answer = shop.http.post("/api/v1/orders", json=good_form())
    assert_problem(answer, 400)
    assert "Idempotency-Key" in answer.text
    assert api.row_counts() == before


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_is_none_is_refused(shop: Shop, key: str) -> None:
    assert_problem(post(shop, good_form(), key=key), 400)


def test_the_same_key_and_body_is_the_same_order(api: Api, shop: Shop) -> None:
    form, key = good_form(), uuid4().hex
    first = post(shop, form, key=key)
    before = api.row_counts()["orders"]
    again = post(shop, form, key=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert {name: first.json()[name] for name in ("cart_id", "token")} == {
        name: again.json()[name] for name in ("cart_id", "token")
    }
    assert api.row_counts()["orders"] == before


def test_the_same_key_with_another_body_is_refused(api: Api, shop: Shop) -> None:
    key = uuid4().hex
    shop.place(good_form(), key=key)
    before = api.row_counts()["orders"]
    assert_problem(post(shop, good_form(), key=key), 422)
    assert api.row_counts()["orders"] == before


def test_a_customer_number_without_staff_attaches_nothing(shop: Shop) -> None:
    form = good_form() | {"customer": {"number": 100_001}}
    assert_problem(post(shop, form), 401, 403, 422)


def good_form() -> Form:
    """Return an order that nothing is wrong with."""
    return order_form(new_person(), new_domain())


def changed(form: Form, field: str, value: object) -> Form:
    """Return *form* with *value* at the dotted path *field*, or without it."""
    result = copy.deepcopy(form)
    *way, last = field.split(".")
    place: Any = result
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    if value is DELETE:
        del place[last]
    else:
        place[last] = value
    return result


def post(shop: Shop, form: Form, *, key: str | None = None) -> httpx.Response:
    """Hand *form* in; under a new key unless one is given."""
    return shop.http.post("/api/v1/orders", json=form, headers={"Idempotency-Key": uuid4().hex if key is None else key})


def send(shop: Shop, body: bytes, *, content_type: str = "application/json") -> httpx.Response:
    """Send raw bytes as an order."""
    headers = {"Idempotency-Key": uuid4().hex, "Content-Type": content_type}
    return shop.http.post("/api/v1/orders", content=body, headers=headers)


def last_part(field: str) -> str:
    """Return the name that a problem has to mention."""
    return next(part for part in reversed(field.split(".")) if not part.isdigit())


def assert_problem(answer: httpx.Response, *codes: int) -> None:
    """Assert that *answer* is an RFC 9457 problem with one of *codes*."""
    assert answer.status_code in codes, f"{answer.status_code}: {answer.text[:500]}"
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert isinstance(problem["title"], str)
