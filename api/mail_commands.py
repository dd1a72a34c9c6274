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
            text = letter.short_text(folder, kind, language, said)
            show({"text": text}, as_json=as_json, line=text)
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
    show(rows, as_json=as_json, line="\n".join(_line(row) for row in rows) or "everything has gone out")


@mail_group.command("retry")
@click.argument("number", type=int, required=False)
@click.option("--all", "is_all", is_flag=True, help="All parked mails; codes by SMS are worth nothing by then.")
@AS_JSON
def mail_retry(number: int | None, *, is_all: bool, as_json: bool) -> None:
    """Send the parked mail NUMBER once more, as `ankunft mail list` shows it, or all of them."""
    if is_all == (number is not None):
        raise click.UsageError("name one mail by its number, or --all")
    numbers = run(_retry(number))
    found = [{"id": number, "state": MailState.QUEUED} for number in numbers]
    line = "\n".join(f"{number} is {MailState.QUEUED}" for number in numbers) or "no mail is parked"
    show(found if is_all else found[0], as_json=as_json, line=line)


def _line(row: dict[str, Any]) -> str:
    said = [
        f"{row['id']:>8}  {row['created_at']:%d.%m. %H:%M}  {row['state']:<7} {row['channel']:<5} {row['kind']:<20}",
        row["cart_id"] or "no order",
        row["problem"] or "",
    ]
    return "  ".join(said).rstrip()


def _pair(change: str) -> tuple[str, str]:
    name, equals, text = change.partition("=")
    if not equals:
        raise click.BadParameter("says NAME=TEXT, like status=FAILED", param_hint="--set")
    return name, text


async def _unsent() -> list[dict[str, Any]]:
    columns = (
        Outbox.id, Outbox.created_at, Outbox.state, Outbox.channel, Outbox.kind,
        Outbox.order.cart_id.as_alias("cart_id"), Outbox.tries, Outbox.not_before, Outbox.problem,
    )  # fmt: skip
    return list(await Outbox.select(*columns).where(Outbox.state != MailState.SENT.value).order_by(Outbox.id))


async def _retry(number: int | None) -> list[int]:
    """Have one mail sent again, or all that are parked; return which."""
    parked = (Outbox.state == MailState.PARKED.value) & (Outbox.channel == "mail")
    rows = await Outbox.select().where(parked if number is None else Outbox.id == number).order_by(Outbox.id)
    if number is not None and not rows:
        raise click.ClickException(f"there is no mail {number}; `ankunft mail list` shows those that wait")
    async with DB.transaction():
        for row in rows:
            await outbox.move(row, MailEvent.RETRIED, actor=OPERATOR)
    return [row["id"] for row in rows]
