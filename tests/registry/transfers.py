"""Transfers of domains: requested with the code, then approved, rejected, cancelled or timed out (RFC 5731 §3.2.4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from api.domains.epp.markup import Element, domain
from tests.registry import queue
from tests.registry.domains import YEAR, charge, held, rule
from tests.registry.store import Refusal, Store, now, stamp

TOO_YOUNG = timedelta(days=60)
WAITS = timedelta(days=5)
ENDINGS = {"approve": "clientApproved", "reject": "clientRejected", "cancel": "clientCancelled"}


def request(store: Store, account: str, name: str, code: str, years: int) -> dict[str, Any]:
    """Ask for another registrar's domain."""
    row = held(store, name)
    if "pendingTransfer" in row["statuses"]:
        raise Refusal(2300, "a transfer is pending")
    if row["sponsor"] == account:
        raise Refusal(2106, "it is yours already")
    if code != row["code"]:
        raise Refusal(2202, f"{code} is not its code")
    if {"clientTransferProhibited", "serverTransferProhibited"} & set(row["statuses"]):
        raise Refusal(2304, "transfers are prohibited")
    if datetime.now(UTC) - datetime.fromisoformat(row["transferred_at"] or row["created_at"]) < TOO_YOUNG:
        raise Refusal(2106, "within 60 days of the last change")
    charge(store, account, years or 1)
    made = {
        "name": name, "status": "pending", "gaining": account, "asked_at": now(), "losing": row["sponsor"],
        "acts_at": stamp(datetime.now(UTC) + WAITS), "years": years,
    }  # fmt: skip
    store.put("transfer", **made)
    if rule(store, name)["transfers"] == "immediate":
        return end(store, name, "serverApproved")
    store.put("domain", **row | {"statuses": [*(one for one in row["statuses"] if one != "ok"), "pendingTransfer"]})
    queue.tell(store, row["sponsor"], "Transfer requested.", data(store, made))
    return made


def act(store: Store, account: str, name: str, operation: str) -> dict[str, Any]:
    """Approve, reject or cancel, whoever may."""
    made = pending(store, name)
    if account != (made["gaining"] if operation == "cancel" else made["losing"]):
        raise Refusal(2201, "this is the other registrar's to say")
    return end(store, name, ENDINGS[operation])


def end(store: Store, name: str, status: str) -> dict[str, Any]:
    """End a transfer, and tell whoever did not do it."""
    row, made = held(store, name), pending(store, name)
    made |= {"status": status, "acts_at": now()}
    store.put("transfer", **made)
    statuses = [one for one in row["statuses"] if one != "pendingTransfer"] or ["ok"]
    if status.endswith("Approved"):
        expires = stamp(datetime.fromisoformat(row["expires_at"]) + made["years"] * YEAR)
        row |= {"sponsor": made["gaining"], "transferred_at": made["acts_at"], "expires_at": expires}
    else:
        charge(store, made["gaining"], -(made["years"] or 1))
    store.put("domain", **row | {"statuses": statuses})
    actor = {"clientCancelled": made["gaining"], "clientApproved": made["losing"], "clientRejected": made["losing"]}
    immediate = (
        {made["gaining"]} if status == "serverApproved" and rule(store, name)["transfers"] == "immediate" else set()
    )
    for account in {made["gaining"], made["losing"]} - {actor.get(status)} - immediate:
        queue.tell(store, account, f"Transfer {status}.", data(store, made))
    return made


def pending(store: Store, name: str) -> dict[str, Any]:
    """Return the transfer that waits."""
    made = store.row("transfer", "name", name)
    if made is None or made["status"] != "pending":
        raise Refusal(2301, "no transfer is pending")
    return made


def latest(store: Store, account: str, name: str) -> dict[str, Any]:
    """Return the last transfer, to those whom it concerns."""
    held(store, name)
    made = store.row("transfer", "name", name)
    if made is None:
        raise Refusal(2301, "there was no transfer")
    if account not in {made["gaining"], made["losing"]}:
        raise Refusal(2201, "another registrar's domain")
    return made


def data(store: Store, made: dict[str, Any]) -> Element:
    """Return trnData."""
    row = held(store, made["name"])
    return domain(
        "trnData", domain("name", made["name"]), domain("trStatus", made["status"]), domain("reID", made["gaining"]),
        domain("reDate", made["asked_at"]), domain("acID", made["losing"]), domain("acDate", made["acts_at"]),
        domain("exDate", row["expires_at"]),
    )  # fmt: skip
