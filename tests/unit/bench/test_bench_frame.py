"""The frame of `make bench`: figures are kept beside each other, goals are judged, pairs are interleaved."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from tests.bench import results
from tests.bench.measure import Spread, pairs
from tests.bench.results import Figure, is_met, keep
from tests.bench.table import show

FIGURE = Figure(value=0.2, unit="s", ratio=1.25, goal="≤ 1.3", against="a script")


@pytest.mark.parametrize(
    ("goal", "ratio", "met"),
    [("≤ 1.3", 1.3, True), ("≤ 1.3", 1.31, False), ("≥ 0.9", 0.9, True), ("≥ 0.9", 0.8, False), ("< 1", 1.0, False)],
)
def test_a_goal_is_met_or_missed(goal: str, ratio: float, met: bool) -> None:  # noqa: FBT001
    assert is_met({"goal": goal, "ratio": ratio}) is met


def test_without_a_goal_there_is_nothing_to_judge() -> None:
    assert is_met({"ratio": 1.0}) is None


def test_figures_are_kept_beside_those_of_another_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(results, "FILE", tmp_path / "bench.json")
    keep({"P1": FIGURE})
    keep({"P2": FIGURE, "P1": Figure(value=0.1, unit="s", ratio=1.0, against="a script")})
    kept = json.loads((tmp_path / "bench.json").read_text())
    assert list(kept) == ["P1", "P2"]
    assert kept["P1"]["value"] == 0.1


def test_the_table_says_met_and_missed() -> None:
    said = io.StringIO()
    missed = Figure(value=1, unit="ms", ratio=2.0, goal="≤ 1.2", against="ten accounts", minimum=0.5, maximum=1200.0)
    show({"P1": FIGURE, "P3": missed}, Console(file=said, width=160))
    assert "met" in said.getvalue()
    assert "missed" in said.getvalue()
    assert "1,200" in said.getvalue()


def test_both_sides_are_measured_in_turn_and_the_pairs_ratios_count() -> None:
    order: list[str] = []

    def ours(number: int) -> float:
        order.append(f"ours{number}")
        return 2.0

    def theirs(number: int) -> float:
        order.append(f"theirs{number}")
        return [1.0, 4.0, 1.0][number]

    pair = pairs(ours, theirs, rounds=3)
    assert order == ["ours0", "theirs0", "theirs1", "ours1", "ours2", "theirs2"]
    assert pair.ours == Spread(2.0, 2.0, 2.0)
    assert pair.theirs == Spread(1.0, 1.0, 4.0)
    assert pair.ratio == 2.0
