"""Reconciling finds what does not fit between contracts, services, entries, invoices and numbers, and nothing else."""

from datetime import date, timedelta
from typing import Any

import pytest
from piccolo.querystring import QueryString

from api import counters, piccolo_conf
from api.billing import corrections, services
from api.billing.periods import today
from api.billing.reconcile import reconcile
from api.billing.run import run
from api.billing.tables import OpenEntry, Service, ServiceEntry
from api.domains import decisions
from api.equipment import Equipment
from api.piccolo_conf import DB
from api.provisioning import handoff
from tests.unit.api.billed import BEGUN, SELLER, accepted, many, task
from tests.unit.api.orderform import new_name

pytestmark = pytest.mark.usefixtures("database")

STAFF = "staff:Anna"


async def kinds(day: date) -> set[str]:
    """Return what is found, by kind."""
    return {found.kind for found in await reconcile(day)}


async def test_a_house_in_order_is_found_in_order(equipment: Equipment) -> None:
    await many(3, 2, first=300_001)
    first, second = await accepted(equipment), await accepted(equipment, billing_interval_months=6)
    day = today("Europe/Berlin")
    await run(task(day))
    await corrections.cancel("R700004", SELLER, day, actor=STAFF, anew=True)
    async with DB.transaction():
        await services.end(first, day + timedelta(days=3), actor=STAFF)
        await services.end(second, day + timedelta(days=3), actor=STAFF)
        await services.resume(equipment, second, day + timedelta(days=5), actor=STAFF)
    assert await reconcile(day) == []
    await run(task(day + timedelta(days=400)))
    assert await reconcile(day + timedelta(days=400)) == []


async def test_numbers_left_out_by_a_restore_are_accounted_for() -> None:
    await many(1, 1)
    async with DB.transaction():
        await counters.skip(counters.INVOICE, 10)
    assert await kinds(BEGUN - timedelta(days=1)) == {"number"}


async def test_a_service_that_runs_without_an_entry_is_found() -> None:
    await many(1, 1)
    assert await kinds(BEGUN) == set()
    assert await kinds(BEGUN + timedelta(days=1)) == {"service without entry"}
    await run(task(BEGUN))
    assert await kinds(date(2026, 2, 28)) == set()
    assert await kinds(date(2026, 3, 1)) == {"service without entry"}
    await Service.update({Service.next_on: None}, force=True)
    assert await kinds(date(2026, 3, 1)) == {"service without entry"}


async def test_a_contract_or_domain_that_nobody_charges_is_found(equipment: Equipment) -> None:
    names = new_name(), new_name()
    order_id = await accepted(equipment, *names)
    for name in names:
        assert not await reconcile(today("Europe/Berlin"))
        await decisions.vouch(name, handoff.enqueue, actor=STAFF)
        if name == names[0]:
            await services.follow_domains(equipment, order_id)
    assert await kinds(today("Europe/Berlin")) == {"domain without service"}
    await accepted(equipment)
    await OpenEntry.delete(force=True)
    assert await kinds(today("Europe/Berlin")) == {"domain without service", "entry forgotten"}


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"ends_on": date(2026, 2, 10)}, "entry without service"),
        ({"begins_on": date(2026, 1, 30)}, "gap"),
        ({"begins_on": date(2026, 2, 2)}, "overlap"),
        ({"next_on": date(2026, 3, 30)}, "service without entry"),
    ],
)
async def test_entries_that_do_not_fit_their_service_are_found(change: dict[Any, Any], kind: str) -> None:
    await many(1, 1)
    await run(task(BEGUN))
    assert await kinds(BEGUN) == set()
    await Service.update(change, force=True)
    assert kind in await kinds(BEGUN)


async def test_an_entry_that_is_open_and_billed_is_found() -> None:
    await many(1, 1)
    await run(task(BEGUN))
    (entry,) = await ServiceEntry.select()
    await OpenEntry.insert(OpenEntry(entry=entry["id"], customer=entry["customer"], due_on=BEGUN))
    assert await kinds(BEGUN) == {"entry open and billed"}


async def test_what_moves_while_it_is_looked_at_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    await many(1, 3)
    await run(task(BEGUN))
    await corrections.cancel("R700001", SELLER, BEGUN, actor=STAFF, anew=True)
    pass_on, billed = piccolo_conf.DB.run_querystring, list[bool]()

    async def bill_in_between(querystring: QueryString, in_pool: bool = True) -> object:  # noqa: FBT001, FBT002 (Piccolo's signature)
        answer = await pass_on(querystring, in_pool)
        if "open_entry" in querystring.template and not billed:
            billed.append(True)
            await run(task(BEGUN))
        return answer

    monkeypatch.setattr(piccolo_conf.DB, "run_querystring", bill_in_between)
    assert await reconcile(BEGUN) == []
    assert billed
    assert not await OpenEntry.count()
