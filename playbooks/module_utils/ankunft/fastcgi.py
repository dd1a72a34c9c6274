"""One request to an account's PHP through the waker, as nginx would send it (the FastCGI specification, 1.0)."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from .errors import UnavailableError

_BEGIN, _END, _PARAMS, _INPUT, _OUTPUT = 1, 3, 4, 5, 6
_REQUEST_ID = 1
_RESPONDER = struct.pack(">HB5x", 1, 0)
_HEADER = struct.Struct(">BBHHBx")
_SHORT = 0x7F
_ANSWER_S = 30
_LONGEST_ANSWER = 1 << 20


def _record(kind: int, content: bytes) -> bytes:
    return _HEADER.pack(1, kind, _REQUEST_ID, len(content), 0) + content


def _length(value: bytes) -> bytes:
    return bytes([len(value)]) if len(value) <= _SHORT else struct.pack(">I", len(value) | 1 << 31)


def _parameters(values: dict[str, str]) -> bytes:
    pairs = [(key.encode(), value.encode()) for key, value in values.items()]
    return b"".join(_length(key) + _length(value) + key + value for key, value in pairs)


def request(values: dict[str, str]) -> bytes:
    """Return a request without a body, with *values* as its parameters."""
    return b"".join(
        [
            _record(_BEGIN, _RESPONDER),
            _record(_PARAMS, _parameters(values)),
            _record(_PARAMS, b""),
            _record(_INPUT, b""),
        ]
    )


def ask(waker: Path, values: dict[str, str]) -> bytes:
    """Send a request over the socket *waker* and return what PHP wrote (headers and body).

    Raises:
        UnavailableError: no whole answer came.
    """
    output = b""
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(_ANSWER_S)
            door.connect(str(waker))
            door.sendall(request(values))
            with door.makefile("rb") as stream:
                while len(output) < _LONGEST_ANSWER:
                    _, kind, _, length, padding = _HEADER.unpack(stream.read(_HEADER.size))
                    content = stream.read(length + padding)[:length]
                    if kind == _END:
                        return output
                    output += content if kind == _OUTPUT else b""
    except (OSError, struct.error) as error:
        raise UnavailableError(f"PHP gave no answer through {waker}: {error}; look at ankunft-waker.service") from None
    raise UnavailableError("PHP answers without end")
