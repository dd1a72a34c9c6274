"""Commands for mails: how they look, which are stuck. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Any

import click
from babel.dates import format_date
from babel.numbers import format_currency

from api import settings
from api.catalogue import LANGUAGES
from api.commands import AS_JSON, OPERATOR, run, show
from api.lifecycle import DomainState, MailEvent, MailState
from api.notices import facts, letter, outbox
from api.notices.outbox import STAFF_LANGUAGE, is_for_staff
from api.notices.tables import Outbox
from api.piccolo_conf import DB
from api.provisioning.view import AccountView, Address, Database, Mail, Sftp
from api.shop.page import DomainLine

PAYMENT = {
    "de": "Wir buchen {price} am {day} per SEPA-Lastschrift von Ihrem Konto •••• 2051 ab.",
    "en": "We will collect {price} on {day} by SEPA direct debit from your account •••• 2051.",
}
OTHERWISE = {"staff_registry": {"name": "xn--beispiel-shne-rmb.de"}}
"""What single kinds call by a name that means something else in all others."""

SINCE = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@click.group("mail")
def mail_group() -> None:
    """Mails and short messages."""


@mail_group.command("preview")
@click.argument("kind")
@click.option("--language", type=click.Choice(LANGUAGES), default="de", show_default=True)
@click.option("--set", "changes", multiple=True, metavar="NAME=TEXT", help="Say something else than the sample does.")
@click.option("--html", "as_html", is_flag=True, help="Print the HTML form.")
@AS_JSON
def mail_preview(kind: str, language: str, *, changes: tuple[str, ...], as_html: bool, as_json: bool) -> None:
    """Show a mail or short message as it would be sent, with an invented order. Nothing is sent.

    KIND is a template's name, `ankunft mail kinds` lists them.
    """
    here = settings.load()
    folder, said = (
        here.templates.folder,
        sample(here, language) | OTHERWISE.get(kind, {}) | dict(_pair(change) for change in changes),
    )
    try:
        if kind in letter.kinds(folder, "sms"):
            click.echo(letter.short_text(folder, kind, language, said))
            return
        language = STAFF_LANGUAGE if is_for_staff(kind) else language
        written = letter.write(folder, kind, language, said)
    except letter.LetterError as error:
        raise click.ClickException(str(error)) from error
    line = written.html if as_html else f"{written.subject}\n\n{written.text}"
    show(written._asdict(), as_json=as_json, line=line)


@mail_group.command("kinds")
@AS_JSON
def mail_kinds(*, as_json: bool) -> None:
    """List the kinds of mails and short messages that there are templates of."""
    folder = settings.load().templates.folder
    found = {channel: letter.kinds(folder, channel) for channel in ("mail", "sms")}
    show(found, as_json=as_json, line="\n".join([*found["mail"], *found["sms"]]))


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


def sample(here: settings.Settings, language: str) -> dict[str, Any]:
    """Return what an invented order says in letters: everything that any of them names."""
    domain = DomainLine("xn--beispiel-shne-rmb.de", "beispiel-söhne.de", "register", DomainState.REGISTERED, SINCE)
    zone, price = here.hosting.zone, format_currency(3.99, "EUR", locale=language)
    return {
        "sender": parseaddr(here.mail.sender)[0] or here.mail.sender,
        "public_url": here.http.public_url,
        "cart_id": "7K3M-P9TA-4",
        "order_number": 500001,
        "customer_number": 100001,
        "name": "Jürgen O'Brien",
        "phone_end": "78",
        "state": "ACTIVE",
        "tariff": "Start",
        "interval_months": 1,
        "price": price,
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
        "offered": ["sms", "contract"],
        "expires_at": facts.moment(SINCE + timedelta(days=14), language, here.seller.time_zone),
        "domain": domain,
        "status": DomainState.REGISTERED,
        "reason": None,
        "until": None,
        "registry": "de",
        "message": "12345",
        "problem": "cannot change the zone: PowerDNS answers 500",
        "what": "job_parked",
        "number": 12,
        "channel": "fax",
        "note": "no mark of ours can be read on it",
        "why": "Die Unterschrift fehlt." if language == "de" else "The signature is missing.",
        "host": "web1",
        "token": "further_00112233445566778899aabbccddeeff",
        "link": here.http.further_order_url.replace("{token}", "further_00112233445566778899aabbccddeeff"),
        "minutes": 30,
        "messages": 500,
        "risk_rule": "network_flood",
        "risk_text": "A flood of orders from the same network",
        "waiting": 2,
        "hours": 24,
        "carts": ["7K3M-P9TA-4", "8N4P-Q2UB-X"],
        "code": "123456",
        "invoice": "R700001",
        "rules": "BR-DE-8",
        "amount": price,
        "issued": format_date(SINCE, "long", language),
        "payment": PAYMENT[language].format(price=price, day=format_date(SINCE + timedelta(days=7), "long", language)),
        "corrects": "R700000",
        "iban": "DE89 3704 0044 0532 0130 00",
        "bic": "COBADEFFXXX",
        "holder": here.seller.name or "Beispiel Hosting GmbH",
    }


def _pair(change: str) -> tuple[str, str]:
    name, equals, text = change.partition("=")
    if not equals:
        raise click.BadParameter("says NAME=TEXT, like status=FAILED", param_hint="--set")
    return name, text


async def _unsent() -> list[dict[str, Any]]:
    columns = [Outbox.id, Outbox.state, Outbox.channel, Outbox.kind, Outbox.tries, Outbox.not_before, Outbox.problem]
    return list(await Outbox.select(*columns).where(Outbox.state != MailState.SENT.value).order_by(Outbox.id))


async def _retry(number: int) -> None:
    row = await Outbox.select().where(Outbox.id == number).first()
    if row is None:
        raise click.ClickException(f"there is no mail {number}; `ankunft mail list` shows those that wait")
    async with DB.transaction():
        await outbox.move(row, MailEvent.RETRIED, actor=OPERATOR)
