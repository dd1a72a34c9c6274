"""What clients, customers and staff see of domains: availability, the corrected code, the whole of one domain."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar

from api import staff
from api.allowances import TooSoonError
from api.app import build
from api.domains.availability import Availabilities
from api.domains.rdap import Rdap
from api.domains.registrar import Availability, News, Pending, Reason, Refused, RegistrarUnavailableError
from api.equipment import Equipment
from api.tables import Journal
from tests.unit.api.domaindesk import Told, active, moving, office, state_of
from tests.unit.api.orderform import new_name, row_of, token_of
from tests.unit.api.playedhosts import accepted

pytestmark = pytest.mark.usefixtures("database")


class Knowing(Told):
    """A registry that knows some names, or is away."""

    def __init__(self, found: Availability | Exception) -> None:
        super().__init__()
        self.found = found

    async def check(self, name: str) -> Availability:
        """Count, and say."""
        self.asked[name] += 1
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@pytest.fixture
def app(equipment: Equipment) -> Litestar:
    """The application; the database is the test's own."""
    return build(equipment)


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    transport = httpx.ASGITransport(app=app, client=("192.0.2.77", 1))  # type: ignore[arg-type]  # Litestar's own type
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as made:
        yield made


@pytest.fixture
async def bearer() -> dict[str, str]:
    """What a person of the staff sends along."""
    return {"Authorization": f"Bearer {await staff.add('Tester')}"}


async def test_availability_is_asked_of_the_registry_and_remembered_for_a_moment(equipment: Equipment) -> None:
    registry = Knowing(Availability.AVAILABLE)
    known = Availabilities(equipment, registry)
    for _ in range(3):
        assert await known.of("frei.de") is Availability.AVAILABLE
    assert registry.asked["frei.de"] == 1


@pytest.mark.parametrize("away", [RegistrarUnavailableError("down"), ConnectionError(), TimeoutError()])
async def test_what_nobody_can_say_is_unknown_and_never_free(equipment: Equipment, away: Exception) -> None:
    assert await Availabilities(equipment, Knowing(away)).of("stumm.de") is Availability.UNKNOWN


async def test_a_name_of_an_accepted_order_is_taken_whatever_the_registry_says(equipment: Equipment) -> None:
    name = new_name()
    known = Availabilities(equipment, Knowing(Availability.AVAILABLE))
    assert await known.of(name) is Availability.AVAILABLE
    await accepted(equipment, name)
    assert await known.of(name) is Availability.TAKEN, "whatever is remembered"


async def test_each_client_has_a_share_of_the_questions(equipment: Equipment) -> None:
    known = Availabilities(equipment, Knowing(Availability.TAKEN))
    for _ in range(equipment.settings.domains.checks_per_minute):
        known.admit("192.0.2.1/32")
    with pytest.raises(TooSoonError) as refused:
        known.admit("192.0.2.1/32")
    assert 1 <= refused.value.wait_s <= 60
    known.admit("192.0.2.2/32")


async def test_the_list_of_rdap_servers_can_be_read(equipment: Equipment) -> None:
    servers = equipment.settings.catalogue.folder / "rdap.json"
    rdap = Rdap(servers)
    assert await rdap.check("beispiel.nowhere-at-all") is Availability.UNKNOWN
    await rdap.close()


async def test_a_client_gets_both_spellings(app: Litestar, client: httpx.AsyncClient, equipment: Equipment) -> None:
    app.state.availabilities = Availabilities(equipment, Knowing(Availability.TAKEN))
    for spelling in ("müller.de", "xn--mller-kva.de", "MÜLLER.de"):
        answer = await client.get(f"/api/v1/domains/{spelling}")
        assert answer.json() == {"name": "xn--mller-kva.de", "unicode": "müller.de", "availability": "taken"}


@pytest.mark.parametrize(
    "name", ["a b.de", "www.beispiel.de", "b\u0435ispiel.de", "x" * 300 + ".de", "beispiel", "-.de"]
)
async def test_what_is_no_name_is_refused_without_an_echo(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/api/v1/domains/{name}")
    assert answer.status_code == 422
    assert name not in answer.text


async def test_too_many_questions_are_told_when_to_come_back(client: httpx.AsyncClient, equipment: Equipment) -> None:
    most = equipment.settings.domains.checks_per_minute
    codes = [(await client.get("/api/v1/domains/beispiel.de")).status_code for _ in range(most)]
    assert set(codes) == {200}
    refused = await client.get("/api/v1/domains/beispiel.de")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1


async def test_the_customer_corrects_the_code_and_the_transfer_goes_on(
    client: httpx.AsyncClient, equipment: Equipment
) -> None:
    name = "umzug-beispiel.com"
    order_id = await moving(equipment, name, "falsch12")
    desk = office(equipment, Told(Refused(Reason.WRONG_AUTH_CODE)))
    await desk.work()
    page = f"/api/v1/orders/{(await row_of(order_id))['cart_id']}"
    path = f"{page}/domains/{name}/auth-code"
    token = {"Authorization": f"Bearer {await token_of(equipment, order_id)}"}
    (shown,) = (await client.get(page, headers=token)).json()["domains"]
    assert (shown["state"], shown["reason"]) == ("REFUSED", "WRONG_AUTH_CODE")
    for body, status in (({"auth_code": ""}, 422), ({"auth_code": "mit leer"}, 422), ({}, 422)):
        assert (await client.post(path, json=body, headers=token)).status_code == status
    assert (await client.post(path, json={"auth_code": "aB&<+/9x"})).status_code == 401
    answer = await client.post(path, json={"auth_code": "aB&<+/9x"}, headers=token)
    assert (answer.status_code, answer.json()) == (202, {"name": name, "state": "ZONE_READY"})
    assert (await client.post(path, json={"auth_code": "aB&<+/9x"}, headers=token)).status_code == 409
    assert await Journal.count().where(Journal.event == "CORRECTED", Journal.actor == "customer") == 1
    await desk.work()
    assert await state_of(name) == "TRANSFERRED"


async def test_a_token_corrects_no_domain_of_another_order(client: httpx.AsyncClient, equipment: Equipment) -> None:
    name = "fremd-beispiel.com"
    await moving(equipment, name)
    await office(equipment, Told(Refused(Reason.WRONG_AUTH_CODE))).work()
    mine = await active(equipment, new_name())
    path = f"/api/v1/orders/{(await row_of(mine))['cart_id']}/domains/{name}/auth-code"
    token = {"Authorization": f"Bearer {await token_of(equipment, mine)}"}
    answer = await client.post(path, json={"auth_code": "aB&<+/9x"}, headers=token)
    assert answer.status_code == 404
    assert await state_of(name) == "REFUSED"


async def test_staff_see_all_of_a_domain_but_its_code(
    client: httpx.AsyncClient, equipment: Equipment, bearer: dict[str, str]
) -> None:
    name = "xn--mller-sohn-beispiel-59b.com"
    await moving(equipment, name, "aB&<+/9x")
    await office(equipment, Told(Refused(Reason.WRONG_AUTH_CODE, "Invalid authorization information"))).work()
    (listed,) = (await client.get("/api/v1/staff/domains", headers=bearer)).json()["domains"]
    assert (listed["state"], listed["reason"]) == ("REFUSED", "WRONG_AUTH_CODE")
    shown = await client.get(f"/api/v1/staff/domains/{name}", headers=bearer)
    assert [row["event"] for row in shown.json()["history"]][-1] == "REFUSED"
    assert shown.json()["trades"][0]["words"] == "Invalid authorization information"
    assert "aB&" not in json.dumps(shown.json())
    registry = shown.json()["registry"]
    assert (registry["name"], registry["transfer"], registry["transfer_cents"]) == ("Verisign", "pending", 1000)
    assert (await client.get("/api/v1/staff/domains/unbekannt.de", headers=bearer)).status_code == 404
    assert (await client.get("/api/v1/staff/domains?state=NONE", headers=bearer)).status_code == 422
    assert (await client.get("/api/v1/staff/registry-messages", headers=bearer)).json() == {"messages": []}


async def test_staff_vouch_and_resolve(client: httpx.AsyncClient, equipment: Equipment, bearer: dict[str, str]) -> None:
    name, given_up = new_name(), new_name()
    await active(equipment, name)
    await active(equipment, given_up)
    await office(equipment, Told(Pending(), Refused(Reason.POLICY))).work()
    vouched = await client.post(f"/api/v1/staff/domains/{name}/vouch", headers=bearer)
    assert vouched.json() == {"name": name, "state": "REGISTERED"}
    path = f"/api/v1/staff/domains/{given_up}/resolve"
    assert (await client.post(path, json={"how": "nonsense"}, headers=bearer)).status_code == 422
    assert (await client.post(path, json={"how": "give-up"}, headers=bearer)).json()["state"] == "FAILED"
    assert (await client.post(path, json={"how": "give-up"}, headers=bearer)).status_code == 404
    assert (await client.post(path, json={"how": "retry"})).status_code == 401


async def test_staff_object_to_a_transfer_away_and_correct_a_code_in_their_own_name(
    client: httpx.AsyncClient, equipment: Equipment, bearer: dict[str, str]
) -> None:
    name = "umzug-beispiel.com"
    order_id = await moving(equipment, name)
    await office(equipment, Told(Refused(Reason.WRONG_AUTH_CODE))).work()
    refused = await client.post(f"/api/v1/staff/domains/{name}/resolve", json={"how": "reject"}, headers=bearer)
    assert refused.status_code == 409
    path = f"/api/v1/orders/{(await row_of(order_id))['cart_id']}/domains/{name}/auth-code"
    assert (await client.post(path, json={"auth_code": "aB&<+/9x"}, headers=bearer)).status_code == 202
    assert await Journal.count().where(Journal.event == "CORRECTED", Journal.actor == "staff:Tester") == 1


async def test_a_message_that_nobody_understands_waits_until_staff_have_seen_to_it(
    client: httpx.AsyncClient, equipment: Equipment, bearer: dict[str, str]
) -> None:
    registrar = Told()
    message = registrar.hear(News.OTHER, None, text="Wartungsfenster")
    await office(equipment, registrar).work()
    path = "/api/v1/staff/registry-messages"
    (waits,) = (await client.get(f"{path}?result=UNCLEAR", headers=bearer)).json()["messages"]
    assert waits["words"] == "Wartungsfenster"
    assert (await client.get(f"{path}?result=NONE", headers=bearer)).status_code == 422
    noted = f"{path}/{message.id}/noted"
    assert (await client.post(noted)).status_code == 401
    assert (await client.post(noted, headers=bearer)).json() == {"message_id": message.id}
    assert (await client.post(noted, headers=bearer)).status_code == 404
    assert (await client.get(f"{path}?result=UNCLEAR", headers=bearer)).json() == {"messages": []}
    assert len((await client.get(path, headers=bearer)).json()["messages"]) == 1
    assert await Journal.count().where(Journal.event == "MESSAGE_NOTED", Journal.actor == "staff:Tester") == 1


async def test_the_numbers_tell_of_domains_and_of_queues(client: httpx.AsyncClient, equipment: Equipment) -> None:
    await active(equipment, new_name())
    await office(equipment, Told()).work()
    numbers = (await client.get("/metrics")).text
    assert 'ankunft_domains{state="REGISTERED"} 1' in numbers
    assert 'ankunft_registry_drained_timestamp_seconds{registry="sandbox"} ' in numbers
