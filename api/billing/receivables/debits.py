"""The debit run (*Lastschrifteinzug*): what is due is collected, one file for each day on which the bank shall do it.

A run is one transaction: the file is made from the rows that it claimed, and is kept sealed, so that the same file can
be had again. What is in a file counts as paid on its day, until the bank sends it back. `files` puts it into a folder.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from api import counters, journal
from api.billing import draft
from api.billing.receivables import debit_file, movements
from api.billing.receivables.bank_days import collectable
from api.billing.receivables.debit_file import Creditor, Debit, DebitFileError
from api.billing.receivables.movements import Booking
from api.billing.receivables.tables import Collection, DebitRun, Receivable, Unwritten
from api.billing.statement import Statement
from api.billing.tables import Invoice
from api.equipment import Equipment
from api.piccolo_conf import DB
from api.seal import UnsealError
from api.sections import SellerFacts
from api.tables import Customer

MOST_OF_A_FILE = 5000
USE = "debit run"


class NoCreditorError(LookupError):
    """The settings do not say in whose name is collected."""


class File(NamedTuple):
    """A file that was made."""

    name: str
    collect_on: date
    debits: int
    sum_cents: int
    content: bytes


class Collected(NamedTuple):
    """What a run did."""

    files: list[File]
    #: Number of an invoice → why no bank would take its debit; it stays due.
    refused: dict[str, str]


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


async def run(equipment: Equipment, until: date, today: date, *, actor: str) -> Collected:
    """Make the files for all that is due up to *until*; again makes nothing.

    A debit that no bank would take is left out and named, all others are collected.

    Raises:
        NoCreditorError: the settings do not say who collects.
    """
    creditor = creditor_of(equipment.settings.seller)
    days: dict[date, list[int]] = defaultdict(list)
    for found in await due(until, today):
        days[found.collect_on].append(found.receivable)
    done = Collected([], {})
    for collect_on, receivables in sorted(days.items()):
        for at in range(0, len(receivables), MOST_OF_A_FILE):
            made, refused = await _file(equipment, creditor, collect_on, receivables[at : at + MOST_OF_A_FILE], actor)
            done.files.extend([made] if made else [])
            done.refused.update(refused)
    return done


def creditor_of(seller: SellerFacts) -> Creditor:
    """Return who collects.

    Raises:
        NoCreditorError: a setting is missing.
    """
    missing = [name for name in ("name", "iban", "bic", "creditor_id") if not getattr(seller, name)]
    if missing:
        raise NoCreditorError(f"debits need [seller] {', '.join(missing)}; fill in the settings")
    return Creditor(seller.name, seller.iban, seller.bic, seller.creditor_id)


def _collectable() -> list[Any]:
    """Return what a debit needs: an open item that did not come back, of an invoice that nobody took back."""
    taken_back = Invoice.select(Invoice.corrects).where(Invoice.corrects.is_not_null())
    return [
        Receivable.way == "sepa_debit", Receivable.open_cents > 0, Receivable.returned_on.is_null(),
        Receivable.invoice.not_in(taken_back),
    ]  # fmt: skip


async def _file(
    equipment: Equipment, creditor: Creditor, collect_on: date, receivables: Sequence[int], actor: str
) -> tuple[File | None, dict[str, str]]:
    """Make one file of what is still due of *receivables*, without those that are refused; say why they are."""
    async with DB.transaction():
        rows = (
            await Receivable.update({Receivable.attempts: Receivable.attempts + 1})
            .where(Receivable.id.is_in(list(receivables)), *_collectable())
            .returning(*Receivable.all_columns())
        )
        if not rows:
            return None, {}
        debits, refused = await _debits(equipment, creditor, sorted(rows, key=lambda row: int(row["id"])))
        await _release([row["id"] for row in rows if row["id"] not in dict(debits)])
        file = await _write(equipment, creditor, collect_on, debits, actor) if debits else None
    return file, refused


async def _write(
    equipment: Equipment, creditor: Creditor, collect_on: date, debits: Sequence[tuple[int, Debit]], actor: str
) -> File:
    number = await counters.take(counters.DEBIT_RUN)
    content = debit_file.write(name(number), datetime.now(UTC), collect_on, creditor, [debit for _, debit in debits])
    total = sum(debit.amount_cents for _, debit in debits)
    file = File(name(number), collect_on, len(debits), total, content)
    await _book(equipment, file, number, debits, actor)
    return file


async def _release(receivables: Sequence[int]) -> None:
    """Let be what was claimed and is in no file."""
    if receivables:
        mine = Receivable.id.is_in(list(receivables))
        await Receivable.update({Receivable.attempts: Receivable.attempts - 1}).where(mine)


async def _debits(
    equipment: Equipment, creditor: Creditor, rows: Sequence[Mapping[str, Any]]
) -> tuple[list[tuple[int, Debit]], dict[str, str]]:
    """Return the debit of each receivable, with the account that the customer has now, and whose no bank would take."""
    found = await Receivable.select(
        Receivable.id, Receivable.invoice.number, Receivable.invoice.statement, Receivable.customer
    ).where(Receivable.id.is_in([row["id"] for row in rows]))
    said = {row["id"]: row for row in found}
    customers = {
        row["id"]: row for row in await Customer.select().where(Customer.id.is_in([row["customer"] for row in rows]))
    }
    debits, refused = [], {}
    for row in rows:
        try:
            debit = _debit(equipment, row, said[row["id"]], customers[row["customer"]])
            debit_file.check(creditor, debit)
        except (DebitFileError, UnsealError) as error:
            refused[str(said[row["id"]]["invoice.number"])] = str(error)
        else:
            debits.append((row["id"], debit))
    return debits, refused


def _debit(equipment: Equipment, row: Mapping[str, Any], said: Mapping[str, Any], customer: Mapping[str, Any]) -> Debit:
    statement = msgspec.json.decode(said["invoice.statement"], type=Statement)
    assert statement.mandate is not None, "what is debited has a mandate"
    if not customer["iban_sealed"]:
        raise DebitFileError("the customer has no account any more")
    mandate = draft.mandate(customer, is_first=statement.mandate.sequence == "FRST")
    word = "Rechnung" if statement.language == "de" else "Invoice"
    return Debit(
        end_to_end_id=f"{statement.number}-{row['attempts']}",
        amount_cents=row["open_cents"],
        mandate=mandate.reference,
        signed_on=mandate.signed_on,
        sequence=mandate.sequence,
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
    await Unwritten.insert(Unwritten(run=made[0]["id"]))
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


def name(number: int) -> str:
    """Return the name of the file of run *number*; it stands in the file, too."""
    return f"ANKUNFT-{number}"
