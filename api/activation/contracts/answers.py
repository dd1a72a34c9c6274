"""What the reading process answers."""

from __future__ import annotations

import msgspec


class Page(msgspec.Struct, frozen=True):
    """A page of a document."""

    #: SHA-256 of its picture, hexadecimal.
    digest: str
    #: The marks that stand on it; whether they are ours is for the keyed check to say.
    marks: list[str]
    png: bytes = b""


class Scanned(msgspec.Struct, frozen=True):
    """A document, looked at."""

    pages: list[Page]
    #: Why it could not be looked at, or not to its end.
    problem: str | None


class Enclosed(msgspec.Struct, frozen=True):
    """A document that came with a mail."""

    name: str
    content: bytes


class Unpacked(msgspec.Struct, frozen=True):
    """A mail, taken apart."""

    documents: list[Enclosed]
    #: What was left aside, and why; in words for staff.
    notes: list[str]
    sender: str
    subject: str
    #: Whether all of it could be taken apart; else a person may want the mail itself.
    is_whole: bool = True
