"""Jobs between the API and the host they are pinned to: claimed under a lease, kept alive, reported, tried again.

(epoch, attempt) is the fence: only the attempt that was handed out last may renew or report.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from piccolo.columns.combination import WhereRaw

from agent.jobs import Progress
from api import counters, journal, orders
from api.engine.conflicts import is_unavailable
from api.lifecycle import JOB_MOVES, IllegalMoveError, JobEvent, JobState, OrderEvent, OrderState, follow
from api.notices import outbox
from api.piccolo_conf import DB
from api.provisioning.tables import Account, Job, JobProgress
from api.provisioning.text import plain

Write = Callable[[Mapping[str, Any]], Awaitable[bytes]]
"""Makes the file of a job that is being handed out, in the same transaction."""

FIRST_UNFINISHED = WhereRaw(
    'NOT EXISTS (SELECT 1 FROM job AS earlier WHERE earlier.account = "job"."account"'
    ' AND earlier.sequence < "job"."sequence" AND earlier.state <> {})',
    JobState.SUCCEEDED.value,
)

MOST_TRIES = 5
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 300.0
MOST_STEPS = 500
"""Steps of a playbook that are kept of one attempt."""


log = logging.getLogger("ankunft.jobs")


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


async def hosts_with_work(now: datetime) -> list[str]:
    """Return the hosts that have a job to be handed out now."""
    due = Job.not_before.is_null() | (Job.not_before <= now)
    ready = Job.select(Job.host).where(Job.state == JobState.READY.value, due).distinct()
    return [str(host) for host in await ready.output(as_list=True)]


async def claim(host: str, most: int, lease_s: int, write: Write) -> list[tuple[dict[str, Any], bytes]]:
    """Hand *host* its next jobs with their files; of each account only the first unfinished one.

    A job whose file cannot be made spends a try and waits, so that it keeps no other one back.
    """
    now = datetime.now(UTC)
    mine = (Job.state == JobState.READY.value) & (Job.host == host)
    due = Job.not_before.is_null() | (Job.not_before <= now)
    ready = await Job.select().where(mine, due, FIRST_UNFINISHED).order_by(Job.created_at).limit(most)
    claimed: list[tuple[dict[str, Any], bytes]] = []
    for row in ready:
        try:
            async with DB.transaction():
                job = await _claim_one(row, host, now + timedelta(seconds=lease_s))
                file = await write(job)
        except IllegalMoveError:
            continue  # another process handed it out
        except Exception as error:
            if is_unavailable(error):
                raise
            log.error("the file of job %s could not be made: %s", row["id"], type(error).__name__)  # noqa: TRY400 (its text may hold personal data)
            async with DB.transaction():
                await try_again(await _claim_one(row, host, now), JobEvent.ERRORED, journal.SYSTEM)
        else:
            claimed.append((job, file))
    return claimed


async def _claim_one(row: dict[str, Any], host: str, lease_until: datetime) -> dict[str, Any]:
    await move(row, JobEvent.CLAIMED, actor=journal.host(host))
    others = await Job.select(Job.attempt).where(Job.account == row["account"])
    fence = {"attempt": max(other["attempt"] for other in others) + 1, "epoch": await counters.epoch()}
    tries = row["tries"] + 1
    await Job.update(
        {Job.attempt: fence["attempt"], Job.epoch: fence["epoch"], Job.lease_until: lease_until, Job.tries: tries}
    ).where(Job.id == row["id"])
    order = await order_of(row)
    if await orders.state_of(order) is OrderState.ACCEPTED:
        await orders.move(order, OrderEvent.PROVISIONING_BEGUN, actor=journal.host(host))
    return row | fence | {"tries": tries, "state": JobState.RUNNING.value, "order": order}


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
        JobProgress(
            job=job_id, attempt=row["attempt"], at=_utc(step.at), task=plain(step.task, 200), status=step.status
        )
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
                still = (Job.id == row["id"]) & (Job.attempt == row["attempt"]) & (Job.lease_until < now)
                if await Job.update({Job.lease_until: None}).where(still).returning(Job.id):
                    await try_again(row, JobEvent.LEASE_ENDED, journal.SYSTEM)
        except IllegalMoveError:
            continue  # the report came just now
        except Exception as error:
            if is_unavailable(error):
                raise
            log.error("job %s could not be taken back: %s", row["id"], type(error).__name__)  # noqa: TRY400 (its text may hold personal data)


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


def _utc(time: datetime) -> datetime:
    """Return a time as an agent tells it; without a zone it means UTC."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)
