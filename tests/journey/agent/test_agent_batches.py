"""Whatever is queued is one run; each job has its own report, and one that fails or is slow holds no other back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from agent.jobs import Job, Outcome
from agent.spool import REPORT, Attempt
from tests.journey.agent.batch_site import batches, make_batch_site
from tests.journey.agent.by_hand import once
from tests.journey.agent.process import eventually, running
from tests.journey.agent.warm_desk import warm
from tests.unit.agent.site_folder import HASH, Site

A_TICK_S = 0.02
"""After so long the next file is younger, for the kernel's clock too."""


@pytest.fixture(autouse=True)
def _batch_site(site: Site) -> None:
    make_batch_site(site)


def report_of(site: Site, job: Job) -> Path:
    return site.spool.done / (Attempt(job.job_id, job.epoch, job.attempt).stem + REPORT)


def is_reported(site: Site, job: Job) -> bool:
    return report_of(site, job).exists()


def reported_at(site: Site, job: Job) -> float:
    return report_of(site, job).stat().st_mtime


def test_what_is_queued_is_one_run_with_a_report_for_each(site: Site) -> None:
    jobs = [site.job(number=number) for number in range(1000, 1006)]
    for job in jobs:
        site.hand_in(job)
    log = once(site)
    assert batches(site) == [6]
    for job in jobs:
        report = site.report(job)
        assert (report.outcome, report.changed, report.job_id) == (Outcome.SUCCEEDED, 1, job.job_id)
        assert report.facts == {"database_host": "localhost"}
        assert f"made {job.account.name}" in report.log
        assert not [other for other in jobs if other is not job and other.account.name in report.log]
        assert HASH not in report.log
    assert log.count("SUCCEEDED") == 6
    assert not list(site.spool.cur.iterdir())
    assert not list(site.settings.run_dir.iterdir())


def test_one_that_fails_has_its_own_run_and_says_why(site: Site) -> None:
    jobs = [site.job(number=number) for number in (1001, 1007, 1002)]
    for job in jobs:
        site.hand_in(job)
    once(site)
    assert [site.report(job).outcome for job in jobs] == [Outcome.SUCCEEDED, Outcome.FAILED, Outcome.SUCCEEDED]
    failed = site.report(jobs[1])
    assert failed.problem == "Have an effect: a1007 is not possible"
    assert "PLAY RECAP" in failed.log
    assert "PLAY RECAP" not in site.report(jobs[0]).log


def test_a_slow_one_holds_no_report_back_and_what_comes_later_does_not_wait_for_it(site: Site) -> None:
    slow, quick, later = (site.job(number=number) for number in (1008, 1001, 1002))
    site.hand_in(slow)
    site.hand_in(quick)
    with running("runner", site.config, site.root / "runner.log"):
        eventually(lambda: is_reported(site, quick), within_s=60)
        site.hand_in(later)
        eventually(lambda: is_reported(site, slow), within_s=60)
        eventually(lambda: is_reported(site, later), within_s=60)
    assert reported_at(site, quick) < reported_at(site, slow) - 3
    assert reported_at(site, later) < reported_at(site, slow)
    assert {site.report(job).outcome for job in (slow, quick, later)} == {Outcome.SUCCEEDED}


def test_an_account_s_jobs_keep_their_order(site: Site) -> None:
    first = site.job(number=1001, attempt=1, job_id="f" * 32)  # a batch would come to it after the second
    second = site.job(number=1001, attempt=2, job_id="0" * 32)
    other = site.job(number=1002)
    for job in (first, second, other):
        site.hand_in(job)
        time.sleep(A_TICK_S)
    once(site)
    assert (site.effects / "a1001").read_text() == "1.1\n1.2\n"
    assert {site.report(job).outcome for job in (first, second, other)} == {Outcome.SUCCEEDED}


def test_one_that_kills_the_run_takes_no_other_along(site: Site) -> None:
    jobs = [site.job(number=number) for number in (1001, 1009, 1002)]
    for job in jobs:
        site.hand_in(job)
    once(site)
    outcomes = [site.report(job).outcome for job in jobs]
    assert outcomes == [Outcome.SUCCEEDED, Outcome.ERRORED, Outcome.SUCCEEDED]


def test_what_a_killed_runner_was_working_on_is_run_alone(site: Site) -> None:
    jobs = [site.job(number=number) for number in (1001, 1002, 1003)]
    names = [site.hand_in(job) for job in jobs]
    for name in names:
        (site.spool.new / name).rename(site.spool.cur / name)
    once(site)
    assert batches(site) == []
    assert {site.report(job).outcome for job in jobs} == {Outcome.SUCCEEDED}


def test_batches_can_be_turned_off(site: Site) -> None:
    site.set(batch=1)
    jobs = [site.job(number=number) for number in (1001, 1002, 1003)]
    for job in jobs:
        site.hand_in(job)
    once(site)
    assert batches(site) == []
    assert {site.report(job).outcome for job in jobs} == {Outcome.SUCCEEDED}


def test_a_batch_goes_over_the_warm_ansible(site: Site) -> None:
    once(site)
    with warm(site):
        jobs = [site.job(number=number) for number in (1001, 1002, 1007)]
        for job in jobs:
            site.hand_in(job)
        once(site)
        assert batches(site) == [3]
        assert [site.report(job).outcome for job in jobs] == [Outcome.SUCCEEDED, Outcome.SUCCEEDED, Outcome.FAILED]
