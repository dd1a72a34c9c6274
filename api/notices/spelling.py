"""How names and days are spelt to people: domains as they read them beside the A-label, cart IDs on one line."""

from __future__ import annotations

import re
from datetime import date

import idna
from babel.dates import format_date
from markupsafe import Markup, escape

A_LABEL = re.compile(r"\bxn--[a-z0-9-]+", re.IGNORECASE | re.ASCII)
CART_ID = r"\b[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]\b"
SHORT_A_LABEL = r"(?<![^\s(])[^\s()]*xn--[^\s()]{1,30}(?![^\s)])"
TORN = re.compile(f"{CART_ID}|{SHORT_A_LABEL}")
"""What a line is not to break at its hyphens, as long as it fits on a telephone."""


def both(text: str) -> str:
    """Return *text* as people read it, followed in brackets by the spelling with A-labels where that is another one."""
    read = A_LABEL.sub(_read, text)
    return text if read == text else f"{read} ({text})"


def _read(match: re.Match[str]) -> str:
    try:
        return idna.decode(match[0])
    except idna.IDNAError:
        return match[0]


def day(iso: str, language: str) -> str:
    """Return a day (2027-01-01) as a letter says it."""
    return str(format_date(date.fromisoformat(iso), "long", language))


def unbroken(text: str) -> Markup:
    """Return *text* escaped for HTML, with cart IDs and A-labels each kept on one line."""
    made, last = Markup(), 0
    for match in TORN.finditer(text):
        made += escape(text[last : match.start()]) + Markup('<span class="whole">{}</span>').format(match[0])
        last = match.end()
    return made + escape(text[last:])
