"""What registries demand: facts in `inventory/catalogue/registries/`, one file a registry, changed by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0)]
Years = Annotated[int, msgspec.Meta(ge=1, le=99)]
Tld = Annotated[str, msgspec.Meta(pattern=r"^([a-z0-9-]+(\.[a-z0-9-]+)*|\*)\Z")]

ELSE = "*"
"""In `tlds`: the facts of every domain that no other file names."""

PRINTABLE = re.compile(r"[\x21-\x7e]+\Z")


class AuthCodes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the codes of a registry look like (*AuthInfo*)."""

    shortest: Annotated[int, msgspec.Meta(ge=1)]
    longest: Annotated[int, msgspec.Meta(le=255)]
    #: In words, to finish "has to be …".
    said: str
    #: Every character that counts; none = all that can be printed in ASCII, but the blank.
    characters: str = ""

    def take(self, code: str) -> bool:
        """Say whether *code* can be one."""
        known = set(code) <= set(self.characters) if self.characters else bool(PRINTABLE.match(code))
        return known and self.shortest <= len(code) <= self.longest


class Prices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a registry takes from us, net."""

    register_cents: Count
    transfer_cents: Count
    #: A year.
    renew_cents: Count


class Registry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One registry, as it has published."""

    name: str
    tlds: Annotated[tuple[Tld, ...], msgspec.Meta(min_length=1)]
    #: For how many years a domain can be registered, the usual one first.
    periods_years: Annotated[tuple[Years, ...], msgspec.Meta(min_length=1)]
    auth_code: AuthCodes
    #: What staff are told a try costs.
    prices: Prices
    #: Whether it asks the name servers before it registers: the zone has to answer by then.
    zone_before_order: bool
    #: Whether a right code moves a domain at once, or the other side is asked first; staff are told.
    transfer: Literal["immediate", "pending"]
    #: Whether a transfer prolongs the domain by a year, and is ordered with one.
    transfer_adds_year: bool
    #: Whether holders are objects of their own, or nothing is told of them.
    contacts: Literal["objects", "none"]
    #: Whether name servers are objects of their own, or written into the domain.
    hosts: Literal["objects", "attributes"]
    #: Besides the holder, in these roles the same contact is named.
    roles: tuple[Literal["admin", "tech", "billing"], ...] = ()
    #: Result codes with which it says that the zone does not answer as it should.
    zone_codes: tuple[int, ...] = (2308,)
    #: Regular expressions, letter case aside: what its messages read like where they have no form of their own.
    messages: dict[Literal["low_balance", "expiring", "on_hold", "released"], str] = {}

    def __post_init__(self) -> None:
        """Refuse patterns that are none."""
        for kind, pattern in self.messages.items():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"messages.{kind}: {error}") from error


Registries = Mapping[str, Registry]
"""Top-level domain → its registry."""


def by_tld(registries: Iterable[Registry]) -> Registries:
    """Sort *registries* by the domains below them.

    Raises:
        ValueError: two files name one, or none names the rest.
    """
    found: dict[str, Registry] = {}
    for registry in registries:
        for tld in registry.tlds:
            if tld in found:
                raise ValueError(f"{tld} stands in two files")
            found[tld] = registry
    if ELSE not in found:
        raise ValueError(f'no file has tlds = ["{ELSE}"] for the domains that none names')
    return MappingProxyType(found)


def registry_of(name: str, registries: Registries) -> Registry:
    """Return the registry of a domain (A-label): that of the longest ending that is named."""
    ending = name
    while ending := ending.partition(".")[2]:
        if ending in registries:
            return registries[ending]
    return registries[ELSE]
