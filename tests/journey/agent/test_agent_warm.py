"""The warm Ansible does what ansible-playbook does: the same ends, the same words, and nothing left behind."""

from __future__ import annotations

import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agent.jobs import Outcome
from tests.journey.agent.by_hand import commands_with, effect, once, tasks
from tests.journey.agent.process import eventually
from tests.journey.agent.warm_desk import WarmDesk, warm
from tests.unit.agent.site_folder import Site

PLAYBOOKS = {
    "well": "    - ansible.builtin.debug: {msg: 'Grüße'}\n",
    "failed": "    - ansible.builtin.fail: {msg: no}\n",
    "unreachable": "    - ansible.builtin.ping: \n      vars: {ansible_connection: ssh, ansible_host: 127.0.0.1,"
    " ansible_port: 9}\n",
    "unknown_module": "    - no_such_module: {}\n",
    "undefined": "    - ansible.builtin.debug: {msg: '{{ nothing_such }}'}\n",
    "torn": "    - [\n",
}
OPTIONS = [["well.yml", "--syntax-check"], ["well.yml", "--no-such-option"], ["missing.yml"], ["well.yml", "-l", "x"]]
COMMANDS = [[f"{name}.yml"] for name in PLAYBOOKS] + OPTIONS
DAWDLE = "    - ansible.builtin.shell: echo begun > {folder}/begun; sleep 600; echo {folder}\n"
MODULE = """#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
AnsibleModule({{}}).exit_json(changed=False, msg="edition {edition}")
"""


@pytest.fixture
def desk(site: Site) -> WarmDesk:
    """Return a desk with a playbook for each end that a run can take."""
    for name, text in PLAYBOOKS.items():
        play = f"- name: Play\n  hosts: web\n  gather_facts: false\n  tasks:\n{text}"
        (site.playbook.parent / f"{name}.yml").write_text(play)
    desk = WarmDesk(site)
    desk.adopt()
    return desk


def without_what_differs(said: str) -> str:
    """Leave out temporary names and the shape of lines, which a terminal's width decides."""
    return re.sub(r"\s+|ansible-local-\w+|usage:.*?error", "", re.sub(r"(?s)Traceback.*", "", said))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_it_ends_and_speaks_as_the_real_one(desk: WarmDesk, command: list[str]) -> None:
    arguments = [f"playbooks/{command[0]}", *command[1:]]
    real = desk.run(*arguments, warm=False)
    with warm(desk.site):
        code, said = desk.run(*arguments)
        assert (code, without_what_differs(said)) == (real[0], without_what_differs(real[1]))


def test_a_hundred_runs_in_sequence_leave_it_as_it_was(desk: WarmDesk) -> None:
    with warm(desk.site) as program:
        desk.run("playbooks/well.yml")
        before = held_by(program.process.pid)
        for _ in range(100):
            code, said = desk.run("playbooks/well.yml")
            assert code == 0, said
        after = held_by(program.process.pid)
    assert after["descriptors"] <= before["descriptors"]  # the first look may meet one that is about to close
    assert after["kib"] - before["kib"] < 1024


def held_by(process: int) -> dict[str, int]:
    status = Path(f"/proc/{process}/status").read_text()
    match = re.search(r"VmRSS:\s+(\d+)", status)
    assert match
    return {"kib": int(match[1]), "descriptors": len(list(Path(f"/proc/{process}/fd").iterdir()))}


def test_eight_at_once_five_times_each_have_their_own_end(desk: WarmDesk) -> None:
    names = ["well", "failed", "undefined", "torn", "unknown_module", "well", "failed", "well"]
    expected = {"well": 0, "failed": 2, "undefined": 2, "torn": 4, "unknown_module": 4}
    with warm(desk.site), ThreadPoolExecutor(len(names)) as pool:
        for _ in range(5):
            runs = pool.map(lambda at: desk.run(f"playbooks/{names[at]}.yml", name=str(at)), range(len(names)))
            assert [code for code, _ in runs] == [expected[name] for name in names]


def test_an_edited_module_is_taken(desk: WarmDesk) -> None:
    site = desk.site
    (module := site.playbook.parent / "library/edition.py").parent.mkdir()
    play = "- name: Play\n  hosts: web\n  gather_facts: false\n  tasks:\n    - edition: {}\n"
    (site.playbook.parent / "edition.yml").write_text(play)
    module.write_text(MODULE.format(edition=1))
    desk.adopt()
    with warm(site) as program:
        assert "edition 1" in desk.run("playbooks/edition.yml", "-v")[1]
        module.write_text(MODULE.format(edition=2))
        desk.adopt()
        assert "edition 2" in desk.run("playbooks/edition.yml", "-v")[1]
        eventually(lambda: program.said().count("warm for version") == 2, within_s=60)
        assert "edition 2" in desk.run("playbooks/edition.yml", "-v")[1]


def dawdle(desk: WarmDesk) -> None:
    tasks(desk.site, DAWDLE.format(folder=desk.site.effects))
    desk.adopt()


def is_dawdling(desk: WarmDesk) -> bool:
    return (desk.site.effects / "begun").exists() and bool(commands_with(f"echo {desk.site.effects}"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_end_of_the_client_is_the_end_of_all_that_it_started(desk: WarmDesk, number: signal.Signals) -> None:
    dawdle(desk)
    with warm(desk.site):
        client = desk.start("playbooks/account.yml")
        eventually(lambda: is_dawdling(desk))
        client.send_signal(number)
        client.communicate(timeout=20)
        assert client.returncode != 0
        eventually(lambda: not commands_with(f"echo {desk.site.effects}"))
        assert desk.run("playbooks/well.yml")[0] == 0


def test_killed_it_takes_its_runs_along_and_the_next_one_goes_without_it(desk: WarmDesk) -> None:
    dawdle(desk)
    with warm(desk.site) as program:
        client = desk.start("playbooks/account.yml")
        eventually(lambda: is_dawdling(desk))
        program.kill()
        client.communicate(timeout=20)
        assert client.returncode == -signal.SIGKILL
        assert desk.run("playbooks/well.yml", name="other")[0] == 0
        assert not commands_with(f"import main; main() --config {desk.site.config}")


def test_asked_to_end_it_lets_its_runs_finish(desk: WarmDesk) -> None:
    tasks(desk.site, f"    - ansible.builtin.shell: echo begun > {desk.site.effects}/begun; sleep 3\n")
    desk.adopt()
    with warm(desk.site) as program:
        client = desk.start("playbooks/account.yml")
        eventually((desk.site.effects / "begun").exists)
        began = time.monotonic()
        assert program.stop() == 0
        assert time.monotonic() - began > 1
        client.communicate(timeout=20)
        assert client.returncode == 0


def test_an_account_that_is_being_worked_on_is_left_alone(desk: WarmDesk) -> None:
    dawdle(desk)
    with warm(desk.site):
        client = desk.start("playbooks/account.yml", name="same")
        eventually(lambda: is_dawdling(desk))
        assert desk.run("playbooks/well.yml", name="same")[0] == 75
        assert desk.run("playbooks/well.yml", name="other")[0] == 0
        client.kill()
        client.communicate(timeout=20)
        eventually(lambda: desk.run("playbooks/well.yml", name="same")[0] == 0)


def test_a_job_goes_over_the_warm_ansible(site: Site) -> None:
    once(site)
    with warm(site):
        job = site.job()
        site.hand_in(job)
        once(site)
        assert site.report(job).outcome == Outcome.SUCCEEDED
        assert effect(site) == "a1001 1.1\n"
