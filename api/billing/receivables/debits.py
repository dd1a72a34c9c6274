"""The debit run (*Lastschrifteinzug*): what is due is collected, one file for each day on which the bank shall do it.

A run is one transaction: the file is made from the rows that it claimed, and is kept sealed, so that the same file can
be had again. What is in a file counts as paid on its day, until the bank sends it back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from api import counters, journal
from api.billing.receivables import debit_file, movements
from api.billing.receivables.bank_days import collectable
from api.billing.receivables.debit_file import Creditor, Debit
from api.billing.receivables.movements import Booking
from api.billing.receivables.tables import Collection, DebitRun, Receivable
from api.billing.statement import Statement
from api.equipment import Equipment
from api.piccolo_conf import DB
from api.sections import SellerFacts
from api.tables import Customer

MOST_OF_A_FILE = 5000
USE = "debit run"


class NoCreditorError(LookupError):
    """The settings do not say in whose name is collected."""


class NoRunError(LookupError):
    """There is no such file."""


class File(NamedTuple):
    """A file that was made."""

    name: str
    collect_on: date
    debits: int
    sum_cents: int
    content: bytes


class Due(NamedTuple):
    """Whose debit is due, and when it can be collected."""

    receivable: int
    collect_on: date
    open_cents: int


async def due(until: date, today: date) -> list[Due]:
    """Return what is to be debited up to *until*, when each can be collected if its file is handed in *today*."""
    rows = (
        await Receivable.select(Receivable.id, Receivable.due_on, Receivable.open_cents)
        .where(*_collectable(), Receivable.due_on <= until)
        .order_by(Receivable.due_on, Receivable.id)
    )
    return [Due(row["id"], collectable(row["due_on"], today), row["open_cents"]) for row in rows]


async def run(equipment: Equipment, until: date, today: date, *, actor: str) -> list[File]:
    """Make the files for all that is due up to *until*; again makes nothing.

    Raises:
        NoCreditorError: the settings do not say who collects.
        DebitFileError: a file would not be valid; none of its debits is booked.
    """
    creditor = creditor_of(equipment.settings.seller)
    days: dict[date, list[int]] = defaultdict(list)
    for found in await due(until, today):
        days[found.collect_on].append(found.receivable)
    files = []
    for collect_on, receivables in sorted(days.items()):
        for at in range(0, len(receivables), MOST_OF_A_FILE):
            made = await _file(equipment, creditor, collect_on, receivables[at : at + MOST_OF_A_FILE], actor)
            files += [made] if made else []
    return files


async def again(equipment: Equipment, number: int) -> File:
    """Return the file of run *number* as it was made.

    Raises:
        NoRunError: there is no such run.
    """
    row = await DebitRun.select().where(DebitRun.number == number).first()
    if row is None:
        raise NoRunError(f"there is no debit run {number}; `ankunft debit list` shows them")
    content = equipment.seal.unseal(USE, row["content_sealed"]).encode()
    return File(_name(number), row["collect_on"], row["debits"], row["sum_cents"], content)


async def made() -> list[dict[str, Any]]:
    """Return the runs, the oldest first, without their files."""
    columns = [DebitRun.number, DebitRun.collect_on, DebitRun.debits, DebitRun.sum_cents, DebitRun.digest]
    return list(await DebitRun.select(*columns, DebitRun.actor, DebitRun.created_at).order_by(DebitRun.number))


def creditor_of(seller: SellerFacts) -> Creditor:
    """Return who collects.

    Raises:
        NoCreditorError: a setting is missing.
    """
    missing = [name for name in ("name", "iban", "bic", "creditor_id") if not getattr(seller, name)]
    if missing:
        raise NoCreditorError(f"debits need [seller] {', '.join(missing)}; fill in the settings")
    return Creditor(seller.name, seller.iban.replace(" ", ""), seller.bic, seller.creditor_id)


def _collectable() -> list[Any]:
    return [
        Receivable.way == "sepa_debit", Receivable.open_cents > 0, Receivable.returned_on.is_null(),
    ]  # fmt: skip


async def _file(
    equipment: Equipment, creditor: Creditor, collect_on: date, receivables: Sequence[int], actor: str
) -> File | None:
    async with DB.transaction():
        rows = (
            await Receivable.update({Receivable.attempts: Receivable.attempts + 1})
            .where(Receivable.id.is_in(list(receivables)), *_collectable())
            .returning(*Receivable.all_columns())
        )
        if not rows:
            return None
        number = await counters.take(counters.DEBIT_RUN)
        debits = await _debits(equipment, sorted(rows, key=lambda row: int(row["id"])))
        content = debit_file.write(_name(number), datetime.now(UTC), collect_on, creditor, [d for _, d in debits])
        total = sum(debit.amount_cents for _, debit in debits)
        await _book(equipment, File(_name(number), collect_on, len(debits), total, content), number, debits, actor)
    return File(_name(number), collect_on, len(debits), total, content)


async def _debits(equipment: Equipment, rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, Debit]]:
    """Return the debit of each receivable, with the account that the customer has now."""
    found = await Receivable.select(
        Receivable.id, Receivable.invoice.number, Receivable.invoice.statement, Receivable.customer
    ).where(Receivable.id.is_in([row["id"] for row in rows]))
    said = {row["id"]: row for row in found}
    customers = {
        row["id"]: row for row in await Customer.select().where(Customer.id.is_in([row["customer"] for row in rows]))
    }
    return [(row["id"], _debit(equipment, row, said[row["id"]], customers[row["customer"]])) for row in rows]


def _debit(equipment: Equipment, row: Mapping[str, Any], said: Mapping[str, Any], customer: Mapping[str, Any]) -> Debit:
    statement = msgspec.json.decode(said["invoice.statement"], type=Statement)
    assert statement.mandate is not None, "what is debited has a mandate"
    word = "Rechnung" if statement.language == "de" else "Invoice"
    return Debit(
        end_to_end_id=f"{statement.number}-{row['attempts']}",
        amount_cents=row["open_cents"],
        mandate=statement.mandate.reference,
        signed_on=statement.mandate.signed_on,
        sequence=statement.mandate.sequence,
        name=customer["account_holder"] or statement.buyer.name,
        iban=equipment.seal.unseal("iban", customer["iban_sealed"]),
        purpose=f"{word} {statement.number} {statement.seller.name}",
    )


async def _book(equipment: Equipment, file: File, number: int, debits: Sequence[tuple[int, Debit]], actor: str) -> None:
    sealed = equipment.seal.seal(USE, file.content.decode())
    made = await DebitRun.insert(
        DebitRun(
            number=number, collect_on=file.collect_on, debits=file.debits, sum_cents=file.sum_cents,
            content_sealed=sealed, digest=sha256(file.content).hexdigest(), actor=actor, created_at=datetime.now(UTC),
        )
    ).returning(DebitRun.id)  # fmt: skip
    rows = [
        Collection(
            run=made[0]["id"], receivable=receivable, end_to_end_id=debit.end_to_end_id, amount_cents=debit.amount_cents
        )
        for receivable, debit in debits
    ]
    for at in range(0, len(rows), movements.ROWS):
        await Collection.insert(*rows[at : at + movements.ROWS])
    await movements.collect(
        [
            Booking(receivable, "debit", debit.amount_cents, file.collect_on, debit.end_to_end_id, actor)
            for receivable, debit in debits
        ]
    )
    await journal.write(
        subject="debit_run", subject_id=number, event="WRITTEN", actor=actor,
        facts={"debits": file.debits, "cents": file.sum_cents, "collect_on": file.collect_on},
    )  # fmt: skip


def _name(number: int) -> str:
    return f"ANKUNFT-{number}"
