"""The one fleet of hosting servers that all journeys and faults share; it comes up when the first test asks for it."""

from collections.abc import Iterator

import pytest

from tests.customer.lab import Lab
from tests.fleet import fleet


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make test-fast` ask for less."""
    parser.addoption("--fast", action="store_true", help="leave out PostgreSQL and what takes seconds (marked slow)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what `--fast` does without; everything else runs it all."""
    if config.getoption("--fast"):
        left_out = [item for item in items if item.get_closest_marker("slow") or _is_on_postgresql(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _is_on_postgresql(item: pytest.Item) -> bool:
    spec = getattr(item, "callspec", None)
    return spec is not None and "postgresql" in spec.params.values()


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The tests' fleet, beside a running lab or demo; removed at the end, whatever happened."""
    with fleet("test") as running:
        yield running
