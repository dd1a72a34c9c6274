"""Domains as objects of a registry (RFC 5731), their keys (RFC 5910) and grace periods (RFC 3915)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from api.domains.epp.markup import Element, domain, epp, find, find_all, rgp, secdns, text, time
from api.domains.registrar import Ds


class Contacts(NamedTuple):
    """Whose domain it is: ids of contacts."""

    registrant: str | None
    #: (type, id) of admin, tech, billing where the registry wants them.
    others: tuple[tuple[str, str], ...] = ()


class State(NamedTuple):
    """What a registry knows of a domain (infData)."""

    name: str
    #: The registry's own id.
    roid: str
    statuses: frozenset[str]
    #: RFC 3915: redemptionPeriod, pendingDelete, …
    grace: frozenset[str]
    #: Whose it is (clID).
    sponsor: str
    registrant: str
    nameservers: tuple[str, ...]
    created_at: datetime | None
    transferred_at: datetime | None
    expires_at: datetime | None
    ds: tuple[Ds, ...]


def check(name: str) -> Element:
    """Ask whether a name can be registered."""
    return epp("check", domain("check", domain("name", name)))


def info(name: str, auth_code: str | None = None) -> Element:
    """Ask for a domain; with its code also for one of another registrar's."""
    return epp("info", domain("info", domain("name", name, hosts="all"), _auth(auth_code)))


def create(name: str, years: int, nameservers: Element | None, contacts: Contacts, auth_info: str) -> Element:
    """Register a domain."""
    return epp(
        "create",
        domain(
            "create",
            domain("name", name),
            domain("period", str(years), unit="y"),
            nameservers,
            None if contacts.registrant is None else domain("registrant", contacts.registrant),
            *(domain("contact", identity, type=kind) for kind, identity in contacts.others),
            _auth(auth_info),
        ),
    )


def delete(name: str) -> Element:
    """Give a domain up."""
    return epp("delete", domain("delete", domain("name", name)))


def renew(name: str, expires: date, years: int) -> Element:
    """Prolong a domain that expires on a day that both sides know, so that it is prolonged once."""
    period = domain("period", str(years), unit="y")
    return epp("renew", domain("renew", domain("name", name), domain("curExpDate", expires.isoformat()), period))


def transfer(operation: str, name: str, auth_code: str | None = None, years: int | None = None) -> Element:
    """Request, query, cancel, approve or reject the transfer of a domain."""
    period = None if years is None else domain("period", str(years), unit="y")
    return epp("transfer", domain("transfer", domain("name", name), period, _auth(auth_code)), op=operation)


def update(
    name: str, *, add: Sequence[Element] = (), remove: Sequence[Element] = (), change: Sequence[Element] = ()
) -> Element:
    """Change a domain: name servers, statuses, contacts are added and removed, holder and code are changed."""
    parts = (("add", add), ("rem", remove), ("chg", change))
    return epp("update", domain("update", domain("name", name), *(domain(part, *made) for part, made in parts if made)))


def code(auth_info: str) -> Element:
    """Return the part of an update that sets the code for a transfer away."""
    return domain("authInfo", domain("pw", auth_info))


def host_objects(names: Sequence[str]) -> Element | None:
    """Return name servers where they are objects of their own."""
    return domain("ns", *(domain("hostObj", name) for name in names)) if names else None


def host_attributes(names: Sequence[str]) -> Element | None:
    """Return name servers where they are written into the domain."""
    return domain("ns", *(domain("hostAttr", domain("hostName", name)) for name in names)) if names else None


def keys(add: Sequence[Ds], remove: Sequence[Ds]) -> Element:
    """Return the extension of an update that changes the delegation signers."""
    parts = (("rem", remove), ("add", add))
    return secdns("update", *(secdns(part, *(_ds(one) for one in ds)) for part, ds in parts if ds))


def restoration() -> Element:
    """Return the extension of an update that takes a deleted domain back (RFC 3915 §4.2.5)."""
    return rgp("update", rgp("restore", op="request"))


def available(data: Element | None, name: str) -> bool | None:
    """Return what a check says of *name*, None where it says nothing."""
    for found in find_all(data, "domain:chkData/domain:cd/domain:name"):
        if (found.text or "").strip().lower() == name:
            return found.get("avail") in {"1", "true"}
    return None


def state(data: Element | None, extension: Element | None) -> State:
    """Return what an info says."""
    found = find(data, "domain:infData")
    servers = (
        *find_all(found, "domain:ns/domain:hostObj"),
        *find_all(found, "domain:ns/domain:hostAttr/domain:hostName"),
    )
    return State(
        name=text(found, "domain:name").lower(),
        roid=text(found, "domain:roid")[:89],
        statuses=frozenset(one.get("s", "") for one in find_all(found, "domain:status")),
        grace=frozenset(one.get("s", "") for one in find_all(extension, "rgp:infData/rgp:rgpStatus")),
        sponsor=text(found, "domain:clID"),
        registrant=text(found, "domain:registrant"),
        nameservers=tuple(text(one, ".").lower() for one in servers),
        created_at=time(found, "domain:crDate"),
        transferred_at=time(found, "domain:trDate"),
        expires_at=time(found, "domain:exDate"),
        ds=tuple(map(_read_ds, find_all(extension, "secDNS:infData/secDNS:dsData"))),
    )


def _auth(auth_code: str | None) -> Element | None:
    return None if auth_code is None else domain("authInfo", domain("pw", auth_code))


def _ds(ds: Ds) -> Element:
    return secdns(
        "dsData",
        secdns("keyTag", str(ds.key_tag)),
        secdns("alg", str(ds.algorithm)),
        secdns("digestType", str(ds.digest_type)),
        secdns("digest", ds.digest.upper()),
    )


def _read_ds(found: Element) -> Ds:
    def number(name: str) -> int:
        said = text(found, f"secDNS:{name}")
        return int(said) if said.isascii() and said.isdigit() and len(said) < 6 else -1  # noqa: PLR2004 (16 bits)

    return Ds(number("keyTag"), number("alg"), number("digestType"), text(found, "secDNS:digest").upper())
