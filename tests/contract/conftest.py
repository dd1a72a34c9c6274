"""One API process for all tests of the public interface."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.process import Api, api_process
from tests.customer.shop import Shop


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A running API and worker with an empty database."""
    folder: Path = tmp_path_factory.mktemp("api")
    with api_process(folder) as running:
        yield running


@pytest.fixture
def shop(api: Api) -> Iterator[Shop]:
    """A visitor of the shop; staff when asked."""
    with Shop(api.url, staff_token=api.staff_token) as visited:
        yield visited
