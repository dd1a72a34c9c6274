"""Orders in flight while runner, courier, API and whole servers are killed with -9: nothing lost, nothing double."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.faults.conftest import ORDERS
from tests.faults.log import Log
from tests.faults.round import ROUNDS
from tests.fleet import fleet_of


def test_the_separate_checker_finds_nothing_lost_double_or_unfinished(fault_log: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", str(fleet_of("test").description), str(fault_log)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_customer_was_answered_and_saw_the_account(fault_log: Path) -> None:
    log = Log(fault_log)
    active = {entry["cart_id"] for entry in log.entries("seen") if entry["state"] == "ACTIVE"}
    assert len(active) == ORDERS * len(ROUNDS)


def test_everything_was_really_killed(fault_log: Path) -> None:
    kills = Counter(entry["round"] for entry in Log(fault_log).entries("killed"))
    assert all(kills[plan.name] >= 2 for plan in ROUNDS), kills
