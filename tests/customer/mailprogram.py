"""A mail program: reads by IMAP with STARTTLS, sends by submission; and a stranger's mail server on port 25."""

import email
import email.policy
import imaplib
import smtplib
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage

from tests.customer.patience import wait_for

TIMEOUT_S = 30
LOGGED_IN = 235


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox with the servers that the status page names for it."""

    imap: tuple[str, int]
    smtp: tuple[str, int]
    address: str
    password: str

    def subjects(self) -> list[str]:
        """Log in by IMAP and return the subjects in the inbox, oldest first."""
        with self._imap() as session:
            _, answer = session.search(None, "ALL")
            return [_subject(session, number) for number in answer[0].split()]

    def raw(self, subject: str) -> bytes:
        """Return the newest mail with *subject* as it was received."""
        with self._imap() as session:
            _, answer = session.search(None, "ALL")
            (number, *_) = [one for one in reversed(answer[0].split()) if _subject(session, one) == subject]
            _, parts = session.fetch(number, "(BODY.PEEK[])")
            assert isinstance(parts[0], tuple)
            return parts[0][1]

    def wait_for_subject(self, subject: str, *, timeout_s: float = 20) -> None:
        """Wait until a mail with *subject* lies in the inbox."""
        wait_for(
            f"a mail “{subject}” to {self.address}",
            lambda: subject in self.subjects(),
            timeout_s=timeout_s,
            every_s=0.4,
        )

    def submit(self, message: EmailMessage, *, envelope_from: str | None = None, password: str | None = None) -> None:
        """Send *message* as a mail program does: STARTTLS, log in, hand over.

        Raises:
            smtplib.SMTPException: the server refused; the code is in it.
        """
        with submission(*self.smtp) as session:
            _log_in(session, self.address, password or self.password)
            session.send_message(message, from_addr=envelope_from or self.address)

    @contextmanager
    def _imap(self) -> Iterator[imaplib.IMAP4]:
        session = imaplib.IMAP4(*self.imap, timeout=TIMEOUT_S)
        try:
            session.starttls(any_certificate())
            session.authenticate("PLAIN", lambda _: _plain(self.address, self.password))
            session.select("INBOX", readonly=True)
            yield session
        finally:
            session.logout()


@contextmanager
def submission(host: str, port: int) -> Iterator[smtplib.SMTP]:
    """Open an encrypted session at the submission port, not logged in."""
    with smtplib.SMTP(host, port, local_hostname="laptop.customers.example", timeout=TIMEOUT_S) as session:
        session.starttls(context=any_certificate())
        session.ehlo()
        yield session


def deliver(host: str, message: EmailMessage, *, sender: str, recipient: str) -> None:
    """Hand *message* to the server of *recipient* as a stranger's server does, on port 25.

    Raises:
        smtplib.SMTPException: the server refused; the code is in it.
    """
    with smtplib.SMTP(host, 25, local_hostname="mail.elsewhere.example", timeout=TIMEOUT_S) as session:
        session.send_message(message, from_addr=sender, to_addrs=[recipient])


def refusal(act: Callable[[], object]) -> int:
    """Return the code with which a mail server refuses *act*, or 0 if it does not."""
    try:
        act()
    except smtplib.SMTPRecipientsRefused as error:
        return next(iter(error.recipients.values()))[0]
    except smtplib.SMTPNotSupportedError:
        return 503
    except smtplib.SMTPResponseException as error:
        return error.smtp_code
    return 0


def letter(sender: str, recipient: str, subject: str) -> EmailMessage:
    """Return a short mail."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, recipient, subject
    message.set_content("Guten Tag!\n")
    return message


def any_certificate() -> ssl.SSLContext:
    """Return a TLS context that takes the placeholder certificate of a new server."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _log_in(session: smtplib.SMTP, address: str, password: str) -> None:
    """Log in by AUTH PLAIN (RFC 4616): UTF-8, where Python's own `login` takes ASCII only."""
    code, reply = session.docmd("AUTH", f"PLAIN {b64encode(_plain(address, password)).decode()}")
    if code != LOGGED_IN:
        raise smtplib.SMTPAuthenticationError(code, reply)


def _plain(address: str, password: str) -> bytes:
    return f"\0{address}\0{password}".encode()


def _subject(session: imaplib.IMAP4, number: bytes) -> str:
    _, answer = session.fetch(number.decode(), "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    (_, header), *_ = (part for part in answer if isinstance(part, tuple))
    return str(email.message_from_bytes(header, policy=email.policy.default)["Subject"])
