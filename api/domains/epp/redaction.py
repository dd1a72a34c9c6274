"""Frames fit to be kept: auth codes, passwords, what describes a person are struck out, also where they are quoted."""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy

from lxml import etree

from api.domains.epp.markup import CONTACT, DOMAIN, EPP, Element

STRUCK = "…"
SECRET = frozenset({f"{{{EPP}}}pw", f"{{{EPP}}}newPW", f"{{{DOMAIN}}}pw", f"{{{CONTACT}}}pw"})
PERSONAL = frozenset(
    f"{{{CONTACT}}}{name}" for name in ("name", "org", "street", "city", "sp", "pc", "voice", "fax", "email")
)
#: A registry quotes what it objects to in any form; only its codes and words are kept.
QUOTED = f"{{{EPP}}}value"
LONGEST = 20_000
#: A shorter word (a country, a first name) is struck out where it is told, but not wherever its letters stand.
SHORTEST = 6


def redacted(*frames: Element | None, secrets: Collection[str] = ()) -> list[str | None]:
    """Return *frames* as text; what is struck out of one is struck out of all, and so are *secrets*."""
    told = {found.text for frame in frames if frame is not None for found in _struck(frame) if found.text}
    hidden = {word for word in told if len(word) >= SHORTEST} | {*secrets}
    return [None if frame is None else _kept(deepcopy(frame), hidden) for frame in frames]


def _kept(frame: Element, hidden: set[str]) -> str:
    for found in list(frame.iter(QUOTED)):
        for inner in list(found):
            found.remove(inner)
        found.text = STRUCK
    for found in _struck(frame):
        found.text = STRUCK
    for found in frame.iter():
        for word in sorted(hidden, key=len, reverse=True):
            if found.text:
                found.text = found.text.replace(word, STRUCK)
    return etree.tostring(frame, encoding="unicode")[:LONGEST]


def _struck(frame: Element) -> list[Element]:
    return [found for found in frame.iter() if found.tag in SECRET or found.tag in PERSONAL]
