"""The judge of the fault runs acquits a clean run, and finds each way in which a promise can be broken."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.checker import judge
from tests.faults.evidence import Evidence, HostAccount

ACCOUNT = "ab" * 16
MARKER = {"account": ACCOUNT, "uid": 1_900_001_001}


def clean() -> dict[str, Any]:
    """Return the evidence of one order that went well, easy to spoil."""
    return {
        "log": [
            {"event": "sent", "key": "k1", "domain": "eins.de"},
            {"event": "answered", "key": "k1", "domain": "eins.de", "cart_id": "C1"},
            {"event": "confirmed", "cart_id": "C1"},
        ],
        "orders": [{"id": 1, "cart_id": "C1", "number": 500_001, "state": "ACTIVE", "customer": 1}],
        "domains": [{"order": 1, "name": "eins.de", "held_name": "eins.de"}],
        "accounts": [
            {
                "id": ACCOUNT,
                "order": 1,
                "name": "a1001",
                "uid": 1_900_001_001,
                "web_host": "h1",
                "database_host": "h1",
                "mail_host": "h1",
            }
        ],
        "jobs": [{"id": "j1", "account": ACCOUNT, "state": "SUCCEEDED", "host": "h1", "attempt": 2}],
        "journal": [
            moved(1, "CLAIMED", 1, "RUNNING"),
            moved(2, "LEASE_ENDED", 1, "READY"),
            moved(3, "CLAIMED", 2, "RUNNING"),
            moved(4, "SUCCEEDED", 2, "SUCCEEDED"),
        ],
        "hosts": {"h1": {"a1001": whole()}, "h2": {}},
    }


def moved(number: int, event: str, attempt: int, after: str | None) -> dict[str, Any]:
    """Return a journal row about the job."""
    facts = f'{{"attempt": {attempt}}}'
    return {"id": number, "subject_id": "j1", "event": event, "state_after": after, "facts": facts}


def whole() -> HostAccount:
    """Return the account as it should be on its host."""
    return HostAccount(
        name="a1001",
        uid=1_900_001_001,
        markers=dict.fromkeys(("web", "database", "mail"), MARKER),
        vhosts=["eins.de", "www.eins.de", "a1001.hosting.test"],
        database=True,
        mailboxes=["postmaster@eins.de"],
    )


def kinds(spoil: Callable[[dict[str, Any]], object]) -> set[str]:
    """Return the kinds of findings after *spoil* had its way with a clean run."""
    facts = copy.deepcopy(clean())
    spoil(facts)
    log, hosts = facts.pop("log"), facts.pop("hosts")
    return {finding.kind for finding in judge(Evidence(log, facts, hosts))}


def test_a_clean_run_is_acquitted() -> None:
    assert kinds(lambda _: None) == set()


def test_a_refused_stale_report_is_no_crime() -> None:
    assert kinds(lambda run: run["journal"].append(moved(5, "FAILED", 1, None))) == set()


def second_answer(run: dict[str, Any]) -> None:
    run["log"].append({"event": "answered", "key": "k1", "domain": "eins.de", "cart_id": "C2"})
    run["orders"].append({"id": 2, "cart_id": "C2", "number": None, "state": "ACTIVE", "customer": None})


def second_account(run: dict[str, Any]) -> None:
    other = run["accounts"][0] | {"id": "cd" * 16, "name": "a1002", "uid": 1_900_001_002}
    run["accounts"].append(other)


def foreign_marker(run: dict[str, Any]) -> None:
    run["hosts"]["h1"]["a1001"].markers["web"] = {"account": "cd" * 16}


DOUBLE: list[Callable[[dict[str, Any]], object]] = [
    second_answer,
    second_account,
    foreign_marker,
    lambda run: run["domains"].append({"order": 2, "name": "eins.de", "held_name": None}),
    lambda run: run["hosts"]["h2"].update(a1001=whole()),
    lambda run: run["hosts"]["h2"].update(a1999=HostAccount(name="a1999", uid=1_900_001_999)),
    lambda run: run["journal"].append(moved(5, "SUCCEEDED", 2, "SUCCEEDED")),
]


@pytest.mark.parametrize("spoil", DOUBLE)
def test_what_is_there_twice_is_found(spoil: Callable[[dict[str, Any]], object]) -> None:
    assert "DOUBLE" in kinds(spoil)


LOST: list[Callable[[dict[str, Any]], object]] = [
    lambda run: run["orders"].clear(),
    lambda run: run["orders"][0].update(number=None),
    lambda run: run["accounts"].clear(),
    lambda run: run["hosts"]["h1"].clear(),
    lambda run: run["hosts"]["h1"]["a1001"].markers.pop("mail"),
    lambda run: run["hosts"]["h1"]["a1001"].vhosts.remove("eins.de"),
    lambda run: run["hosts"]["h1"]["a1001"].mailboxes.clear(),
    lambda run: run["hosts"]["h1"].update(a1001=HostAccount(name="a1001", uid=1, markers=whole().markers)),
]


@pytest.mark.parametrize("spoil", LOST)
def test_what_is_missing_is_found(spoil: Callable[[dict[str, Any]], object]) -> None:
    assert "LOST" in kinds(spoil)


def test_a_stale_report_that_moved_a_job_is_found() -> None:
    assert "STALE" in kinds(lambda run: run["journal"].insert(3, moved(4, "ERRORED", 1, "READY")))


@pytest.mark.parametrize("state", ["AWAITING_ACTIVATION", "PROVISIONING", "PROVISIONING_FAILED"])
def test_an_order_that_did_not_arrive_is_found(state: str) -> None:
    assert "NOT_ACTIVE" in kinds(lambda run: run["orders"][0].update(state=state))
