"""A change ends a wait; whatever inotify loses, a wait ends by itself."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

from agent.wake import Wake

LONG_S = 5.0
QUICK_S = 1.0


def waited(wake: Wake, seconds: float = LONG_S, *others: Wake) -> float:
    """Return how long a wait took."""
    began = time.monotonic()
    wake.wait(seconds, *others)
    return time.monotonic() - began


def arrive(folder: Path, name: bytes) -> None:
    beside = folder.parent / "beside"
    beside.touch()
    beside.rename(folder / os.fsdecode(name))


def test_an_arrival_ends_the_wait(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    with Wake([folder]) as wake:
        arrive(folder, b"job")
        assert waited(wake) < QUICK_S
        assert waited(wake, 0.2) >= 0.2


def test_a_name_that_is_not_utf8_ends_the_wait_too(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    with Wake([folder]) as wake:
        arrive(folder, b"bad\xff\xfe")
        assert waited(wake) < QUICK_S
        arrive(folder, b"good")
        assert waited(wake) < QUICK_S


def test_a_signal_ends_the_wait(tmp_path: Path) -> None:
    with Wake([tmp_path]) as wake:
        wake.interrupt()
        assert waited(wake) < QUICK_S


def test_an_edit_anywhere_below_a_tree_ends_the_wait_and_new_folders_are_watched(tmp_path: Path) -> None:
    with Wake([], [tmp_path]) as wake:
        (tmp_path / "roles" / "web").mkdir(parents=True)
        assert waited(wake) < QUICK_S
        waited(wake, 0.1)
        (tmp_path / "roles" / "web" / "main.yml").write_text("edited")
        assert waited(wake) < QUICK_S


def test_what_stirred_elsewhere_ends_the_wait_and_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "project").mkdir()
    with Wake([tmp_path / "new"]) as wake, Wake([], [tmp_path / "project"]) as edits:
        assert not edits.is_stirred()
        arrive(tmp_path / "new", b"job")
        assert waited(wake, LONG_S, edits) < QUICK_S
        assert not edits.is_stirred()
        (tmp_path / "project" / "account.yml").write_text("edited")
        assert waited(wake, LONG_S, edits) < QUICK_S
        assert edits.is_stirred()
        assert not edits.is_stirred()


def test_a_folder_that_is_replaced_is_watched_again(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    with Wake([folder]) as wake:
        folder.rmdir()
        waited(wake, 0.1)
        folder.mkdir()
        waited(wake, 0.1)
        arrive(folder, b"job")
        assert waited(wake) < QUICK_S


def test_an_overflow_of_the_queue_is_survived(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    with Wake([folder]) as wake:
        for number in range(20_000):
            arrive(folder, b"%d" % number)
        assert waited(wake) < QUICK_S * 3
        waited(wake, 0.1)
        arrive(folder, b"job")
        assert waited(wake) < QUICK_S


def test_without_inotify_every_wait_still_ends(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # the listing itself takes a descriptor
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 1, hard))
    try:
        wake = Wake([tmp_path])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with wake:
        assert wake.is_stirred()
        assert 0.2 <= waited(wake, 0.2) < QUICK_S
        wake.interrupt()
        assert waited(wake) < QUICK_S
