"""The customer's mailbox elsewhere, to which the hoster's mails go: a Maildir."""

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path


def mails(maildir: Path, recipient: str | None = None) -> list[EmailMessage]:
    """Return what has arrived (for *recipient*), oldest first."""
    found = (message for file in _files(maildir) if (message := _read(file)) is not None)
    return [message for message in found if recipient in {None, address_of(message)}]


def address_of(message: EmailMessage) -> str:
    """Return the address that *message* is for."""
    header = message["To"]
    return str(header.addresses[0].addr_spec) if header and header.addresses else ""


def text_of(message: EmailMessage) -> str:
    """Return the headers and every readable part of *message*, as a person sees them."""
    headers = [f"{name}: {value}" for name, value in message.items()]
    parts = [part for part in message.walk() if part.get_content_maintype() == "text"]
    return "\n".join(headers + [str(part.get_content()) for part in parts if isinstance(part, EmailMessage)])


def _files(maildir: Path) -> Iterator[Path]:
    folders = (maildir / "new", maildir / "cur")
    yield from sorted((file for folder in folders if folder.is_dir() for file in folder.iterdir()), key=_age)


def _age(file: Path) -> tuple[float, str]:
    return (file.stat().st_mtime, file.name)


def _read(file: Path) -> EmailMessage | None:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    return message if isinstance(message, EmailMessage) else None
