"""Commands for mails: how they look, which are stuck. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

import click

from api import settings
from api.catalogue import LANGUAGES
from api.commands import AS_JSON, OPERATOR, run, show
from api.lifecycle import DomainState, MailEvent, MailState
from api.notices import letter, outbox
from api.notices.tables import Outbox
from api.piccolo_conf import DB
from api.provisioning.view import AccountView, Address, Database, Mail, Sftp
from api.shop.page import DomainLine

KINDS = (
    "order_received",
    "contract_accepted",
    "account_ready",
    "account_delayed",
    "domain_status",
    "staff_alarm",
    "staff_registry",
)
SINCE = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@click.group("mail")
def mail_group() -> None:
    """Mails and short messages."""


@mail_group.command("preview")
@click.argument("kind", type=click.Choice([*KINDS, "sms_code"]))
@click.option("--language", type=click.Choice(LANGUAGES), default="de", show_default=True)
@click.option("--html", "as_html", is_flag=True, help="Print the HTML form.")
@AS_JSON
def mail_preview(kind: str, language: str, *, as_html: bool, as_json: bool) -> None:
    """Show a mail as a customer would get it, with an invented order. Nothing is sent."""
    here = settings.load()
    try:
        if kind == "sms_code":
            click.echo(letter.short_text(here.templates.folder, kind, language, sample(here)))
            return
        written = letter.write(here.templates.folder, kind, language, sample(here))
    except letter.LetterError as error:
        raise click.ClickException(str(error)) from error
    line = written.html if as_html else f"{written.subject}\n\n{written.text}"
    show(written._asdict(), as_json=as_json, line=line)


@mail_group.command("list")
@AS_JSON
def mail_list(*, as_json: bool) -> None:
    """List what has not gone out: waiting and parked."""
    rows = run(_unsent())
    lines = [
        f"{row['id']:>8}  {row['state']:<7} {row['channel']:<5} {row['kind']:<20} {row['problem']}" for row in rows
    ]
    show(rows, as_json=as_json, line="\n".join(lines) or "everything has gone out")


@mail_group.command("retry")
@click.argument("number", type=int)
@AS_JSON
def mail_retry(number: int, *, as_json: bool) -> None:
    """Send the parked mail NUMBER once more, as `ankunft mail list` shows it."""
    run(_retry(number))
    show({"id": number, "state": MailState.QUEUED}, as_json=as_json, line=f"{number} is {MailState.QUEUED}")


def sample(here: settings.Settings) -> dict[str, Any]:
    """Return what an invented order says in letters."""
    domain = DomainLine("xn--beispiel-shne-ejb.de", "beispiel-söhne.de", "register", DomainState.REGISTERED, SINCE)
    zone = here.hosting.zone
    return {
        "sender": parseaddr(here.mail.sender)[0] or here.mail.sender,
        "public_url": here.http.public_url,
        "cart_id": "7K3M-P9TA-4",
        "order_number": 500001,
        "customer_number": 100001,
        "name": "Jürgen O'Brien",
        "state": "ACTIVE",
        "tariff": "Start",
        "interval_months": 1,
        "price": "3,99 €",
        "terms_version": "2026-11-01",
        "domains": [domain],
        "account": AccountView(
            name="a1001",
            hosts={"web": "192.0.2.11", "database": "192.0.2.11", "mail": "192.0.2.11"},
            sftp=Sftp("192.0.2.11", here.hosting.sftp_port, "a1001"),
            database=Database("localhost", "a1001", "a1001"),
            mail=Mail(Address("192.0.2.11", 143), Address("192.0.2.11", 587), f"postmaster@a1001.{zone}"),
            web=[f"http://{domain.name}", f"http://a1001.{zone}"],
        ),
        "domain": domain,
        "status": DomainState.REGISTERED,
        "reason": None,
        "until": None,
        "registry": "de",
        "message": "12345",
        "problem": "cannot change the zone: PowerDNS answers 500",
        "what": "job_parked",
        "host": "web1",
        "code": "123456",
    }


async def _unsent() -> list[dict[str, Any]]:
    columns = [Outbox.id, Outbox.state, Outbox.channel, Outbox.kind, Outbox.tries, Outbox.not_before, Outbox.problem]
    return list(await Outbox.select(*columns).where(Outbox.state != MailState.SENT.value).order_by(Outbox.id))


async def _retry(number: int) -> None:
    row = await Outbox.select().where(Outbox.id == number).first()
    if row is None:
        raise click.ClickException(f"there is no mail {number}; `ankunft mail list` shows those that wait")
    async with DB.transaction():
        await outbox.move(row, MailEvent.RETRIED, actor=OPERATOR)
