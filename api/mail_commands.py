"""Commands for mails: how they look, which are stuck. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

from typing import Any

import click

from api import settings
from api.catalogue import LANGUAGES
from api.commands import AS_JSON, OPERATOR, run, show
from api.lifecycle import MailEvent, MailState
from api.notices import letter, outbox
from api.notices.outbox import STAFF_LANGUAGE, is_for_staff
from api.notices.tables import Outbox
from api.piccolo_conf import DB
from api.samples import sample


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
        sample(here, language, kind) | dict(_pair(change) for change in changes),
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
