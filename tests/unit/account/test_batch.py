"""Several jobs in one task: each has its own result, and none fails, or waits long for, the others."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from ankunft import batch
from ankunft.batch import act_on_all

DONE: dict[str, Any] = {"changed": True, "changes": ["a thing"], "diff": [{"before": "", "after": "x"}]}


def jobs(*names: str) -> dict[str, bytes]:
    return {name: name.encode() for name in names}


def test_each_job_has_a_line_of_its_own() -> None:
    result = act_on_all(lambda job: DONE | {"changed": job == b"one"}, jobs("one", "two"), [])
    assert {name: line["changed"] for name, line in result["jobs"].items()} == {"one": True, "two": False}
    assert result["changed"]
    assert len(result["diff"]) == 2
    assert result["ansible_facts"] == {"account_left_out": []}


def test_one_that_fails_or_breaks_is_left_out_of_the_tasks_that_follow() -> None:
    def act(job: bytes) -> dict[str, Any]:
        if job == b"bad":
            return {"failed": True, "changed": False, "msg": "the name is taken", "could_not_try": False}
        if job == b"broken":
            raise ValueError("nobody foresaw this")
        return DONE

    first = act_on_all(act, jobs("bad", "broken", "good"), [])
    assert first["jobs"]["bad"]["msg"] == "the name is taken"
    assert "nobody foresaw this" in first["jobs"]["broken"]["msg"]
    assert not first.get("failed")
    left_out = first["ansible_facts"]["account_left_out"]
    assert left_out == ["bad", "broken"]
    second = act_on_all(act, jobs("bad", "broken", "good"), left_out)
    assert set(second["jobs"]) == {"good"}
    assert second["ansible_facts"]["account_left_out"] == left_out


def test_a_slow_one_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "PATIENCE_S", 0.3)
    stuck = threading.Event()

    def act(job: bytes) -> dict[str, Any]:
        if job == b"slow":
            stuck.wait(30)
        return DONE

    began = time.monotonic()
    result = act_on_all(act, jobs("slow", *(f"quick{number}" for number in range(20))), [])
    assert time.monotonic() - began < 10
    stuck.set()
    failed = {name for name, line in result["jobs"].items() if line.get("failed")}
    assert failed == {"slow"}
    assert result["jobs"]["slow"]["could_not_try"]


def test_no_secret_and_no_difference_goes_along_in_a_line() -> None:
    result = act_on_all(lambda _: DONE | {"other": "x"}, jobs("one"), [])
    assert set(result["jobs"]["one"]) == {"changed", "changes"}
