"""The invoice as a sheet of paper: what `templates/invoice/invoice.typ` shows, every value written out for people."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from api.billing.documents import words
from api.billing.statement import Line, Party, Statement

TAXED = "S"


def facts(statement: Statement) -> dict[str, Any]:
    """Return what the template shows of *statement*."""
    language = statement.language
    return {
        "language": language,
        "kind": statement.kind,
        "number": statement.number,
        "issued_on": words.day(statement.issued_on, language),
        "corrects": statement.corrects,
        "seller": _seller(statement),
        "buyer": _party(statement.buyer, statement.seller.country, language),
        "references": list(_references(statement)),
        "orders": [
            {"number": str(number), "lines": [_line(line, language) for line in lines]}
            for number, lines in groupby(statement.lines, key=lambda line: line.order_number)
        ],
        "net": words.money(statement.net_cents, language),
        "vat": [
            {
                "rate": words.percent(group.percent, language),
                "basis": words.money(group.basis_cents, language),
                "tax": words.money(group.tax_cents, language),
            }
            for group in statement.vat
            if group.category == TAXED
        ],
        "gross": words.money(statement.gross_cents, language),
        "reasons": [group.exemption_reason for group in statement.vat if group.exemption_reason],
        "payment": words.payment(statement),
    }


def _references(statement: Statement) -> Iterator[tuple[str, str]]:
    """Yield the rows of the reference block: the form's word for it, the value."""
    language = statement.language
    yield "number", statement.number
    yield "issued", words.day(statement.issued_on, language)
    if statement.kind == "invoice":
        yield "due", words.day(statement.due_on, language)
    first, last = min(line.period_start for line in statement.lines), max(line.period_end for line in statement.lines)
    yield "period", words.period(first, last, language)
    yield "customer", str(statement.buyer.number)
    orders = {line.order_number for line in statement.lines}
    if len(orders) == 1:
        yield "order", str(orders.pop())
    if statement.buyer.vat_id:
        yield "vat_id", statement.buyer.vat_id
    if statement.buyer_reference:
        yield "reference", statement.buyer_reference


def _line(line: Line, language: str) -> dict[str, str]:
    return {
        "position": str(line.position),
        "description": line.description,
        "period": words.period(line.period_start, line.period_end, language),
        "quantity": words.quantity(line.quantity, line.unit_code, language),
        "price": words.price(line.net_price_cents, language),
        "rate": words.percent(line.tax_percent, language) if line.tax_category == TAXED else "–",
        "amount": words.money(line.net_cents, language),
    }


def _seller(statement: Statement) -> dict[str, Any]:
    seller = statement.seller
    return _party(seller, seller.country, statement.language) | {
        "phone": seller.phone,
        "email": seller.email,
        "vat_id": seller.vat_id,
        "tax_number": seller.tax_number,
        "iban": words.spaced(seller.iban),
        "bic": seller.bic,
        "creditor_id": seller.creditor_id,
        "legal": seller.legal,
    }


def _party(party: Party, home: str, language: str) -> dict[str, Any]:
    return {
        "name": party.name,
        "contact": party.contact,
        "street": party.street,
        "place": f"{party.postal_code} {party.city}",
        "country": None if party.country == home else words.country(party.country, language),
    }
