"""Reports of attempts: taken once, whoever sends them how often, and only from the attempt that is waited for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from agent.jobs import MAX_LOG_CHARS, Outcome, Report
from api import journal, orders
from api.domains.zones import keeping
from api.lifecycle import IllegalMoveError, JobEvent, JobState, OrderEvent, OrderState
from api.notices import outbox
from api.piccolo_conf import DB
from api.provisioning import jobs
from api.provisioning.tables import Account, Job
from api.provisioning.text import plain

MOST_CHANGED = 1_000_000


async def take(job_id: str, host: str, told: Report) -> None:
    """Take the report of an attempt; the same one again is taken again and changes nothing.

    Raises:
        jobs.NoJobError: *host* has no such job.
        jobs.StaleError: it is not of the attempt that was handed out last.
    """
    row = await jobs.own(job_id, host)
    if (told.job_id, told.host) != (job_id, host) or (told.epoch, told.attempt) != (row["epoch"], row["attempt"]):
        raise jobs.StaleError("this report is not of the attempt that is waited for")
    if row["state"] != JobState.RUNNING.value:
        if _is_repetition(row, told):
            return
        raise jobs.StaleError("this report comes after the attempt was given up")
    try:
        async with DB.transaction():
            await Job.update({
                Job.changed: min(told.changed, MOST_CHANGED),
                Job.problem: plain(told.problem, 500) if told.problem else None,
                Job.log: plain(told.log, MAX_LOG_CHARS, lines=True),
            }).where(Job.id == job_id)  # fmt: skip
            await _settle(row, told, journal.host(host))
    except IllegalMoveError as error:
        raise jobs.StaleError("this report came at the same time as another end of the attempt") from error


async def _settle(row: dict[str, Any], told: Report, actor: str) -> None:
    if told.outcome is Outcome.SUCCEEDED:
        await _succeed(row, told, actor)
    elif told.outcome is Outcome.FAILED:
        await jobs.park(row, JobEvent.FAILED, actor)
    else:
        await jobs.try_again(row, JobEvent.ERRORED, actor)


async def _succeed(row: dict[str, Any], told: Report, actor: str) -> None:
    now = datetime.now(UTC)
    facts = {plain(name, 64): plain(value, 200) for name, value in list(told.facts.items())[:32]}
    await jobs.move(row, JobEvent.SUCCEEDED, actor=actor, facts={"attempt": told.attempt, "changed": told.changed})
    await Job.update({Job.finished_at: now, Job.lease_until: None, Job.tries: 0}).where(Job.id == row["id"])
    await Account.update({
        Account.facts: json.dumps(facts), Account.ready_at: now, Account.mail_domains: row["mail_domains"],
    }).where(Account.id == row["account"])  # fmt: skip
    order = await jobs.order_of(row)
    await keeping.touch(order)
    if await orders.state_of(order) in {OrderState.PROVISIONING, OrderState.PROVISIONING_FAILED}:
        written = await orders.move(order, OrderEvent.ACCOUNT_READY, actor=actor)
        await outbox.tell("account_ready", order, written)


def _is_repetition(row: Mapping[str, Any], told: Report) -> bool:
    """Return whether *told* was taken before: its answer was lost."""
    ended = {
        Outcome.SUCCEEDED: {JobState.SUCCEEDED.value},
        Outcome.FAILED: {JobState.PARKED.value},
        Outcome.ERRORED: {JobState.READY.value, JobState.PARKED.value},
    }
    return row["state"] in ended[told.outcome]
