"""Staff find invoices by HTTP, by whatever a caller knows; nobody else does."""

from collections.abc import AsyncIterator

import httpx
import pytest

from api import staff
from api.app import build
from api.equipment import Equipment
from tests.unit.api.issued import accepted, bill, hoster

pytestmark = pytest.mark.usefixtures("database")

FOUND = "/api/v1/staff/invoices"


@pytest.fixture
async def client(equipment: Equipment) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application with the token of a person of the staff."""
    transport = httpx.ASGITransport(app=build(equipment))  # type: ignore[arg-type]  # Litestar's own type
    who = {"Authorization": f"Bearer {await staff.add('Tester')}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test", headers=who) as made:
        yield made


async def numbers(client: httpx.AsyncClient, query: str) -> list[str]:
    answer = await client.get(FOUND, params={"q": query})
    assert answer.status_code == 200
    return [item["number"] for item in answer.json()["items"]]


async def test_staff_find_invoices_by_name_number_customer_and_mail(
    equipment: Equipment, client: httpx.AsyncClient
) -> None:
    here = hoster(equipment)
    await accepted(here, customer__family_name="Müller & Söhne", customer__email="m@example.net")
    await accepted(here, customer__family_name="{Klammer}")
    first, second = await bill(here)
    for known in ("Müller & Söhne", "müller", first, "100001", "m@example.net"):
        assert await numbers(client, known) == [first], known
    assert await numbers(client, "{klammer}") == [second]
    assert await numbers(client, "") == [second, first]
    assert await numbers(client, "nobody of this name") == []


async def test_a_search_comes_in_pages(equipment: Equipment, client: httpx.AsyncClient) -> None:
    here = hoster(equipment)
    for _ in range(3):
        await accepted(here)
    await bill(here)
    first = (await client.get(FOUND, params={"limit": "2"})).json()
    rest = (await client.get(FOUND, params={"limit": "2", "cursor": first["next_cursor"]})).json()
    assert [item["number"] for item in first["items"] + rest["items"]] == ["R700003", "R700002", "R700001"]
    assert rest["next_cursor"] is None


async def test_what_is_no_search_is_a_problem_and_customers_have_no_door(client: httpx.AsyncClient) -> None:
    assert (await client.get(FOUND, params={"q": "x" * 300})).status_code == 422
    assert (await client.get(FOUND, params={"limit": "0"})).status_code == 422
    assert (await client.get(FOUND, headers={"Authorization": "Bearer nobody"})).status_code == 401
