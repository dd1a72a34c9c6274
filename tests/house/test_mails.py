"""Whatever the API tells has its words."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
ALARMS = {path.stem for path in (ROOT / "templates" / "mail" / "en" / "alarm").glob("*.txt")} - {"other"}


def test_every_alarm_that_is_raised_has_words_of_its_own_and_no_words_are_left_over() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "api").rglob("*.py")]
    raised = {
        value.value
        for source in sources
        if "staff_alarm" in source
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "what" and isinstance(value, ast.Constant)
    }
    # the sample of the preview is one of them
    assert raised == ALARMS
