"""Domains are ordered at most once: the intent is stored, then sent; when an answer was lost, the registry is asked.

Nothing is sent below an accepted order, and by default nothing before the account and its zone are there.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from api import journal
from api.domains import registration, settling, trades
from api.domains.desk import Desk
from api.domains.registrar import FailedError, Outcome, Reason, Refused, RegistrarUnavailableError, Trade, Unknown
from api.lifecycle import DomainEvent, DomainState, IllegalMoveError, OrderState
from api.piccolo_conf import DB
from api.tables import OrderDomain

BATCH = 100
POSTPONED_FOR = timedelta(minutes=10)
AGAIN_AFTER = timedelta(seconds=5)
MOST_FAILED = 3
"""So many domains one after the other may fail; then it is the registry that does, and the others wait."""

ACCEPTED = frozenset({
    OrderState.ACCEPTED, OrderState.PROVISIONING, OrderState.PROVISIONING_FAILED, OrderState.ACTIVE,
})  # fmt: skip

log = logging.getLogger("ankunft.domains")


def ordered_in(desk: Desk) -> list[str]:
    """Return the states of an order in which its domains may be ordered."""
    waits = desk.equipment.settings.domains.after == "account"
    return [state.value for state in ({OrderState.ACTIVE} if waits else ACCEPTED)]


async def intend_ready(desk: Desk) -> int:
    """Store the intent for every domain that may be ordered now; return how many. Page by page, so that none waits."""
    if desk.registrar.by_hand:
        return 0
    begun, last = 0, 0
    while rows := await _ready(desk, last):
        last = rows[-1]["id"]
        for row in rows:
            begun += await _intend(row)
    return begun


async def settle_due(desk: Desk) -> int:
    """Send what was intended, and look what became of what was sent; return how many trades were touched.

    One domain that fails keeps no other waiting.

    Raises:
        RegistrarUnavailableError: the registry is away, or fails over one domain after the other: all wait.
    """
    touched = failed = 0
    for row in await trades.due(BATCH):
        try:
            await settle(desk, row)
            failed = 0
        except FailedError as error:
            failed += 1
            await settling.fail(row, str(error))
            if failed >= MOST_FAILED:
                raise
        except RegistrarUnavailableError:
            await trades.put_off(row, AGAIN_AFTER, lost=row["lost"], failures=row["failures"])
            raise
        except IllegalMoveError:  # staff, or a message, moved it
            await trades.put_off(row, AGAIN_AFTER, lost=row["lost"], failures=row["failures"])
        except Exception as error:  # noqa: BLE001 (one bad domain must not keep the others waiting)
            log.error("trade %s could not be settled: %s", row["id"], type(error).__name__)  # noqa: TRY400 (its text may hold personal data)
            await settling.take(desk, row, Unknown(type(error).__name__))
        touched += 1
    return touched


async def settle(desk: Desk, row: Mapping[str, Any]) -> None:
    """Bring one trade a step on: look first if it was sent, send it if the registry knows nothing of it."""
    trade = await trades.trade_of(row, await trades.domain_of(row), desk.equipment)
    outcome = None if row["sent_at"] is None else await desk.registrar.look(trade)
    if outcome is None:
        outcome = await _send(desk, row, trade)
    await settling.take(desk, row, outcome)


async def _send(desk: Desk, row: Mapping[str, Any], trade: Trade) -> Outcome:
    domain = await trades.domain_of(row)
    if domain["state"] != DomainState.ORDERED:  # the registry took it, and knows it no more
        return Unknown("the registry knows nothing of what it took")
    if not await trades.mark_sent(row, sent=True):
        return Unknown("closed meanwhile")
    try:
        outcome = await desk.registrar.order(trade)
    except RegistrarUnavailableError:
        await trades.mark_sent(row, sent=False)
        raise
    if row["sent_at"] is not None and isinstance(outcome, Refused) and outcome.reason is Reason.TAKEN:
        return await desk.registrar.look(trade) or outcome  # the first one arrived late
    return outcome


async def _ready(desk: Desk, after: int) -> list[dict[str, Any]]:
    ready = OrderDomain.held_name.is_not_null() & (OrderDomain.state == DomainState.ZONE_READY.value)
    accepted = OrderDomain.order.state.is_in(ordered_in(desk))
    rows = OrderDomain.select().where(ready, accepted, OrderDomain.id > after)
    return list(await rows.order_by(OrderDomain.id).limit(BATCH))


async def _intend(row: Mapping[str, Any]) -> int:
    before = await trades.last(row["id"])
    postponed = before is not None and before["outcome"] == settling.POSTPONED
    if before is not None and postponed and datetime.now(UTC) - before["closed_at"] < POSTPONED_FOR:
        return 0
    try:
        async with DB.transaction():  # committed before anything is sent: after a crash it is looked up
            await registration.move(row, DomainEvent.ORDERED, actor=journal.SYSTEM, quietly=postponed)
            if before is not None and before["outcome"] == settling.UNCLEAR:
                await trades.reopen(before)  # it may have arrived: it is looked up before anything is sent
            else:
                await trades.intend(row["id"])
    except IllegalMoveError:
        return 0  # another worker, or staff, moved it
    return 1
