"""From an accepted order to work for an agent: the account, its draw, its first job. In the caller's transaction."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec

from agent.jobs import UID_OFFSET
from api import counters, journal
from api.catalogue import Tariff
from api.lifecycle import JobState
from api.provisioning.tables import Account, Draw, Job
from api.tables import Order

SERVICES = ("web", "database", "mail")
SEED_BYTES = 16

TO_COME = frozenset({JobState.WAITING_FOR_DRAW, JobState.WAITING_FOR_ROOM, JobState.READY, JobState.PARKED})
"""States of a job whose file is made later."""


async def open_account(order_id: int, tariff: Tariff) -> str:
    """Give order *order_id* its account, a draw whose seed is rolled here and never again, and the first job.

    Returns the account's id. A second one for the same order is refused by the database.
    """
    order = await Order.select(Order.password_hash).where(Order.id == order_id).first()
    assert order is not None
    number = await counters.take(counters.ACCOUNT)
    account_id = uuid4().hex
    await Account.insert(
        Account(
            id=account_id,
            order=order_id,
            number=number,
            name=f"a{number}",
            uid=UID_OFFSET + number,
            pool=tariff.pool,
            password_hash=order["password_hash"],
            limits=msgspec.json.encode(tariff.limits).decode(),
        )
    )
    need = {"services": list(SERVICES), "pool": tariff.pool}
    await Draw.insert(
        Draw(
            id=uuid4().hex,
            account=account_id,
            seed=secrets.token_hex(SEED_BYTES),
            need=msgspec.json.encode(need).decode(),
            state="OPEN",
        )
    )
    await _add_job(account_id, order_id, JobState.WAITING_FOR_DRAW, host=None, sequence=1)
    return account_id


async def set_limits(order_id: int, tariff: Tariff) -> None:
    """Give the account of *order_id* the limits of *tariff*, on the host it has. In the caller's transaction."""
    limits = msgspec.json.encode(tariff.limits).decode()
    await Account.update({Account.limits: limits}).where(Account.order == order_id)
    await enqueue(order_id)


async def enqueue(order_id: int) -> None:
    """Bring the account of *order_id* up to date once more, on the host it has. In the caller's transaction.

    A job that is still to be handed out carries the change by itself: its file is made when it is claimed. The row is
    written to, so that whoever claims it meanwhile waits for the caller's commit.
    """
    account = await Account.select(Account.id).where(Account.order == order_id).first()
    if account is None:
        return
    mine = Job.account == account["id"]
    to_come = Job.state.is_in([state.value for state in TO_COME])
    if await Job.update({Job.target: Job.target}).where(mine, to_come).returning(Job.id):
        return
    last = await Job.select(Job.sequence, Job.host).where(mine).order_by(Job.sequence, ascending=False).first()
    assert last is not None
    await _add_job(account["id"], order_id, JobState.READY, host=last["host"], sequence=last["sequence"] + 1)


async def _add_job(account_id: str, order_id: int, state: JobState, *, host: str | None, sequence: int) -> None:
    job: dict[str, Any] = {"id": uuid4().hex, "account": account_id, "sequence": sequence, "target": "present"}
    await Job.insert(Job(**job, state=state.value, host=host, created_at=datetime.now(UTC)))
    await journal.write(
        subject="job", subject_id=job["id"], order=order_id, event="CREATED", actor=journal.SYSTEM, after=state,
        facts={"sequence": sequence},
    )  # fmt: skip
