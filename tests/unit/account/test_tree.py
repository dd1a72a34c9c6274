"""A customer's folder is removed by root without root being led out of it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ankunft.tree import remove_tree

from tests.unit.account.listing import listing


@pytest.fixture
def treasure(tmp_path: Path) -> Path:
    """Return a folder of the system's that must stay as it is."""
    folder = tmp_path / "etc"
    (folder / "deep").mkdir(parents=True)
    (folder / "shadow").write_text("root:secret")
    (folder / "deep/key.pem").write_text("private")
    return folder


@pytest.fixture
def home(tmp_path: Path, treasure: Path) -> Path:
    """Return a folder with every form of link and special file that a customer can make."""
    folder = tmp_path / "srv/a1001"
    (folder / "public/real").mkdir(parents=True)
    (folder / "public/real/file").write_text("his own")
    (folder / "to-file").symlink_to(treasure / "shadow")
    (folder / "to-folder").symlink_to(treasure)
    (folder / "public/to-folder").symlink_to(treasure)
    (folder / "public/real/up").symlink_to("../../../../etc")
    (folder / "dangling").symlink_to("/nowhere/at/all")
    (folder / "loop").symlink_to("loop")
    (folder / "hard").hardlink_to(treasure / "shadow")
    os.mkfifo(folder / "pipe")
    (folder / "closed").mkdir(mode=0)
    (folder / "name with\nnewline").mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/not-utf8-\xff")).mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "door"))
    return folder


def test_everything_goes_and_nothing_outside_is_touched(home: Path, treasure: Path) -> None:
    before = listing(treasure)
    remove_tree(home)
    assert not home.exists()
    assert listing(treasure) == before


def test_a_link_in_the_place_of_the_folder_is_unlinked(tmp_path: Path, treasure: Path) -> None:
    link = tmp_path / "a1001"
    link.symlink_to(treasure)
    remove_tree(link)
    assert not link.is_symlink()
    assert (treasure / "shadow").exists()


def test_a_folder_that_is_gone_already_is_fine(tmp_path: Path) -> None:
    remove_tree(tmp_path / "a1001")


def test_ten_thousand_levels_need_no_recursion_and_few_descriptors(tmp_path: Path) -> None:
    home = tmp_path / "a1001"
    home.mkdir()
    here = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(10_000):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY | os.O_DIRECTORY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    remove_tree(home)
    assert not home.exists()


@pytest.fixture
def swapper(tmp_path: Path, treasure: Path) -> Iterator[Path]:
    """Return a folder whose inner folder turns into a link to the treasure and back, as fast as it can."""
    home = tmp_path / "a1001"
    (home / "inner").mkdir(parents=True)
    over = threading.Event()

    def swap() -> None:
        number = 0
        while not over.is_set():
            number += 1
            try:
                (home / "inner").rename(home / f"was-{number}")
                (home / "inner").symlink_to(treasure)
                (home / "inner").unlink()
                (home / "inner").mkdir()
                (home / "inner/file").touch()
            except OSError:
                over.wait(0.0001)

    thread = threading.Thread(target=swap)
    thread.start()
    yield home
    over.set()
    thread.join()


def test_swapping_a_folder_for_a_link_leads_nowhere(swapper: Path, treasure: Path) -> None:
    before = listing(treasure)
    for _ in range(50):
        remove_tree(swapper)
        assert listing(treasure) == before
        (swapper / "inner").mkdir(parents=True, exist_ok=True)
