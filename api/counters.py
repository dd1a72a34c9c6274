"""Numbers that are unique and rising: taken in the transaction that uses them, or not at all."""

from __future__ import annotations

from api.tables import Counter

CUSTOMER = "customer"
ORDER = "order"
ACCOUNT = "account"
EPOCH = "epoch"
INVOICE = "invoice"
ARCHIVE = "archive"
DEBIT_RUN = "debit_run"

FIRST = {CUSTOMER: 100_001, ORDER: 500_001, ACCOUNT: 1001, EPOCH: 2}
"""What each counter gives first; the rows are made by the first migration. The epoch is 1 before any restore."""

LATER = {INVOICE: 700_001, ARCHIVE: 1, DEBIT_RUN: 1}
"""Counters of later migrations, which make their rows."""

SEEN_OUTSIDE = (*(name for name in FIRST if name != EPOCH), INVOICE, DEBIT_RUN)
"""Counters whose numbers somebody outside of the database may know: a restore from a backup leaves some of them out."""


class NoCounterError(LookupError):
    """A counter that no migration made."""


async def take(name: str) -> int:
    """Return the next number of counter *name*. A rollback gives it back, a commit spends it."""
    return (await take_many(name, 1))[0]


async def take_many(name: str, how_many: int) -> range:
    """Return the next *how_many* numbers of counter *name*, at least one."""
    more = Counter.update({Counter.last: Counter.last + how_many}).where(Counter.name == name)
    rows = await more.returning(Counter.last)
    if not rows:
        raise NoCounterError(f"there is no counter {name}; run `ankunft migrate`")
    last = int(rows[0]["last"])
    return range(last - how_many + 1, last + 1)


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
