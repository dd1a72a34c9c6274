"""Commands on contacts, from XML to the book and back: what was handed in is given back byte for byte."""

from __future__ import annotations

from typing import Any

from lxml import etree

from api.domains.epp.markup import CONTACT, Element, contact, find, find_all, text
from tests.registry.answers import Answer
from tests.registry.counter import Counter
from tests.registry.store import Refusal, now

KEPT = tuple(f"{{{CONTACT}}}{name}" for name in ("postalInfo", "voice", "fax", "email"))


def check(counter: Counter, subject: Element) -> Answer:
    """Say which ids are free."""
    found = []
    for asked in find_all(subject, "contact:id"):
        free = counter.store.row("contact", "id", text(asked, ".")) is None
        found.append(contact("cd", contact("id", text(asked, "."), avail="1" if free else "0")))
    return Answer(data=contact("chkData", *found))


def create(counter: Counter, subject: Element) -> Answer:
    """Make one."""
    identity, store = text(subject, "contact:id"), counter.store
    if store.row("contact", "id", identity):
        raise Refusal(2302)
    store.put(
        "contact", id=identity, roid=store.number(), sponsor=counter.account, body=_body(subject),
        code=text(subject, "contact:authInfo/contact:pw"), created_at=now(),
    )  # fmt: skip
    return Answer(data=contact("creData", contact("id", identity), contact("crDate", now())))


def info(counter: Counter, subject: Element) -> Answer:
    """Tell all to the sponsor."""
    row = _own(counter, subject)
    known = [contact("id", row["id"]), contact("roid", f"C{row['roid']}-LAB"), contact("status", s="ok")]
    known += list(etree.fromstring(row["body"]))
    known += [contact("clID", row["sponsor"]), contact("crID", row["sponsor"]), contact("crDate", row["created_at"])]
    return Answer(data=contact("infData", *known, contact("authInfo", contact("pw", row["code"]))))


def update(counter: Counter, subject: Element) -> Answer:
    """Give it other data."""
    row, change = _own(counter, subject), find(subject, "contact:chg")
    if change is not None:
        before = {one.tag: one for one in etree.fromstring(row["body"])}
        after = before | {one.tag: one for one in change if one.tag in KEPT}
        body = contact("body", *(after[tag] for tag in KEPT if tag in after))
        counter.store.put("contact", **row | {"body": etree.tostring(body, encoding="unicode")})
    return Answer()


def delete(counter: Counter, subject: Element) -> Answer:
    """Delete one that no domain names."""
    row = _own(counter, subject)
    if counter.store.rows("SELECT 1 FROM domain WHERE registrant = ?", row["id"]):
        raise Refusal(2305)
    counter.store.drop("contact", "id", row["id"])
    return Answer()


def _own(counter: Counter, subject: Element) -> dict[str, Any]:
    row = counter.store.row("contact", "id", text(subject, "contact:id"))
    if row is None:
        raise Refusal(2303)
    if row["sponsor"] != counter.account:
        raise Refusal(2201)
    return row


def _body(subject: Element) -> str:
    return etree.tostring(contact("body", *(one for one in list(subject) if one.tag in KEPT)), encoding="unicode")
