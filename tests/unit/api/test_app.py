"""The application as it is wired."""

import json
from typing import Any

import pytest
from litestar import Request

from api import problems
from api.allowances import TooSoonError
from api.app import build
from api.equipment import Equipment
from api.identity import UnknownCallerError


def test_debugging_stays_off_whatever_the_environment_says(
    equipment: Equipment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITESTAR_DEBUG", "1")
    assert not build(equipment).debug


def test_a_refusal_says_when_to_come_back_and_how_to_authenticate() -> None:
    request: Request[Any, Any, Any] = Request({"type": "http", "method": "GET", "headers": []})  # type: ignore[arg-type]  # enough for a refusal
    assert problems.tell(request, TooSoonError("too often", 7)).headers["Retry-After"] == "7"
    assert problems.tell(request, UnknownCallerError("who?")).headers["WWW-Authenticate"] == "Bearer"
    assert problems.tell(request, OSError("disk full")).status_code == 503


def test_what_is_not_foreseen_is_told_without_what_it_says(caplog: pytest.LogCaptureFixture) -> None:
    request: Request[Any, Any, Any] = Request({"type": "http", "method": "GET", "headers": []})  # type: ignore[arg-type]  # enough for a refusal
    answer = problems.tell(request, ValueError("DE02120300000000202051"))
    told = json.loads(answer.content)
    assert answer.status_code == 500
    assert told["id"] in caplog.text
    assert "DE02" not in caplog.text
    assert "DE02" not in str(told)
