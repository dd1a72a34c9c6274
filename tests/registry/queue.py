"""Messages to registrars (RFC 5730 §2.9.2.3)."""

from __future__ import annotations

from typing import Any

from lxml import etree

from api.domains.epp.markup import Element, domain, epp
from tests.registry.store import Refusal, Store, now


def tell(store: Store, account: str, words: str, data: Element | None = None) -> None:
    """Queue a message to *account*."""
    store.put("message", account=account, at=now(), words=words, data=None if data is None else etree.tostring(data))


def head(store: Store, account: str) -> tuple[dict[str, Any], int] | None:
    """Return the oldest message to *account*, and how many there are."""
    found = store.rows("SELECT * FROM message WHERE account = ? ORDER BY id", account)
    return (found[0], len(found)) if found else None


def take_off(store: Store, account: str, message_id: str) -> None:
    """Take the oldest message off the queue."""
    first = head(store, account)
    if first is None or str(first[0]["id"]) != message_id:
        raise Refusal(2303, "no such message at the head of the queue")
    store.drop("message", "id", first[0]["id"])


def queued(message: dict[str, Any], count: int, *, whole: bool) -> Element:
    """Return how an answer tells of a message: *whole* with its words, else that it waits."""
    told = [epp("qDate", message["at"]), epp("msg", message["words"])] if whole else []
    return epp("msgQ", *told, count=str(count), id=str(message["id"]))


def decided(row: dict[str, Any], *, granted: bool, server_id: str) -> Element:
    """Return panData: how a pending create ended."""
    return domain(
        "panData",
        domain("name", row["name"], paResult="1" if granted else "0"),
        domain("paTRID", epp("clTRID", row["ordered_as"]), epp("svTRID", server_id)),
        domain("paDate", now()),
    )
