"""What a run means, and the report that says so.

FAILED: a task said no, repeating will not help. ERRORED: it could not be tried, worth a repetition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from agent import durable
from agent.jobs import MAX_LOG_CHARS, Job, Outcome, Report
from agent.journal import printable
from agent.provision import BUSY_RC, Run
from agent.redact import redact
from agent.spool import REPORT, Attempt, Spool

MAX_PROBLEM_CHARS = 500
MAX_FACT_CHARS = 200
MAX_FACTS = 50
KEPT_S = 30 * 86_400.0
"""Longer than any job is valid: a replay of an older one is late, not unknown."""

_NO_ROOM_TO_TRY = re.compile(
    r"\[Errno (?:5|12|24|28|30)\]|No space left on device|Read-only file system|Cannot allocate memory"
)
"""A full or failing disk or memory speaks through whatever task meets it; the account is not at fault."""

_CUT = "\n[… cut …]\n"


class Verdict(msgspec.Struct, frozen=True):
    """How an attempt ended, why, and how much it changed."""

    outcome: Outcome
    problem: str | None = None
    changed: int = 0
    facts: dict[str, Any] = {}


def judge(run: Run, host: str) -> Verdict:
    """Tell what a finished *run* means for *host*; only the host's own line in the recap counts as success."""
    if run.status == "timeout":
        return Verdict(Outcome.ERRORED, f"the run took too long and was ended in the task '{run.last_task}'")
    if run.rc == BUSY_RC:
        return Verdict(Outcome.ERRORED, "an earlier run for this account is still at work; it is tried again later")
    if run.stats is None:
        said = "".join(run.log).strip()[-300:]
        return Verdict(Outcome.ERRORED, f"the playbook was not run (rc {run.rc}): {said or 'Ansible said nothing'}")
    return _judge_recap(run, run.stats, host)


def _judge_recap(run: Run, stats: dict[str, Any], host: str) -> Verdict:
    changed = _count(stats, "changed", host)
    reason = "; ".join(f"{task.name}: {task.message}" for task in run.failures[-1:]) or "no reason given"
    if _count(stats, "dark", host):
        return Verdict(Outcome.ERRORED, f"{host} could not be reached: {reason}", changed)
    if _count(stats, "failures", host):
        untried = _NO_ROOM_TO_TRY.search(reason) or any(task.could_not_try for task in run.failures[-1:])
        return Verdict(Outcome.ERRORED if untried else Outcome.FAILED, reason, changed)
    if not _count(stats, "processed", host):
        return Verdict(Outcome.ERRORED, f"no play touched {host}; look for it in the inventory and in the play's hosts")
    if run.status != "successful" or run.rc != 0:
        return Verdict(Outcome.ERRORED, f"the run ended as {run.status} (rc {run.rc})", changed)
    return Verdict(Outcome.SUCCEEDED, None, changed, dict(stats.get("artifact_data") or {}))


def judge_in_batch(run: Run, host: str, name: str) -> Verdict | None:
    """Tell that the job *name* succeeded in the batch that *run* worked on; None = it has to be run alone.

    Success takes the host's line in the recap, a line of the job in each task that was not a failure, and a last one
    that says it was tried. A batch never reports a failure: that takes the job's own run, with its own log.
    """
    if run.stats is None or not _count(run.stats, "processed", host) or _count(run.stats, "dark", host):
        return None
    lines = [lines[name] for _, lines in run.lines if name in lines]
    if len(lines) != len(run.lines) or not lines or any(line.get("failed") for line in lines):
        return None
    if lines[-1].get("tried") is not True:
        return None
    changed = sum(bool(line.get("changed")) for line in lines)
    return Verdict(Outcome.SUCCEEDED, None, changed, dict(lines[-1].get("facts") or {}))


def log_in_batch(run: Run, name: str, size: int) -> list[str]:
    """Return the log of the job *name* in a batch of *size* jobs: what each task said of it."""
    log = [f"in one run with {size - 1} others"]
    for task, lines in run.lines:
        line = lines.get(name) or {}
        state = "skipped" if line.get("skipped") else "changed" if line.get("changed") else "ok"
        log += [f"TASK [{task}]", state, *(f"  {thing}" for thing in line.get("changes") or ())]
    return log


def compose(
    job: Job, verdict: Verdict, *, started_at: datetime, log: Iterable[str], secrets: tuple[str, ...]
) -> Report:
    """Return the report of an attempt: within its limits, one alphabet of printable lines, without secrets."""
    problem = verdict.problem and printable(redact(verdict.problem, secrets))[:MAX_PROBLEM_CHARS]
    return Report(
        schema=1,
        job_id=job.job_id,
        attempt=job.attempt,
        epoch=job.epoch,
        host=job.host,
        outcome=verdict.outcome,
        changed=verdict.changed,
        started_at=started_at,
        finished_at=datetime.now(UTC),
        problem=problem,
        facts={
            printable(str(name))[:MAX_FACT_CHARS]: printable(redact(str(value), secrets))[:MAX_FACT_CHARS]
            for name, value in list(verdict.facts.items())[:MAX_FACTS]
        },
        log=_clean_log("\n".join(log), secrets),
    )


def deliver(spool: Spool, report: Report) -> None:
    """Keep *report* and lay it out for the courier. Done twice it is the same.

    Raises:
        OSError: it could not be written; to be repeated, the attempt is not over before.
    """
    name = Attempt(report.job_id, report.epoch, report.attempt).stem + REPORT
    content = msgspec.json.encode(report)
    durable.write(spool.done / name, content, beside=spool.cur)
    durable.write(spool.out / name, content, mode=0o644, beside=spool.cur)


def deliver_again(spool: Spool, attempt: Attempt) -> bool:
    """Lay out the report of an attempt that is over already; False when there is none."""
    name = attempt.stem + REPORT
    try:
        content = (spool.done / name).read_bytes()
    except FileNotFoundError:
        return False
    durable.write(spool.out / name, content, mode=0o644, beside=spool.cur)
    return True


def forget_old(spool: Spool, now: float) -> None:
    """Remove jobs and reports that nobody can ask for any more."""
    for path in spool.done.iterdir():
        if now - path.lstat().st_mtime > KEPT_S:
            path.unlink()


def _count(stats: dict[str, Any], column: str, host: str) -> int:
    return int((stats.get(column) or {}).get(host, 0))


def _clean_log(text: str, secrets: tuple[str, ...]) -> str:
    lines = [printable(line) for line in redact(text, secrets).splitlines()]
    clean = "\n".join(lines)
    if len(clean) <= MAX_LOG_CHARS and len(clean.encode()) <= MAX_LOG_CHARS:
        return clean
    part = MAX_LOG_CHARS // 4
    head, tail = clean.encode()[:part], clean.encode()[-2 * part :]
    return head.decode(errors="ignore") + _CUT + tail.decode(errors="ignore")
