"""A lease is kept while the job is really seen to, and no longer."""

from __future__ import annotations

import os
import time

import pytest

from agent.leases import GRACE_S, Leases
from agent.progress import Beat, ProgressFile
from agent.spool import BEAT, PROGRESS, Attempt, Spool
from tests.unit.agent.site_folder import Site

ATTEMPT = Attempt("0" * 32, 1, 1)
SILENCE_S = 100.0


@pytest.fixture
def leases(site: Site) -> Leases:
    leases = Leases(site.spool, SILENCE_S)
    leases.hold(ATTEMPT, 30.0)
    return leases


def age(leases: Leases, seconds: float) -> None:
    """Let the job be handed in so long ago."""
    leases.held[ATTEMPT].handed_at = time.time() - seconds


def let_runner_live(spool: Spool, seconds_ago: float = 0.0) -> None:
    (spool.out / BEAT).touch()
    os.utime(spool.out / BEAT, (time.time() - seconds_ago,) * 2)


def test_a_job_that_waits_is_seen_to_while_the_runner_lives(site: Site, leases: Leases) -> None:
    site.spool.hand_in(ATTEMPT, b"job")
    age(leases, 3600)
    assert not leases.is_true(ATTEMPT)
    let_runner_live(site.spool)
    assert leases.is_true(ATTEMPT)
    let_runner_live(site.spool, seconds_ago=SILENCE_S + 1)
    assert not leases.is_true(ATTEMPT)


def test_a_job_that_was_begun_is_seen_to(site: Site, leases: Leases) -> None:
    age(leases, 3600)
    let_runner_live(site.spool)
    assert not leases.is_true(ATTEMPT)
    ProgressFile(site.spool, ATTEMPT, host="web1").add("Users", "started")
    assert leases.is_true(ATTEMPT)


def test_a_job_on_its_way_into_work_is_given_a_moment(site: Site, leases: Leases) -> None:
    let_runner_live(site.spool)
    age(leases, GRACE_S - 5)
    assert leases.is_true(ATTEMPT)
    age(leases, GRACE_S + 1)
    assert not leases.is_true(ATTEMPT)


def test_the_ledger_survives_a_kill(site: Site, leases: Leases) -> None:
    leases.note_renewal(ATTEMPT, 30.0, sent=7)
    (site.spool.tmp / ".torn").touch()
    (site.spool.tmp / f"{'1' * 32}.1.1.held").write_bytes(b"{")
    again = Leases(site.spool, SILENCE_S)
    assert again.held[ATTEMPT].sent == 7
    assert len(again.held) == 2
    again.drop(ATTEMPT)
    assert ATTEMPT not in Leases(site.spool, SILENCE_S).held


def test_signs_of_life_replace_what_the_courier_may_have_put_there(site: Site) -> None:
    target = site.root / "shadow"
    target.write_text("untouched")
    for name in (BEAT, ATTEMPT.stem + PROGRESS):
        (site.spool.out / name).symlink_to(target)
    Beat(site.spool).renew()
    ProgressFile(site.spool, ATTEMPT, host="web1").add("Users", "ok")
    assert target.read_text() == "untouched"
    assert len(site.spool.progress(ATTEMPT)) == 1
    assert not list(site.spool.cur.iterdir())


def test_progress_that_cannot_be_shown_does_not_stop_the_work(site: Site) -> None:
    (site.spool.out / (ATTEMPT.stem + PROGRESS)).mkdir()
    ProgressFile(site.spool, ATTEMPT, host="web1").add("Users", "ok")
    assert not list(site.spool.cur.iterdir())
