"""A task that needs no process of its own has none, and comes to the same end as one that has."""

from __future__ import annotations

import re

import pytest

from tests.journey.agent.warm_desk import WarmDesk, warm
from tests.unit.agent.site_folder import Site

PLUGIN = """
import os
from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    is_in_place = {in_place}
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        if self._task.args.get("broken"):
            raise RuntimeError("broken in the middle")
        result = super().run(tmp, task_vars)
        seen = {{name: self._task.args[name] for name in self._task.args}}
        return result | {{"failed": bool(self._task.args.get("fails")), "msg": f"by {{os.getpid()}}", "seen": seen}}
"""
PLAY = """
- name: Play
  hosts: web
  gather_facts: false
  tasks:
    - {{{plugin}: {{number: "{{{{ 6 * 7 }}}}"}}, register: first}}
    - {{{plugin}: {{number: "{{{{ item }}}}"}}, loop: [1, 2]}}
    - {{{plugin}: {{number: "{{{{ first.seen.number + 1 }}}}"}}, when: first.seen.number == 42}}
    - {{{plugin}: {{number: 5}}, when: first.seen.number == 43}}
    - {{{plugin}: {{fails: true}}, ignore_errors: true}}
    - {{{plugin}: {{broken: true}}, ignore_errors: true}}
    - {{{plugin}: {{number: "{{{{ nothing_such }}}}"}}, ignore_errors: true}}
    - {{{plugin}: {{fails: true}}}}
"""


@pytest.fixture
def desk(site: Site) -> WarmDesk:
    """Return a desk with two plugins that differ in one word, and a play for each."""
    (folder := site.playbook.parent / "action_plugins").mkdir()
    for name, in_place in (("inside", True), ("beside", False)):
        (folder / f"{name}.py").write_text(PLUGIN.format(in_place=in_place))
        (site.playbook.parent / f"{name}.yml").write_text(PLAY.format(plugin=name))
    desk = WarmDesk(site)
    desk.adopt()
    return desk


def test_a_plugin_that_says_so_is_run_without_a_process_of_its_own(desk: WarmDesk) -> None:
    with warm(desk.site):
        inside, beside = (desk.run(f"playbooks/{name}.yml", "-v")[1] for name in ("inside", "beside"))
    assert len(set(by(inside))) == 1
    assert len(by(inside)) == 6
    assert len(set(by(beside))) == 5  # a loop is one task


@pytest.mark.parametrize("options", [[], ["-v"], ["--check"]])
def test_both_come_to_the_same_end_as_with_the_real_ansible(desk: WarmDesk, options: list[str]) -> None:
    real = desk.run("playbooks/beside.yml", *options, warm=False)
    with warm(desk.site):
        inside, beside = (desk.run(f"playbooks/{name}.yml", *options) for name in ("inside", "beside"))
    assert real[0] == 2
    assert (beside[0], without_what_differs(beside[1])) == (real[0], without_what_differs(real[1]))
    assert (inside[0], without_what_differs(inside[1])) == (real[0], without_what_differs(real[1]))


def by(said: str) -> list[str]:
    return re.findall(r'"msg": "by (\d+)"', said)


def without_what_differs(said: str) -> str:
    """Leave out process ids, the plugins' names, and the shape of lines, which a terminal's width decides."""
    return re.sub(r"by \d+|\b(inside|beside)\b|\s+", "", said)
