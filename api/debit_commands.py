"""Commands for direct debits: files for the bank, and what came back. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click

from api import settings
from api.billing.documents.words import money
from api.billing.periods import today
from api.billing.receivables import bank_statement, debits, files, returns
from api.billing.receivables.bank_statement import BankStatementError
from api.billing.receivables.debits import Collected, File
from api.commands import AS_JSON, OPERATOR, run, show
from api.equipment import equip
from api.invoice_commands import DAY, TARGET, put, put_once

AHEAD = timedelta(days=14)
FOLDER = click.Path(file_okay=False, exists=True, writable=True, path_type=Path)


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


def _path(folder: Path, file: File) -> Path:
    return folder / f"{file.name}.xml"


def _line(file: File) -> str:
    return f"{file.name}: {file.debits} debits, {money(file.sum_cents, 'de')}, to be collected on {file.collect_on}"
