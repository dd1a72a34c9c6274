"""Holders as objects of a registry (RFC 5733)."""

from __future__ import annotations

import hashlib

import phonenumbers

from api.domains.epp.markup import Element, contact, epp, text
from api.domains.registrar import Holder


def contact_id(client_id: str, holder: Holder) -> str:
    """Return the id that *holder* has at a registry: the same data, the same contact, however often it is made.

    3 to 16 characters; *client_id* keeps two registrars with the same customer apart.
    """
    parts = (client_id, *(str(getattr(holder, name) or "") for name in holder.__struct_fields__))
    return f"AK{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:14].upper()}"


def check(identity: str) -> Element:
    """Ask whether a contact can be created."""
    return epp("check", contact("check", contact("id", identity)))


def info(identity: str) -> Element:
    """Ask for a contact."""
    return epp("info", contact("info", contact("id", identity)))


def create(identity: str, holder: Holder, auth_info: str) -> Element:
    """Create a contact with the postal data in the holder's own letters (type "loc")."""
    return epp(
        "create",
        contact(
            "create", contact("id", identity), _postal(holder), contact("voice", voice(holder.phone)),
            contact("email", holder.email), contact("authInfo", contact("pw", auth_info)),
        ),
    )  # fmt: skip


def update(identity: str, holder: Holder) -> Element:
    """Give a contact the data of *holder*."""
    change = contact("chg", _postal(holder), contact("voice", voice(holder.phone)), contact("email", holder.email))
    return epp("update", contact("update", contact("id", identity), change))


def delete(identity: str) -> Element:
    """Delete a contact."""
    return epp("delete", contact("delete", contact("id", identity)))


def transfer(operation: str, identity: str, auth_info: str | None = None) -> Element:
    """Request, query, cancel, approve or reject the transfer of a contact."""
    known = None if auth_info is None else contact("authInfo", contact("pw", auth_info))
    return epp("transfer", contact("transfer", contact("id", identity), known), op=operation)


def sponsor(data: Element | None) -> str:
    """Return whose contact an info's answer describes."""
    return text(data, "contact:infData/contact:clID")


def voice(phone: str) -> str:
    """Return a number in E.164 as EPP writes it: +CC.NNN (RFC 5733 §2.5)."""
    code = str(phonenumbers.parse(phone).country_code)
    return f"+{code}.{phone.removeprefix(f'+{code}')}"


def _postal(holder: Holder) -> Element:
    return contact(
        "postalInfo",
        contact("name", holder.name),
        None if holder.company is None else contact("org", holder.company),
        contact(
            "addr", contact("street", holder.street), contact("city", holder.city),
            contact("pc", holder.postal_code), contact("cc", holder.country),
        ),
        type="loc",
    )  # fmt: skip
