"""Foreign names and headers, made fit to be shown: one line of printable characters, of a decent length."""

from __future__ import annotations

from email.header import decode_header

LONGEST_TEXT = 120

for _name in ("ascii", "utf-8", "latin-1", "iso8859-15", "cp1252", "punycode"):
    "".encode(_name)  # loads it while files can be opened


def plain(text: object) -> str:
    """Return a header's text in one line of printable characters, cut to a decent length."""
    said = str(text or "")[:2000]
    try:
        pieces = [
            piece if isinstance(piece, str) else _decoded(piece, charset) for piece, charset in decode_header(said)
        ]
        said = "".join(pieces)
    except (ValueError, LookupError, OSError):
        pass
    return printable(said)[:LONGEST_TEXT]


def printable(text: str) -> str:
    """Return *text* in one line of printable characters, parted by single spaces."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _decoded(piece: bytes, charset: str | None) -> str:
    try:
        return piece.decode(charset or "ascii", errors="replace")
    except (LookupError, OSError, ImportError):
        return piece.decode("ascii", errors="replace")
