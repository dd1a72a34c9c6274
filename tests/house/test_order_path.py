"""The page that follows an order is true: its diagrams are the tables, its files are there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from api.diagram import TABLES, draw

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "order-path.md").read_text(encoding="utf-8")
FILE = re.compile(r"`((?:api|agent|playbooks|templates|tests|docs)/[A-Za-z0-9_./-]+)`")


@pytest.mark.parametrize("thing", TABLES)
def test_a_diagram_is_what_the_table_says(thing: str) -> None:
    assert f"```mermaid\n{draw(TABLES[thing])}\n```" in PAGE


@pytest.mark.parametrize("thing", TABLES)
def test_the_command_prints_the_same_diagram(thing: str) -> None:
    program = Path(sys.executable).with_name("ankunft")
    printed = subprocess.run([program, "lifecycle", thing], capture_output=True, text=True, check=True).stdout
    assert printed.strip() in PAGE


def test_every_file_on_the_page_is_there() -> None:
    named = FILE.findall(PAGE)
    assert len(named) > 20
    assert not [name for name in named if not (ROOT / name).exists()]
