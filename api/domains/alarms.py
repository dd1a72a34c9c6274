"""What staff are told of domains and registries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from api import journal
from api.domains.tables import RegistryLease
from api.notices import outbox

ONCE_IN_H = 6

COLUMNS: Mapping[str, str] = MappingProxyType({"poll_lag": "lag_told_at", "low_balance": "balance_told_at"})
"""What is told of a registry → where it is remembered."""


async def postponed(moved: Mapping[str, Any], reason: str) -> None:
    """The registry refused a domain that was *moved* for what is ours to mend. In the transaction of the move."""
    await _tell(moved, {"what": "domain_postponed", "reason": reason})


async def unclear(moved: Mapping[str, Any], why: str) -> None:
    """Nobody knows what became of a domain that was *moved*. In the transaction of the move."""
    await _tell(moved, {"what": "domain_unclear", "why": why[:200]})


async def by_hand(moved: Mapping[str, Any]) -> None:
    """Nobody but staff can order a domain that was *moved*. In the transaction of the move."""
    await _tell(moved, {"what": "domain_by_hand"})


async def leaving(moved: Mapping[str, Any], until: str) -> None:
    """Another registrar asks for a domain that was *moved*. In the transaction of the move."""
    await _tell(moved, {"what": "domain_leaving", "until": until})


async def expiring(moved: Mapping[str, Any], until: str) -> None:
    """A domain that was *moved* expires soon. In the transaction of the move."""
    await _tell(moved, {"what": "domain_expiring", "until": until})


async def zone_failed(moved: Mapping[str, Any], problem: str) -> None:
    """The zone of a domain cannot be kept. In the caller's transaction."""
    await _tell(moved, {"what": "zone_failed", "problem": problem})


async def tell_of_registry(registry: str, what: str, **facts: str | int) -> None:
    """Tell staff of a registry, not more than once in six hours of the same; in the caller's transaction."""
    column = COLUMNS[what]
    now = datetime.now(UTC)
    row = await RegistryLease.select().where(RegistryLease.registry == registry).first()
    if row is None:
        return
    told = row[column]
    if told is not None and (now - told).total_seconds() < ONCE_IN_H * 3600:
        return
    await RegistryLease.update({column: now}).where(RegistryLease.registry == registry)
    written = await journal.write(
        subject="registry", subject_id=registry, event=what.upper(), actor=journal.SYSTEM, facts=facts
    )
    await outbox.tell("staff_registry", None, written, {"what": what, "registry": registry, **facts})


async def _tell(moved: Mapping[str, Any], said: Mapping[str, str]) -> None:
    context = {"domain": moved["name"], **said}
    await outbox.tell("staff_alarm", moved["order"], moved["journal"], context)
