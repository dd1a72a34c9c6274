"""What the client of the warm Ansible sends: a command line, its environment, and the descriptors it goes with.

One message on a unix socket: a length, with the descriptors beside it, then texts that end in NUL: the folder, the
number of arguments, the arguments, the environment. The client is `agent/ansible_playbook.py`.
"""

from __future__ import annotations

import array
import os
import socket
import struct

import msgspec

MAX_BYTES = 1024 * 1024
MAX_DESCRIPTORS = 256
"""Three for input and output, the others are locks that the run holds for as long as it lives."""
PATIENCE_S = 5.0

TAKEN, REFUSED = b"T", b"R"
_LENGTH = struct.Struct("!I")
_STATUS = struct.Struct("!i")
_CREDENTIALS = struct.Struct("3i")


class BrokenErrandError(Exception):
    """Whoever called is no client of ours, or died in the middle of its sentence."""


class Errand(msgspec.Struct, frozen=True):
    """A run that is asked for: *descriptors* are input, output, error, and locks to be held."""

    folder: str
    arguments: list[str]
    environment: dict[str, str]
    descriptors: list[int]

    def close(self) -> None:
        """Close the descriptors on this side."""
        for descriptor in self.descriptors:
            os.close(descriptor)


def receive(connection: socket.socket) -> Errand:
    """Read one errand, of the same user as this process.

    Raises:
        BrokenErrandError: it is not whole, too large, or another user's.
    """
    descriptors: list[int] = []
    try:
        connection.settimeout(PATIENCE_S)
        _refuse_strangers(connection)
        size, descriptors = _begin(connection)
        texts = _read(connection, size).split(b"\0")[:-1]
        folder, count, *rest = [text.decode(errors="surrogateescape") for text in texts]
        arguments, variables = rest[: int(count)], rest[int(count) :]
        environment = dict(variable.split("=", 1) for variable in variables)
    except (OSError, ValueError) as error:
        for descriptor in descriptors:
            os.close(descriptor)
        raise BrokenErrandError(f"an errand is not whole: {error}") from error
    return Errand(folder, arguments, environment, descriptors)


def answer(connection: socket.socket, exit_code: int) -> None:
    """Tell the client how its run ended: an exit code, or a signal's number below zero."""
    connection.sendall(_STATUS.pack(exit_code))


def _refuse_strangers(connection: socket.socket) -> None:
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(found)
    if user != os.geteuid():
        raise ValueError(f"it comes from the user {user}")


def _begin(connection: socket.socket) -> tuple[int, list[int]]:
    found = array.array("i")
    room = socket.CMSG_LEN(MAX_DESCRIPTORS * found.itemsize)
    head, ancillary, _, _ = connection.recvmsg(_LENGTH.size, room, socket.MSG_CMSG_CLOEXEC)
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            found.frombytes(data[: len(data) - len(data) % found.itemsize])
    descriptors = list(found)
    if len(head) != _LENGTH.size or len(descriptors) < len("ioe"):
        for descriptor in descriptors:
            os.close(descriptor)
        raise ValueError("it has no beginning")
    return int(_LENGTH.unpack(head)[0]), descriptors


def _read(connection: socket.socket, size: int) -> bytes:
    if size > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES} bytes")
    content = b""
    while len(content) < size:
        block = connection.recv(size - len(content))
        if not block:
            raise ValueError("it ends early")
        content += block
    return content
