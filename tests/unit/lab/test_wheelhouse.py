"""The wheelhouse holds for each Python exactly what the agent's lock file says."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def wheelhouse() -> ModuleType:
    specification = importlib.util.spec_from_file_location("wheelhouse", ROOT / ".ci" / "wheelhouse.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


LOCK = """\
ansible-core==2.19.14 ; python_full_version < '3.12' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
ansible-core==2.21.5 ; python_full_version >= '3.12' \\
    --hash=sha256:cc
click==8.5.1 \\
    --hash=sha256:dd
"""


def test_markers_are_asked_of_the_python_that_will_run_it(wheelhouse: ModuleType) -> None:
    assert list(wheelhouse.pinned(LOCK, "3.11")) == [
        "ansible-core==2.19.14 --hash=sha256:aa --hash=sha256:bb",
        "click==8.5.1 --hash=sha256:dd",
    ]
    assert next(iter(wheelhouse.pinned(LOCK, "3.13"))) == "ansible-core==2.21.5 --hash=sha256:cc"


@pytest.mark.parametrize("python", ["3.11", "3.13"])
def test_every_entry_of_the_real_lock_file_has_a_hash(wheelhouse: ModuleType, python: str) -> None:
    entries = list(wheelhouse.pinned(wheelhouse.LOCK.read_text(), python))
    assert len(entries) > 20
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)
