"""Who may call what: every route × method × caller, against the list in docs/api.md; nobody learns what is there."""

import re
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from litestar import Litestar, get

from api import staff
from api.app import build
from api.equipment import Equipment
from api.identity import guard
from tests.unit.api.orderform import body, further_body, id_of, offered, row_of, token_of

pytestmark = pytest.mark.usefixtures("database")

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "CONNECT", "QUERY")
PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
LISTED = {
    (method, path): who
    for method, path, who in re.findall(r"^\| `(\w+) (/[^`]*)` \| ([a-z, ]+) \|", PAGE, re.MULTILINE)
}
"""(method, path) → who may call it, as the page says."""


class Place(NamedTuple):
    """An application with one order in it."""

    http: httpx.AsyncClient
    cart_id: str
    #: Caller → token; None for nobody.
    tokens: dict[str, str | None]


@pytest.fixture
async def place(equipment: Equipment) -> AsyncIterator[Place]:
    mine, foreign = await offered(equipment), await offered(equipment)
    tokens = {
        "nobody": None,
        "garbage": "x",
        "unknown customer": "0" * 32,
        "unknown staff": f"{staff.PREFIX}{'A' * 43}",
        "other customer": await token_of(equipment, foreign),
        "former staff": await staff.add("Bernd"),
        "customer": await token_of(equipment, mine),
        "staff": await staff.add("Anna"),
    }
    await staff.revoke("Bernd")
    transport = transport_to(build(equipment))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as http:
        yield Place(http, (await row_of(mine))["cart_id"], tokens)


def transport_to(app: Any, peer: tuple[str, int] = ("127.0.0.1", 1)) -> httpx.ASGITransport:
    return httpx.ASGITransport(app=app, client=peer)


def bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


async def test_the_routes_are_those_of_the_page_and_no_other(equipment: Equipment) -> None:
    live = {
        (method, route.path_format): str(handler.opt["access"])
        for route in build(equipment).routes
        for handler in getattr(route, "route_handlers", ())
        for method in handler.http_methods
        if method != "OPTIONS" and not route.path_format.startswith("/agent/")
    }
    named = {"anyone, staff": "anyone"}
    assert live == {call: named.get(who, who) for call, who in LISTED.items()}


async def test_nobody_gets_through_where_they_may_not(place: Place) -> None:
    allowed = {"token": {"customer"}, "staff": {"staff"}, "token, staff": {"customer", "staff"}}
    for (listed_method, path), who in LISTED.items():
        if who not in allowed:
            continue
        url = path.format_map(defaultdict(lambda: "beispiel.de", cart_id=place.cart_id, number="100001"))
        for caller, token in place.tokens.items():
            # The method that the route has: everybody. All others: who may least, and who may most.
            for method in METHODS if caller in {"nobody", "staff"} else (listed_method,):
                if caller in allowed.get(LISTED.get((method, path), ""), set()):
                    continue
                answer = await place.http.request(method, url, headers=bearer(token))
                assert answer.status_code in {401, 404, 405}, f"{caller}: {method} {url}: {answer.status_code}"
    page = await place.http.get(f"/api/v1/orders/{place.cart_id}", headers=bearer(place.tokens["customer"]))
    assert page.json()["state"] == "AWAITING_ACTIVATION"


async def test_a_wrong_token_and_an_unknown_cart_are_answered_the_same(place: Place) -> None:
    for caller in ("garbage", "unknown customer", "other customer", "unknown staff", "former staff", "nobody"):
        headers = bearer(place.tokens[caller])
        there = await place.http.get(f"/api/v1/orders/{place.cart_id}", headers=headers)
        not_there = await place.http.get("/api/v1/orders/2222-2222-2", headers=headers)
        assert (there.status_code, there.content) == (not_there.status_code, not_there.content)


async def test_a_route_that_does_not_say_who_may_call_it_is_closed() -> None:
    @get("/forgotten")
    async def forgotten() -> str:
        return "open"

    transport = transport_to(Litestar([forgotten], guards=[guard], openapi_config=None))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as http:
        assert (await http.get("/forgotten")).status_code >= 400


async def test_a_customer_number_needs_staff(place: Place) -> None:
    form = further_body(100_001)
    for caller in ("nobody", "garbage", "customer", "former staff"):
        headers = bearer(place.tokens[caller]) | {"Idempotency-Key": "k"}
        answer = await place.http.post("/api/v1/orders", json=form, headers=headers)
        assert answer.status_code == 401, caller


async def test_staff_find_an_order_by_whatever_the_caller_says(place: Place) -> None:
    cart = await place.http.get(f"/api/v1/staff/carts/{place.cart_id}", headers=bearer(place.tokens["staff"]))
    name = cart.json()["order"]["domains"][0]["name"]
    spoken = place.cart_id.replace("-", " ").lower()
    for query in (place.cart_id, spoken, "O'Brien", "o'brien", "j@example.org", name, ""):
        answer = await place.http.get("/api/v1/staff/carts", params={"q": query}, headers=bearer(place.tokens["staff"]))
        assert place.cart_id in [found["cart_id"] for found in answer.json()["carts"]], query
    for query in ("%", "_", "\\", "nobody", "' OR 1=1 --", "9" * 60):
        answer = await place.http.get("/api/v1/staff/carts", params={"q": query}, headers=bearer(place.tokens["staff"]))
        assert answer.status_code == 200
        assert answer.json()["carts"] == [], query


async def test_staff_ask_for_the_queue_of_one_state(place: Place) -> None:
    staff = bearer(place.tokens["staff"])
    state = (await place.http.get(f"/api/v1/staff/carts/{place.cart_id}", headers=staff)).json()["state"]
    for asked, there in ((state, True), ("IN_REVIEW", False)):
        answer = await place.http.get("/api/v1/staff/carts", params={"state": asked}, headers=staff)
        assert (place.cart_id in [cart["cart_id"] for cart in answer.json()["carts"]]) is there
    wrong = await place.http.get("/api/v1/staff/carts", params={"state": "in love"}, headers=staff)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "state")


async def test_what_staff_decide_is_journaled_under_their_name(place: Place) -> None:
    for decision, state in (
        ("refuse", "REFUSED"),
        ("reopen", "IN_REVIEW"),
        ("offer", "AWAITING_ACTIVATION"),
        ("accept", "ACCEPTED"),
    ):
        url = f"/api/v1/staff/carts/{place.cart_id}/{decision}"
        why = None if decision == "accept" else {"reason": f"because of {decision}"}
        answer = await place.http.post(url, headers=bearer(place.tokens["staff"]), json=why)
        assert answer.json() == {"state": state}
    cart = await place.http.get(f"/api/v1/staff/carts/{place.cart_id}", headers=bearer(place.tokens["staff"]))
    deeds = [entry for entry in cart.json()["journal"] if entry["actor"] == "staff:Anna"]
    assert [(entry["event"], entry["facts"].get("reason")) for entry in deeds] == [
        ("REFUSED", "because of refuse"), ("REOPENED", "because of reopen"), ("OFFERED", "because of offer"),
        ("STAFF_ACCEPTED", None),
    ]  # fmt: skip
    too_long = await place.http.post(url, headers=bearer(place.tokens["staff"]), json={"reason": "x" * 201})
    assert too_long.status_code == 422


async def test_a_customers_lists_come_in_pages_that_miss_nothing(place: Place) -> None:
    desk = bearer(place.tokens["staff"])
    await place.http.post(f"/api/v1/staff/carts/{place.cart_id}/accept", headers=desk)
    for number in range(4):
        headers = desk | {"Idempotency-Key": f"further {number}"}
        form = further_body(100_001)
        assert (await place.http.post("/api/v1/orders", json=form, headers=headers)).status_code == 202
    for listing in ("orders", "domains"):
        seen, cursor = [], None
        while True:
            params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
            page = (await place.http.get(f"/api/v1/customers/100001/{listing}", params=params, headers=desk)).json()
            seen += [item["cart_id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == 5
    for bad in ({"cursor": "x"}, {"limit": "0"}, {"limit": "101"}, {"limit": "two"}):
        answer = await place.http.get("/api/v1/customers/100001/orders", params=bad, headers=desk)
        assert answer.status_code == 422


async def test_every_answer_forbids_caching_sniffing_and_framing(place: Place) -> None:
    for url in ("/api/v1/tariffs", "/api/v1/orders/2222-2222-2", "/nowhere"):
        headers = (await place.http.get(url)).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


async def test_the_address_of_the_customer_is_believed_from_the_proxy_alone(equipment: Equipment) -> None:
    trusted, untrusted = ("127.0.0.1", 1), ("203.0.113.9", 1)
    cases = {
        (trusted, "198.51.100.1"): "198.51.100.1",
        (trusted, "6.6.6.6, 198.51.100.1"): "198.51.100.1",
        (trusted, "198.51.100.1, 127.0.0.5"): "198.51.100.1",
        (trusted, "nonsense"): "127.0.0.1",
        (untrusted, "198.51.100.1"): "203.0.113.9",
    }
    for number, ((peer, forwarded), expected) in enumerate(cases.items()):
        transport = transport_to(build(equipment), peer)
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as http:
            headers = {"Idempotency-Key": f"key {number}", "X-Forwarded-For": forwarded}
            answer = await http.post("/api/v1/orders", json=body(), headers=headers)
        assert (await row_of(await id_of(answer.json()["cart_id"])))["client_ip"] == expected
