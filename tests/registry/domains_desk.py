"""Commands on domains, from XML to the book and back."""

from __future__ import annotations

from datetime import date
from typing import Any

from api.domains.epp.markup import Element, domain, find, find_all, rgp, secdns, text
from tests.registry import domains, transfers
from tests.registry.answers import Answer
from tests.registry.counter import Counter
from tests.registry.store import Refusal

DS = ("keyTag", "alg", "digestType", "digest")


def check(counter: Counter, subject: Element) -> Answer:
    """Say which names are free."""
    found = []
    for asked in find_all(subject, "domain:name"):
        name = text(asked, ".").lower()
        taken = counter.store.row("domain", "name", name) is not None
        reason = domain("reason", "In use") if taken else None
        found.append(domain("cd", domain("name", name, avail="0" if taken else "1"), reason))
    return Answer(data=domain("chkData", *found))


def create(counter: Counter, subject: Element) -> Answer:
    """Register."""
    name = text(subject, "domain:name").lower()
    years = int(text(subject, "domain:period") or "1")
    asked = {
        "name": name,
        "years": years,
        "registrant": text(subject, "domain:registrant"),
        "contacts": [(one.get("type"), text(one, ".")) for one in find_all(subject, "domain:contact")],
        "nameservers": _servers(find(subject, "domain:ns")),
        "as_attributes": find(subject, "domain:ns/domain:hostAttr") is not None,
        "code": _code(subject),
        "transaction_id": counter.transaction_id,
    }
    at_once = domains.create(counter.store, counter.account, asked)
    row = domains.held(counter.store, name)
    made = domain(
        "creData", domain("name", name), domain("crDate", row["created_at"]), domain("exDate", row["expires_at"])
    )
    return Answer(1000 if at_once else 1001, data=made)


def info(counter: Counter, subject: Element) -> Answer:
    """Tell all to the sponsor or to whoever has the code, and to others only whose it is."""
    row = domains.held(counter.store, text(subject, "domain:name").lower())
    said = _code(subject)
    if said and said != row["code"]:
        raise Refusal(2202)
    known = [domain("name", row["name"]), domain("roid", f"D{row['roid']}-LAB")]
    known += [domain("status", s=status) for status in row["statuses"]]
    if not (said or row["sponsor"] == counter.account):
        return Answer(data=domain("infData", *known, domain("clID", row["sponsor"])))
    if row["registrant"]:
        known.append(domain("registrant", row["registrant"]))
    known += [domain("contact", identity, type=kind) for kind, identity in row["contacts"]]
    if row["nameservers"]:
        known.append(domain("ns", *(_server(name, attribute=row["as_attributes"]) for name in row["nameservers"])))
    known += [domain("clID", row["sponsor"]), domain("crID", row["sponsor"]), domain("crDate", row["created_at"])]
    known.append(domain("exDate", row["expires_at"]))
    if row["transferred_at"]:
        known.append(domain("trDate", row["transferred_at"]))
    known.append(domain("authInfo", domain("pw", row["code"])))
    if "pendingDelete" in row["statuses"]:
        return Answer(data=domain("infData", *known), extension=rgp("infData", rgp("rgpStatus", s="redemptionPeriod")))
    keys = [secdns("dsData", *(secdns(DS[at], value) for at, value in enumerate(one))) for one in row["ds"]]
    return Answer(data=domain("infData", *known), extension=secdns("infData", *keys) if keys else None)


def update(counter: Counter, subject: Element) -> Answer:
    """Add, remove and change."""
    row = domains.own(counter.store, counter.account, text(subject, "domain:name").lower())
    if find(counter.command, "epp:extension/rgp:update/rgp:restore") is not None:
        domains.restore(counter.store, counter.account, row["name"])
        return Answer()
    if "pendingCreate" in row["statuses"]:
        raise Refusal(2304, "its creation is pending")
    add, remove, change = (find(subject, f"domain:{part}") for part in ("add", "rem", "chg"))
    gone = set(_servers(find(remove, "domain:ns")))
    row["nameservers"] = [name for name in row["nameservers"] if name not in gone] + _servers(find(add, "domain:ns"))
    row["as_attributes"] = row["as_attributes"] or find(add, "domain:ns/domain:hostAttr") is not None
    if not row["as_attributes"] and any(not counter.store.row("host", "name", name) for name in row["nameservers"]):
        raise Refusal(2303, "no such host")
    taken_off = {one.get("s") for one in find_all(remove, "domain:status")} | {"ok"}
    statuses = [one for one in row["statuses"] if one not in taken_off]
    row["statuses"] = [*statuses, *(one.get("s") for one in find_all(add, "domain:status"))] or ["ok"]
    row["code"] = _code(change) or row["code"]
    row["registrant"] = text(change, "domain:registrant") or row["registrant"]
    row["ds"] = _keys(row["ds"], find(counter.command, "epp:extension/secDNS:update"))
    counter.store.put("domain", **row)
    return Answer()


def renew(counter: Counter, subject: Element) -> Answer:
    """Prolong."""
    expires = date.fromisoformat(text(subject, "domain:curExpDate")).isoformat()
    years = int(text(subject, "domain:period") or "1")
    row = domains.prolong(counter.store, counter.account, text(subject, "domain:name").lower(), expires, years)
    return Answer(data=domain("renData", domain("name", row["name"]), domain("exDate", row["expires_at"])))


def delete(counter: Counter, subject: Element) -> Answer:
    """Give up."""
    gone = domains.delete(counter.store, counter.account, text(subject, "domain:name").lower())
    return Answer(1000 if gone else 1001)


def transfer(counter: Counter, subject: Element) -> Answer:
    """Request, query, approve, reject, cancel."""
    store, name = counter.store, text(subject, "domain:name").lower()
    match counter.operation:
        case "request":
            years = int(text(subject, "domain:period") or "0")
            made = transfers.request(store, counter.account, name, _code(subject), years)
        case "query":
            made = transfers.latest(store, counter.account, name)
        case operation:
            made = transfers.act(store, counter.account, name, operation)
    waits = counter.operation == "request" and made["status"] == "pending"
    return Answer(1001 if waits else 1000, data=transfers.data(store, made))


def _code(parent: Element | None) -> str:
    """Return an auth code byte for byte."""
    found = find(parent, "domain:authInfo/domain:pw")
    return "" if found is None else found.text or ""


def _servers(listed: Element | None) -> list[str]:
    found = (*find_all(listed, "domain:hostObj"), *find_all(listed, "domain:hostAttr/domain:hostName"))
    return [text(one, ".").lower() for one in found]


def _server(name: str, *, attribute: bool) -> Element:
    return domain("hostAttr", domain("hostName", name)) if attribute else domain("hostObj", name)


def _keys(present: list[Any], change: Element | None) -> list[Any]:
    def listed(part: str) -> list[list[str]]:
        found = find_all(change, f"secDNS:{part}/secDNS:dsData")
        return [[text(one, f"secDNS:{name}") for name in DS] for one in found]

    rest = [] if text(change, "secDNS:rem/secDNS:all") in {"1", "true"} else present
    return [one for one in rest if one not in listed("rem")] + listed("add")
