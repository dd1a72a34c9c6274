"""The one fleet of hosting servers that all journeys and faults share; it comes up when the first test asks for it."""

from collections.abc import Iterator

import pytest

from tests.customer.lab import Lab
from tests.fleet import fleet


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The tests' fleet, beside a running lab or demo; removed at the end, whatever happened."""
    with fleet("test") as running:
        yield running
