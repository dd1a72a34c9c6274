"""The journal for bookkeeping: what was issued and paid in a period, as CSV with DATEV's columns (docs/invoices.md).

Semicolons, decimal commas, UTF-8 with a byte order mark, so that umlauts are right in spreadsheets. A text that a
spreadsheet would reckon with is defused by an apostrophe (OWASP, CSV injection).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from api.billing.statement import Statement, VatGroup
from api.books import Bookkeeping

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
COLUMNS = (
    "Umsatz", "Soll/Haben", "WKZ", "Konto", "Gegenkonto", "Steuersatz", "Belegdatum", "Belegfeld 1", "Belegfeld 2",
    "Buchungstext", "Leistung von", "Leistung bis", "USt-IdNr.", "Land",
)  # fmt: skip
RECKONED = ("=", "+", "-", "@", "\t", "\r", "\n")
DEBIT_SIDE, CREDIT_SIDE = "S", "H"
PAID: dict[str, str] = {
    "debit": "Lastschrift", "return": "Rücklastschrift", "transfer": "Zahlung", "refund": "Erstattung",
    "set_off": "Verrechnung", "write_off": "Ausbuchung",
}  # fmt: skip


class Money(msgspec.Struct, frozen=True):
    """A movement on a customer's account."""

    kind: Literal["debit", "return", "transfer", "refund", "set_off", "write_off"]
    #: Positive = the customer owes less.
    amount_cents: int
    booked_on: date
    customer: int
    invoice: str
    reference: str


def of_statement(statement: Statement, accounts: Bookkeeping) -> Iterator[tuple[str, ...]]:
    """Yield the rows of an invoice or credit note, one for each VAT group: customer against revenue."""
    side = CREDIT_SIDE if statement.kind == "credit_note" else DEBIT_SIDE
    for group in statement.vat:
        yield _row(
            _amount(group.basis_cents + group.tax_cents),
            side if group.basis_cents >= 0 else _other(side),
            customer=statement.buyer.number,
            against=_revenue(accounts, group),
            rate=f"{group.percent.normalize():f}".replace(".", ","),
            day=statement.issued_on,
            document=statement.number,
            document_2=statement.corrects or "",
            text=statement.buyer.name,
            first=min(line.period_start for line in statement.lines),
            last=max(line.period_end for line in statement.lines),
            vat_id=statement.buyer.vat_id or "",
            country=statement.buyer.country,
        )


def of_money(money: Money, accounts: Bookkeeping) -> tuple[str, ...]:
    """Return the row of a movement: customer against bank, or what takes its place."""
    against = {"set_off": accounts.set_off, "write_off": accounts.write_off}.get(money.kind, accounts.bank)
    return _row(
        _amount(money.amount_cents),
        CREDIT_SIDE if money.amount_cents >= 0 else DEBIT_SIDE,
        customer=money.customer,
        against=against,
        day=money.booked_on,
        document=money.invoice,
        document_2=money.reference,
        text=PAID[money.kind],
    )


def lines(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield the file line by line."""
    yield BOM + line(COLUMNS)
    for row in rows:
        yield line(row)


def _row(
    amount: str, side: str, *, customer: int | None, against: str, day: date, document: str, document_2: str, text: str,
    rate: str = "", first: date | None = None, last: date | None = None, vat_id: str = "", country: str = "",
) -> tuple[str, ...]:  # fmt: skip
    return (
        amount, side, "EUR", str(customer), against, rate, _day(day), document, document_2, text, _day(first),
        _day(last), vat_id, country,
    )  # fmt: skip


def line(cells: Iterable[str]) -> str:
    """Return a row as a line: every cell quoted, none of them a formula."""
    return ";".join(f'"{defused(cell).replace(chr(34), chr(34) * 2)}"' for cell in cells) + "\r\n"


def defused(cell: str) -> str:
    """Return *cell* so that a spreadsheet shows it rather than reckons with it."""
    return f"'{cell}" if cell.startswith(RECKONED) else cell


def _amount(cents: int) -> str:
    return f"{Decimal(abs(cents)).scaleb(-2)}".replace(".", ",")


def _other(side: str) -> str:
    return DEBIT_SIDE if side == CREDIT_SIDE else CREDIT_SIDE


def _revenue(accounts: Bookkeeping, group: VatGroup) -> str:
    """Return the account for *group*.

    Raises:
        NoAccountError: the settings name none.
    """
    key = f"{group.category}{group.percent.normalize():f}" if group.category == "S" else group.category
    try:
        return accounts.revenue[key]
    except KeyError:
        raise NoAccountError(f"[bookkeeping] revenue names no account for {key}; fill in the settings") from None


def _day(day: date | None) -> str:
    return "" if day is None else f"{day:%d.%m.%Y}"


class NoAccountError(LookupError):
    """Revenue that the settings give no account."""
