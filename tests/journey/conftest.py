"""The story of the demo, told once for the tests of its proofs."""

import pytest

from tests.customer.lab import Lab
from tests.demo.screen import Screen
from tests.demo.stage import Stage
from tests.demo.story import tell


@pytest.fixture(scope="session")
def stage(lab: Lab) -> Stage:
    """Two orders of one customer on the tests' fleet, both arrived."""
    return tell(Screen(), lab)
