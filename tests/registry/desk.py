"""Where commands are carried out: each verb and object has one function, each runs in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lxml import etree

from api.domains.epp.markup import CONTACT, DOMAIN, HOST, Element, find, text
from tests.registry import contacts_desk, domains_desk, hosts_desk, queue
from tests.registry.answers import Answer
from tests.registry.counter import Counter
from tests.registry.store import Refusal, now
from tests.registry.zonecheck import Zones

Carry = Callable[[Counter, Element], Answer]

OBJECTS = {DOMAIN: "domain", CONTACT: "contact", HOST: "host"}


class Asked(NamedTuple):
    """A command by its names."""

    #: "create domain", "poll", "login".
    name: str
    verb: Element
    #: What stands below the verb, None where nothing does.
    subject: Element | None


def asked(root: Element) -> Asked:
    """Return what a valid frame asks for."""
    command = find(root, "epp:command")
    verb = next(iter(root if command is None else command))
    subject = verb[0] if len(verb) and verb.tag.rpartition("}")[2] not in {"login", "hello"} else None
    kind = "" if subject is None else f" {OBJECTS[etree.QName(subject).namespace or '']}"
    return Asked(f"{etree.QName(verb).localname}{kind}", verb, subject)


async def carry_out(counter: Counter, order: Asked, zones: Zones) -> Answer:
    """Carry a command out wholly or not at all, and write down that it was."""
    subject = order.subject
    name = (
        ""
        if subject is None
        else text(subject, "domain:name") or text(subject, "contact:id") or text(subject, "host:name")
    )
    try:
        await _ask_the_zone(zones, order, name)
        with counter.store.change():
            answer = _answer(counter, order)
            _write_down(counter, order, name, answer.code)
    except Refusal as refusal:
        answer = Answer(refusal.code, refusal.reason)
        with counter.store.change():
            _write_down(counter, order, name, answer.code)
    return answer


def _answer(counter: Counter, order: Asked) -> Answer:
    if order.name == "poll":
        return _poll(counter, order.verb)
    carry = CARRIES.get(order.name)
    if carry is None or order.subject is None:
        raise Refusal(2101)
    return carry(counter, order.subject)


def _poll(counter: Counter, verb: Element) -> Answer:
    store, account = counter.store, counter.account
    if verb.get("op") == "ack":
        queue.take_off(store, account, verb.get("msgID", ""))
        waiting = queue.head(store, account)
        return Answer(queued=queue.queued(*waiting, whole=False) if waiting else None)
    waiting = queue.head(store, account)
    if waiting is None:
        return Answer(1300)
    data = waiting[0]["data"]
    return Answer(
        1301, queued=queue.queued(*waiting, whole=True), data=None if data is None else etree.fromstring(data)
    )


async def _ask_the_zone(zones: Zones, order: Asked, name: str) -> None:
    """Refuse a domain of DENIC whose name servers do not answer for it."""
    if order.name == "create domain" and name.endswith(".de") and not await zones.answer(name):
        raise Refusal(2308, "the name servers do not answer for the zone")


def _write_down(counter: Counter, order: Asked, name: str, code: int) -> None:
    operation = order.verb.get("op", "")
    counter.store.put(
        "past", at=now(), account=counter.account, command=f"{order.name} {operation}".strip(), name=name,
        transaction_id=counter.transaction_id, code=code,
    )  # fmt: skip


CARRIES: dict[str, Carry] = {
    "check domain": domains_desk.check,
    "create domain": domains_desk.create,
    "info domain": domains_desk.info,
    "update domain": domains_desk.update,
    "renew domain": domains_desk.renew,
    "delete domain": domains_desk.delete,
    "transfer domain": domains_desk.transfer,
    "check contact": contacts_desk.check,
    "create contact": contacts_desk.create,
    "info contact": contacts_desk.info,
    "update contact": contacts_desk.update,
    "delete contact": contacts_desk.delete,
    "check host": hosts_desk.check,
    "create host": hosts_desk.create,
    "info host": hosts_desk.info,
    "update host": hosts_desk.update,
    "delete host": hosts_desk.delete,
}
