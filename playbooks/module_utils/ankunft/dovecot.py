"""Ask Dovecot for a user as its own services do, without a process (the auth-userdb socket's protocol)."""

from __future__ import annotations

import socket
from pathlib import Path

from .errors import UnavailableError

_VERSION = "VERSION\t1\t1\n"
_ANSWER_S = 10


def look_up(auth: Path, address: str) -> dict[str, str] | None:
    """Return what Dovecot knows of the user *address* (uid, gid, home …), None if it knows none.

    Raises:
        UnavailableError: Dovecot does not answer, or says that it failed.
    """
    assert not set(address) & set("\t\n\r\0\1"), "a character of the protocol"
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(_ANSWER_S)
            door.connect(str(auth))
            door.sendall(f"{_VERSION}USER\t1\t{address}\tservice=imap\n".encode())
            with door.makefile("r", encoding="utf-8", newline="\n") as stream:
                for line in stream:
                    kind, *fields = line.rstrip("\n").split("\t")
                    if kind == "NOTFOUND":
                        return None
                    if kind == "USER":
                        return dict(field.partition("=")[::2] for field in fields[2:])
                    if kind == "FAIL":
                        raise UnavailableError(f"Dovecot could not look {address} up; its log tells why")
    except OSError as error:
        raise UnavailableError(f"Dovecot does not answer at {auth}: {error}; look at dovecot.service") from None
    raise UnavailableError(f"Dovecot closed {auth} without an answer; its log tells why")
