"""How the order of a domain ended, as the registry or a person says it: written down, told, and acted on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from api import journal
from api.domains import alarms, registration, trades
from api.domains.desk import Desk, Refresh
from api.domains.registrar import Done, Outcome, Pending, Reason, Refused, Unknown
from api.lifecycle import DomainEvent, DomainState
from api.piccolo_conf import DB

DONE, REFUSED, POSTPONED, UNCLEAR, BY_STAFF = "DONE", "REFUSED", "POSTPONED", "UNCLEAR", "BY_STAFF"

OURS_TO_MEND = frozenset({Reason.BALANCE, Reason.ZONE_NOT_READY, Reason.NAME_SERVERS})
"""Reasons that the customer can do nothing about: staff are told, it is tried again later."""

MOST_LOST = 3
"""So many answers in a row may be lost, the first one among them; then a person looks."""

MOST_FAILURES = 12
"""So often in a row the registry, though it is there, may fail over one domain (about an hour); then a person looks."""

FIRST_FAILURE_PAUSE, LONGEST_FAILURE_PAUSE = timedelta(seconds=5), timedelta(minutes=10)
LOST_PAUSE = timedelta(seconds=2)
PENDING_PAUSE = timedelta(minutes=15)


async def take(desk: Desk, row: Mapping[str, Any], outcome: Outcome) -> None:
    """Take the *outcome* of an open trade."""
    async with DB.transaction():
        domain = await trades.domain_of(row)
        match outcome:
            case Done():
                await confirm(domain, desk.refresh, outcome, actor=journal.SYSTEM)
            case Refused():
                await _refuse(domain, outcome)
            case Pending():
                await _pend(row, domain, outcome)
            case Unknown():
                await _lose(row, domain, outcome)


async def fail(row: Mapping[str, Any], why: str) -> None:
    """The registry could not be asked about the domain of a trade: later again, each time after a longer pause."""
    failures = row["failures"] + 1
    pause = min(LONGEST_FAILURE_PAUSE, FIRST_FAILURE_PAUSE * 2 ** min(failures - 1, 10))
    async with DB.transaction():
        await trades.put_off(row, pause, lost=row["lost"], failures=failures)
        if failures >= MOST_FAILURES:
            await _hand_to_staff(await trades.domain_of(row), why)


async def confirm(domain: Mapping[str, Any], refresh: Refresh, outcome: Done, *, actor: str) -> dict[str, Any]:
    """The domain is ours: close its trade, tell the customer, have its mail switched on. In a transaction."""
    done = await registration.move(domain, registration.confirmation(domain["action"]), actor=actor)
    await trades.close(domain["id"], DONE if actor == journal.SYSTEM else BY_STAFF, outcome)
    await refresh(domain["order"])
    return done


async def refuse(domain: Mapping[str, Any], outcome: Refused, *, actor: str) -> dict[str, Any]:
    """The registry said no for good: tell the customer why and what to do. In a transaction."""
    said = {"reason": outcome.reason.value}
    refused = await registration.move(domain, DomainEvent.REFUSED, actor=actor, said=said)
    await trades.close(domain["id"], REFUSED, outcome)
    return refused


async def release(domain: Mapping[str, Any], event: DomainEvent, refresh: Refresh, *, actor: str) -> dict[str, Any]:
    """The name belongs to the order no longer: its account is brought up to date without it. In a transaction."""
    done = await registration.move(domain, event, actor=actor)
    await trades.close(domain["id"], BY_STAFF)
    await refresh(domain["order"])
    return done


async def _refuse(domain: Mapping[str, Any], outcome: Refused) -> None:
    if outcome.reason in OURS_TO_MEND and domain["state"] == DomainState.ORDERED:
        await trades.close(domain["id"], POSTPONED, outcome)
        said = {"reason": outcome.reason.value}
        moved = await registration.move(domain, DomainEvent.POSTPONED, actor=journal.SYSTEM, said=said)
        if not await trades.is_repetition(domain["id"]):  # each reason is told once, tried for as long as it takes
            await alarms.postponed(moved, outcome.reason.value)
    else:
        await refuse(domain, outcome, actor=journal.SYSTEM)


async def _pend(row: Mapping[str, Any], domain: Mapping[str, Any], outcome: Pending) -> None:
    await trades.put_off(row, PENDING_PAUSE, lost=0, reference=outcome.reference)
    if domain["state"] != DomainState.PENDING:
        await registration.move(domain, DomainEvent.PENDED, actor=journal.SYSTEM)


async def _lose(row: Mapping[str, Any], domain: Mapping[str, Any], outcome: Unknown) -> None:
    lost = row["lost"] + 1
    await trades.put_off(row, LOST_PAUSE, lost=lost)
    if lost >= MOST_LOST:
        await _hand_to_staff(domain, outcome.why)


async def _hand_to_staff(domain: Mapping[str, Any], why: str) -> None:
    await trades.close(domain["id"], UNCLEAR)
    moved = await registration.move(domain, DomainEvent.HANDED_TO_STAFF, actor=journal.SYSTEM)
    await alarms.unclear(moved, why)
