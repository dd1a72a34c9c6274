"""The figures of a bench run, kept in `.lab/bench.json` as {name: {"value", "unit", "ratio", "against", …}}."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NotRequired, TypedDict

FOLDER = Path(__file__).resolve().parents[2] / ".lab"
FILE = FOLDER / "bench.json"


class Figure(TypedDict):
    """One figure: *value* in *unit*; *ratio* is what a goal bounds, *against* says what it is compared with."""

    value: float
    unit: str
    ratio: float | None
    against: str
    #: The goal for *ratio*, for example "≤ 1.3".
    goal: NotRequired[str]
    #: Minimum and maximum of what *value* is the median of.
    minimum: NotRequired[float]
    maximum: NotRequired[float]
    #: Processor time that one unit of the work took, here and on the other side.
    cpu_s: NotRequired[float]
    cpu_s_against: NotRequired[float]
    #: What a reader has to know to read the figure.
    note: NotRequired[str]


Results = dict[str, Figure]


def is_met(figure: Mapping[str, object]) -> bool | None:
    """Tell whether the goal is met; None if there is none to tell."""
    goal, ratio = figure.get("goal"), figure.get("ratio")
    if not isinstance(goal, str) or not isinstance(ratio, int | float):
        return None
    sign, bound = goal.split()[0], float(goal.split()[1])
    return {"≤": ratio <= bound, "≥": ratio >= bound, "<": ratio < bound}[sign]


def keep(results: Results) -> None:
    """Put *results* into the file beside those of benches that were not run this time."""
    FOLDER.mkdir(exist_ok=True)
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    text = json.dumps(dict(sorted((known | results).items())), indent=1, ensure_ascii=False)
    new = FILE.with_suffix(".new")
    new.write_text(text + "\n")
    new.rename(FILE)
