"""Domains: registered, changed, prolonged, given up (RFC 5731)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.registry import queue
from tests.registry.store import Refusal, Store, now, stamp

PRICE_CENTS = 1000
LOW_CENTS = 5000
YEAR = timedelta(days=365)
#: So long after its registration a domain goes at once when it is deleted.
ADD_GRACE = timedelta(days=5)


def rule(store: Store, name: str) -> dict[str, Any]:
    """Return how the top-level domain of *name* is run."""
    tld = name.rpartition(".")[2]
    set_down = store.row("rule", "tld", tld)
    return set_down or {"tld": tld, "creates": "immediate", "transfers": "immediate" if tld == "de" else "pending"}


def held(store: Store, name: str) -> dict[str, Any]:
    """Return the domain *name*."""
    found = store.row("domain", "name", name)
    if found is None:
        raise Refusal(2303, "no such domain")
    return found


def own(store: Store, account: str, name: str) -> dict[str, Any]:
    """Return the domain *name* if it is the account's."""
    found = held(store, name)
    if found["sponsor"] != account:
        raise Refusal(2201, "another registrar's domain")
    return found


def create(store: Store, account: str, asked: dict[str, Any]) -> bool:
    """Register a domain; return whether at once (else it waits for a decision)."""
    name = asked["name"]
    if store.row("domain", "name", name):
        raise Refusal(2302, "in use")
    for identity in {asked["registrant"], *(identity for _, identity in asked["contacts"])} - {""}:
        if not store.row("contact", "id", identity):
            raise Refusal(2303, "no such contact")
    if not asked["as_attributes"] and any(not store.row("host", "name", host) for host in asked["nameservers"]):
        raise Refusal(2303, "no such host")
    charge(store, account, asked["years"])
    at_once: bool = rule(store, name)["creates"] == "immediate"
    store.put(
        "domain", name=name, roid=store.number(), sponsor=account, code=asked["code"], registrant=asked["registrant"],
        contacts=asked["contacts"], nameservers=asked["nameservers"], as_attributes=asked["as_attributes"],
        statuses=["ok"] if at_once else ["pendingCreate"], ds=[], ordered_as=asked["transaction_id"],
        created_at=now(), expires_at=stamp(datetime.now(UTC) + asked["years"] * YEAR), transferred_at=None,
    )  # fmt: skip
    return at_once


def decide(store: Store, name: str, *, granted: bool) -> None:
    """End the wait of a pending create."""
    row = held(store, name)
    if "pendingCreate" not in row["statuses"]:
        raise Refusal(2304, "nothing is pending")
    if granted:
        store.put("domain", **row | {"statuses": ["ok"]})
    else:
        store.drop("domain", "name", name)
        charge(store, row["sponsor"], -1)
    words = "Pending create completed." if granted else "Pending create refused by the registry."
    data = queue.decided(row, granted=granted, server_id=f"LAB-{store.number()}")
    queue.tell(store, row["sponsor"], words, data)


def prolong(store: Store, account: str, name: str, expires: str, years: int) -> dict[str, Any]:
    """Renew a domain whose day of expiry is named rightly."""
    row = own(store, account, name)
    if not row["expires_at"].startswith(expires):
        raise Refusal(2105, "expires on another day")
    charge(store, account, years)
    row |= {"expires_at": stamp(datetime.fromisoformat(row["expires_at"]) + years * YEAR)}
    store.put("domain", **row)
    return row


def delete(store: Store, account: str, name: str) -> bool:
    """Give a domain up; return whether it is gone at once, else it can be taken back for a while (RFC 3915)."""
    row = own(store, account, name)
    if {"clientDeleteProhibited", "pendingTransfer", "pendingDelete"} & set(row["statuses"]):
        raise Refusal(2304, "its status prohibits that")
    if datetime.now(UTC) - datetime.fromisoformat(row["created_at"]) < ADD_GRACE:
        store.drop("domain", "name", name)
        return True
    store.put("domain", **row | {"statuses": ["pendingDelete"]})
    return False


def restore(store: Store, account: str, name: str) -> None:
    """Take a domain back that was given up."""
    row = own(store, account, name)
    if "pendingDelete" not in row["statuses"]:
        raise Refusal(2304, "it was not given up")
    charge(store, account, 1)
    store.put("domain", **row | {"statuses": ["ok"]})


def set_status(store: Store, name: str, status: str, *, on: bool) -> None:
    """Set or take off a status; without any other it is ok."""
    row = held(store, name)
    rest = [one for one in row["statuses"] if one not in {"ok", status}]
    store.put("domain", **row | {"statuses": [*rest, *([status] if on else [])] or ["ok"]})


def charge(store: Store, account: str, years: int) -> None:
    """Take the price from an account, and warn when little is left."""
    row = store.row("account", "id", account)
    assert row is not None
    left = row["balance_cents"] - years * PRICE_CENTS
    if left < 0:
        raise Refusal(2104, "the balance is too low")
    store.put("account", **row | {"balance_cents": left})
    if years > 0 and left < LOW_CENTS <= row["balance_cents"]:
        queue.tell(store, account, f"Low account balance: {left / 100:.2f} EUR left.")
