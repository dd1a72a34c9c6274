"""Cart IDs (*Warenkorb-ID*): short, speakable, with a check character; no secret.

Eight random characters and one to check, out of 31 that are not taken for one another. Position i weighs i, modulo the
prime 31: any one wrong character and any two neighbours swapped are found.
"""

from __future__ import annotations

import re
import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8
WRITTEN = re.compile(rf"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}-[{ALPHABET}]\Z")


def new_cart_id() -> str:
    """Return a random cart ID; that it is new is for the database to say."""
    return written("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))


def written(body: str) -> str:
    """Return *body* with its check character, as it is written."""
    return f"{body[:4]}-{body[4:]}-{_check(body)}"


def heard(text: str) -> str | None:
    """Return the cart ID that somebody typed or spoke, or None if it cannot be one."""
    characters = re.sub(r"[\s.-]", "", text).upper()
    if len(characters) != LENGTH + 1 or not set(characters) <= set(ALPHABET):
        return None
    body, check = characters[:LENGTH], characters[LENGTH]
    return written(body) if check == _check(body) else None


def _check(body: str) -> str:
    total = sum(weight * ALPHABET.index(character) for weight, character in enumerate(body, start=1))
    return ALPHABET[total % len(ALPHABET)]
