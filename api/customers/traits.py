"""Signs by which a customer is recognised: mail address, telephone, name with address, and the neighbourhood."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from api.seal import Seal

MAIL, PHONE, ADDRESS, PLACE, COMPARED = "mail", "phone", "address", "place", "compared"
SAME = frozenset({MAIL, PHONE, ADDRESS})
"""Signs of which one alone suggests that two are the same."""

DOTLESS = frozenset({"gmail.com", "googlemail.com"})
STREET = re.compile(r"(stra(ss|ß)e|str\.?)(?=\s|\d|$)")
NO_WORD = re.compile(r"[^\w]+")


def signs(seal: Seal, customer: Mapping[str, Any]) -> dict[str, str]:
    """Return the signs of *customer*, each as an HMAC."""
    said = {
        MAIL: normal_mail(customer["email"]),
        PHONE: customer["phone"],
        ADDRESS: "\n".join((normal_name(customer), normal_street(customer["street"]), place(customer))),
        PLACE: place(customer),
    }
    return {kind: digest(seal, kind, text) for kind, text in said.items()}


def digest(seal: Seal, kind: str, text: str) -> str:
    """Return the HMAC of a sign; the same text as another kind of sign is another digest."""
    return seal.derive("customer trait", kind, text)[:16].hex()


def normal_mail(address: str) -> str:
    """Return the mailbox behind *address*: small letters, nothing after a plus, no dots where they do not count."""
    local, _, domain = address.strip().casefold().rpartition("@")
    local = local.partition("+")[0] or local
    return f"{local.replace('.', '') if domain in DOTLESS else local}@{'gmail.com' if domain in DOTLESS else domain}"


def normal_name(customer: Mapping[str, Any]) -> str:
    """Return the names in small letters, their words in order, without what is written one way or another."""
    return _words(f"{customer['given_name']} {customer['family_name']} {customer['company'] or ''}")


def normal_street(street: str) -> str:
    """Return the street in small letters, however "Straße" was written."""
    return NO_WORD.sub("", STREET.sub("str", street.casefold().replace("ß", "ss")))


def place(customer: Mapping[str, Any]) -> str:
    """Return the neighbourhood: country and postal code."""
    return f"{customer['country']} {NO_WORD.sub('', customer['postal_code']).upper()}"


def _words(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    letters = "".join(character for character in plain if not unicodedata.combining(character))
    return " ".join(sorted(NO_WORD.sub(" ", letters).split()))
