"""Jobs between the API and the host they are pinned to: claimed under a lease, kept alive, reported, tried again.

(epoch, attempt) is the fence: only the attempt that was handed out last may renew or report.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.jobs import Progress
from api import counters, journal, orders
from api.lifecycle import JOB_MOVES, IllegalMoveError, JobEvent, JobState, OrderEvent, OrderState, follow
from api.notices import outbox
from api.piccolo_conf import DB
from api.provisioning.tables import Account, Job, JobProgress
from api.provisioning.text import plain

MOST_TRIES = 5
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 300.0
MOST_STEPS = 500
"""Steps of a playbook that are kept of one attempt."""


class StaleError(Exception):
    """The attempt is not the one that was handed out last, or its lease is over."""


class NoJobError(LookupError):
    """There is no such job for this host."""


async def move(
    row: Mapping[str, Any], event: JobEvent, *, actor: str, facts: Mapping[str, Any] | None = None, public: bool = False
) -> int:
    """Move a job as it was read in *row*, in the caller's transaction; return the journal row. Nobody else does.

    Raises:
        IllegalMoveError: the event does not fit, or the job was moved by somebody else meanwhile.
    """
    before = JobState(row["state"])
    after = follow(JOB_MOVES, before, event)
    guard = (Job.id == row["id"]) & (Job.state == before.value) & (Job.attempt == row["attempt"])
    if not await Job.update({Job.state: after.value}).where(guard).returning(Job.id):
        raise IllegalMoveError(f"{event} came at the same time as something else")
    order = await Account.select(Account.order).where(Account.id == row["account"]).first()
    assert order is not None
    return await journal.write(
        subject="account" if public else "job", subject_id=row["id"], order=order["order"], event=event, actor=actor,
        before=before, after=after, facts=facts, public=public,
    )  # fmt: skip


async def claim(host: str, most: int, lease_s: int) -> list[dict[str, Any]]:
    """Hand *host* its next jobs, at most one for each account and the first unfinished one of it."""
    now = datetime.now(UTC)
    ready = (
        await Job.select()
        .where(Job.state == JobState.READY.value, Job.host == host, Job.not_before.is_null() | (Job.not_before <= now))
        .order_by(Job.created_at)
        .limit(4 * most)
    )
    claimed: list[dict[str, Any]] = []
    for row in ready[: 4 * most]:
        if len(claimed) == most:
            break
        try:
            async with DB.transaction():
                if (job := await _claim_one(row, host, now + timedelta(seconds=lease_s))) is not None:
                    claimed.append(job)
        except IllegalMoveError:
            continue  # another process handed it out
    return claimed


async def _claim_one(row: dict[str, Any], host: str, lease_until: datetime) -> dict[str, Any] | None:
    others = await Job.select(Job.sequence, Job.state, Job.attempt).where(Job.account == row["account"])
    if any(o["sequence"] < row["sequence"] and o["state"] != JobState.SUCCEEDED.value for o in others):
        return None
    await move(row, JobEvent.CLAIMED, actor=journal.host(host))
    attempt = max(other["attempt"] for other in others) + 1
    epoch = await counters.epoch()
    await Job.update(
        {Job.attempt: attempt, Job.epoch: epoch, Job.lease_until: lease_until, Job.tries: Job.tries + 1}
    ).where(Job.id == row["id"])
    order = await order_of(row)
    if await orders.state_of(order) is OrderState.ACCEPTED:
        await orders.move(order, OrderEvent.PROVISIONING_BEGUN, actor=journal.host(host))
    return row | {"attempt": attempt, "epoch": epoch, "order": order}


async def renew(job_id: str, host: str, fence: tuple[int, int], progress: Sequence[Progress], lease_s: int) -> None:
    """Keep the lease of a job alive and write down what its playbook did since.

    Raises:
        NoJobError: *host* has no such job.
        StaleError: it is not this attempt's any more.
    """
    row = await own(job_id, host)
    if row["state"] != JobState.RUNNING.value or (row["epoch"], row["attempt"]) != fence:
        raise StaleError("this attempt is not the one that is waited for; leave it")
    kept = await Job.update({Job.lease_until: datetime.now(UTC) + timedelta(seconds=lease_s)}).where(
        Job.id == job_id, Job.state == JobState.RUNNING.value, Job.attempt == row["attempt"]
    ).returning(Job.id)  # fmt: skip
    if not kept:
        raise StaleError("this attempt is not the one that is waited for; leave it")
    steps = await JobProgress.count().where(JobProgress.job == job_id, JobProgress.attempt == row["attempt"])
    lines = [
        JobProgress(job=job_id, attempt=row["attempt"], at=step.at, task=plain(step.task, 200), status=step.status)
        for step in progress[: max(0, MOST_STEPS - steps)]
    ]
    if lines:
        await JobProgress.insert(*lines)


async def park(row: dict[str, Any], event: JobEvent, actor: str) -> None:
    """Park a job alone: staff are told, and the customer if the order waits for it. In the caller's transaction."""
    written = await move(row, event, actor=actor, facts={"attempt": row["attempt"]})
    await Job.update({Job.lease_until: None, Job.finished_at: datetime.now(UTC)}).where(Job.id == row["id"])
    order = await order_of(row)
    await outbox.tell("staff_alarm", order, written, {"what": "job_parked", "host": row["host"]})
    if await orders.state_of(order) is OrderState.PROVISIONING:
        delayed = await orders.move(order, OrderEvent.JOB_PARKED, actor=actor)
        await outbox.tell("account_delayed", order, delayed)


async def try_again(row: dict[str, Any], event: JobEvent, actor: str) -> None:
    """Give a job back with a growing pause, or park it after the last try. In the caller's transaction."""
    if row["tries"] >= MOST_TRIES:
        await park(row, JobEvent.TRIES_USED_UP, actor)
        return
    await move(row, event, actor=actor, facts={"attempt": row["attempt"], "tries": row["tries"]})
    pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (row["tries"] - 1)) * random.uniform(0.5, 1.0)  # noqa: S311 (jitter)
    await Job.update({Job.lease_until: None, Job.not_before: datetime.now(UTC) + timedelta(seconds=pause)}).where(
        Job.id == row["id"]
    )


async def end_leases(now: datetime) -> None:
    """Take back the jobs whose hosts have been silent for longer than their lease."""
    for row in await Job.select().where(Job.state == JobState.RUNNING.value, Job.lease_until < now):
        try:
            async with DB.transaction():
                still = await Job.exists().where(Job.id == row["id"], Job.lease_until < now)
                if still:
                    await try_again(row, JobEvent.LEASE_ENDED, journal.SYSTEM)
        except IllegalMoveError:
            continue  # the report came just now


async def retry(order_id: int, *, actor: str) -> None:
    """Hand the parked job of an order out again, in the caller's transaction.

    Raises:
        IllegalMoveError: nothing of the order is parked.
    """
    account = await Account.select(Account.id).where(Account.order == order_id).first()
    parked = None
    if account is not None:
        mine = (Job.account == account["id"]) & (Job.state == JobState.PARKED.value)
        parked = await Job.select().where(mine).order_by(Job.sequence).first()
    if parked is None:
        raise IllegalMoveError("nothing of this order is parked")
    await move(parked, JobEvent.RETRIED, actor=actor)
    await Job.update({Job.tries: 0, Job.not_before: None, Job.finished_at: None}).where(Job.id == parked["id"])
    if await orders.state_of(order_id) is OrderState.PROVISIONING_FAILED:
        await orders.move(order_id, OrderEvent.RETRIED, actor=actor)


async def own(job_id: str, host: str) -> dict[str, Any]:
    """Return the row of a job that is pinned to *host*.

    Raises:
        NoJobError: there is none.
    """
    row = await Job.select().where(Job.id == job_id, Job.host == host).first()
    if row is None:
        raise NoJobError("there is no such job for this host")
    return row


async def order_of(row: Mapping[str, Any]) -> int:
    """Return the order that a job is for."""
    account = await Account.select(Account.order).where(Account.id == row["account"]).first()
    assert account is not None
    return int(account["order"])
