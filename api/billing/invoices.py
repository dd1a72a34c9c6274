"""Writing invoices: a number from the counter, the statement, its lines, and the work of issuing it; one transaction.

Whoever calls holds the transaction. The numbers go back with a rollback, so each one that was ever spent is a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from api import counters
from api.billing import draft, public_bodies
from api.billing.draft import Draft, Particulars
from api.billing.ledger import ROWS
from api.billing.tables import Invoice, InvoiceLine, ServiceEntry, Unissued
from api.sections import SellerFacts

NEEDED = (
    "name", "contact", "street", "postal_code", "city", "email", "phone", "iban", "bic", "creditor_id",
)  # fmt: skip


class NoInvoiceError(LookupError):
    """There is no invoice of that number."""


class SellerUnknownError(LookupError):
    """The settings do not say who sells."""


def check(seller: SellerFacts) -> None:
    """Refuse to bill for a seller whose invoices would not be valid ones.

    Raises:
        SellerUnknownError: names the settings that are missing.
    """
    missing = [name for name in NEEDED if not getattr(seller, name)]
    if not seller.vat_id and not seller.tax_number:
        missing.append("vat_id or tax_number")
    if missing:
        raise SellerUnknownError(f"invoices need [seller] {', '.join(missing)}; fill in the settings")


async def entries(ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return the entries with these *ids*, with what a line says of them, by customer, order and period."""
    found: list[dict[str, Any]] = []
    for at in range(0, len(ids), ROWS):
        some = ServiceEntry.id.is_in(list(ids[at : at + ROWS]))
        found += await ServiceEntry.select(
            *ServiceEntry.all_columns(),
            ServiceEntry.service.name,
            ServiceEntry.service.vat_percent,
            ServiceEntry.order.number,
            ServiceEntry.order.tariff,
        ).where(some)
    return sorted(found, key=lambda row: (row["customer"], row["order"], row["period_start"], row["id"]))


async def write(
    drafts: Sequence[tuple[Mapping[str, Any], Draft]],
    seller: SellerFacts,
    day: date,
    *,
    corrects: Mapping[str, Any] | None = None,
) -> list[str]:
    """Write an invoice or credit note, issued on *day*, for each (customer's row, draft); return their numbers."""
    if not drafts:
        return []
    ids = [customer["id"] for customer, _ in drafts]
    known, references = await _known(ids), await public_bodies.references(ids)
    serials = await counters.take_many(counters.INVOICE, len(drafts))
    rows = []
    for serial, (customer, made) in zip(serials, drafts, strict=True):
        who = customer["id"]
        said = Particulars(serial, day, corrects["number"] if corrects else None, who not in known, references.get(who))
        rows.append(_row(customer, draft.write(made, seller, customer, said), serial, corrects))
    made_ids = {row["serial"]: row["id"] for row in await Invoice.insert(*rows).returning(Invoice.id, Invoice.serial)}
    await Unissued.insert(*(Unissued(invoice=invoice) for invoice in made_ids.values()))
    lines = [
        InvoiceLine(invoice=made_ids[serial], position=at, entry=entry["id"], net_cents=net)
        for serial, (_, made) in zip(serials, drafts, strict=True)
        for at, (entry, net) in enumerate(zip(made.entries, made.nets, strict=True), start=1)
    ]
    for at in range(0, len(lines), ROWS):
        await InvoiceLine.insert(*lines[at : at + ROWS])
    return [row.number for row in rows]


def _row(customer: Mapping[str, Any], said: Any, serial: int, corrects: Mapping[str, Any] | None) -> Invoice:
    return Invoice(
        kind=said.kind,
        serial=serial,
        number=said.number,
        customer=customer["id"],
        issued_on=said.issued_on,
        due_on=said.due_on,
        net_cents=said.net_cents,
        tax_cents=said.tax_cents,
        gross_cents=said.gross_cents,
        corrects=corrects["id"] if corrects else None,
        statement=msgspec.json.encode(said).decode(),
        created_at=datetime.now(UTC),
    )


async def _known(customers: Sequence[int]) -> set[int]:
    """Return which of *customers* had an invoice before."""
    rows = await Invoice.select(Invoice.customer).where(Invoice.customer.is_in(list(customers))).distinct()
    return {row["customer"] for row in rows}
