"""What stands in a customer's zone: web, mail, sender policy, signing key. Pure; names are A-labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from ipaddress import ip_address
from types import MappingProxyType
from typing import NamedTuple

import msgspec

TTL_S = 3600
TTL_OF_HOSTS_S = 300
"""Addresses change when an account moves."""

MOST_TXT_BYTES = 255


class SigningKey(NamedTuple):
    """The public half of what a mail host signs with (DKIM, RFC 6376)."""

    selector: str
    #: base64 of the key, no line breaks.
    public: str


class Whereabouts(NamedTuple):
    """Where a customer's account is."""

    #: IPv4 or IPv6.
    web: tuple[str, ...]
    mail: tuple[str, ...]
    signing: SigningKey | None = None


class Records(NamedTuple):
    """A set of records of one name and type (RFC 2181, 5)."""

    #: Fully qualified, with a dot at its end.
    name: str
    type: str
    ttl_s: int
    contents: Sequence[str]


FIRST_SERIAL = 1
"""The name servers count on from here."""

TYPE_OF: Mapping[int, str] = MappingProxyType({4: "A", 6: "AAAA"})


def zone_of(name: str, where: Whereabouts, nameservers: Sequence[str], hostmaster: str) -> list[Records]:
    """Return the records of the zone *name*, for an account at *where*.

    Web stands at the name and at www; mail goes to `mail.<name>`, the mail host's address under the customer's own
    name, so that nothing else has to resolve. Whoever is neither host may not send for the domain (SPF, RFC 7208).
    """
    apex, mail = f"{name}.", f"mail.{name}."
    primary, person = nameservers[0].rstrip("."), hostmaster.replace("@", ".").rstrip(".")
    soa = f"{primary}. {person}. {FIRST_SERIAL} 10800 3600 604800 3600"
    made = [
        Records(apex, "SOA", TTL_S, (soa,)),
        Records(apex, "NS", TTL_S, tuple(f"{server.rstrip('.')}." for server in nameservers)),
        *_addresses(apex, where.web),
        *_addresses(f"www.{apex}", where.web),
        *_addresses(mail, where.mail),
        Records(apex, "MX", TTL_S, (f"10 {mail}",)),
        Records(apex, "TXT", TTL_S, (text("v=spf1 a mx -all"),)),
    ]
    if where.signing is not None:
        key = text(f"v=DKIM1; k=rsa; p={where.signing.public}")
        made.append(Records(f"{where.signing.selector}._domainkey.{apex}", "TXT", TTL_S, (key,)))
    return made


def digest(records: Sequence[Records]) -> str:
    """Return what changes when *records* do."""
    return sha256(msgspec.json.encode([list(record) for record in records])).hexdigest()


def text(value: str) -> str:
    """Return *value* as the content of a TXT record: quoted pieces of at most 255 bytes."""
    if not value.isascii() or not value.isprintable() or '"' in value or "\\" in value:
        raise ValueError("a TXT record of ours is plain ASCII")
    pieces = [value[start : start + MOST_TXT_BYTES] for start in range(0, len(value), MOST_TXT_BYTES)]
    return " ".join(f'"{piece}"' for piece in pieces)


def _addresses(name: str, addresses: Sequence[str]) -> list[Records]:
    by_type: dict[str, list[str]] = {}
    for address in addresses:
        by_type.setdefault(TYPE_OF[ip_address(address).version], []).append(address)
    return [Records(name, kind, TTL_OF_HOSTS_S, tuple(found)) for kind, found in sorted(by_type.items())]
