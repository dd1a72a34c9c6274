"""`python -m tests.faults.unguarded serve|work`: the API without lease and fence, to see the checker convict it.

The product has no switch for this. Every lease counts as over at each look, and a report is taken from whatever
attempt it comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from agent.jobs import Report
from api.cli import main
from api.lifecycle import JobEvent
from api.provisioning import jobs, reports
from api.provisioning.tables import Job

FAR = timedelta(days=365)
told_now: ContextVar[Report | None] = ContextVar("told_now", default=None)

guarded_end_leases, guarded_move, guarded_own, guarded_take = jobs.end_leases, jobs.move, jobs.own, reports.take


async def end_leases(now: datetime) -> None:
    """Take every job back, however alive its attempt is."""
    await guarded_end_leases(now + FAR)


async def take(job_id: str, host: str, told: Report) -> None:
    """Take a report and remember whose attempt it is."""
    told_now.set(told)
    await guarded_take(job_id, host, told)


async def own(job_id: str, host: str) -> dict[str, Any]:
    """Return the job as if the attempt that speaks were the one that is waited for."""
    row, told = await guarded_own(job_id, host), told_now.get()
    return row if told is None else row | {"attempt": told.attempt, "epoch": told.epoch}


async def move(row: Mapping[str, Any], event: JobEvent, **more: Any) -> int:
    """Move a job whoever holds it by now."""
    newest = await Job.select(Job.attempt).where(Job.id == row["id"]).first()
    assert newest is not None
    return await guarded_move({**row, "attempt": newest["attempt"]}, event, **more)


def without_guards() -> None:
    """Take lease and fence out of this process."""
    jobs.end_leases, jobs.move, jobs.own, reports.take = end_leases, move, own, take


if __name__ == "__main__":
    without_guards()
    main()
