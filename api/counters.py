"""Numbers that are unique and rising: taken in the transaction that uses them, or not at all."""

from __future__ import annotations

from api.tables import Counter

CUSTOMER = "customer"
ORDER = "order"
ACCOUNT = "account"
EPOCH = "epoch"

FIRST = {CUSTOMER: 100_001, ORDER: 500_001, ACCOUNT: 1001, EPOCH: 2}
"""What each counter gives first; the rows are made by the first migration. The epoch is 1 before any restore."""


class NoCounterError(LookupError):
    """A counter that no migration made."""


async def take(name: str) -> int:
    """Return the next number of counter *name*. A rollback gives it back, a commit spends it."""
    rows = await Counter.update({Counter.last: Counter.last + 1}).where(Counter.name == name).returning(Counter.last)
    if not rows:
        raise NoCounterError(f"there is no counter {name}; run `ankunft migrate`")
    return int(rows[0]["last"])


async def skip(name: str, by: int) -> int:
    """Leave out *by* numbers of counter *name*, which may have been given out before a restore; return the last one."""
    rows = await Counter.update({Counter.last: Counter.last + by}).where(Counter.name == name).returning(Counter.last)
    return int(rows[0]["last"])


async def last(name: str) -> int:
    """Return the number that counter *name* gave last."""
    row = await Counter.select(Counter.last).where(Counter.name == name).first()
    if row is None:
        raise NoCounterError(f"there is no counter {name}; run `ankunft migrate`")
    return int(row["last"])


async def epoch() -> int:
    """Return the epoch: raised by every restore from a backup, so that hosts see which attempts are newer."""
    return await last(EPOCH)
