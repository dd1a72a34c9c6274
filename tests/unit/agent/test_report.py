"""What a run means, and what of it leaves the server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from agent.jobs import MAX_LOG_CHARS, Outcome, Report
from agent.provision import BUSY_RC, Run, Task
from agent.redact import HIDDEN, redact
from agent.report import Verdict, compose, deliver, deliver_again, forget_old, judge
from agent.spool import Attempt
from tests.unit.agent.site_folder import HASH, Site

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def run(status: str = "successful", rc: int = 0, said: list[Task] | None = None, /, **columns: Any) -> Run:
    """Return a run with a recap that has these columns for web1."""
    stats = {name: {"web1": count} for name, count in columns.items()} if columns else None
    return Run(status=status, rc=rc, stats=stats, failures=said or [])


@pytest.mark.parametrize(
    ("finished", "outcome"),
    [
        (run(processed=1, ok=3, changed=2), Outcome.SUCCEEDED),
        (run("failed", 2, [Task("Web", "name taken")], processed=1, failures=1), Outcome.FAILED),
        (run("failed", 2, [Task("Web", "No space left on device")], processed=1, failures=1), Outcome.ERRORED),
        (
            run("failed", 2, [Task("Database", "no answer", could_not_try=True)], processed=1, failures=1),
            Outcome.ERRORED,
        ),
        (run("failed", 4, [Task("Web", "no route")], processed=1, ok=1, dark=1), Outcome.ERRORED),
        (run("successful", 0), Outcome.ERRORED),
        (run("successful", 0, ok=0), Outcome.ERRORED),
        (run("failed", 250), Outcome.ERRORED),
        (run("failed", 4), Outcome.ERRORED),
        (run("failed", BUSY_RC), Outcome.ERRORED),
        (run("timeout", 254, processed=1), Outcome.ERRORED),
        (run("failed", 1, processed=1, ok=3), Outcome.ERRORED),
    ],
)
def test_only_the_hosts_own_line_in_the_recap_is_success(finished: Run, outcome: Outcome) -> None:
    verdict = judge(finished, "web1")
    assert verdict.outcome == outcome
    assert (verdict.problem is None) == (outcome == Outcome.SUCCEEDED)


def test_success_of_another_host_is_none_of_this_one() -> None:
    assert judge(run(processed=1, ok=1), "web2").outcome == Outcome.ERRORED


def test_the_last_failure_is_the_problem() -> None:
    failures = [Task("First", "rescued"), Task("Second", "name taken")]
    assert judge(run("failed", 2, failures, processed=1, failures=1), "web1").problem == "Second: name taken"


@pytest.mark.parametrize(
    "text",
    [
        HASH,
        f'"{HASH}"',
        "$y$j9T$abcdefghijk$lmnopqrstuvwxyz",
        "$2b$12$abcdefghijklmnopqrstuv",
        "$argon2id$v=19$m=65536$c29tZXNhbHQ",
        "IDENTIFIED BY 'hunter2hunter2'",
        "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk",
        'the "pass/word"',
        'the \\"pass\\/word\\"',
    ],
)
def test_a_secret_is_hidden_by_value_and_by_shape(text: str) -> None:
    clean = redact(f"before {text} after", ["h" * 86, '"pass/word"', HASH])
    assert HIDDEN in clean
    assert clean.startswith("before ")
    assert not any(part in clean for part in ("hhhhhh", "lmnop", "c29t", "hunter", "2470", "MC4C", "b3Bl", "word"))


def test_what_is_no_secret_stays() -> None:
    text = "costs $6 and $12.50, see /srv/accounts/a1001, 100% Bio GmbH"
    assert redact(text, ["", "a"]) == text


def test_a_report_keeps_its_limits_whatever_was_said(site: Site) -> None:
    verdict = Verdict(Outcome.FAILED, "p" * 9_000, 1, {"f" * 900: "v" * 900} | {str(n): n for n in range(200)})
    lines = ["\x1b[31mred\x1b[0m", "Ü" * 100_000, "\ud800", "the end"]
    report = compose(site.job(), verdict, started_at=NOW, log=lines, secrets=())
    again = msgspec.json.decode(msgspec.json.encode(report), type=Report)
    assert len(again.log.encode()) <= MAX_LOG_CHARS
    assert again.log.endswith("the end")
    assert "\x1b" not in again.log


def test_a_report_is_kept_and_can_be_laid_out_again(site: Site) -> None:
    job = site.job()
    attempt = Attempt(job.job_id, 1, 1)
    assert not deliver_again(site.spool, attempt)
    report = compose(job, Verdict(Outcome.SUCCEEDED), started_at=NOW, log=(), secrets=())
    deliver(site.spool, report)
    site.spool.forget(attempt)
    assert deliver_again(site.spool, attempt)
    assert site.report(job) == report
    forget_old(site.spool, NOW.timestamp() * 2)
    assert not list(site.spool.done.iterdir())


def test_a_link_in_the_couriers_folder_is_replaced_not_followed(site: Site) -> None:
    job = site.job()
    target = site.root / "shadow"
    target.write_text("untouched")
    (site.spool.out / (Attempt(job.job_id, 1, 1).stem + ".report.json")).symlink_to(target)
    deliver(site.spool, compose(job, Verdict(Outcome.SUCCEEDED), started_at=NOW, log=(), secrets=()))
    assert target.read_text() == "untouched"
    assert site.report(job).outcome == Outcome.SUCCEEDED
