"""The house style, as far as a machine can see it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TOP_LEVEL = {
    "api", "agent", "playbooks", "inventory", "templates", "tests", "docs", ".ci",
    "pyproject.toml", "README.md", "Makefile", ".gitignore", "ansible.cfg", ".ansible-lint", ".yamllint",
    ".pre-commit-config.yaml", "CHANGELOG.md", "requirements.lock",
}  # fmt: skip


def tracked(*patterns: str) -> list[Path]:
    """Return the files that belong to the project, as git lists them."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).exists()]


def test_the_top_level_holds_what_was_given_and_nothing_else() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= TOP_LEVEL


def test_python_modules_stay_readable_in_a_few_screens() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked("*.py")
        if "migrations" not in path.parts and (lines := len(path.read_text().splitlines())) > 250
    }
    assert not long


def test_nothing_is_left_unfinished() -> None:
    words = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|NotImplemented" r"Error)\b")
    found = [str(path) for path in tracked("*.py", "*.yml", "*.j2", "*.md") if words.search(path.read_text())]
    assert not found


def test_no_test_is_skipped() -> None:
    marks = re.compile(r"pytest\.(mark\.)?(skip|xf" r"ail)")
    assert not [str(path) for path in tracked("tests/*.py") if marks.search(path.read_text())]


def test_modules_are_named_after_a_thing() -> None:
    vague = {"utils", "helpers", "common", "base", "manager", "misc"}
    assert not [str(path) for path in tracked("*.py") if path.stem in vague]


@pytest.mark.parametrize("lock", ["requirements.lock", "agent/requirements.lock"])
def test_the_lock_names_no_place_on_the_network(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert text.count("--hash=sha256:") > 50


def test_states_are_assigned_only_where_things_are_moved() -> None:
    """One function per thing assigns `state`; the rest of the API asks it to."""
    movers = {"orders.py", "jobs.py", "registration.py", "outbox.py", "hosts.py", "enrolment.py", "draws.py"}
    assigns = re.compile(r"\.state\s*=[^=]|\.update\(\{?[^)]*\bOrder\.state")
    found = [str(path) for path in tracked("api/*.py") if path.name not in movers and assigns.search(path.read_text())]
    assert not found
