"""What people look up of billing: the ledger of a customer, invoices by page and by search. Read only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from piccolo.columns.combination import Where, WhereRaw

from api.billing.documents.tables import InvoiceDocument
from api.billing.tables import Invoice, InvoiceLine, ServiceEntry
from api.customers import numbers
from api.customers.tables import Merger
from api.tables import Customer, Order

LONGEST_NUMBER = 15


async def entries(customers: Sequence[int], below: int, most: int) -> list[dict[str, Any]]:
    """Return up to *most* entries of *customers* (ids), their ids *below*, newest first, with the invoice of each."""
    rows = (
        await ServiceEntry.select(*ServiceEntry.all_columns(), ServiceEntry.order.number)
        .where(ServiceEntry.customer.is_in(list(customers)), ServiceEntry.id < below)
        .order_by(ServiceEntry.id, ascending=False)
        .limit(most)
    )
    if not rows:
        return []
    stand_on = InvoiceLine.entry.is_in([row["id"] for row in rows])
    lines = await InvoiceLine.select(InvoiceLine.entry, InvoiceLine.invoice.number).where(stand_on)
    billed = {line["entry"]: line["invoice.number"] for line in lines}
    return [row | {"invoice": billed.get(row["id"])} for row in rows]


async def invoices(condition: Where | WhereRaw | Any, below: int, most: int) -> list[dict[str, Any]]:
    """Return up to *most* invoices that fit *condition* and whose ids are *below*, newest first, as `known` does."""
    query = Invoice.select().where(Invoice.id < below).order_by(Invoice.id, ascending=False).limit(most)
    return await _known(await (query if condition is None else query.where(condition)))


async def of_customers(customers: Sequence[int], below: int, most: int) -> list[dict[str, Any]]:
    """Return the invoices of *customers* (ids); see `invoices`."""
    return await invoices(Invoice.customer.is_in(list(customers)), below, most)


async def of_order(order: int) -> list[dict[str, Any]]:
    """Return the issued invoices with an entry of *order*, the oldest first."""
    lines = InvoiceLine.select(InvoiceLine.invoice).where(InvoiceLine.entry.order == order).distinct()
    ids = await lines.output(as_list=True)
    rows = await Invoice.select().where(Invoice.id.is_in(ids)).order_by(Invoice.id) if ids else []
    return [row for row in await _known(rows) if row["is_issued"]]


async def search(text: str, below: int, most: int) -> list[dict[str, Any]]:
    """Return the invoices that fit *text*: its own number, the customer's or an order's, a name, a mail address."""
    if not text:
        return await invoices(None, below, most)
    condition = (Invoice.number == text.upper()) | await of_whom(text, Invoice.customer)
    return await invoices(condition, below, most)


async def _known(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return *rows* with the customer's number, the number of what each corrects, and whether it was issued."""
    rows = list(rows)
    ids = [row["id"] for row in rows]
    if not ids:
        return []
    archived = InvoiceDocument.select(InvoiceDocument.invoice).where(InvoiceDocument.invoice.is_in(ids))
    issued = set(await archived.output(as_list=True))
    people = await Customer.select(Customer.id, Customer.number).where(
        Customer.id.is_in(sorted({row["customer"] for row in rows}))
    )
    numbers = {person["id"]: person["number"] for person in people}
    corrected = [row["corrects"] for row in rows if row["corrects"] is not None]
    taken = Invoice.id.is_in(corrected or [0])
    names = {row["id"]: row["number"] for row in await Invoice.select(Invoice.id, Invoice.number).where(taken)}
    return [
        row
        | {
            "customer_number": numbers[row["customer"]],
            "corrected": names.get(row["corrects"]),
            "is_issued": row["id"] in issued,
        }
        for row in rows
    ]


async def of_whom(text: str, customer: Any) -> Any:
    """Return the condition that the column *customer* is somebody whom *text* means, also by a number given up.

    By number, by that of an order, by name or mail address.
    """
    literal = text.casefold().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    fits = WhereRaw("orders.search_text LIKE {} ESCAPE '!'", f"%{literal}%")
    named = Order.select(Order.customer).where(Order.customer.is_not_null() & fits)
    merged: Any = Merger.select(Merger.given_up).where(Merger.kept.is_in(named))
    condition = customer.is_in(named) | customer.is_in(merged)
    ids = await _numbered(text)
    return condition | customer.is_in(ids) if ids else condition


async def _numbered(text: str) -> list[int]:
    """Return the ids of the customers whose number, or an order's, is *text*."""
    if not (text.isdecimal() and text.isascii() and len(text) <= LONGEST_NUMBER):
        return []
    orders = Order.select(Order.customer).where(Order.number == int(text))
    found = {await numbers.customer_of(int(text)), *await orders.output(as_list=True)}
    return [one for customer in found if customer is not None for one in await numbers.all_of(customer)]
