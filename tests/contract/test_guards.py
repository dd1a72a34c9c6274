"""Lease and fence do what they are there for: with them the checker of the fault runs acquits, without it convicts."""

import sys
from collections.abc import Sequence
from pathlib import Path

from agent.jobs import Outcome
from tests.contract.numbers import new_domain, new_person
from tests.contract.played_agent import TakenJob
from tests.contract.played_fleet import enrolled_fleet
from tests.contract.process import api_process
from tests.customer.arrival import order_and_confirm
from tests.customer.shop import Shop
from tests.faults.checker import judge
from tests.faults.evidence import Evidence, HostAccount, read_tables

UNGUARDED = (sys.executable, "-m", "tests.faults.unguarded")
LEASE_S = 2


def test_with_lease_and_fence_a_late_report_changes_nothing(tmp_path: Path) -> None:
    late, kinds = late_report(tmp_path, ())
    assert late == {409}
    assert kinds == set()


def test_without_lease_and_fence_the_checker_sees_it(tmp_path: Path) -> None:
    late, kinds = late_report(tmp_path, UNGUARDED)
    assert 200 in late
    assert "STALE" in kinds


def late_report(folder: Path, entry: Sequence[str]) -> tuple[set[int], set[str]]:
    """Let a first attempt speak after a second one was handed out; return the answers and the checker's findings."""
    with api_process(folder, lease_s=LEASE_S, entry=entry) as api, Shop(api.url, staff_token=api.staff_token) as shop:
        fleet, domain = enrolled_fleet(api, "h1"), new_domain()
        order = order_and_confirm(shop, api.sms_sink, new_person(), domain)
        first = fleet.take(domain)
        late, second = set(), first
        for _ in range(3):
            second = fleet.take(domain, timeout_s=10 * LEASE_S)
            late.add(first.report(Outcome.FAILED).status_code)
            if 200 in late or not entry:
                break
        second.report(Outcome.SUCCEEDED)
        log = [
            {"event": "sent", "key": "k", "domain": domain},
            {"event": "answered", "key": "k", "domain": domain, "cart_id": order.cart_id},
            {"event": "confirmed", "cart_id": order.cart_id},
        ]
        tables, there = read_tables(f"sqlite:///{api.folder}/ankunft.sqlite"), held(second)
        findings = judge(Evidence(log, tables, {"h1": {there.name: there}}))
        return late, {finding.kind for finding in findings}


def held(job: TakenJob) -> HostAccount:
    """Return what the host holds when it did as the *job* said."""
    account = job.job["account"]
    return HostAccount(
        name=account["name"],
        uid=account["uid"],
        markers={service: {"account": account["id"]} for service in account["services"]},
        vhosts=sorted(job.domains),
        database=True,
        mailboxes=[f"postmaster@{account['technical_name']}"],
    )
