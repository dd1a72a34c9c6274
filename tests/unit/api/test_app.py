"""The application as it is wired."""

import pytest

from api.app import build
from api.equipment import Equipment


def test_debugging_stays_off_whatever_the_environment_says(
    equipment: Equipment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITESTAR_DEBUG", "1")
    assert not build(equipment).debug
