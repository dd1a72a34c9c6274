"""How names of domains are spelt to people: as they read them, and beside it as machines write them."""

from __future__ import annotations

import re

import idna

A_LABEL = re.compile(r"\bxn--[a-z0-9-]+", re.IGNORECASE | re.ASCII)


def both(text: str) -> str:
    """Return *text* as people read it, followed in brackets by the spelling with A-labels where that is another one."""
    read = A_LABEL.sub(_read, text)
    return text if read == text else f"{read} ({text})"


def _read(match: re.Match[str]) -> str:
    try:
        return idna.decode(match[0])
    except idna.IDNAError:
        return match[0]
