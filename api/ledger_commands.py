"""Commands that look billing up: a customer's ledger, invoices by search. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

import click

from api.billing_commands import billing_group, money
from api.commands import AS_JSON, run, show
from api.console import billing

__all__ = ["billing_group"]

LIMIT = click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True, help="Lines of a page.")
CURSOR = click.option("--cursor", help="Where the page before ended, as it said.")


@billing_group.command("entries")
@click.argument("customer_number", type=int)
@CURSOR
@LIMIT
@AS_JSON
def billing_entries(customer_number: int, *, cursor: str | None, limit: int, as_json: bool) -> None:
    """List the service entries of a customer, the newest first."""
    page = run(billing.entries_of(customer_number, cursor, limit))
    lines = [
        f"{row.period_start} – {row.period_end}  {money(row.gross_cents)}  {row.invoice or 'open':<9} "
        f"{row.order_number}  {row.addon} {row.item}".rstrip()
        for row in page.items
    ]
    show(page, as_json=as_json, line="\n".join([*lines, *more(page.next_cursor)]) or "no entries")


@billing_group.command("invoices")
@click.argument("query", default="")
@CURSOR
@LIMIT
@AS_JSON
def billing_invoices(query: str, *, cursor: str | None, limit: int, as_json: bool) -> None:
    """List invoices and credit notes, or those that fit QUERY (their number, a customer's, an order's, name, mail)."""
    page = run(billing.find(query, cursor, limit))
    lines = [
        f"{row.number:<9} {row.issued_on}  {money(row.gross_cents)}  customer {row.customer_number}"
        f"{f'  takes {row.corrects} back' if row.corrects else ''}{'' if row.is_issued else '  not issued'}"
        for row in page.items
    ]
    show(page, as_json=as_json, line="\n".join([*lines, *more(page.next_cursor)]) or "no invoices")


def more(cursor: str | None) -> list[str]:
    """Return the line that says how the list goes on, if it does."""
    return [f"more: --cursor {cursor}"] if cursor else []
