"""The desk for contracts that came back, on the command line: nothing is buried, rubbish goes at one stroke."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.customer.paper import illegible
from tests.unit.api.test_commands import ankunft, config

pytestmark = pytest.mark.slow

__all__ = ["config"]


def note(config: Path, *numbers: int) -> None:
    """Let mails without any document have come."""
    at = "2026-11-24 10:00:00+00:00"
    with closing(sqlite3.connect(config.with_name("ankunft.sqlite"))) as database, database:
        for number in numbers:
            database.execute(
                "INSERT INTO returned_document (id, pages, state, channel, sender, subject, name, note, tries,"
                " not_before, received_at, reason) VALUES (?, '[]', 'INBOX', 'email', '', '', '', 'spam', 0, ?, ?, '')",
                (number, at, at),
            )


def test_a_document_is_listed_before_notes_and_notes_are_put_aside_at_one_stroke(config: Path, tmp_path: Path) -> None:
    ankunft(config, "init")
    note(config, *range(1, 251))
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(illegible())
    (number,) = json.loads(ankunft(config, "return", "upload", str(scan), "--json"))["numbers"]
    listed = json.loads(ankunft(config, "return", "list", "--json"))
    assert [row["id"] for row in listed] == [number, *range(1, 251)]
    ankunft(config, "return", "reject", *map(str, range(1, 250)), "--reason", "Werbung", "--quiet")
    assert [row["id"] for row in json.loads(ankunft(config, "return", "list", "--json"))] == [number, 250]
    ankunft(config, "return", "reject", "250", "1", "--reason", "Werbung", exit_code=1)
    assert len(json.loads(ankunft(config, "return", "list", "--json"))) == 2, "all of them or none"
    done = json.loads(ankunft(config, "return", "reject", "250", "--reason", "Werbung", "--json"))
    assert done == {"number": 250, "state": "REJECTED"}


def test_an_original_is_written_as_it_came(config: Path, tmp_path: Path) -> None:
    ankunft(config, "init")
    scan, copy = tmp_path / "scan.pdf", tmp_path / "copy"
    scan.write_bytes(illegible())
    (number,) = json.loads(ankunft(config, "return", "upload", str(scan), "--json"))["numbers"]
    ankunft(config, "return", "show", str(number), "--original", "-o", str(copy))
    assert copy.read_bytes() == scan.read_bytes()
    note(config, 77)
    assert "not there" in ankunft(config, "return", "show", "77", "--original", exit_code=1)
