"""Taking an invoice back: a credit note over the same cents, by reversals of its entries. Nothing is ever deleted."""

from __future__ import annotations

from datetime import date
from typing import Any

from api import journal
from api.billing import draft, invoices, ledger
from api.billing.periods import Period
from api.billing.tables import Invoice, InvoiceLine, OpenEntry, ServiceEntry
from api.customers import numbers
from api.engine.conflicts import is_conflict
from api.piccolo_conf import DB
from api.sections import SellerFacts
from api.tables import Customer


class NotCancelledError(Exception):
    """The invoice cannot be taken back; the message says why."""


async def cancel(number: str, seller: SellerFacts, day: date, *, actor: str, anew: bool) -> str:
    """Take back invoice *number* by a credit note, issued on *day*; return the credit note's number.

    The buyer is named as the customer is known today. With *anew* the same entries are open again, for the next run;
    else nobody is charged for their periods any more.

    Raises:
        NoInvoiceError: there is none.
        NotCancelledError: it is a credit note, was taken back before, or part of it was given back.
    """
    invoices.check(seller)
    row = await Invoice.select().where(Invoice.number == number).first()
    if row is None:
        raise invoices.NoInvoiceError(f"there is no invoice {number}")
    if row["kind"] != "invoice":
        raise NotCancelledError(f"{number} is a credit note; only invoices are taken back")
    try:
        async with DB.transaction():
            note = await _cancel(row, seller, day, actor=actor, anew=anew)
    except Exception as error:
        if is_conflict(error):
            raise NotCancelledError(f"{number} was taken back before") from error
        raise
    return note


async def _cancel(row: dict[str, Any], seller: SellerFacts, day: date, *, actor: str, anew: bool) -> str:
    lines = InvoiceLine.select(InvoiceLine.entry).where(InvoiceLine.invoice == row["id"]).order_by(InvoiceLine.position)
    places = {entry: at for at, entry in enumerate(await lines.output(as_list=True))}
    charged = sorted(await invoices.entries(list(places)), key=lambda entry: places[entry["id"]])
    await _refuse_mixed(row["number"], charged)
    back = await _take_back(charged, day)
    (customer,) = await Customer.select().where(Customer.id == await numbers.current(row["customer"]))
    made = draft.reckon(sorted(back, key=lambda entry: places[entry["reverses"]]))
    (number,) = await invoices.write([(customer, made)], seller, day, corrects=row)
    if anew:
        await ledger.write([ledger.again(entry, seller, customer) for entry in charged], day)
    await journal.write(
        subject="invoice", subject_id=row["number"], event="CANCELLED", actor=actor,
        facts={"credit_note": number, "anew": anew},
    )  # fmt: skip
    return number


async def _refuse_mixed(number: str, charged: list[dict[str, Any]]) -> None:
    """Refuse where something was given back before, on this invoice or for a line of it."""
    ids = [entry["id"] for entry in charged]
    given = await ServiceEntry.count().where(ServiceEntry.reverses.is_in(ids), ServiceEntry.gross_cents < 0)
    if given and await Invoice.count().where(Invoice.corrects.number == number):
        raise NotCancelledError(f"{number} was taken back before")
    if given or any(entry["reverses"] is not None for entry in charged):
        raise NotCancelledError(f"part of {number} was given back; what is left of it ends with its service")


async def _take_back(charged: list[dict[str, Any]], day: date) -> list[dict[str, Any]]:
    """Write the reversals, which never become open: the credit note takes them in the same transaction."""
    whole = [
        ledger.reversal(entry, Period(entry["period_start"], entry["period_end"]), entry["gross_cents"])
        for entry in charged
    ]
    ids = await ledger.write(whole, day)
    for at in range(0, len(ids), ledger.ROWS):
        await OpenEntry.delete().where(OpenEntry.entry.is_in(ids[at : at + ledger.ROWS]))
    return await invoices.entries(ids)
