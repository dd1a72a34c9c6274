"""Names of domains: from what was typed to the A-label that is ordered, or a reason why not (IDNA 2008, UTS 46)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache

import idna
from publicsuffixlist import PublicSuffixList

from api.catalogue import Letters

PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
ELSE = "*"
"""The letters of every top-level domain that is not listed."""
LATIN_ALONE = Letters()


class NameRefusedError(ValueError):
    """What was typed is no name that anybody can order; the text says why, without repeating it."""


def order_name(typed: str, letters: Mapping[str, Letters]) -> str:
    """Return the A-label of *typed*, directly below a public suffix.

    Raises:
        NameRefusedError: no domain can have that name.
    """
    try:
        name = idna.encode(typed, uts46=True, std3_rules=True).decode("ascii").removesuffix(".")
    except (idna.IDNAError, UnicodeError) as error:
        raise NameRefusedError("is no domain name (IDNA 2008)") from error
    suffix = _suffixes().publicsuffix(name)
    if suffix is None:
        raise NameRefusedError("does not end in a public top-level domain")
    if _suffixes().privatesuffix(name) != name:
        raise NameRefusedError("has to stand directly below a public suffix, like beispiel.de or example.co.uk")
    label = name.removesuffix(f".{suffix}")
    _check_letters(spoken(label), letters.get(suffix.rpartition(".")[2]) or letters.get(ELSE, LATIN_ALONE))
    return name


def spoken(name: str) -> str:
    """Return the U-label spelling of an A-label *name*, for people."""
    return ".".join(_decode(label) for label in name.split("."))


def _check_letters(label: str, letters: Letters) -> None:
    if letters.characters:
        if not set(label) - PLAIN <= set(letters.characters):
            raise NameRefusedError("holds a letter that the registry of this top-level domain does not take")
        return
    scripts = {script(character) for character in label if character.isalpha()}
    if len(scripts) > 1:
        raise NameRefusedError("mixes letters of several writing systems")
    if not scripts <= set(letters.scripts):
        raise NameRefusedError("is written in letters that are not on offer for this top-level domain")


def script(character: str) -> str:
    """Return the writing system of a letter, as the first word of its Unicode name says it."""
    return unicodedata.name(character, "UNKNOWN").partition(" ")[0]


def _decode(label: str) -> str:
    try:
        return idna.decode(label) if label.startswith("xn--") else label
    except idna.IDNAError:
        return label


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False, only_icann=True)
