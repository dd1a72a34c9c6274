"""Jobs under leases: one attempt at a time, late and foreign reports change nothing, nobody holds others up."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.jobs import Outcome, Progress, open_signed
from api import counters, orders, piccolo_conf
from api.equipment import Equipment
from api.lifecycle import OrderState
from api.notices.tables import Outbox
from api.provisioning import jobs, reports, view
from api.provisioning.tables import Job, JobProgress
from tests.unit.api.playedhosts import (
    STAFF,
    account_of,
    job_of,
    lose,
    one_job,
    public_key,
    report,
    take,
    take_one,
    tell,
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("database")

SOON = timedelta(hours=2)


async def test_success_makes_the_order_active_and_tells_how_to_use_it(equipment: Equipment) -> None:
    order_id, taken = await one_job(equipment)
    assert await orders.state_of(order_id) is OrderState.PROVISIONING
    await tell(taken, facts={"database_host": "localhost", "php_version": "8.2"})
    await tell(taken)
    assert await orders.state_of(order_id) is OrderState.ACTIVE
    shown = await view.account_of(order_id, equipment.settings)
    assert shown is not None
    assert shown.database.host == "localhost"
    assert shown.mail.address == f"postmaster@{shown.name}.hosting.test"
    assert await Outbox.count().where(Outbox.order == order_id, Outbox.kind == "account_ready") == 1


async def test_a_job_file_holds_what_the_host_needs_and_nothing_of_the_customer(equipment: Equipment) -> None:
    _, taken = await one_job(equipment)
    job, payload = open_signed(taken.file, public_key(equipment))
    assert (job.host, job.fence) == ("h1", taken.fence)
    assert not any(domain.mail for domain in job.account.domains), "no registry has confirmed it"
    text = payload.decode()
    assert not [word for word in ("O'Brien", "Markt", "example.org", "+4915", "DE02", "80331") if word in text]


async def test_an_attempt_that_was_given_up_changes_nothing_any_more(equipment: Equipment) -> None:
    order_id, first = await one_job(equipment)
    await lose(first)
    second = await take_one(equipment, order_id)
    assert second.fence > first.fence
    for outcome in Outcome:
        with pytest.raises(jobs.StaleError):
            await tell(first, outcome)
    with pytest.raises(jobs.StaleError):
        await jobs.renew(first.row["id"], "h1", first.fence, [], 30)
    assert await orders.state_of(order_id) is OrderState.PROVISIONING
    await tell(second)
    with pytest.raises(jobs.StaleError):
        await tell(first, Outcome.FAILED)
    assert await orders.state_of(order_id) is OrderState.ACTIVE


async def test_a_report_between_two_attempts_comes_too_late(equipment: Equipment) -> None:
    order_id, first = await one_job(equipment)
    await lose(first)
    with pytest.raises(jobs.StaleError):
        await tell(first)
    assert await orders.state_of(order_id) is OrderState.PROVISIONING


async def test_a_restored_api_hands_out_attempts_that_are_newer_than_all_before(equipment: Equipment) -> None:
    order_id, first = await one_job(equipment)
    await lose(first)
    await counters.take(counters.EPOCH)
    second = await take_one(equipment, order_id)
    assert second.fence > (first.row["epoch"], 10**6)


@pytest.mark.parametrize("changes", [{"host": "h2"}, {"job_id": "0" * 32}, {"attempt": 99}, {"epoch": 99}])
async def test_a_report_about_something_else_is_stale(equipment: Equipment, changes: dict[str, Any]) -> None:
    order_id, taken = await one_job(equipment)
    with pytest.raises(jobs.StaleError):
        await tell(taken, **changes)
    assert await orders.state_of(order_id) is OrderState.PROVISIONING


async def test_another_host_finds_no_such_job(equipment: Equipment) -> None:
    _, taken = await one_job(equipment)
    with pytest.raises(jobs.NoJobError):
        await reports.take(taken.row["id"], "h2", report(taken, host="h2"))
    with pytest.raises(jobs.NoJobError):
        await jobs.renew(taken.row["id"], "h2", taken.fence, [], 30)
    assert await take(equipment, "h2") == []


async def test_twenty_reports_at_once_are_taken_once(equipment: Equipment) -> None:
    order_id, taken = await one_job(equipment)
    results = await asyncio.gather(*(tell(taken) for _ in range(20)), return_exceptions=True)
    assert {type(result) for result in results} <= {type(None), jobs.StaleError}
    assert None in results
    assert await Outbox.count().where(Outbox.order == order_id, Outbox.kind == "account_ready") == 1


async def test_what_a_task_refused_is_parked_at_once_and_staff_can_retry_it(equipment: Equipment) -> None:
    order_id, taken = await one_job(equipment)
    await tell(taken, Outcome.FAILED, problem="nginx \x1b[31msays no\nto the domain")
    row = await job_of(order_id)
    assert row["state"] == "PARKED"
    assert "\x1b" not in row["problem"]
    assert await orders.state_of(order_id) is OrderState.PROVISIONING_FAILED
    told = await Outbox.select(Outbox.kind).where(Outbox.order == order_id).output(as_list=True)
    assert {"staff_alarm", "account_delayed"} <= set(told)
    async with piccolo_conf.DB.transaction():
        await jobs.retry(order_id, actor=STAFF)
    again = await take_one(equipment, order_id)
    assert again.fence > taken.fence
    await tell(again)
    assert await orders.state_of(order_id) is OrderState.ACTIVE


async def test_a_lease_that_is_renewed_is_not_taken_back(equipment: Equipment) -> None:
    order_id, taken = await one_job(equipment)
    await Job.update({Job.lease_until: datetime.now(UTC) - timedelta(seconds=1)}, force=True)
    await jobs.renew(taken.row["id"], "h1", taken.fence, [], 30)
    await jobs.end_leases(datetime.now(UTC))
    assert (await job_of(order_id))["state"] == "RUNNING"


async def test_a_renewal_that_was_answered_holds_against_a_sweep_at_the_same_time(equipment: Equipment) -> None:
    order_id, taken = await one_job(equipment)
    for _ in range(20):
        over = datetime.now(UTC) - timedelta(seconds=1)
        await Job.update({Job.lease_until: over}, force=True)
        renewed, *_ = await asyncio.gather(
            jobs.renew(taken.row["id"], "h1", taken.fence, [], 30),
            *(jobs.end_leases(datetime.now(UTC)) for _ in range(3)),
            return_exceptions=True,
        )
        state = (await job_of(order_id))["state"]
        assert state == ("RUNNING" if renewed is None else "READY")
        if state == "READY":
            await Job.update({Job.not_before: None, Job.tries: 0}, force=True)
            taken = await take_one(equipment, order_id)


async def test_the_steps_of_a_playbook_are_kept_plain_and_not_without_end(equipment: Equipment) -> None:
    _, taken = await one_job(equipment)
    evil = Progress(datetime(2026, 1, 1), "\x1b]0;\u202eowned\x00" + "x" * 180, "ok", "h1")  # noqa: DTZ001 (an agent may send it so)
    for _ in range(4):
        await jobs.renew(taken.row["id"], "h1", taken.fence, [evil] * 200, 30)
    steps = await JobProgress.select()
    assert len(steps) == jobs.MOST_STEPS
    assert not [step for step in steps if {"\x1b", "\x00", "\u202e"} & set(step["task"])]


async def test_a_log_is_kept_with_its_lines_and_without_its_control_characters(equipment: Equipment) -> None:
    order_id, taken = await one_job(equipment)
    await tell(taken, log="one\ntwo\x1b[2J\x00\r\u202e", changed=10**12, facts={"php\x00": "8\n2"})
    row = await job_of(order_id)
    assert row["log"].startswith("one\ntwo")
    assert not {"\x1b", "\x00", "\r", "\u202e"} & set(row["log"])
    assert "\n" not in "".join(json.loads((await account_of(order_id))["facts"]).values())
