"""Commands for invoices that went out, and for bookkeeping. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

import os
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from api import settings
from api.billing import issuing, public_bodies
from api.billing.documents import archive, keeping
from api.billing.documents.archive import Verdict
from api.billing.documents.words import money
from api.billing.periods import hours
from api.billing.receivables import export, open_items
from api.billing.receivables.movements import NotOwedError
from api.billing.statement import Statement
from api.commands import AS_JSON, OPERATOR, run, show

DAY = click.DateTime(formats=["%Y-%m-%d"])
TARGET = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
STDOUT = Path("-")


@click.group("invoice")
def invoice_group() -> None:
    """Invoices and credit notes: documents, mails, the archive."""


@invoice_group.command("show")
@click.argument("number")
@AS_JSON
def invoice_show(number: str, *, as_json: bool) -> None:
    """Show what invoice NUMBER says, and what was booked on it."""
    found = run(_shown(number))
    said = found["statement"]
    lines = [
        f"{number}  {said.kind}  {said.issued_on}  {money(said.gross_cents, 'de')}  due {said.due_on}",
        f"customer {said.buyer.number}, {said.buyer.name}",
        *(f"{line.position:>3}  {money(line.net_cents, 'de'):>12}  {line.description}" for line in said.lines),
        *(
            f"{row.booked_on}  {row.kind:<9} {money(row.amount_cents, 'de'):>12}  {row.reference}"
            for row in found["movements"]
        ),
        f"open: {'not issued yet' if found['open_cents'] is None else money(found['open_cents'], 'de')}",
    ]
    show(found, as_json=as_json, line="\n".join(lines))


@invoice_group.command("download")
@click.argument("number")
@click.option("--xml", "as_xml", is_flag=True, help="The data (EN 16931) instead of the PDF.")
@click.option("--to", "target", type=TARGET, help="The file to write; - is standard output.")
def invoice_download(number: str, *, as_xml: bool, target: Path | None) -> None:
    """Write the archived document of invoice NUMBER to a file."""
    try:
        paper = run(archive.fetch(number))
    except archive.TamperedError as error:
        raise click.ClickException(str(error)) from error
    content, suffix = (paper.xml, "xml") if as_xml else (paper.pdf, "pdf")
    put(content, target or Path(f"{number}.{suffix}"))


@invoice_group.command("resend")
@click.argument("number")
@AS_JSON
def invoice_resend(number: str, *, as_json: bool) -> None:
    """Mail the archived document of invoice NUMBER to its customer once more."""
    run(keeping.send_again(number, actor=OPERATOR))
    show({"number": number}, as_json=as_json, line=f"{number} is on its way once more")


@invoice_group.command("leitweg")
@click.argument("customer", type=int)
@click.argument("reference", required=False)
@AS_JSON
def invoice_leitweg(customer: int, reference: str | None, *, as_json: bool) -> None:
    """Make invoices to CUSTOMER, a public body, XRechnungen with this Leitweg-ID; without one, ordinary again."""
    try:
        run(public_bodies.refer(customer, reference, actor=OPERATOR))
    except public_bodies.BuyerReferenceError as error:
        raise click.BadParameter(str(error), param_hint="REFERENCE") from error
    line = f"invoices to {customer} name {reference}" if reference else f"invoices to {customer} are ordinary ones"
    show({"customer": customer, "reference": reference}, as_json=as_json, line=line)


@invoice_group.command("held")
@AS_JSON
def invoice_held(*, as_json: bool) -> None:
    """List the invoices that are held back because they break a rule; exit 1 if there are any."""
    rows = run(issuing.held())
    lines = [f"{row['number']}: {finding}" for row in rows for finding in row["findings"]]
    show(rows, as_json=as_json, line="\n".join(lines) or "none is held back")
    if rows:
        raise click.exceptions.Exit(1)


@invoice_group.command("verify")
@AS_JSON
def invoice_verify(*, as_json: bool) -> None:
    """Look through the archive: is every document as it was archived? Keep the seal elsewhere; exit 1 if one is not."""
    found: Verdict = run(archive.verify())
    line = f"{found.documents} documents are as they were archived; the newest seal is {found.seal}"
    if found.broken:
        line = f"the archive was changed at {found.broken}; the {found.documents} documents before it are right"
    show(found._asdict(), as_json=as_json, line=line)
    if found.broken:
        raise click.exceptions.Exit(1)


@click.command("bookkeeping")
@click.option("--from", "first", type=DAY, required=True, help="The first day.")
@click.option("--until", "last", type=DAY, required=True, help="The last day.")
@click.option("--to", "target", type=TARGET, required=True, help="The file to write; - is standard output.")
def bookkeeping(first: datetime, last: datetime, target: Path) -> None:
    """Write the journal of a period as CSV: what went out in it, and what was booked in it (docs/invoices.md)."""
    put(run(_journal(first.date(), last.date())).encode(), target)


def put(content: bytes, target: Path) -> None:
    """Write *content* to a new file that only its owner reads, or to standard output.

    Raises:
        ClickException: the file is there, or cannot be written.
    """
    if target == STDOUT:
        sys.stdout.buffer.write(content)
        return
    try:
        with target.open("xb") as file:
            target.chmod(0o600)
            file.write(content)
    except OSError as error:
        raise click.ClickException(f"{target}: {error.strerror}") from error
    click.echo(f"{target}: {len(content)} bytes", err=True)


def put_once(content: bytes, target: Path) -> None:
    """Write *content* as `put` does, whole or not at all; harmless where it lies already.

    Raises:
        ClickException: another file is there, or it cannot be written.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        if target.exists() and target.read_bytes() == content:
            return
        if target.exists():
            raise click.ClickException(f"{target}: another file is there; move it away and run this again")
        part.unlink(missing_ok=True)
        with part.open("xb") as file:
            part.chmod(0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
    except OSError as error:
        raise click.ClickException(f"{target}: {error.strerror}") from error
    click.echo(f"{target}: {len(content)} bytes", err=True)


async def _journal(first: date, last: date) -> str:
    said = settings.load()
    begin, _ = hours(first, said.seller.time_zone)
    _, end = hours(last, said.seller.time_zone)
    return "".join([line async for line in export.lines(begin, end, said.bookkeeping)])


async def _shown(number: str) -> dict[str, Any]:
    row = await archive.invoice(number)
    try:
        open_cents = (await open_items.receivable(number))["open_cents"]
    except NotOwedError:
        open_cents = None
    return {
        "number": number,
        "statement": msgspec.json.decode(row["statement"], type=Statement),
        "open_cents": open_cents,
        "movements": await open_items.moved(number),
    }
