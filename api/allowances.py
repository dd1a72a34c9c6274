"""What may happen only so often in a period: counted in one guarded statement, however many ask at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil

from api.tables import Allowance


def today(now: datetime) -> str:
    """Return the period of a day (UTC)."""
    return f"{now:%Y-%m-%d}"


def until_tomorrow_s(now: datetime) -> int:
    """Return the seconds, rounded up, until the next day (UTC) begins."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return max(1, ceil((midnight - now).total_seconds()))


async def take(scope: str, period: str, most: int) -> int | None:
    """Take one of the *most* that *scope* has in *period*; return how many are taken now, None if none was left.

    In the caller's transaction: what is rolled back was not taken. Who takes of several scopes in one transaction does
    it in the same order everywhere, the narrowest first, so that no two wait for each other.
    """
    row = Allowance(scope=scope, period=period, first_at=datetime.now(UTC))
    await Allowance.insert(row).on_conflict(action="DO NOTHING")
    taken = (
        await Allowance.update({Allowance.taken: Allowance.taken + 1})
        .where(Allowance.scope == scope, Allowance.period == period, Allowance.taken < most)
        .returning(Allowance.taken)
    )
    return int(taken[0]["taken"]) if taken else None


async def forget_old(now: datetime) -> None:
    """Remove what was counted more than a week ago."""
    await Allowance.delete().where(Allowance.first_at < now - timedelta(days=8))
