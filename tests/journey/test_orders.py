"""What a customer gets: every proof of the demo; and thirty customers at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.customer.arrival import Arrival, arrive
from tests.customer.browser import fetch
from tests.customer.form import person
from tests.customer.lab import Lab
from tests.customer.shop import Shop
from tests.demo.proof import Proof
from tests.demo.proofs import PROOFS
from tests.demo.stage import Stage

THIRTY = range(2_000_000, 2_000_030)
AT_ONCE = 10


@pytest.mark.parametrize("proof", PROOFS, ids=[proof.sentence for proof in PROOFS])
def test_the_demo_tells_the_truth(stage: Stage, proof: Proof) -> None:
    proof.check(stage)


@pytest.fixture(scope="module")
def thirty(lab: Lab) -> list[Arrival]:
    """Thirty customers who arrived, ten at a time."""
    with ThreadPoolExecutor(AT_ONCE) as counters:
        return list(counters.map(lambda number: arrive_at(lab, number), THIRTY))


def arrive_at(lab: Lab, number: int) -> Arrival:
    """Order, confirm and wait, as one of many."""
    who = person(number)
    with Shop(lab.api, visitor=who.visitor) as shop:
        return arrive(shop, lab.sms_sink, who, f"dreissig-{number}.de", timeout_s=180)


def test_thirty_orders_are_thirty_accounts(thirty: list[Arrival]) -> None:
    assert len({arrival.account.name for arrival in thirty}) == len(THIRTY)


def test_thirty_accounts_are_spread_over_all_hosts(lab: Lab, thirty: list[Arrival]) -> None:
    spread = Counter(arrival.account.hosts["web"] for arrival in thirty)
    assert set(spread) == {server.address for server in lab.hosts.values()}
    assert min(spread.values()) >= 2, spread


def test_each_of_thirty_accounts_can_be_used(thirty: list[Arrival]) -> None:
    with ThreadPoolExecutor(4) as customers:
        assert list(customers.map(use, thirty)) == [arrival.account.name for arrival in thirty]


def use(arrival: Arrival) -> str:
    """Upload a page, look at it, open the mailbox; return whose page was served."""
    account, domain = arrival.account, f"dreissig-{arrival.who.phone[-7:]}.de"
    account.sftp.upload("public/index.php", "<?php echo posix_getpwuid(posix_geteuid())['name'];")
    account.mailbox.subjects()
    return fetch(account.hosts["web"], domain).text
