"""Agents that misbehave: a wrong key, another's job, a lease that is over. Each is refused and journaled."""

import json
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial

import httpx
import pytest

from agent.jobs import Outcome
from agent.placement import ALL, digest, encode, lot
from tests.contract.numbers import new_domain, new_person
from tests.contract.played_agent import PlayedAgent, TakenJob
from tests.contract.played_fleet import PlayedFleet, enrolled_fleet, token_for
from tests.contract.process import Api, api_process
from tests.customer.arrival import order_and_confirm
from tests.customer.shop import Receipt, Shop

NAMES = ("h1", "h2")
LEASE_S = 2


@pytest.fixture(scope="module")
def fleet_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An API whose leases are short, so that one can be seen to end."""
    with api_process(tmp_path_factory.mktemp("fleet-api"), lease_s=LEASE_S) as running:
        yield running


@pytest.fixture(scope="module")
def fleet(fleet_api: Api) -> PlayedFleet:
    """Two enrolled and approved hosts of an approved fleet."""
    return enrolled_fleet(fleet_api, *NAMES)


@pytest.fixture
def fleet_shop(fleet_api: Api) -> Iterator[Shop]:
    """A visitor of the shop whose hosts are played."""
    with Shop(fleet_api.url, staff_token=fleet_api.staff_token) as visited:
        yield visited


@pytest.fixture
def order(fleet_api: Api, fleet_shop: Shop) -> Receipt:
    """An accepted order."""
    return order_and_confirm(fleet_shop, fleet_api.sms_sink, new_person(), new_domain())


@pytest.fixture
def job(fleet: PlayedFleet, fleet_shop: Shop, order: Receipt) -> TakenJob:
    """The order's job, in the hands of its host."""
    return fleet.take(domain_of(fleet_shop, order))


def test_a_job_that_is_reported_done_makes_the_order_active(fleet_shop: Shop, order: Receipt, job: TakenJob) -> None:
    assert job.renew().status_code == 200
    assert job.report(Outcome.SUCCEEDED).status_code == 200
    assert job.report(Outcome.SUCCEEDED).status_code == 200, "the same report again is accepted again"
    fleet_shop.wait_until(order, "ACTIVE", timeout_s=10)


def test_nothing_is_handed_to_a_connection_that_was_cut(fleet_api: Api, fleet_shop: Shop, fleet: PlayedFleet) -> None:
    one, other = fleet.agents.values()
    orders = [order_and_confirm(fleet_shop, fleet_api.sms_sink, new_person(), new_domain()) for _ in range(6)]
    hang_up(other)
    while not all(has_host(fleet_shop, order) for order in orders):
        draw_only(one, fleet)
    attempts = {domain_of(fleet_shop, order): 0 for order in orders}
    while not all(attempts.values()):
        for job in fleet.turn():
            first = {name for name in job.domains & attempts.keys() if not attempts[name]}
            attempts |= dict.fromkeys(first, job.attempt)
            assert job.report(Outcome.SUCCEEDED).status_code == 200
    assert set(attempts.values()) == {1}


def hang_up(agent: PlayedAgent) -> None:
    """Ask for jobs and cut the connection while the question waits; what earlier tests left over is done before."""
    with suppress(httpx.ReadTimeout):
        while True:
            answer = agent.http.post("work", json={"digest": None, "wait_s": 2, "capacity": 8}, timeout=0.3)
            for task in answer.json()["jobs"] if answer.status_code == 200 else ():
                TakenJob(agent, task).report(Outcome.SUCCEEDED)


def has_host(shop: Shop, order: Receipt) -> bool:
    return "PINNED" in {entry["event"] for entry in shop.cart(order.cart_id)["journal"]}


def draw_only(agent: PlayedAgent, fleet: PlayedFleet) -> None:
    asked = {"digest": digest(encode(fleet.placement)), "wait_s": 1, "capacity": 0}
    answer = agent.http.post("work", json=asked)
    for task in answer.json()["draws"] if answer.status_code == 200 else ():
        agent.answer_draw(task, fleet.placement)


def test_a_job_holds_nothing_about_the_customer(job: TakenJob) -> None:
    text = json.dumps(job.job, ensure_ascii=False)
    assert not [word for word in ("Markt", "@customers", "+4915", "DE0212", "80331") if word in text]
    job.report(Outcome.SUCCEEDED)


def test_another_host_cannot_touch_a_job(
    fleet_api: Api, fleet_shop: Shop, fleet: PlayedFleet, order: Receipt, job: TakenJob
) -> None:
    before, stranger = refusals(fleet_api), fleet.stranger_to(job)
    unknown = stranger.http.post(f"jobs/{'0' * 32}/lease", json={"attempt": 1, "epoch": 1, "progress": []})
    for answer in (job.renew(by=stranger), job.report(Outcome.FAILED, by=stranger)):
        assert answer.status_code == unknown.status_code == 404
        assert {**answer.json(), "id": ""}.keys() == {**unknown.json(), "id": ""}.keys()
    assert fleet_shop.status(order)["state"] == "PROVISIONING"
    assert refusals(fleet_api) >= before + 2
    job.report(Outcome.SUCCEEDED)


def test_a_wrong_key_opens_nothing(fleet_api: Api, fleet: PlayedFleet, order: Receipt) -> None:
    before = refusals(fleet_api)
    impostor = PlayedAgent(fleet_api, "h1")
    answer = impostor.work(fleet.placement)
    assert answer.status_code in {401, 403}
    assert "jobs" not in answer.text
    assert refusals(fleet_api) > before
    assert order.cart_id


def test_an_unsigned_or_replayed_request_opens_nothing(fleet_api: Api, fleet: PlayedFleet) -> None:
    agent = fleet.agents["h1"]
    request = agent.http.build_request("GET", "self")
    signed = next(agent.http.auth.auth_flow(request)) if agent.http.auth else request
    url = f"{fleet_api.url}/agent/v1/self"
    with httpx.Client(trust_env=False) as http:
        assert http.get(url).status_code == 401
        assert http.send(signed).status_code == 200
        assert http.send(signed).status_code == 401


def test_an_attempt_whose_lease_is_over_changes_nothing_any_more(
    fleet_api: Api, fleet_shop: Shop, fleet: PlayedFleet, order: Receipt, job: TakenJob
) -> None:
    before = refusals(fleet_api)
    second = fleet.take(next(iter(job.domains)), timeout_s=6 * LEASE_S)
    assert second.attempt > job.attempt
    assert job.renew().status_code == 409
    assert job.report(Outcome.FAILED).status_code == 409
    assert fleet_shop.status(order)["state"] == "PROVISIONING"
    assert refusals(fleet_api) >= before + 2
    assert second.report(Outcome.SUCCEEDED).status_code == 200
    fleet_shop.wait_until(order, "ACTIVE", timeout_s=10)
    assert job.report(Outcome.FAILED).status_code == 409
    assert fleet_shop.status(order)["state"] == "ACTIVE"


def test_a_dishonest_draw_is_refused_and_another_courier_is_asked(
    fleet_api: Api, fleet_shop: Shop, fleet: PlayedFleet, order: Receipt
) -> None:
    before = refusals(fleet_api)
    refused = False
    for agent in list(fleet.agents.values()) * 5:
        answer = agent.work(fleet.placement)
        draws = answer.json()["draws"] if answer.status_code == 200 else []
        for task in draws:
            seed = bytes.fromhex(task["seed"])
            wrong = max(fleet.placement.hosts, key=partial(lot, seed, ALL)).name
            lie = {"digest": task["digest"], "placement": dict.fromkeys(task["need"]["services"], wrong)}
            refused = agent.http.post(f"draws/{task['draw_id']}", json=lie).status_code == 409
        if refused:
            break
    assert refused
    assert refusals(fleet_api) > before
    fleet.take(domain_of(fleet_shop, order)).report(Outcome.SUCCEEDED)
    fleet_shop.wait_until(order, "ACTIVE", timeout_s=10)


def test_a_task_that_said_no_parks_the_job_and_staff_can_retry(
    fleet_shop: Shop, fleet: PlayedFleet, order: Receipt, job: TakenJob
) -> None:
    job.report(Outcome.FAILED)
    assert fleet_shop.wait_until(order, "PROVISIONING_FAILED", timeout_s=10)
    fleet_shop.retry(order.cart_id)
    fleet.take(next(iter(job.domains))).report(Outcome.SUCCEEDED)
    fleet_shop.wait_until(order, "ACTIVE", timeout_s=10)


def test_an_enrolment_token_works_once(fleet_api: Api, fleet: PlayedFleet) -> None:
    token = token_for(fleet_api, "h3")
    first, thief = PlayedAgent(fleet_api, "h3"), PlayedAgent(fleet_api, "h3")
    assert fleet.placement.hosts
    assert first.enrol(token).status_code == 202
    assert first.enrol(token).status_code == 202, "the same key again is the same host"
    assert thief.enrol(token).status_code == 403
    assert PlayedAgent(fleet_api, "h4").enrol("x" * 43).status_code == 403


def domain_of(shop: Shop, order: Receipt) -> str:
    """Return the order's only domain."""
    (domain,) = shop.status(order)["domains"]
    return str(domain["name"])


def refusals(api: Api) -> int:
    """Return how many rows of the journal tell that an agent was refused."""
    with closing(api.database()) as database:
        return int(database.execute("SELECT count(*) FROM journal WHERE event LIKE '%REFUSED%'").fetchone()[0])
