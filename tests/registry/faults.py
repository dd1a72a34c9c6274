"""What can go wrong on the way, ordered per command: each fault happens once."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType

from tests.registry.store import Store

BEFORE = "drop-before"
"""The connection is dropped, and the command not carried out."""
AFTER = "drop-after"
"""The command is carried out, and the connection dropped without an answer."""
HANG_UP = "hang-up"
"""The command is carried out and answered, and the connection dropped."""
SLOW = "slow"
"""The answer comes a byte at a time, later than anybody waits."""
FAILED_AFTER = "2400-after"
"""The command is carried out, and answered as failed."""
CODES = ("2302", "2304", "2306", "2400", "2500")
"""The command is not carried out, and answered so."""

HUGE = 10 * 1024 * 1024
DOCTYPE = (
    b'<?xml version="1.0"?><!DOCTYPE epp SYSTEM "file:///etc/passwd"><epp xmlns="urn:ietf:params:xml:ns:epp-1.0"/>'
)
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE epp [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b']><epp xmlns="urn:ietf:params:xml:ns:epp-1.0">&j;</epp>'
)


def framed(body: bytes) -> bytes:
    """Return a frame with its length before it."""
    return struct.pack(">I", len(body) + 4) + body


SPOILT: Mapping[str, Callable[[bytes], bytes]] = MappingProxyType({
    "torn-header": lambda frame: framed(frame)[:2],
    "torn": lambda frame: framed(frame)[: len(frame) // 2],
    "zero": lambda _: struct.pack(">I", 0),
    "short": lambda frame: struct.pack(">I", 3) + frame,
    "negative": lambda frame: b"\xff\xff\xff\xff" + frame,
    "huge": lambda _: framed(b"<epp>" + b" " * HUGE + b"</epp>"),
    "doctype": lambda _: framed(DOCTYPE),
    "laughs": lambda _: framed(LAUGHS),
    "garbage": lambda _: framed(b"\x00\xff\xfe no XML"),
    "plain-text": lambda _: b"Connections from your address are not allowed.\r\n",
    "utf-16": lambda frame: framed(frame.decode().replace("UTF-8", "UTF-16").encode("utf-16")),
    "foreign": lambda frame: framed(frame.replace(b"<clTRID>", b"<clTRID>X")),
    "unnumbered": lambda frame: framed(frame.replace(b"<result code=", b"<result kode=")),
    "greeting": lambda _: framed(b'<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><greeting/></epp>'),
})  # fmt: skip
"""Kind → what goes over the wire in place of the right answer; the command is carried out, then the wire is dropped."""

KINDS = frozenset({BEFORE, AFTER, HANG_UP, SLOW, FAILED_AFTER, *CODES, *SPOILT})


def order(store: Store, command: str, kind: str, times: int = 1) -> None:
    """Have the next *times* commands of that name go wrong."""
    if kind not in KINDS:
        raise ValueError(f"{kind} is no fault; there are {', '.join(sorted(KINDS))}")
    with store.change():
        for _ in range(times):
            store.put("fault", command=command, kind=kind)


def next_fault(store: Store, command: str) -> str:
    """Take the next fault that is ordered for *command*, nothing when none is."""
    found = store.rows(
        "DELETE FROM fault WHERE id = (SELECT min(id) FROM fault WHERE command = ?) RETURNING kind", command
    )
    return str(found[0]["kind"]) if found else ""
