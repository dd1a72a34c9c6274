"""The only mover of what is open: a guarded change, its movement and its journal row in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

from api import journal
from api.billing.receivables.tables import Movement, Receivable
from api.billing.tables import Invoice, InvoiceLine
from api.engine.conflicts import is_conflict

Kind = Literal["debit", "return", "transfer", "refund", "set_off", "write_off"]
KINDS: tuple[Kind, ...] = ("debit", "return", "transfer", "refund", "set_off", "write_off")

TAKES_WHAT_IS_OPEN = frozenset({"write_off", "set_off", "refund"})
"""Never more than is open, on either side; a customer may well transfer more."""
UNDOABLE = frozenset({"transfer", "refund", "set_off", "write_off"})
"""What people book; a debit is taken back by the bank."""

UNDOING = "undo "
"""How the reference of an opposite begins."""

LONGEST_REFERENCE = 64 - len(UNDOING)
ROWS = 1000
"""Rows of one statement: PostgreSQL takes 32,767 values."""


class NotOwedError(LookupError):
    """There is no such receivable, or less of it is open than was to be booked."""


class BookedBeforeError(LookupError):
    """A movement of this kind with this reference is booked already."""


class Booking(NamedTuple):
    """A movement to be booked."""

    receivable: int
    kind: Kind
    #: Positive = the customer owes less.
    amount_cents: int
    booked_on: date
    reference: str
    actor: str
    reason: str | None = None
    #: It takes an earlier one back, whatever is open.
    is_undoing: bool = False


async def open_up(invoice: Mapping[str, Any], way: str) -> None:
    """Let *invoice* (a row) be owed from now on; set a credit note off against what it takes back."""
    owed = -invoice["gross_cents"] if invoice["kind"] == "credit_note" else invoice["gross_cents"]
    await Receivable.insert(
        Receivable(
            invoice=invoice["id"], customer=invoice["customer"], way=way, due_on=invoice["due_on"], open_cents=owed
        )
    )  # fmt: skip
    pairs = await Invoice.select(Invoice.id, Invoice.number, Invoice.corrects).where(
        (Invoice.corrects == invoice["id"]) | ((Invoice.id == invoice["id"]) & Invoice.corrects.is_not_null())
    )
    for pair in pairs:
        await _set_off_pair(pair)


async def book(booking: Booking) -> int:
    """Book *booking*; return what is open then.

    Raises:
        NotOwedError: there is no such receivable, or it was booked meanwhile down to less than the amount.
        BookedBeforeError: it was booked before.
    """
    guard = [Receivable.id == booking.receivable]
    if booking.kind in TAKES_WHAT_IS_OPEN and not booking.is_undoing:
        is_owed = booking.amount_cents > 0
        enough = (
            Receivable.open_cents >= booking.amount_cents if is_owed else Receivable.open_cents <= booking.amount_cents
        )
        guard.append(enough)
    rows = (
        await Receivable.update({Receivable.open_cents: Receivable.open_cents - booking.amount_cents})
        .where(*guard)
        .returning(Receivable.open_cents, Receivable.invoice)
    )
    if not rows:
        raise NotOwedError("there is no such receivable, or less of it is open")
    try:
        await Movement.insert(_movement(booking))
    except Exception as error:
        if is_conflict(error):
            raise BookedBeforeError(f"{booking.reference} is booked already") from error
        raise
    await _tell(booking, rows[0])
    return int(rows[0]["open_cents"])


async def undo(receivable: int, reference: str, *, actor: str, on: date) -> None:
    """Take back, once, what was booked by hand on *receivable* under *reference*, by its opposite; a set-off on both.

    Raises:
        NotOwedError: nothing was, or it is an opposite itself.
        BookedBeforeError: it was taken back before.
    """
    by_hand = Movement.kind.is_in(sorted(UNDOABLE)) & (Movement.reference == reference)
    found = await Movement.select().where(by_hand, Movement.receivable == receivable)
    if not found or reference.startswith(UNDOING):
        raise NotOwedError(f"nothing that can be undone was booked as {reference}")
    if any(row["kind"] == "set_off" for row in found):
        found += await Movement.select().where(
            by_hand, Movement.kind == "set_off", Movement.receivable != receivable
        )  # fmt: skip
    for row in found:
        await book(
            Booking(
                row["receivable"], row["kind"], -row["amount_cents"], on, f"{UNDOING}{reference}", actor,
                is_undoing=True,
            )
        )  # fmt: skip


async def collect(bookings: Sequence[Booking]) -> None:
    """Book debits of all that is open of their receivables, whose rows the caller holds by a change.

    Raises:
        NotOwedError: one of them is not owed; the caller's transaction has to end.
    """
    ids = [booking.receivable for booking in bookings]
    owed = Receivable.id.is_in(ids) & (Receivable.open_cents > 0)
    if len(await Receivable.update({Receivable.open_cents: 0}).where(owed).returning(Receivable.id)) != len(ids):
        raise NotOwedError("one of the debits is not owed")
    rows = [_movement(booking) for booking in bookings]
    for at in range(0, len(rows), ROWS):
        await Movement.insert(*rows[at : at + ROWS])


async def set_off(credit: int, invoice: int, amount_cents: int, *, reference: str, actor: str, on: date) -> None:
    """Set *amount_cents* of the credit off against the invoice (both receivables).

    Raises:
        NotOwedError: less is open on one of the sides.
    """
    open_of = {
        row["id"]: row["open_cents"]
        for row in await Receivable.select(Receivable.id, Receivable.open_cents).where(
            Receivable.id.is_in([credit, invoice])
        )
    }
    if not 0 < amount_cents <= min(-open_of.get(credit, 0), open_of.get(invoice, 0)):
        raise NotOwedError("less than that is open on one of the two")
    await book(Booking(invoice, "set_off", amount_cents, on, reference, actor))
    await book(Booking(credit, "set_off", -amount_cents, on, reference, actor))


async def left_unpaid(customers: Collection[int]) -> bool:
    """Return whether one of *customers* (ids) left something unpaid: a debit came back, or a transfer is overdue."""
    if not customers:
        return False
    theirs = Receivable.customer.is_in(list(customers)) & (Receivable.open_cents > 0)
    overdue = (Receivable.way == "transfer") & (Receivable.due_on < datetime.now(UTC).date())
    return bool(await Receivable.exists().where(theirs & (Receivable.returned_on.is_not_null() | overdue)))


async def order_of(invoice: int) -> int:
    """Return an order that *invoice* (id) bills, for journal and mail."""
    line = (
        await InvoiceLine.select(InvoiceLine.entry.order)
        .where(InvoiceLine.invoice == invoice)
        .order_by(InvoiceLine.position)
        .first()
    )
    assert line is not None, "an invoice has lines"
    return int(line["entry.order"])


def _movement(booking: Booking) -> Movement:
    return Movement(
        receivable=booking.receivable, kind=booking.kind, amount_cents=booking.amount_cents,
        booked_on=booking.booked_on, reference=booking.reference, reason=booking.reason, actor=booking.actor,
        at=datetime.now(UTC),
    )  # fmt: skip


async def _set_off_pair(pair: dict[str, Any]) -> None:
    """Set a credit note off against the invoice that it takes back, as far as both are open and went out."""
    found = await Receivable.select(Receivable.id, Receivable.invoice, Receivable.open_cents).where(
        Receivable.invoice.is_in([pair["id"], pair["corrects"]])
    )
    rows = {row["invoice"]: row for row in found}
    if len(rows) < 2:  # noqa: PLR2004 (a pair)
        return
    credit, invoice = rows[pair["id"]], rows[pair["corrects"]]
    amount = min(-credit["open_cents"], invoice["open_cents"])
    if amount > 0:
        today = datetime.now(UTC).date()
        await set_off(credit["id"], invoice["id"], amount, reference=pair["number"], actor=journal.SYSTEM, on=today)


async def _tell(booking: Booking, row: dict[str, Any]) -> None:
    (invoice,) = await Invoice.select(Invoice.number).where(Invoice.id == row["invoice"])
    await journal.write(
        subject="invoice", subject_id=invoice["number"], order=await order_of(row["invoice"]),
        event=f"{booking.kind.upper()}{'_UNDONE' if booking.is_undoing else ''}", actor=booking.actor,
        facts={"cents": booking.amount_cents, "open": row["open_cents"], "reason": booking.reason},
    )  # fmt: skip
