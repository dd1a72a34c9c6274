"""The agents' door: who gets in, with which key, for which request; and how little a hostile host gets."""

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.jobs import Outcome
from agent.placement import Placement, digest, encode
from agent.signing import sign_request
from api.app import build
from api.equipment import Equipment
from api.provisioning import hosts, refusals
from api.provisioning.tables import AgentNonce, Host, Job
from api.tables import Journal
from tests.contract.played_agent import PlayedAgent, Signature
from tests.unit.api.playedhosts import STAFF, Taken, living, pinned, report, take_one

pytestmark = pytest.mark.usefixtures("database")

VALID = timedelta(minutes=30)
Door = Callable[[str], "Agent"]


class Agent(PlayedAgent):
    """An agent that speaks to an application in this process."""

    def __init__(self, app: Any, name: str) -> None:
        self.name = name
        self.key = Ed25519PrivateKey.generate()
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://agents.test/agent/v1", auth=Signature(name, self.key)
        )

    async def introduce(self, token: str) -> httpx.Response:
        """Enrol."""
        body = {"token": token, "host": self.name, "public_key": self.public_key}
        return await self.client.post("enrol", json=body, auth=lambda request: request)

    async def ask(self, made: Placement) -> httpx.Response:
        """Ask for work once, without waiting."""
        asked = {"digest": digest(encode(made)), "wait_s": 0, "capacity": 9}
        return await self.client.post("work", json=asked)


@pytest.fixture
async def door(equipment: Equipment, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    """Agents of an application of the test's own."""
    monkeypatch.setattr(refusals, "_WRITTEN", defaultdict(lambda: deque(maxlen=refusals.MOST_A_MINUTE)))
    app, agents = build(equipment), []

    def agent(name: str) -> Agent:
        agents.append(Agent(app, name))
        return agents[-1]

    yield agent
    for made in agents:
        await made.client.aclose()


async def let_in(door: Door, name: str) -> Agent:
    agent = door(name)
    await agent.introduce(await hosts.invite(name, address=None, valid=VALID, actor=STAFF))
    await hosts.approve(name, actor=STAFF)
    return agent


async def refused(event: str) -> int:
    return int(await Journal.count().where(Journal.event == event))


async def test_an_agent_is_let_in_by_token_and_staff_and_not_before(door: Door) -> None:
    made = await living()
    agent = door("h1")
    token = await hosts.invite("h1", address=None, valid=VALID, actor=STAFF)
    answer = await agent.introduce(token)
    assert (answer.status_code, answer.json()["state"]) == (202, "AWAITING_APPROVAL")
    assert (await agent.introduce(token)).json() == answer.json(), "the same again has the same answer"
    assert (await agent.client.get("self")).json()["state"] == "AWAITING_APPROVAL"
    assert (await agent.ask(made)).status_code == 403
    (row,) = await hosts.listed()
    assert row["fingerprint"] == answer.json()["fingerprint"]
    await hosts.approve("h1", actor=STAFF)
    assert (await agent.ask(made)).status_code == 204


async def test_a_token_binds_one_key_opens_one_host_and_is_kept_nowhere(door: Door) -> None:
    token = await hosts.invite("h1", address=None, valid=VALID, actor=STAFF)
    await hosts.invite("h2", address=None, valid=VALID, actor=STAFF)
    assert token not in str(await Host.select())
    assert (await door("h2").introduce(token)).status_code == 403
    assert (await door("h1").introduce("x" * 43)).status_code == 403
    assert (await door("h1").introduce(token)).status_code == 202
    assert (await door("h1").introduce(token)).status_code == 403, "another key comes too late"
    assert await refused("ENROLMENT_REFUSED") == 3
    assert await Journal.count().where(Journal.event == "ENROLMENT_REFUSED", Journal.actor == "unknown") == 3


async def test_a_token_is_worth_nothing_after_its_time(door: Door) -> None:
    token = await hosts.invite("h1", address=None, valid=-VALID, actor=STAFF)
    assert (await door("h1").introduce(token)).status_code == 403


async def test_an_invited_host_loses_its_former_key(door: Door) -> None:
    agent = await let_in(door, "h1")
    await hosts.invite("h1", address=None, valid=VALID, actor=STAFF)
    assert (await agent.client.get("self")).status_code == 401


def old(request: httpx.Request, key: Ed25519PrivateKey) -> None:
    sign_request(request, request.content, "h1", key)
    created = int(datetime.now(UTC).timestamp())
    text = request.headers["signature-input"]
    request.headers["signature-input"] = text.replace(f"created={created}", f"created={created - 3600}")


def other_body(request: httpx.Request, key: Ed25519PrivateKey) -> None:
    elsewhere = httpx.Request("POST", request.url, json={"digest": None, "wait_s": 0, "capacity": 1})
    sign_request(elsewhere, elsewhere.content, "h1", key)
    for name in ("content-digest", "signature", "signature-input"):
        request.headers[name] = elsewhere.headers[name]


def other_path(request: httpx.Request, key: Ed25519PrivateKey) -> None:
    elsewhere = httpx.Request("POST", "http://agents.test/agent/v1/draws/x", content=request.content)
    sign_request(elsewhere, request.content, "h1", key)
    for name in ("content-digest", "signature", "signature-input"):
        request.headers[name] = elsewhere.headers[name]


def other_origin(request: httpx.Request, key: Ed25519PrivateKey) -> None:
    elsewhere = httpx.Request("POST", "http://evil.test/agent/v1/work", content=request.content)
    sign_request(elsewhere, request.content, "h1", key)
    for name in ("content-digest", "signature", "signature-input"):
        request.headers[name] = elsewhere.headers[name]
    request.headers["host"] = "evil.test"


def other_key(request: httpx.Request, _: Ed25519PrivateKey) -> None:
    sign_request(request, request.content, "h1", Ed25519PrivateKey.generate())


def other_name(request: httpx.Request, key: Ed25519PrivateKey) -> None:
    sign_request(request, request.content, "h2", key)


def no_signature(_: httpx.Request, __: Ed25519PrivateKey) -> None:
    """Leave the request as it is."""


@pytest.mark.parametrize("forge", [old, other_body, other_path, other_origin, other_key, other_name, no_signature])
async def test_a_request_that_its_host_did_not_sign_just_so_opens_nothing(
    door: Door, forge: Callable[[httpx.Request, Ed25519PrivateKey], None]
) -> None:
    agent = await let_in(door, "h1")
    await let_in(door, "h2")
    body = {"digest": None, "wait_s": 0, "capacity": 9}
    request = agent.client.build_request("POST", "work", json=body)
    forge(request, agent.key)
    answer = await agent.client.send(request, auth=lambda sent: sent)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert await refused("SIGNATURE_REFUSED") == 1
    assert await Journal.count().where(Journal.event == "SIGNATURE_REFUSED", Journal.actor == "unknown") == 1


async def test_a_signed_request_works_once(door: Door) -> None:
    agent = await let_in(door, "h1")
    request = agent.client.build_request("GET", "self")
    sign_request(request, b"", "h1", agent.key)
    assert (await agent.client.send(request, auth=lambda sent: sent)).status_code == 200
    for _ in range(3):
        assert (await agent.client.send(request, auth=lambda sent: sent)).status_code == 401
    assert await AgentNonce.count() == 1


async def test_a_flood_of_bad_requests_does_not_fill_the_journal_nor_hide_others(door: Door) -> None:
    agent, stranger = await let_in(door, "h1"), door("h9")
    for _ in range(refusals.MOST_A_MINUTE + 30):
        assert (await stranger.client.get("self")).status_code == 401
    assert await refused("SIGNATURE_REFUSED") == refusals.MOST_A_MINUTE
    lease = {"attempt": 1, "epoch": 1, "progress": []}
    assert (await agent.client.post(f"jobs/{uuid4().hex}/lease", json=lease)).status_code == 404
    assert await refused("LEASE_REFUSED") == 1


async def test_a_body_that_is_too_large_is_not_even_digested(door: Door) -> None:
    agent = await let_in(door, "h1")
    answer = await agent.client.post("work", content=b"x" * 70_000, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


async def test_a_hostile_host_gets_no_byte_of_anothers_jobs_and_changes_none(equipment: Equipment, door: Door) -> None:
    made = await living("h1")
    taken = [await take_one(equipment, await pinned(equipment, made)) for _ in range(5)]
    thief = await let_in(door, "h2")
    before = await Job.select().order_by(Job.id)
    for job in taken:
        for attack in attacks(thief, job):
            answer = await attack
            assert answer.status_code in {404, 409}, answer.text
            assert not [word for word in ("a1001", "beispiel", "$6$", "h1") if word in answer.text]
    assert (await thief.ask(made)).status_code == 204
    assert await Job.select().order_by(Job.id) == before
    written = await Journal.count().where(Journal.event.is_in(["LEASE_REFUSED", "REPORT_REFUSED", "ANSWER_REFUSED"]))
    assert written == 5 * 10


def attacks(thief: Agent, job: Taken) -> list[Awaitable[httpx.Response]]:
    """Return ten tries at a job of another host, as requests to be sent."""
    path, (epoch, attempt) = f"jobs/{job.row['id']}", job.fence
    renewals = [{"attempt": attempt + more, "epoch": epoch, "progress": []} for more in (0, 1, 100)]
    lies = [report(job, outcome, host=name) for outcome in Outcome for name in ("h2", "h1")]
    header = {"Content-Type": "application/json"}
    drawn = {"digest": "0" * 64, "placement": {"web": "h2", "database": "h2", "mail": "h2"}}
    return [
        *(thief.client.post(f"{path}/lease", json=renewal) for renewal in renewals),
        *(thief.client.post(f"{path}/report", content=msgspec.json.encode(lie), headers=header) for lie in lies),
        thief.client.post(f"draws/{job.row['id']}", json=drawn),
    ]
