"""Send one message that an account's PHP hands in, under the account's own address.

Started by ankunft-post.socket for each connection. Who is at the other end says the kernel (SO_PEERCRED), which
address is his the table of mailboxes; what the message claims is not asked.
"""

from __future__ import annotations

import email
import email.policy
import email.utils
import pwd
import re
import smtplib
import socket
import struct
import sys
from email.message import Message

import pymysql

DATABASE = "/run/mysqld/mysqld.sock"
POSTFIX = "/var/spool/postfix/public/ankunft-post"
ACCOUNT = re.compile(r"a[1-9][0-9]{3,9}\Z", re.ASCII)
FIRST_UID = 1_900_000_000
LONGEST_MESSAGE = 32 * 1024 * 1024
MOST_RECIPIENTS = 100
READ_S, SMTP_S = 30, 30


class RefusedError(Exception):
    """The message is not sent; the text tells the script's author why."""


class Smtp(smtplib.SMTP):
    """SMTP over a socket of this host."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 -- smtplib's
        door = socket.socket(socket.AF_UNIX)
        door.settimeout(timeout)
        door.connect(host)
        return door


def account_of(uid: int) -> str:
    """Return the name of the account that the process at the other end runs as.

    Raises:
        RefusedError: it is no account.
    """
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = ""
    if uid < FIRST_UID or not ACCOUNT.match(name):
        raise RefusedError("only accounts send this way")
    return name


def address_of(account: str) -> str:
    """Return the account's technical address, where bounces can reach it.

    Raises:
        RefusedError: it has no mailbox here, or may not send.
    """
    statement = "SELECT address FROM mailbox WHERE account = %s AND enabled = 1 AND address LIKE %s"
    connection = pymysql.connect(unix_socket=DATABASE, user="ankunft_post", database="ankunft_mail")
    with connection, connection.cursor() as cursor:
        cursor.execute(statement, (account, f"postmaster@{account}.%"))
        row = cursor.fetchone()
    if row is None:
        raise RefusedError("the account has no mailbox here that may send")
    return str(row[0])


def recipients_of(message: Message) -> list[str]:
    """Return whom the message is for, by its headers.

    Raises:
        RefusedError: nobody, or too many.
    """
    headers = [str(value) for name in ("To", "Cc", "Bcc") for value in message.get_all(name, [])]
    found = list(dict.fromkeys(address for _, address in email.utils.getaddresses(headers) if "@" in address))
    if not 1 <= len(found) <= MOST_RECIPIENTS:
        raise RefusedError(f"a message is for 1 to {MOST_RECIPIENTS} recipients, named in To, Cc or Bcc")
    return found


def prepare(data: bytes, sender: str) -> tuple[list[str], bytes]:
    """Return the recipients and the message as it goes out: without Bcc, with a sender and a date.

    Raises:
        RefusedError: it is no message that can be sent.
    """
    if len(data) > LONGEST_MESSAGE:
        raise RefusedError(f"a message has {LONGEST_MESSAGE} bytes at most")
    message = email.message_from_bytes(data, policy=email.policy.compat32.clone(linesep="\r\n"))
    recipients = recipients_of(message)
    del message["Bcc"]
    del message["Return-Path"]
    if "From" not in message:
        message["From"] = sender
    if "Date" not in message:
        message["Date"] = email.utils.formatdate()
    if "Message-ID" not in message:
        message["Message-ID"] = email.utils.make_msgid(domain=sender.partition("@")[2])
    return recipients, message.as_bytes()


def send(connection: socket.socket) -> None:
    """Read a message, find out whose it is, and give it to Postfix.

    Raises:
        RefusedError: it is not sent.
    """
    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    sender = address_of(account_of(uid))
    connection.settimeout(READ_S)
    with connection.makefile("rb") as stream:
        recipients, message = prepare(stream.read(LONGEST_MESSAGE + 1), sender)
    with Smtp(POSTFIX, 25, local_hostname="localhost", timeout=SMTP_S) as postfix:
        postfix.sendmail(sender, recipients, message)


def main() -> None:
    """Serve the connection that systemd accepted; say in one line what became of the message."""
    with socket.socket(fileno=0) as connection:
        try:
            send(connection)
            answer = "sent"
        except RefusedError as error:
            answer = str(error)
        except (OSError, smtplib.SMTPException, pymysql.MySQLError, ValueError) as error:
            sys.stderr.write(f"not sent: {error!r}\n")
            answer = "it cannot be sent now, or not to these recipients"
        connection.sendall(f"{answer}\n".encode())


if __name__ == "__main__":
    main()
