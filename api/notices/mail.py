"""Mail: a letter as a message of two forms, handed to the hoster's mail server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any, NamedTuple

import aiosmtplib

from api.notices.letter import Letter
from api.settings import Mail

WITHIN_S = 45
"""For the whole conversation; shorter than a row is held, so that no other worker begins meanwhile."""

PERMANENT = range(500, 600)
OURS = frozenset({530, 534, 535, 538})
"""Refusals of the one who calls (RFC 4954): settings to be mended, not mails to be given up."""

TOO_LARGE = 552
"""The one refusal at MAIL FROM that is about the mail itself (RFC 1870); the others are about the sender's address."""


class RefusedError(Exception):
    """The mail server will never take this mail."""


class NotNowError(Exception):
    """The mail could not be handed over; later it may."""


class Attachment(NamedTuple):
    """A document that goes with a mail."""

    name: str
    content: str | bytes
    #: Media type of *content* where it is bytes; a text is text/plain in UTF-8.
    media_type: str = "application/pdf"


def message(
    letter: Letter, row: Mapping[str, Any], settings: Mail, recipient: str, attachments: tuple[Attachment, ...] = ()
) -> EmailMessage:
    """Return the mail of outbox *row*: the same one, under the same Message-ID, however often it is made."""
    name, address = parseaddr(settings.sender)
    created_at: datetime = row["created_at"]
    made = EmailMessage(policy.SMTP)
    made["From"] = Address(name, addr_spec=address)
    made["To"] = Address(addr_spec=recipient)
    made["Subject"] = letter.subject
    made["Date"] = format_datetime(created_at)
    made["Message-ID"] = f"<{row['message_id']}@{address.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834
    made["X-Auto-Response-Suppress"] = "All"
    made.set_content(letter.text, cte="quoted-printable")
    made.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    for name, content, media_type in attachments:
        if isinstance(content, str):
            made.add_attachment(content, filename=name, cte="quoted-printable")
        else:
            main, _, sub = media_type.partition("/")
            made.add_attachment(content, main, sub, filename=name)
    made["Content-Language"] = row["language"]  # last: attachments would take it along into their neighbour
    return made


async def send(made: EmailMessage, settings: Mail) -> None:
    """Hand *made* over.

    Raises:
        RefusedError: the server said 5xx to this mail, or cannot carry its address.
        NotNowError: anything else, from 4xx to a line that was cut: it may even have arrived.
    """
    try:
        async with asyncio.timeout(WITHIN_S):
            await aiosmtplib.send(
                made,
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_user or None,
                password=settings.smtp_password or None,
                use_tls=settings.smtp_tls == "tls",
                start_tls=settings.smtp_tls == "starttls",
                timeout=WITHIN_S,
            )
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        reason = _reason(error)
        if _is_final(error):
            raise RefusedError(reason) from error
        raise NotNowError(reason) from error


def _is_final(error: Exception) -> bool:
    """Return whether *error* is the server's last word on this mail, not on us or on its own state."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return all(_is_about_the_mail(refused.code) for refused in error.recipients)
        case aiosmtplib.SMTPSenderRefused():
            return error.code == TOO_LARGE
        case aiosmtplib.SMTPDataError() | aiosmtplib.SMTPRecipientRefused():
            return _is_about_the_mail(error.code)
        case aiosmtplib.SMTPNotSupported():
            return True
    return False


def _is_about_the_mail(code: int) -> bool:
    return code in PERMANENT and code not in OURS


def _reason(error: Exception) -> str:
    """Return code and kind; the server's words may repeat the address, so they stay out."""
    codes = [refused.code for refused in getattr(error, "recipients", ())] or [getattr(error, "code", None)]
    said = ", ".join(str(code) for code in codes if code)
    return f"the mail server said {said}" if said else f"the mail server did not take it: {type(error).__name__}"
