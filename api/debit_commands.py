"""Commands for money: debits, what came back, payments, open items. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import click

from api import settings
from api.billing.documents.words import money
from api.billing.periods import today
from api.billing.receivables import bank_statement, debits, files, movements, open_items, returns
from api.billing.receivables.bank_statement import BankStatementError
from api.billing.receivables.debits import Collected, File
from api.billing.receivables.movements import Booking, Kind
from api.billing.receivables.open_items import OpenItem
from api.commands import AS_JSON, OPERATOR, run, show
from api.customers import numbers
from api.equipment import equip
from api.identity import NotThereError
from api.invoice_commands import DAY, TARGET, put, put_once
from api.piccolo_conf import DB

AHEAD = timedelta(days=14)
FOLDER = click.Path(file_okay=False, exists=True, writable=True, path_type=Path)
AMOUNT = re.compile(r"\d{1,9}([.,]\d{2})?\Z", re.ASCII)


@click.command("debit-run")
@click.option("--until", type=DAY, help="Collect what is due up to this day; 14 days from now, if it is left out.")
@click.option("--dry-run", is_flag=True, help="Show what would be collected.")
@click.option("--to", "folder", type=FOLDER, default=Path(), help="The folder to write them into; else this one.")
@AS_JSON
def debit_run(*, until: datetime | None, dry_run: bool, folder: Path, as_json: bool) -> None:
    """Write the files for the bank (SEPA direct debit, pain.008.001.08), one for each day of collection.

    What an earlier run booked and could not write is written first. Exit 1 if a debit was left out.
    """
    equipment = equip(settings.load())
    now = today(equipment.settings.seller.time_zone)
    last = until.date() if until else now + AHEAD
    if dry_run:
        found = run(debits.due(last, now))
        rows = [{"collect_on": item.collect_on, "cents": item.open_cents} for item in found]
        cents = sum(item.open_cents for item in found)
        show(rows, as_json=as_json, line=f"{len(rows)} debits, {money(cents, 'de')}, would be collected")
        return

    def into(file: File) -> None:
        put_once(file.content, _path(folder, file))

    async def work() -> tuple[list[File], Collected]:
        left = await files.hand_over(equipment, into)
        collected = await debits.run(equipment, last, now, actor=OPERATOR)
        return left + await files.hand_over(equipment, into), collected

    written, collected = run(work())
    said = [file._asdict() | {"content": None, "path": str(_path(folder, file))} for file in written]
    show(said, as_json=as_json, line="\n".join(_line(file) for file in written) or "nothing is to be collected")
    if collected.refused:
        lines = [f"{number} is left out: {reason}" for number, reason in collected.refused.items()]
        raise click.ClickException("\n".join(lines))


@click.group("debit")
def debit_group() -> None:
    """Direct debits: files that were made, and what came back."""


@debit_group.command("list")
@AS_JSON
def debit_list(*, as_json: bool) -> None:
    """List the files that were made."""
    rows = run(files.made())
    lines = [
        f"{row['number']:>6}  {row['collect_on']}  {row['debits']:>6}  {money(row['sum_cents'], 'de'):>14}"
        for row in rows
    ]
    show(rows, as_json=as_json, line="\n".join(lines) or "none was made")


@debit_group.command("file")
@click.argument("number", type=int)
@click.option("--to", "target", type=TARGET, help="The file to write; - is standard output.")
def debit_file(number: int, *, target: Path | None) -> None:
    """Write file NUMBER once more, as it was made."""
    run(files.hand_out(equip(settings.load()), number, lambda file: put(file.content, target or _path(Path(), file))))


@debit_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@AS_JSON
def debit_import(file: Path, *, as_json: bool) -> None:
    """Book what came back by the bank's FILE (camt.054); harmless when repeated."""
    try:
        found = bank_statement.read(file.read_bytes())
    except BankStatementError as error:
        raise click.ClickException(f"{file}: {error}") from error
    taken = run(returns.take(found, actor=OPERATOR))
    foreign = f"; not ours: {', '.join(taken.foreign)}" if taken.foreign else ""
    line = f"{len(taken.returned)} came back, {taken.known} were booked before{foreign}"
    show(taken._asdict(), as_json=as_json, line=line)


@debit_group.command("returned")
@click.argument("number")
@click.option("--on", "day", type=DAY, required=True, help="When the bank booked it back.")
@click.option("--reason", default=returns.BY_HAND, show_default=True, help="ISO 20022 code, like AC04 or AM04.")
@AS_JSON
def debit_returned(number: str, *, day: datetime, reason: str, as_json: bool) -> None:
    """Book by hand that the debit of invoice NUMBER came back."""
    run(returns.by_hand(number, day.date(), actor=OPERATOR, reason=reason[:4]))
    show({"number": number}, as_json=as_json, line=f"{number} is owed again; its customer is told")


@click.group("payment")
def payment_group() -> None:
    """What is open, and what was paid."""


@payment_group.command("open")
@click.option("--customer", type=int, help="The customer's number.")
@click.option("--unpaid", is_flag=True, help="Only what should have been paid by now.")
@AS_JSON
def payment_open(*, customer: int | None, unpaid: bool, as_json: bool) -> None:
    """List open items, the longest due first."""
    found = run(_open(customer, only_unpaid=unpaid))
    lines = [
        f"{item.number:<10} {item.customer:>8}  due {item.due_on}  {money(item.open_cents, 'de'):>14}"
        f"{'  unpaid' if item.unpaid else ''}"
        for item in found
    ]
    lines.append(f"open: {money(open_items.total(found), 'de')}")
    show(found, as_json=as_json, line="\n".join(lines))


@payment_group.command("book")
@click.argument("number")
@click.argument("amount")
@click.option("--on", "day", type=DAY, required=True, help="When the bank booked it.")
@click.option("--reference", required=True, help="The bank's name for it; the same one is booked once.")
@click.option("--refund", "kind", flag_value="refund", help="The hoster paid it back.")
@click.option("--write-off", "kind", flag_value="write_off", help="Nobody will pay it.")
@click.option("--transfer", "kind", flag_value="transfer", default=True, help="The customer paid it (the default).")
@AS_JSON
def payment_book(number: str, amount: str, *, day: datetime, reference: str, kind: Kind, as_json: bool) -> None:
    """Book AMOUNT euros on invoice or credit note NUMBER."""
    cents = euros(amount)
    left = run(_booked(number, -cents if kind == "refund" else cents, day.date(), reference, kind))
    show({"number": number, "open_cents": left}, as_json=as_json, line=f"{number}: {money(left, 'de')} open")


@payment_group.command("set-off")
@click.argument("credit")
@click.argument("invoice")
@click.argument("amount")
def payment_set_off(credit: str, invoice: str, amount: str) -> None:
    """Set AMOUNT euros of a CREDIT note off against an open INVOICE."""
    cents, zone = euros(amount), settings.load().seller.time_zone

    async def work() -> None:
        async with DB.transaction():
            one, other = [(await open_items.receivable(number))["id"] for number in (credit, invoice)]
            said = f"{credit} {invoice}"
            await movements.set_off(one, other, cents, reference=said, actor=OPERATOR, on=today(zone))

    run(work())
    click.echo(f"{money(cents, 'de')} of {credit} are set off against {invoice}")


def euros(text: str) -> int:
    """Return an amount as a person writes it, in cents.

    Raises:
        BadParameter: it is no amount.
    """
    if not AMOUNT.match(text):
        raise click.BadParameter("an amount is written like 3.99 or 3,99", param_hint="AMOUNT")
    return int(Decimal(text.replace(",", ".")).scaleb(2))


async def _open(customer: int | None, *, only_unpaid: bool) -> list[OpenItem]:
    if customer is None:
        return await open_items.items(only_unpaid=only_unpaid)
    found = await numbers.customer_of(customer)
    if found is None:
        raise NotThereError(f"there is no customer {customer}")
    return await open_items.items(await numbers.all_of(found), only_unpaid=only_unpaid)


async def _booked(number: str, cents: int, day: date, reference: str, kind: Kind) -> int:
    async with DB.transaction():
        row = await open_items.receivable(number)
        left = await movements.book(Booking(row["id"], kind, cents, day, reference, OPERATOR))
    return left  # noqa: RET504 (to mypy a transaction might swallow what is raised)


def _path(folder: Path, file: File) -> Path:
    return folder / f"{file.name}.xml"


def _line(file: File) -> str:
    return f"{file.name}: {file.debits} debits, {money(file.sum_cents, 'de')}, to be collected on {file.collect_on}"
