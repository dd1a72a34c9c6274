"""The check of a submitted order, in the background: what is offered to the customer, soon after the click."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec
from piccolo.columns.combination import WhereRaw

from api import journal, orders
from api.equipment import Equipment
from api.intake.risk import alarms, assessments, traces
from api.intake.risk.case import Case, cases_of
from api.intake.risk.gathering import gather
from api.intake.risk.sources import NOBODY, Sources
from api.intake.risk.verdict import Gathered, Verdict, judge, ways
from api.lifecycle import IllegalMoveError, OrderEvent, OrderState
from api.piccolo_conf import DB
from api.riskfacts import Facts
from api.ruleset import Outcome
from api.tables import Customer, Order

BATCH = 50
EVENTS: Mapping[Outcome, OrderEvent] = MappingProxyType(
    {
        Outcome.SMS: OrderEvent.OFFERED,
        Outcome.CONTRACT: OrderEvent.OFFERED,
        Outcome.REVIEW: OrderEvent.HELD_FOR_REVIEW,
        Outcome.REFUSE: OrderEvent.REFUSED,
    }
)
"""What the rules lead to → what happens to the order. What was refused, a person can reopen."""

log = logging.getLogger("ankunft.screening")


async def screen_waiting(equipment: Equipment, sources: Sources = NOBODY) -> int:
    """Check submitted orders, the oldest first; return how many there were.

    All of a round at the same time, so that a slow source is waited for once. What cannot be checked goes to staff, so
    that it does not keep others waiting.
    """
    waiting = await Order.select().where(Order.state == OrderState.SUBMITTED.value).order_by(Order.id).limit(BATCH)
    cases = await cases_of(equipment, waiting)
    await traces.leave(equipment.seal, cases.values())
    checks = (_screen_or_hold(equipment, sources, order, cases) for order in waiting)
    for failure in await asyncio.gather(*checks, return_exceptions=True):
        if failure is not None:
            raise failure  # not even staff could be given it: the database is away
    return len(waiting)


async def _screen_or_hold(
    equipment: Equipment, sources: Sources, order: Mapping[str, Any], cases: Mapping[int, Case]
) -> None:
    try:
        await screen(equipment, sources, order, cases[order["id"]])
    except IllegalMoveError:
        log.info("order %s was moved while it was checked", order["id"])
    except Exception as error:  # noqa: BLE001 (one bad order must not keep the others waiting)
        log.error("the check of order %s failed with %s", order["id"], type(error).__name__)  # noqa: TRY400 (its text may hold personal data)
        await _hold(equipment, order)


async def screen(equipment: Equipment, sources: Sources, order: Mapping[str, Any], case: Case) -> None:
    """Decide what is offered for *order*, and offer it. Of two who do so at once, one moves it."""
    gathered = await gather(equipment, case, sources)
    verdict = judge(equipment.catalogue.risk, gathered.facts, limits_factor=equipment.settings.risk.limits_factor)
    await settle(equipment, order, gathered, verdict)


async def settle(equipment: Equipment, order: Mapping[str, Any], gathered: Gathered, verdict: Verdict) -> None:
    """Move *order* by its verdict and file why, in one transaction; of several verdicts at once, one counts.

    A verdict about data that were corrected meanwhile counts for nothing: the order is checked again.
    """
    order_id, rules = order["id"], equipment.catalogue.risk
    unchanged = WhereRaw("CAST(orders.applicant AS TEXT) = {}", order["applicant"])  # what JSON is cannot be compared
    offered = ways(verdict.outcome, gathered.facts)
    expires_at = datetime.now(UTC) + timedelta(days=equipment.settings.orders.expires_after_days)
    async with DB.transaction():
        first = (
            await Order.update({
                Order.offered: msgspec.json.encode(offered).decode(),
                Order.expires_at: expires_at if offered else None,
            })
            .where(Order.id == order_id, Order.state == OrderState.SUBMITTED.value, unchanged)
            .returning(Order.id)
        )  # fmt: skip
        if not first:
            return  # another worker, or the customer, was quicker: a later verdict does not offer a review away
        facts = {"offered": offered, "points": verdict.points, "ruleset": rules.version}
        await orders.move(order_id, EVENTS[verdict.outcome], actor=journal.SYSTEM, facts=facts)
        await assessments.file(order_id, rules, gathered, verdict)
        await alarms.tell(order_id, verdict.hits)


async def phone_of(order: dict[str, Any]) -> str:
    """Return the telephone of whoever made *order*."""
    if order["customer"] is not None:
        customer = await Customer.select(Customer.phone).where(Customer.id == order["customer"]).first()
        return str(customer["phone"]) if customer else ""
    return str(json.loads(order["applicant"])["phone"])


async def _hold(equipment: Equipment, order: Mapping[str, Any]) -> None:
    """Give an order that could not be checked to staff, whatever the rules say of that."""
    facts = Facts(check_failed=True)
    verdict = judge(equipment.catalogue.risk, facts, limits_factor=1)
    await settle(equipment, order, Gathered(facts, []), msgspec.structs.replace(verdict, outcome=Outcome.REVIEW))
