"""The runner with real Ansible: from a file in the spool to an effect and a report."""

from __future__ import annotations

import stat

import pytest

from agent.jobs import Outcome, sign
from agent.spool import PROGRESS, REPORT, Attempt
from tests.journey.agent.by_hand import commands_with, effect, once, tasks
from tests.unit.agent.site_folder import HASH, Site


def test_a_job_becomes_an_account_and_a_report_and_nothing_else(site: Site) -> None:
    job = site.job()
    name = site.hand_in(job)
    log = once(site)
    report = site.report(job)
    assert effect(site) == "a1001 1.1\n"
    assert (report.outcome, report.changed, report.problem) == (Outcome.SUCCEEDED, 1, None)
    assert report.facts == {"database_host": "localhost"}
    assert "TASK [Write the account]" in report.log
    assert not (site.spool.cur / name).exists()
    assert (site.spool.done / name).read_bytes() == sign(job, site.api_key)
    assert not list(site.settings.run_dir.iterdir())
    assert "a1001: SUCCEEDED" in log
    progress = (site.spool.out / (Attempt(job.job_id, 1, 1).stem + PROGRESS)).read_text()
    assert '"task":"Write the account","status":"changed"' in progress


def test_running_again_changes_nothing(site: Site) -> None:
    first, second = site.job(attempt=1), site.job(attempt=2)
    tasks(site, f"    - ansible.builtin.file: {{path: '{site.effects}/a1001', state: directory, mode: '0700'}}\n")
    for job in (first, second):
        site.hand_in(job)
        once(site)
    assert (site.report(first).changed, site.report(second).changed) == (1, 0)


def test_the_secret_reaches_no_report_progress_or_log(site: Site) -> None:
    tasks(
        site,
        "    - ansible.builtin.set_fact: {job: \"{{ lookup('file', account_job_file) | from_json }}\"}\n"
        '    - name: "Leak {{ job.account.password_hash }}"\n'
        '      ansible.builtin.debug: {msg: "{{ job.account.password_hash }} $6$other$0123456789abcdef"}\n'
        '    - ansible.builtin.fail: {msg: "refused {{ job.account.password_hash }}"}\n',
    )
    job = site.job()
    site.hand_in(job)
    log = once(site)
    secret = HASH.rsplit("$", 1)[-1]
    kept = [*site.spool.out.iterdir(), *site.spool.done.glob("*" + REPORT)]
    texts = [log, *(path.read_text() for path in kept)]
    assert len(texts) == 5
    assert not [text for text in texts if secret in text or "0123456789abcdef" in text]
    assert "refused [hidden]" in (site.report(job).problem or "")


def test_a_run_inherits_nothing(site: Site) -> None:
    tasks(site, f"    - ansible.builtin.shell: env > {site.effects}/environment\n")
    site.hand_in(site.job())
    once(site, CREDENTIAL="from the unit", ANSIBLE_REMOTE_USER="somebody", PYTHONPATH="/somewhere")
    environment = (site.effects / "environment").read_text()
    assert "ANKUNFT_RUN=" in environment
    assert not [name for name in ("CREDENTIAL", "ANSIBLE_REMOTE_USER", "PYTHONPATH") if name in environment]


def test_the_job_is_no_template(site: Site) -> None:
    """Text of the job that looks like a template stays text: only its path is a variable."""
    tasks(site, f"    - ansible.builtin.command: cp {{{{ account_job_file }}}} {site.effects}/job\n")
    site.hand_in(site.job())
    once(site)
    assert stat.S_IMODE((site.effects / "job").stat().st_mode) == 0o600
    assert HASH in (site.effects / "job").read_text()


FAILING = "    - {name: Refuse, ansible.builtin.fail: {msg: the name is taken}}\n"
FULL = "    - {name: Write, ansible.builtin.fail: {msg: '[Errno 28] No space left on device'}}\n"
AWAY = (
    "    - {name: Reach, ansible.builtin.ping: , vars: "
    "{ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 9}}\n"
)
SLOW = "    - {name: Dawdle, ansible.builtin.command: sleep 60}\n"


@pytest.mark.parametrize(
    ("playbook", "outcome", "words"),
    [
        (FAILING, Outcome.FAILED, "Refuse: the name is taken"),
        (FULL, Outcome.ERRORED, "No space left"),
        (AWAY, Outcome.ERRORED, "web1 could not be reached"),
        (SLOW, Outcome.ERRORED, "took too long and was ended in the task 'Dawdle'"),
    ],
    ids=["failed", "full", "unreachable", "slow"],
)
def test_failed_is_not_errored(site: Site, playbook: str, outcome: Outcome, words: str) -> None:
    site.set(run_timeout_s=4)
    tasks(site, playbook)
    job = site.job()
    site.hand_in(job)
    once(site)
    assert site.report(job).outcome == outcome
    assert words in (site.report(job).problem or "")


def test_a_play_that_touches_nobody_is_no_success(site: Site) -> None:
    site.playbook.write_text("- name: Nobody\n  hosts: mail\n  tasks: []\n")
    job = site.job()
    site.hand_in(job)
    once(site)
    assert site.report(job).outcome == Outcome.ERRORED
    assert "no play touched web1" in (site.report(job).problem or "")


def test_without_working_playbooks_a_job_is_not_tried(site: Site) -> None:
    site.playbook.write_text("- hosts: [\n")
    job = site.job()
    site.hand_in(job)
    once(site)
    assert site.report(job).outcome == Outcome.ERRORED
    assert "there are no working playbooks" in (site.report(job).problem or "")


def test_an_ended_run_leaves_no_process(site: Site) -> None:
    site.set(run_timeout_s=3)
    tasks(site, f"    - {{name: Dawdle, ansible.builtin.shell: 'sleep 600; echo {site.effects}'}}\n")
    site.hand_in(site.job())
    once(site)
    assert not commands_with(f"echo {site.effects}")
