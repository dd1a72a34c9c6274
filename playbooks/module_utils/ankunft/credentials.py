"""The account's own ~/.my.cnf: made with a fresh password on this host, kept for good, read by the database part.

The password never leaves the host: it stands in this file, and as a hash in MariaDB.
"""

from __future__ import annotations

import configparser
import hashlib
import re
import secrets
import string
from collections.abc import Iterator
from pathlib import Path

from .change import Change
from .files import Access, content_of, file
from .host import Host
from .job import Account

_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 32
_PASSWORD = re.compile(rf"[A-Za-z0-9]{{{_LENGTH}}}")


def path(host: Host, account: Account) -> Path:
    """Return where the file is: in the account's folder, which the customer reads and only root writes."""
    return host.accounts / account.name / ".my.cnf"


def render(account: Account, password: str) -> bytes:
    """Return the file's text: letters and digits, the same to MariaDB's clients, PHP's parse_ini_file and Python."""
    values = {"host": "localhost", "user": account.name, "password": password, "database": account.name}
    assert all(re.fullmatch(r"[A-Za-z0-9]+", value) for value in values.values())
    return "".join(["[client]\n", *(f"{key}={value}\n" for key, value in values.items())]).encode()


def password_of(host: Host, account: Account) -> str | None:
    """Return the password that stands in the file, None if there is none yet or it is not one of ours."""
    text = content_of(path(host, account))
    if text is None:
        return None
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text.decode())
        password = parser.get("client", "password")
    except (configparser.Error, UnicodeDecodeError):
        return None
    return password if _PASSWORD.fullmatch(password) else None


def credentials(host: Host, account: Account) -> Iterator[Change]:
    """Have the file, with the password that it holds already or a new one."""
    password = password_of(host, account) or "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    access = Access(0, account.uid, 0o440)
    yield from file(path(host, account), render(account, password), access, shown="[client] with a <password>")


def stored_form(password: str) -> str:
    """Return the password as mysql_native_password stores it, so that the server's logs see only this."""
    return "*" + hashlib.sha1(hashlib.sha1(password.encode()).digest()).hexdigest().upper()  # noqa: S324 -- MariaDB's form
