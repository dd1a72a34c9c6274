"""A real SMTP server that keeps mails, and can be told to refuse, to put off, or to hang up."""

import email
import email.policy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import msgspec
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from api.equipment import Equipment
from tests.contract.process import free_port

Answer = Callable[[Envelope], str]
HANG_UP = "hang up"


class MailServer:
    """Takes mails on loopback; `say` decides what it answers to each one after its text."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.seen: list[str] = []
        self.say: Answer = lambda _: "250 OK"
        self.say_to_recipient: Answer = lambda _: "250 OK"
        self.say_to_sender: Answer = lambda _: "250 OK"
        self.port = free_port()

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer to a sender."""
        said = self.say_to_sender(envelope)
        if said.startswith("2"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return said

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer to a recipient."""
        said = self.say_to_recipient(envelope)
        if said.startswith("2"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Answer to a mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        made: Any = email.message_from_bytes(content, policy=email.policy.default)
        self.seen.append(made["Message-ID"])
        said = self.say(envelope)
        if said == HANG_UP:
            assert server.transport is not None
            server.transport.abort()  # type: ignore[attr-defined]  # it is a socket's
            return "421 gone"
        if said.startswith("2"):
            self.taken.append(made)
        return said


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a mail server until the block ends."""
    kept = MailServer()
    controller = Controller(kept, hostname="127.0.0.1", port=kept.port)
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()


def mailing_to(equipment: Equipment, port: int) -> Equipment:
    """Return *equipment* whose mail goes to *port* on loopback."""
    mail = msgspec.structs.replace(equipment.settings.mail, smtp_host="127.0.0.1", smtp_port=port)
    settings = msgspec.structs.replace(equipment.settings, mail=mail)
    return Equipment(settings, equipment.seal, equipment.catalogue, equipment.hashing, equipment.closing)
