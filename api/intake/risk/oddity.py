"""Names that can hardly be meant. Honest ones pass: O'Brien, Ng, Null, Nguyễn, Wu."""

from __future__ import annotations

import re

WEB_ADDRESS = re.compile(
    r"://|\bwww\.|@|\.(com|net|org|info|ru|xyz|shop|top)\b|[\w-]{4}\.(de|at|ch|eu|io|co|biz|online|site|link)\b|\.\w{2,}/",
    re.IGNORECASE,
)
REPEATED = re.compile(r"(\w)\1{3}", re.IGNORECASE)
KEYBOARD = re.compile(r"asdf|qwert|yxcv|zxcv|hjkl|jklö|12345", re.IGNORECASE)
NOBODY = frozenset({
    "max mustermann", "erika mustermann", "john doe", "jane doe", "test test", "test tester", "foo bar",
    "donald duck", "mickey mouse", "micky maus", "vorname nachname", "first last", "first name last name",
})  # fmt: skip


def oddity(given_name: str, family_name: str) -> str | None:
    """Return why the name can hardly be meant, or None."""
    full_name = f"{given_name} {family_name}"
    if WEB_ADDRESS.search(full_name):
        return "web_address"
    if not any(char.isalpha() for char in given_name) or not any(char.isalpha() for char in family_name):
        return "no_letters"
    if REPEATED.search(full_name):
        return "repeated"
    if KEYBOARD.search(full_name):
        return "keyboard"
    return "placeholder" if " ".join(full_name.casefold().split()) in NOBODY else None
