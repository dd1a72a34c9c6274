"""What staff see of billing: ledger and invoices of a customer, and all invoices by search; in pages by cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import msgspec

from api.billing import views
from api.billing.ledger import UNIT
from api.billing.statement import Kind, TaxCategory
from api.console.customers import before, id_of, next_cursor
from api.customers import numbers


class EntryLine(msgspec.Struct, frozen=True, kw_only=True):
    """A service entry (*Leistungseintrag*)."""

    id: int
    order_number: int
    addon: str
    #: Which domain (A-label); empty for what an order has once.
    item: str
    period_start: date
    #: The first day that is not in it.
    period_end: date
    #: Four places; negative in a reversal.
    quantity: Decimal
    unit_code: Literal["MON", "C62"]
    gross_cents: int
    tax_category: TaxCategory
    tax_percent: int
    #: The entry that it takes back.
    reverses: int | None
    #: Number of the invoice that it stands on; null while it is open.
    invoice: str | None


class EntryList(msgspec.Struct, frozen=True):
    """A page of entries, newest first."""

    items: Sequence[EntryLine]
    #: For the next page; null on the last one.
    next_cursor: str | None


class InvoiceLine(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice or a credit note."""

    number: str
    kind: Kind
    customer_number: int
    issued_on: date
    due_on: date
    net_cents: int
    tax_cents: int
    gross_cents: int
    #: Number of the invoice that a credit note takes back as a whole.
    corrects: str | None
    #: Whether its documents are archived and mailed; false while they are held back or still to be made.
    is_issued: bool


class InvoiceList(msgspec.Struct, frozen=True):
    """A page of invoices, newest first."""

    items: Sequence[InvoiceLine]
    #: For the next page; null on the last one.
    next_cursor: str | None


async def entries_of(number: int, cursor: str | None, limit: int) -> EntryList:
    """Return a page of the ledger of customer *number*."""
    rows = await views.entries(await numbers.all_of(await id_of(number)), before(cursor), limit + 1)
    return EntryList([_entry(row) for row in rows[:limit]], next_cursor(rows, limit))


async def invoices_of(number: int, cursor: str | None, limit: int) -> InvoiceList:
    """Return a page of the invoices of customer *number*."""
    rows = await views.of_customers(await numbers.all_of(await id_of(number)), before(cursor), limit + 1)
    return InvoiceList([_invoice(row) for row in rows[:limit]], next_cursor(rows, limit))


async def find(query: str, cursor: str | None, limit: int) -> InvoiceList:
    """Return a page of the invoices that fit *query*, or of all."""
    rows = await views.search(query.strip(), before(cursor), limit + 1)
    return InvoiceList([_invoice(row) for row in rows[:limit]], next_cursor(rows, limit))


def _entry(row: Mapping[str, Any]) -> EntryLine:
    same = (
        "id", "addon", "item", "period_start", "period_end", "unit_code", "gross_cents", "tax_category", "tax_percent",
        "reverses", "invoice",
    )  # fmt: skip
    return EntryLine(
        **{name: row[name] for name in same},
        order_number=row["order.number"],
        quantity=Decimal(row["quantity_e4"]) / UNIT,
    )


def _invoice(row: Mapping[str, Any]) -> InvoiceLine:
    same = (
        "number", "kind", "customer_number", "issued_on", "due_on", "net_cents", "tax_cents", "gross_cents",
        "is_issued",
    )  # fmt: skip
    return InvoiceLine(**{name: row[name] for name in same}, corrects=row["corrected"])
