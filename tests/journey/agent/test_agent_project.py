"""Playbooks are taken into use as a checked copy; a broken edit changes nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from agent import project as module
from agent.project import Project
from tests.unit.agent.site_folder import Site


@pytest.fixture
def project(site: Site) -> Project:
    return reader_of(site)


def reader_of(site: Site) -> Project:
    """Return what a runner that starts now sees."""
    settings = site.settings
    return Project(
        settings.project_dir,
        settings.state_dir / "good",
        host="web1",
        playbook=settings.playbook,
        inventory=settings.inventory,
        beat=lambda: None,
    )


def settle(project: Project) -> None:
    """Look until the project's newest edit is dealt with."""
    project.refresh()
    while not project.is_settled:
        time.sleep(module.BETWEEN_LOOKS_S)
        project.refresh()


def in_use(project: Project) -> Path:
    assert project.current is not None
    return project.current


def test_what_is_there_at_the_start_is_checked_and_used_at_once(site: Site, project: Project) -> None:
    assert project.current is None
    project.refresh()
    copy = in_use(project) / "playbooks" / "account.yml"
    assert copy.read_text() == site.playbook.read_text()
    assert project.refused is None


def test_an_edit_is_used_once_it_stands_still(site: Site, project: Project) -> None:
    project.refresh()
    before = in_use(project)
    time.sleep(module.BETWEEN_LOOKS_S)
    site.playbook.write_text(site.playbook.read_text() + "# edited\n")
    project.refresh()
    assert in_use(project) == before
    settle(project)
    assert in_use(project) != before
    assert in_use(reader_of(site)) == in_use(project)


def test_an_edit_of_which_the_hint_was_lost_is_seen_a_while_later(site: Site, project: Project) -> None:
    project.refresh()
    before = in_use(project)
    time.sleep(module.BETWEEN_LOOKS_S)
    site.playbook.write_text(site.playbook.read_text() + "# edited\n")
    project.refresh(is_stirred=False)
    time.sleep(module.BETWEEN_LOOKS_S)
    project.refresh(is_stirred=False)
    assert project.is_settled
    assert in_use(project) == before
    project._look_anyway_at = 0.0
    while in_use(project) == before or not project.is_settled:
        project.refresh(is_stirred=False)
        time.sleep(module.BETWEEN_LOOKS_S)
    assert in_use(project) != before


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("playbooks/account.yml", "- hosts: [", "ansible-playbook says"),
        ("playbooks/account.yml", "- hosts: web\n  no_such_keyword: 1\n", "ansible-playbook says"),
        ("inventory/hosts.yml", "web: [", "ansible-inventory says"),
        ("inventory/hosts.yml", "web:\n  hosts:\n    web2:\n", "ansible-inventory says"),
    ],
)
def test_a_broken_edit_is_told_and_not_used(site: Site, project: Project, file: str, content: str, words: str) -> None:
    project.refresh()
    before = in_use(project)
    (site.settings.project_dir / file).write_text(content)
    settle(project)
    assert in_use(project) == before
    assert words in (project.refused or "")


def test_an_edit_taken_back_is_no_trouble_any_more(site: Site, project: Project) -> None:
    good = site.playbook.read_text()
    project.refresh()
    site.playbook.write_text("- hosts: [")
    settle(project)
    assert project.refused
    site.playbook.write_text(good)
    settle(project)
    assert project.refused is None


def test_the_parts_of_editors_and_version_control_do_not_count(site: Site, project: Project) -> None:
    project.refresh()
    before = in_use(project)
    folder = site.settings.project_dir / "playbooks"
    for name in (".account.yml.swp", "account.yml~", "#account.yml#", "x.pyc"):
        (folder / name).touch()
    (folder / ".git").mkdir()
    settle(project)
    assert in_use(project) == before


def test_a_folder_that_cannot_be_copied_is_told(site: Site, project: Project) -> None:
    project.refresh()
    before = in_use(project)
    os.mkfifo(site.settings.project_dir / "templates" / "pipe")
    settle(project)
    assert in_use(project) == before
    assert "pipe" in (project.refused or "")


def test_a_link_to_its_own_folder_is_told(site: Site, project: Project) -> None:
    project.refresh()
    (site.settings.project_dir / "templates" / "again").symlink_to("..")
    settle(project)
    assert project.refused


def test_old_versions_do_not_pile_up(site: Site, project: Project) -> None:
    project.refresh()
    for number in range(module.KEPT_VERSIONS + 2):
        site.playbook.write_text(site.playbook.read_text() + f"# {number}\n")
        settle(project)
    versions = [path for path in project.store.iterdir() if path.is_dir()]
    assert len(versions) == module.KEPT_VERSIONS
    assert in_use(project) in versions


def test_a_link_is_copied_as_what_it_points_to(site: Site, project: Project) -> None:
    outside = site.root / "elsewhere.yml"
    outside.write_text("kept: 1\n")
    (site.settings.project_dir / "templates" / "link.yml").symlink_to(outside)
    project.refresh()
    outside.write_text("kept: 2\n")
    assert (in_use(project) / "templates" / "link.yml").read_text() == "kept: 1\n"
    settle(project)
    assert (in_use(project) / "templates" / "link.yml").read_text() == "kept: 2\n"


def test_a_version_that_a_power_cut_damaged_is_made_anew(site: Site, project: Project) -> None:
    project.refresh()
    damaged = in_use(project) / "playbooks" / "account.yml"
    damaged.write_text("")
    (project.store / "copy-half").mkdir()
    again = reader_of(site)
    again.refresh()
    assert damaged.read_text() == site.playbook.read_text()
    assert not (project.store / "copy-half").exists()
    site.playbook.write_text("- hosts: [")
    damaged.write_text("")
    broken = reader_of(site)
    broken.refresh()
    assert broken.current is None
