"""The small parts of courier and runner: keys, log lines, words to systemd, pauses, files that are whole."""

from __future__ import annotations

import logging
import os
import re
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from agent import durable, journal, notify
from agent.backoff import LONGEST_S, pause_s
from agent.client import ApiRefusedError, ApiUnreachableError, _refusal
from agent.inventory import NotPublishedError, read
from agent.keys import KeyFileError, api_key, own_key, public_half


def test_the_agents_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    file = tmp_path / "agent.key"
    key = own_key(file)
    assert public_half(own_key(file)) == public_half(key)
    file.chmod(0o640)
    with pytest.raises(KeyFileError, match="can be read by others"):
        own_key(file)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"QUJD"])
def test_a_damaged_key_is_told_with_its_repair(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(KeyFileError, match="enrol anew"):
        own_key(file)
    with pytest.raises(KeyFileError, match="ankunft keys show"):
        api_key(file)


def test_foreign_text_ends_no_line_of_the_journal() -> None:
    said = {"name": "agent", "levelno": logging.ERROR, "msg": "%s", "args": ("a\nb\x1b[2J\u202e\ud800",)}
    text = journal._Line(for_journal=True).format(logging.makeLogRecord(said))
    assert text == "<3>agent: a\\u000ab\\u001b[2J\\u202e\\ud800"


def test_systemd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "s"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "s"))
        notify.tell("READY=1", "STATUS=two\nlines")
        assert listener.recv(100) == b"READY=1\nSTATUS=two lines"
    notify.tell("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify.tell("READY=1")


def test_pauses_grow_are_capped_and_differ() -> None:
    assert all(0.5 <= pause_s(1) <= 1.0 for _ in range(20))
    assert all(LONGEST_S / 2 <= pause_s(failures) <= LONGEST_S for failures in (8, 50, 10_000))
    assert len({pause_s(5) for _ in range(20)}) > 1


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "file"
    durable.write(file, b"first", mode=0o640)
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"first", 0o640)
    blocked = tmp_path / "folder"
    (blocked / "full").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        durable.write(blocked, b"second")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder"}


@pytest.mark.parametrize(("ahead_s", "words"), [(-3600, r"3(599|600) s behind"), (20, r"2[01] s ahead of"), (0, "")])
def test_a_wrong_clock_is_told(ahead_s: int, words: str) -> None:
    theirs = format_datetime(datetime.now(UTC) - timedelta(seconds=ahead_s), usegmt=True)
    error = _refusal("self", httpx.Response(401, headers={"date": theirs}, json={"detail": "too old"}))
    assert isinstance(error, ApiRefusedError)
    assert "too old" in str(error)
    assert re.search(words, str(error))
    assert ("timedatectl" in str(error)) == bool(words)


@pytest.mark.parametrize(("status", "is_refusal"), [(404, True), (409, True), (429, False), (503, False), (408, False)])
def test_only_a_no_is_a_refusal(status: int, *, is_refusal: bool) -> None:
    error = _refusal("work", httpx.Response(status, content=b"<html>"))
    assert isinstance(error, ApiRefusedError if is_refusal else ApiUnreachableError)


def test_a_placement_file_that_is_missing_or_broken_is_told(tmp_path: Path) -> None:
    file = tmp_path / "placement.json"
    with pytest.raises(NotPublishedError, match="brought here"):
        read(file)
    file.write_text("{}")
    with pytest.raises(NotPublishedError, match="ankunft inventory publish"):
        read(file)
    assert os.path.lexists(file)
