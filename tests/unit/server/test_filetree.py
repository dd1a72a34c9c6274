"""A folder on a host equals a list of files, and what others put there stays."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from ankunft import filetree
from ankunft.filetree import EXECUTABLE, OWN_LIST, PLAIN, TreeError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    base = tmp_path / "source"
    (base / "playbooks/roles").mkdir(parents=True)
    (base / "playbooks/server.yml").write_text("---\n")
    (base / "playbooks/roles/tool.py").write_text("#!/usr/bin/python3\n")
    (base / "playbooks/roles/tool.py").chmod(0o755)
    (base / "playbooks/__pycache__").mkdir()
    (base / "playbooks/__pycache__/tool.pyc").write_text("x")
    (base / "playbooks/.hidden").write_text("x")
    (base / "ansible.cfg").write_text("[defaults]\n")
    return base


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "host").mkdir()
    return tmp_path / "host"


def bring(source: Path, folder: Path, include: list[str]) -> None:
    manifest = filetree.survey(source, include)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for path in filetree.differing(folder, manifest):
            tar.add(source / path, arcname=path)
    archive.seek(0)
    filetree.bring(folder, manifest, archive)


def packed(name: str, content: bytes, kind: bytes = tarfile.REGTYPE) -> io.BytesIO:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.size, member.linkname = kind, len(content), "/etc/passwd"
        tar.addfile(member, io.BytesIO(content))
    archive.seek(0)
    return archive


def test_a_survey_names_what_belongs_to_the_project(source: Path) -> None:
    manifest = filetree.survey(source, ["playbooks", "ansible.cfg"])
    assert {path: mode for path, (_, mode) in manifest.items()} == {
        "playbooks/server.yml": PLAIN,
        "playbooks/roles/tool.py": EXECUTABLE,
        "ansible.cfg": PLAIN,
    }


def test_what_is_excluded_stays_behind(source: Path) -> None:
    assert set(filetree.survey(source, ["playbooks", "ansible.cfg"], ["playbooks/roles/*"])) == {
        "playbooks/server.yml",
        "ansible.cfg",
    }


def test_a_survey_of_what_is_not_there_is_refused(source: Path) -> None:
    with pytest.raises(TreeError, match="templates does not exist"):
        filetree.survey(source, ["templates"])


def test_what_was_brought_differs_no_more(source: Path, folder: Path) -> None:
    manifest = filetree.survey(source, ["playbooks", "ansible.cfg"])
    bring(source, folder, ["playbooks", "ansible.cfg"])
    assert not filetree.differing(folder, manifest)
    assert not filetree.superfluous(folder, manifest)
    assert filetree.remembered(folder, manifest)
    assert (folder / "playbooks/roles/tool.py").stat().st_mode & 0o7777 == EXECUTABLE


@pytest.mark.parametrize("spoil", ["content", "mode", "gone", "link", "folder"])
def test_whatever_was_done_to_a_file_is_seen_and_put_back(source: Path, folder: Path, spoil: str) -> None:
    bring(source, folder, ["ansible.cfg"])
    file = folder / "ansible.cfg"
    match spoil:
        case "content":
            file.write_text("[defaults] # edited\n")
        case "mode":
            file.chmod(0o666)
        case "gone":
            file.unlink()
        case "link":
            file.unlink()
            file.symlink_to(source / "ansible.cfg")
        case "folder":
            file.unlink()
            file.mkdir()
            file.rmdir()
    manifest = filetree.survey(source, ["ansible.cfg"])
    assert filetree.differing(folder, manifest) == ["ansible.cfg"]
    bring(source, folder, ["ansible.cfg"])
    assert not filetree.differing(folder, manifest)


def test_a_file_that_goes_at_the_source_goes_on_the_host_and_a_foreign_one_stays(source: Path, folder: Path) -> None:
    bring(source, folder, ["playbooks"])
    (folder / "playbooks/theirs.yml").write_text("---\n")
    (source / "playbooks/server.yml").unlink()
    manifest = filetree.survey(source, ["playbooks"])
    assert filetree.superfluous(folder, manifest) == ["playbooks/server.yml"]
    bring(source, folder, ["playbooks"])
    assert {path.name for path in (folder / "playbooks").iterdir()} == {"roles", "theirs.yml"}


def test_a_folder_that_becomes_empty_goes_with_its_last_file(source: Path, folder: Path) -> None:
    bring(source, folder, ["playbooks"])
    (source / "playbooks/roles/tool.py").unlink()
    bring(source, folder, ["playbooks"])
    assert [path.name for path in (folder / "playbooks").iterdir()] == ["server.yml"]


def test_the_digest_follows_content_name_and_mode(source: Path) -> None:
    seen = {filetree.digest(filetree.survey(source, ["playbooks"]))}
    (source / "playbooks/server.yml").chmod(0o755)
    seen.add(filetree.digest(filetree.survey(source, ["playbooks"])))
    (source / "playbooks/server.yml").write_text("--- # edited\n")
    seen.add(filetree.digest(filetree.survey(source, ["playbooks"])))
    (source / "playbooks/server.yml").rename(source / "playbooks/other.yml")
    seen.add(filetree.digest(filetree.survey(source, ["playbooks"])))
    assert len(seen) == 4


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/../../outside"])
def test_a_name_that_leads_out_of_the_folder_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(TreeError, match="leads out"):
        filetree.differing(folder, {name: ("0" * 64, PLAIN)})


def test_an_archive_with_other_bytes_than_announced_is_refused(source: Path, folder: Path) -> None:
    manifest = filetree.survey(source, ["ansible.cfg"])
    with pytest.raises(TreeError, match="damaged"):
        filetree.bring(folder, manifest, packed("ansible.cfg", b"other"))
    assert not (folder / "ansible.cfg").exists()


@pytest.mark.parametrize(("name", "kind"), [("other", tarfile.REGTYPE), ("ansible.cfg", tarfile.SYMTYPE)])
def test_an_archive_with_what_was_not_announced_is_refused(source: Path, folder: Path, name: str, kind: bytes) -> None:
    manifest = filetree.survey(source, ["ansible.cfg"])
    with pytest.raises(TreeError, match="which the list does not"):
        filetree.bring(folder, manifest, packed(name, b"", kind))


def test_a_spoiled_list_of_its_own_counts_as_none(source: Path, folder: Path) -> None:
    bring(source, folder, ["ansible.cfg"])
    (folder / OWN_LIST).write_text("{")
    manifest = filetree.survey(source, ["ansible.cfg"])
    assert not filetree.remembered(folder, manifest)
    assert not filetree.superfluous(folder, manifest)
