"""The files for the bank that were made: each is put into a folder once, by itself, and can be had again.

A file waits in `Unwritten` from the transaction that books its debits; whoever deletes the row writes the file, in the
same transaction. Killed in between, or with a full disk, it waits on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.billing.receivables.debits import USE, File, name
from api.billing.receivables.tables import DebitRun, Unwritten
from api.equipment import Equipment
from api.piccolo_conf import DB

RUN: Any = Unwritten.run

Put = Callable[[File], None]
"""Writes a file where the operator wants it; raises when it could not."""


class NoRunError(LookupError):
    """There is no such file."""


async def hand_over(equipment: Equipment, put: Put) -> list[File]:
    """Put all files that lie in no folder yet, the oldest first; return them."""
    done = []
    for row in await Unwritten.select(Unwritten.run, RUN.number).order_by(Unwritten.run):
        async with DB.transaction():
            if await Unwritten.delete().where(Unwritten.run == row["run"]).returning(Unwritten.run):
                done.append(await again(equipment, row["run.number"]))
                put(done[-1])
    return done


async def hand_out(equipment: Equipment, number: int, put: Put) -> None:
    """Put the file of run *number*, as it was made, whether it lies in a folder or not.

    Raises:
        NoRunError: there is no such run.
    """
    async with DB.transaction():
        await Unwritten.delete().where(
            Unwritten.run.is_in(DebitRun.select(DebitRun.id).where(DebitRun.number == number))
        )
        put(await again(equipment, number))


async def again(equipment: Equipment, number: int) -> File:
    """Return the file of run *number* as it was made.

    Raises:
        NoRunError: there is no such run.
    """
    row = await DebitRun.select().where(DebitRun.number == number).first()
    if row is None:
        raise NoRunError(f"there is no debit run {number}; `ankunft debit list` shows them")
    content = equipment.seal.unseal(USE, row["content_sealed"]).encode()
    return File(name(number), row["collect_on"], row["debits"], row["sum_cents"], content)


async def made() -> list[dict[str, Any]]:
    """Return the runs, the oldest first, without their files."""
    columns = [DebitRun.number, DebitRun.collect_on, DebitRun.debits, DebitRun.sum_cents, DebitRun.digest]
    return list(await DebitRun.select(*columns, DebitRun.actor, DebitRun.created_at).order_by(DebitRun.number))
