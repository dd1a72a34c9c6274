"""Whatever the API tells has its words."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from api.catalogue import LANGUAGES
from api.notices import letter
from api.notices.outbox import STAFF_LANGUAGE, is_for_staff
from api.orders import LETTERS

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
SOURCES = [path.read_text(encoding="utf-8") for path in (ROOT / "api").rglob("*.py")]
ALARMS = {path.stem for path in (ROOT / "templates" / "mail" / "en" / "alarm").glob("*.txt")} - {"other"}


def test_every_alarm_that_is_raised_has_words_of_its_own_and_no_words_are_left_over() -> None:
    raised = {
        value.value
        for source in SOURCES
        if "staff_alarm" in source
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "what" and isinstance(value, ast.Constant)
    }
    assert raised == ALARMS


def test_every_kind_that_is_told_has_words_in_every_language_it_goes_out_in() -> None:
    kinds = told()
    assert len(kinds) > 10
    lacking = [
        f"{channel}/{language}/{kind}.txt"
        for kind, channel in kinds.items()
        for language in ([STAFF_LANGUAGE] if is_for_staff(kind) else LANGUAGES)
        if not (TEMPLATES / channel / language / f"{kind}.txt").exists()
    ]
    assert not lacking


def test_no_words_are_left_that_nobody_tells() -> None:
    assert {*letter.kinds(TEMPLATES), *letter.kinds(TEMPLATES, "sms")} == set(told())


def test_the_page_says_of_every_kind_to_whom_it_goes_and_when() -> None:
    page = (ROOT / "docs" / "mails.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z_]+)` \| ", page, re.MULTILINE)) == set(told())


def told() -> dict[str, str]:
    """Return every kind that is told, and its channel; kinds are literals, or moves of orders."""
    kinds = dict.fromkeys(LETTERS.values(), "mail")
    for source in SOURCES:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"outbox.tell", "outbox.row"}:
                kind = node.args[0]
                channel = next((word.value for word in node.keywords if word.arg == "channel"), None)
                if isinstance(kind, ast.Constant):
                    kinds[str(kind.value)] = str(channel.value) if isinstance(channel, ast.Constant) else "mail"
                else:
                    assert ast.unparse(kind) == "LETTERS[event]", "a kind is written where it is told"
    return kinds
