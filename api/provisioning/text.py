"""Text that agents send: hostile until it has been made plain."""

from __future__ import annotations

import unicodedata

_KEPT = frozenset("\n\t")


def plain(text: str, longest: int, *, lines: bool = False) -> str:
    """Return *text* without control and formatting characters, cut to *longest*; line ends stay if *lines*."""
    kept = (
        character
        if not unicodedata.category(character).startswith("C") or (lines and character in _KEPT)
        else "\N{REPLACEMENT CHARACTER}"
        for character in text[:longest]
    )
    return "".join(kept)
