"""Commands on hosts, from XML to the book and back."""

from __future__ import annotations

from typing import Any

from api.domains.epp.markup import Element, find_all, host, text
from tests.registry.answers import Answer
from tests.registry.counter import Counter
from tests.registry.store import Refusal, now


def check(counter: Counter, subject: Element) -> Answer:
    """Say which names are free."""
    found = []
    for asked in find_all(subject, "host:name"):
        free = counter.store.row("host", "name", text(asked, ".").lower()) is None
        found.append(host("cd", host("name", text(asked, ".").lower(), avail="1" if free else "0")))
    return Answer(data=host("chkData", *found))


def create(counter: Counter, subject: Element) -> Answer:
    """Make one."""
    name, store = text(subject, "host:name").lower(), counter.store
    if store.row("host", "name", name):
        raise Refusal(2302)
    addresses = _addresses(find_all(subject, "host:addr"))
    store.put("host", name=name, roid=store.number(), sponsor=counter.account, addresses=addresses, created_at=now())
    return Answer(data=host("creData", host("name", name), host("crDate", now())))


def info(counter: Counter, subject: Element) -> Answer:
    """Tell all."""
    row = _held(counter, subject)
    known = [host("name", row["name"]), host("roid", f"H{row['roid']}-LAB"), host("status", s="ok")]
    known += [host("addr", address, ip=version) for version, address in row["addresses"]]
    known += [host("clID", row["sponsor"]), host("crID", row["sponsor"]), host("crDate", row["created_at"])]
    return Answer(data=host("infData", *known))


def update(counter: Counter, subject: Element) -> Answer:
    """Change its addresses."""
    row = _own(counter, subject)
    gone = _addresses(find_all(subject, "host:rem/host:addr"))
    kept = [one for one in row["addresses"] if one not in gone]
    counter.store.put("host", **row | {"addresses": kept + _addresses(find_all(subject, "host:add/host:addr"))})
    return Answer()


def delete(counter: Counter, subject: Element) -> Answer:
    """Delete one that no domain names."""
    row = _own(counter, subject)
    if any(row["name"] in one["nameservers"] for one in counter.store.rows("SELECT nameservers FROM domain")):
        raise Refusal(2305)
    counter.store.drop("host", "name", row["name"])
    return Answer()


def _held(counter: Counter, subject: Element) -> dict[str, Any]:
    row = counter.store.row("host", "name", text(subject, "host:name").lower())
    if row is None:
        raise Refusal(2303)
    return row


def _own(counter: Counter, subject: Element) -> dict[str, Any]:
    row = _held(counter, subject)
    if row["sponsor"] != counter.account:
        raise Refusal(2201)
    return row


def _addresses(listed: list[Element]) -> list[list[str]]:
    return [[one.get("ip", "v4"), text(one, ".")] for one in listed]
