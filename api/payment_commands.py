"""Commands for what is open and what was paid. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from decimal import Decimal

import click

from api import settings
from api.answers import FieldsError
from api.billing.documents.words import money
from api.billing.periods import today
from api.billing.receivables import movements, open_items
from api.billing.receivables.movements import LONGEST_REFERENCE, Booking, Kind
from api.commands import AS_JSON, OPERATOR, run, show
from api.console import owed
from api.invoice_commands import DAY
from api.ledger_commands import CURSOR, LIMIT, more
from api.piccolo_conf import DB

AMOUNT = re.compile(r"\d{1,9}([.,]\d{2})?\Z", re.ASCII)
SHORT = 24
"""Of a second part of a set-off, beside the numbers of the two."""


def _reference(most: int) -> Callable[[click.Context, click.Parameter, str], str]:
    def take(_: click.Context, __: click.Parameter, value: str) -> str:
        if len(value) > most:
            raise click.BadParameter(f"has {most} characters at most")
        return value

    return take


@click.group("payment")
def payment_group() -> None:
    """What is open, and what was paid."""


@payment_group.command("open")
@click.argument("query", default="")
@click.option("--customer", type=int, help="The customer's number.")
@click.option("--unpaid", is_flag=True, help="Only what should have been paid by now.")
@CURSOR
@LIMIT
@AS_JSON
def payment_open(
    query: str, *, customer: int | None, unpaid: bool, cursor: str | None, limit: int, as_json: bool
) -> None:
    """List open items, the longest due first, or those that fit QUERY.

    QUERY is a number of an invoice, a customer or an order, a name or a mail address.
    """
    try:
        page = run(owed.find(query, cursor, limit, customer=customer, only_unpaid=unpaid))
    except FieldsError as error:
        raise click.BadParameter("is none that was given out", param_hint="--cursor") from error
    lines = [
        f"{item.number:<10} {item.customer:>8}  due {item.due_on}  {money(item.open_cents, 'de'):>14}"
        f"{'  unpaid' if item.unpaid else ''}"
        for item in page.items
    ]
    lines += [*more(page.next_cursor), f"open: {money(page.total_cents, 'de')}"]
    show(page, as_json=as_json, line="\n".join(lines))


@payment_group.command("book")
@click.argument("number")
@click.argument("amount")
@click.option("--on", "day", type=DAY, required=True, help="When the bank booked it.")
@click.option(
    "--reference",
    required=True,
    callback=_reference(LONGEST_REFERENCE),
    help="The bank's name for it; the same one is booked once.",
)
@click.option("--refund", "kind", flag_value="refund", help="The hoster paid it back.")
@click.option("--write-off", "kind", flag_value="write_off", help="Nobody will pay it.")
@click.option("--transfer", "kind", flag_value="transfer", default=True, help="The customer paid it (the default).")
@AS_JSON
def payment_book(number: str, amount: str, *, day: datetime, reference: str, kind: Kind, as_json: bool) -> None:
    """Book AMOUNT euros on invoice or credit note NUMBER."""
    cents = euros(amount)
    left = run(_booked(number, -cents if kind == "refund" else cents, day.date(), reference, kind))
    show({"number": number, "open_cents": left}, as_json=as_json, line=f"{number}: {money(left, 'de')} open")


@payment_group.command("undo")
@click.argument("number")
@click.option("--reference", required=True, help="Under which it was booked, to the letter.")
@click.option("--on", "day", type=DAY, help="The day of the opposite; today, if it is left out.")
@AS_JSON
def payment_undo(number: str, *, reference: str, day: datetime | None, as_json: bool) -> None:
    """Take back a wrong booking on NUMBER by its opposite; a set-off on both sides. Book the right one anew."""
    on = day.date() if day else today(settings.load().seller.time_zone)

    async def work() -> None:
        await movements.undo((await open_items.receivable(number))["id"], reference, actor=OPERATOR, on=on)

    run(_transacted(work))
    left = run(open_items.receivable(number))["open_cents"]
    show({"number": number, "open_cents": left}, as_json=as_json, line=f"{number}: {money(left, 'de')} open")


@payment_group.command("set-off")
@click.argument("credit")
@click.argument("invoice")
@click.argument("amount")
@click.option("--reference", default="", callback=_reference(SHORT), help="What tells a second part from the first.")
def payment_set_off(credit: str, invoice: str, amount: str, reference: str) -> None:
    """Set AMOUNT euros of a CREDIT note off against an open INVOICE."""
    cents, zone = euros(amount), settings.load().seller.time_zone

    async def work() -> None:
        one, other = [(await open_items.receivable(number))["id"] for number in (credit, invoice)]
        said = f"{credit} {invoice} {reference}".rstrip()
        await movements.set_off(one, other, cents, reference=said, actor=OPERATOR, on=today(zone))

    run(_transacted(work))
    click.echo(f"{money(cents, 'de')} of {credit} are set off against {invoice}")


def euros(text: str) -> int:
    """Return an amount as a person writes it, in cents.

    Raises:
        BadParameter: it is no amount.
    """
    if not AMOUNT.match(text):
        raise click.BadParameter("an amount is written like 3.99 or 3,99", param_hint="AMOUNT")
    return int(Decimal(text.replace(",", ".")).scaleb(2))


async def _transacted(work: Callable[[], Awaitable[None]]) -> None:
    async with DB.transaction():
        await work()


async def _booked(number: str, cents: int, day: date, reference: str, kind: Kind) -> int:
    async with DB.transaction():
        row = await open_items.receivable(number)
        left = await movements.book(Booking(row["id"], kind, cents, day, reference, OPERATOR))
    return left  # noqa: RET504 (to mypy a transaction might swallow what is raised)
