"""Commands for billing: the price list, the invoice run, the ledger. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api import settings
from api.billing import corrections, issuing, pricelist, reconcile
from api.billing.issuing import Issued
from api.billing.periods import today
from api.billing.report import Totals
from api.billing.run import Task
from api.billing.run import run as bill
from api.commands import AS_JSON, OPERATOR, run, show
from api.equipment import equip
from api.tables import Customer

AHEAD = timedelta(days=31)
DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group("catalogue")
def catalogue_group() -> None:
    """Tariffs and their internal add-ons."""


@catalogue_group.command("load")
@click.option("--yes", is_flag=True, help="Do not ask.")
@AS_JSON
def catalogue_load(*, yes: bool, as_json: bool) -> None:
    """File the tariffs' new versions, after showing what they change. Running contracts keep theirs."""
    equipment = equip(settings.load())
    news = run(pricelist.news(equipment.catalogue))
    lines = [f"{item.tariff}, version {item.version}\n  " + "\n  ".join(item.changes) for item in news]
    if not as_json:
        click.echo("\n".join(lines) or "every version is filed")
    if news and not yes:
        click.confirm("File these versions?", abort=True, err=as_json)
    run(pricelist.file(equipment.catalogue, news))
    filed = [{"tariff": item.tariff, "version": item.version, "changes": item.changes} for item in news]
    show(filed, as_json=as_json, line=f"{len(news)} filed")


@click.command("invoice-run")
@click.option("--until", type=DAY, help="Bill periods that begin up to this day; today, if it is left out.")
@click.option("--dry-run", is_flag=True, help="Reckon and undo it: what would be billed?")
@click.option("--yes", is_flag=True, help=f"Bill further ahead than {AHEAD.days} days.")
@click.option("--no-documents", is_flag=True, help="Leave documents and mails to a later run, or to the worker.")
@AS_JSON
def invoice_run(*, until: Any, dry_run: bool, yes: bool, no_documents: bool, as_json: bool) -> None:
    """Bill every customer who has open entries (Rechnungslauf). Run it daily; run it again after a crash."""
    equipment = equip(settings.load())
    seller = equipment.settings.seller
    day = today(seller.time_zone)
    task = Task(seller, until.date() if until else day, day, dry_run)
    if task.until > day + AHEAD and not (yes or dry_run):
        raise click.ClickException(
            f"{task.until} is more than {AHEAD.days} days ahead; look with --dry-run, then add --yes"
        )

    async def work() -> tuple[Totals, Issued]:
        with _bar() as bar:
            step = bar.add_task("customers", total=await Customer.count())
            totals = await bill(task, lambda done: bar.advance(step, done))
            if dry_run or no_documents:
                return totals, Issued()
            made = bar.add_task("documents", total=await issuing.waiting())
            return totals, await issuing.issue(
                equipment.settings.templates.folder, lambda done: bar.advance(made, done)
            )

    totals, issued = run(work())
    lines = told(totals, is_dry=dry_run) + ([] if dry_run else _issued(issued))
    show(msgspec.to_builtins(totals) | msgspec.to_builtins(issued), as_json=as_json, line="\n".join(lines))
    if totals.failed:
        raise click.ClickException(f"{len(totals.failed)} customers could not be billed")


def _issued(issued: Issued) -> list[str]:
    return [
        f"{issued.documents} documents went out",
        *(f"{number} is held back: {'; '.join(findings)}" for number, findings in issued.held.items()),
    ]


def told(totals: Totals, *, is_dry: bool) -> list[str]:
    """Return *totals* as lines for a person."""
    lines = [
        f"{said.tariff:<16} {said.tax_percent:>3} %  {said.month}  {money(said.net_cents)}" for said in totals.sums
    ]
    head = "would be" if is_dry else "were"
    lines.append(f"{totals.invoices} invoices and {totals.credit_notes} credit notes {head} written")
    if totals.first_number:
        lines.append(f"numbers {totals.first_number} to {totals.last_number}")
    sums = (("net", totals.net_cents), ("VAT", totals.tax_cents), ("gross", totals.gross_cents))
    lines.append(", ".join(f"{name} {money(cents).strip()}" for name, cents in sums))
    return lines + [f"customer {number}: {problem}" for number, problem in totals.failed.items()]


def money(cents: int) -> str:
    """Return *cents* as an amount for a table."""
    return f"{cents / 100:>12,.2f} €"


@click.group("billing")
def billing_group() -> None:
    """The ledger of service entries, and what was billed of it."""


@billing_group.command("reconcile")
@AS_JSON
def billing_reconcile(*, as_json: bool) -> None:
    """Look for services without entry, entries without service, and numbers that nobody accounts for; exit 1 if any."""
    day = today(settings.load().seller.time_zone)
    found = run(reconcile.reconcile(day))
    lines = [f"{item.kind}: {f'order {item.order}, ' if item.order else ''}{item.text}" for item in found]
    show(found, as_json=as_json, line="\n".join(lines) or "everything fits")
    if found:
        raise click.exceptions.Exit(1)


@billing_group.command("cancel")
@click.argument("number")
@click.option("--anew", is_flag=True, help="Charge the same again with the next run.")
@AS_JSON
def billing_cancel(number: str, *, anew: bool, as_json: bool) -> None:
    """Take back invoice NUMBER by a credit note (Stornorechnung)."""
    seller = settings.load().seller
    work = corrections.cancel(number, seller, today(seller.time_zone), actor=OPERATOR, anew=anew)
    try:
        note = run(work)
    except corrections.NotCancelledError as error:
        raise click.ClickException(str(error)) from error
    show({"invoice": number, "credit_note": note}, as_json=as_json, line=f"{note} takes {number} back")


def _bar() -> Progress:
    """Return a progress bar on stderr: customers done, of how many, how long still."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
