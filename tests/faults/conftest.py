"""The fault run: all rounds once, for the tests that look at what is left."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.customer.lab import Lab
from tests.faults.log import Log
from tests.faults.round import play_rounds

SEED = int(os.environ.get("FAULT_SEED", "20261124"))
ORDERS = int(os.environ.get("FAULT_ORDERS", "20"))


@pytest.fixture(scope="session")
def fault_log(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Play every round on the tests' fleet and return the driver's log."""
    file = tmp_path_factory.mktemp("faults") / "driver.jsonl"
    asyncio.run(play_rounds(lab, Log(file), orders=ORDERS, seed=SEED))
    return file
