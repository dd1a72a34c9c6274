"""What may happen only so often in a period: counted in one guarded statement, however many ask at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from math import ceil

from api.tables import Allowance

NEIGHBOURHOOD_BITS = {4: 24, 6: 48}
MOST_REMEMBERED = 50_000


class TooSoonError(Exception):
    """Something was asked for too often; `wait_s` says when to come back."""

    def __init__(self, message: str, wait_s: int) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class Shares:
    """What is counted in a process's memory alone: for what may cost no statement, and is not worth one.

    Each process counts for itself, and a restart forgets; so the limit is one a process.
    """

    def __init__(self) -> None:
        self._taken: dict[tuple[str, str], int] = {}

    def take(self, scope: str, period: str, most: int) -> bool:
        """Take one of the *most* that *scope* has in *period*; return whether one was left."""
        taken = self._taken.get((scope, period), 0)
        if taken >= most:
            return False
        self._taken[scope, period] = taken + 1
        if len(self._taken) > MOST_REMEMBERED:
            del self._taken[next(iter(self._taken))]
        return True


def neighbourhood(client_ip: str | None) -> str:
    """Return the network around an address that counts as one place: /24, for IPv6 /48."""
    if client_ip is None:
        return "unknown"
    address = ip_address(client_ip)
    return str(ip_network((address, NEIGHBOURHOOD_BITS[address.version]), strict=False))


def today(now: datetime) -> str:
    """Return the period of a day (UTC)."""
    return f"{now:%Y-%m-%d}"


def this_hour(now: datetime) -> str:
    """Return the period of an hour (UTC)."""
    return f"{now:%Y-%m-%d %H}"


def until_tomorrow_s(now: datetime) -> int:
    """Return the seconds, rounded up, until the next day (UTC) begins."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return max(1, ceil((midnight - now).total_seconds()))


def until_next_hour_s(now: datetime) -> int:
    """Return the seconds, rounded up, until the next hour begins."""
    return 3600 - now.minute * 60 - now.second


async def take(scope: str, period: str, most: int) -> int | None:
    """Take one of the *most* that *scope* has in *period*; return how many are taken now, None if none was left.

    In the caller's transaction: what is rolled back was not taken. Who takes of several scopes in one transaction does
    it in the same order everywhere, the narrowest first, so that no two wait for each other.
    """
    row = Allowance(scope=scope, period=period, first_at=datetime.now(UTC))
    await Allowance.insert(row).on_conflict(action="DO NOTHING")
    counted = (
        await Allowance.update({Allowance.taken: Allowance.taken + 1})
        .where(Allowance.scope == scope, Allowance.period == period, Allowance.taken < most)
        .returning(Allowance.taken)
    )
    return int(counted[0]["taken"]) if counted else None


async def taken(scope: str, period: str) -> int:
    """Return how many *scope* took in *period*."""
    row = await Allowance.select(Allowance.taken).where(Allowance.scope == scope, Allowance.period == period).first()
    return 0 if row is None else int(row["taken"])


async def forget_old(now: datetime) -> None:
    """Remove what was counted more than a week ago."""
    await Allowance.delete().where(Allowance.first_at < now - timedelta(days=8))
