"""The story of the demo, told once for the tests of its proofs."""

from collections.abc import Iterator

import pytest

from tests.customer.lab import Lab
from tests.demo.screen import Screen
from tests.demo.stage import Stage
from tests.demo.story import tell


@pytest.fixture(scope="session")
def stage(lab: Lab) -> Iterator[Stage]:
    """Two orders of one customer on the tests' fleet, both arrived."""
    told = tell(Screen(), lab)
    yield told
    told.desk.http.close()
