"""What must not stop the runner: hostile files, a full disk, kill -9, lost events, a broken edit."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.jobs import Outcome
from agent.spool import BEAT, JOB, REPORT, Attempt
from tests.journey.agent.by_hand import effect, once, tasks
from tests.journey.agent.process import eventually, running
from tests.unit.agent.site_folder import Site


def test_one_poisoned_file_holds_up_no_other(site: Site) -> None:
    job, other = site.job(number=1001), site.job(number=1002)
    for number in range(20):
        os.mkfifo(site.spool.new / f"{number:032x}.1.1.job")
        (site.spool.new / f"odd{number}").symlink_to("/dev/zero")
    site.hand_in(job)
    (site.spool.new / f"{'f' * 32}.1.1.job").write_bytes(b"junk")
    site.hand_in(other)
    log = once(site)
    assert (effect(site, 1001), effect(site, 1002)) == ("a1001 1.1\n", "a1002 1.1\n")
    assert len(list(site.spool.parked.iterdir())) == 41
    assert log.count("parked") == 41


def test_stale_foreign_late_and_replayed_jobs_start_no_playbook(site: Site) -> None:
    newest = site.job(attempt=5)
    site.hand_in(newest)
    once(site)
    (site.effects / "a1001").unlink()
    late = site.job(number=1002, not_after=datetime.now(UTC) - timedelta(seconds=1))
    for job in (site.job(attempt=4), site.job(attempt=5), site.job(host="web2", attempt=9), late, newest):
        site.hand_in(job)
    (site.spool.out / (Attempt(newest.job_id, 1, 5).stem + REPORT)).unlink()
    once(site)
    assert not list(site.effects.iterdir())
    assert len(list(site.spool.parked.iterdir())) == 3
    assert site.report(newest).outcome == Outcome.SUCCEEDED
    assert site.report(late).outcome == Outcome.ERRORED
    assert "set the clock" in (site.report(late).problem or "")


def test_killed_in_its_middle_it_converges_to_one_effect(site: Site) -> None:
    """The module that the killed run had started is ended before the repetition begins."""
    tasks(
        site,
        f"    - ansible.builtin.shell: echo begun >> {site.effects}/log; sleep 4; echo done >> {site.effects}/log\n",
    )
    job = site.job()
    name = site.hand_in(job)
    log = site.effects / "log"
    with running("runner", site.config, site.root / "runner.log") as runner:
        eventually(log.exists)
        runner.kill()
    assert (site.spool.cur / name).exists()
    assert list(site.settings.run_dir.iterdir())
    once(site)
    assert log.read_text().split() == ["begun", "begun", "done"]
    assert site.report(job).outcome == Outcome.SUCCEEDED
    assert not list(site.settings.run_dir.iterdir())
    assert not list(site.spool.cur.iterdir())


def test_the_accounts_lock_outlives_a_killed_runner(site: Site) -> None:
    tasks(site, f"    - ansible.builtin.shell: touch {site.effects}/begun; sleep 3\n")
    job = site.job()
    site.hand_in(job)
    with running("runner", site.config, site.root / "runner.log") as runner:
        eventually((site.effects / "begun").exists)
        runner.kill()
    lock = site.settings.state_dir / "locks" / job.account.id
    assert subprocess.run(["flock", "--nonblock", lock, "true"], check=False).returncode == 1
    once(site)


def test_a_request_to_end_lets_the_running_job_finish(site: Site) -> None:
    tasks(site, f"    - ansible.builtin.shell: touch {site.effects}/begun; sleep 2\n")
    job, next_job = site.job(number=1001), site.job(number=1002)
    site.hand_in(job)
    with running("runner", site.config, site.root / "runner.log") as runner:
        eventually((site.effects / "begun").exists)
        waits = site.hand_in(next_job)
        assert runner.stop() == 0
    assert site.report(job).outcome == Outcome.SUCCEEDED
    assert (site.spool.new / waits).exists()


def test_a_second_request_drops_the_job_for_the_next_start(site: Site) -> None:
    tasks(site, f"    - ansible.builtin.shell: touch {site.effects}/begun; sleep 30\n")
    job = site.job()
    name = site.hand_in(job)
    with running("runner", site.config, site.root / "runner.log") as runner:
        eventually((site.effects / "begun").exists)
        runner.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        assert runner.stop(patience_s=8) == 0
    assert (site.spool.cur / name).exists()
    tasks(site, "    - ansible.builtin.ping:\n")
    once(site)
    assert site.report(job).outcome == Outcome.SUCCEEDED


def test_a_second_runner_on_the_same_state_does_not_start(site: Site) -> None:
    with running("runner", site.config, site.root / "runner.log"):
        eventually((site.spool.out / BEAT).exists)
        with pytest.raises(subprocess.CalledProcessError) as refused:
            once(site)
    assert "another one works on" in refused.value.stderr
    assert refused.value.returncode == 75


def test_it_wakes_at_an_arrival_long_before_it_would_look_by_itself(site: Site) -> None:
    site.set(rescan_s=60.0)
    with running("runner", site.config, site.root / "runner.log") as runner:
        eventually(lambda: "is in use" in runner.said())
        time.sleep(0.5)
        site.hand_in(site.job())
        eventually(lambda: effect(site), within_s=10)


def test_it_finds_by_itself_what_no_event_told(site: Site) -> None:
    with running("runner", site.config, site.root / "runner.log") as runner:
        eventually(lambda: "is in use" in runner.said())
        time.sleep(0.5)
        site.settings.spool_dir.rename(site.root / "elsewhere")  # what is watched goes with it, without an event
        for name in ("tmp", "new", "cur", "done", "parked", "out"):
            (site.settings.spool_dir / name).mkdir(parents=True)
        site.hand_in(site.job())
        eventually(lambda: effect(site))


def test_a_broken_edit_leaves_the_last_good_version_working(site: Site) -> None:
    good = site.playbook.read_text()
    with running("runner", site.config, site.root / "runner.log") as runner:
        site.hand_in(site.job(number=1001))
        eventually(lambda: effect(site, 1001))
        site.playbook.write_text(good + "    - no: [such\n")
        eventually(lambda: "the edit is not in use" in runner.said())
        job = site.job(number=1002)
        site.hand_in(job)
        eventually(lambda: effect(site, 1002))
        eventually((site.spool.out / (Attempt(job.job_id, 1, 1).stem + REPORT)).exists)
        assert "is not in use: ansible-playbook says" in site.report(job).log
        site.playbook.write_text(good.replace("{{ account.epoch }}", "edited {{ account.epoch }}"))
        eventually(lambda: runner.said().count("is in use") == 2)
        site.hand_in(site.job(number=1003))
        eventually(lambda: effect(site, 1003) == "a1003 edited 1.1\n")


@pytest.fixture
def small_spool(site: Site) -> Iterator[Path]:
    """Put the spool on a disk of one megabyte."""
    folder = site.settings.spool_dir
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    try:
        for name in ("tmp", "new", "cur", "done", "parked", "out"):
            (folder / name).mkdir()
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_delays_the_report_and_repeats_no_work(site: Site, small_spool: Path) -> None:
    filler = small_spool / "filler"
    tasks(
        site,
        f"    - ansible.builtin.shell: echo done >> {site.effects}/log; cat /dev/zero > {filler}\n"
        "      failed_when: false\n",
    )
    job = site.job()
    name = site.hand_in(job)
    report = small_spool / "out" / name.replace(JOB, REPORT)
    with running("runner", site.config, site.root / "runner.log") as runner:
        eventually(lambda: "put off" in runner.said())
        assert (small_spool / "cur" / name).exists()
        assert not report.exists()
        filler.unlink()
        eventually(report.exists)
    assert site.report(job).outcome == Outcome.SUCCEEDED
    assert (site.effects / "log").read_text() == "done\n"


def test_a_report_that_somebody_stands_in_the_way_of_waits(site: Site) -> None:
    job = site.job()
    name = site.hand_in(job)
    blocked = site.spool.out / name.replace(JOB, REPORT)
    blocked.mkdir()
    (blocked / "in the way").touch()
    with running("runner", site.config, site.root / "runner.log") as runner:
        eventually(lambda: "put off" in runner.said())
        assert (site.spool.cur / name).exists()
        (blocked / "in the way").unlink()
        blocked.rmdir()
        eventually(blocked.is_file)
