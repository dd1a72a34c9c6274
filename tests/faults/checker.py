"""The judge: finds what was lost, doubled or left unfinished. Knows the promises, and nothing of how they are kept."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.evidence import Evidence, Row

SERVICES = ("web", "database", "mail")


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise: LOST, DOUBLE, STALE or NOT_ACTIVE, and what it is about."""

    kind: str
    what: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.kind}: {self.what}"


def judge(evidence: Evidence) -> list[Finding]:
    """Return every broken promise in *evidence*; an empty list is the acquittal."""
    rules = (lost_orders, doubled_orders, accounts_of_orders, strays, pieces, stale_effects, unfinished)
    return [finding for rule in rules for finding in rule(evidence)]


def lost_orders(evidence: Evidence) -> Iterator[Finding]:
    """Every order that was answered is in the database; every one that was confirmed is a contract."""
    orders = _orders(evidence)
    for cart_id in _carts(evidence, "answered"):
        if cart_id not in orders:
            yield Finding("LOST", f"order {cart_id} was answered and is not in the database")
    for cart_id in _carts(evidence, "confirmed"):
        order = orders.get(cart_id)
        if order and (order["number"] is None or order["customer"] is None):
            yield Finding("LOST", f"order {cart_id} was confirmed and has no order number or customer")


def doubled_orders(evidence: Evidence) -> Iterator[Finding]:
    """One key is one order, and one domain is held by one order."""
    carts = defaultdict(set)
    for entry in evidence.log:
        if entry["event"] == "answered":
            carts[entry["key"]].add(entry["cart_id"])
    for key, answers in carts.items():
        if len(answers) > 1:
            yield Finding("DOUBLE", f"key {key} was answered with the orders {', '.join(sorted(answers))}")
    ordered = Counter(row["name"] for row in evidence.tables["domains"])
    for entry in evidence.log:
        if entry["event"] == "sent" and ordered[entry["domain"]] > 1:
            yield Finding(
                "DOUBLE", f"{entry['domain']} was ordered once and stands in {ordered[entry['domain']]} orders"
            )


def accounts_of_orders(evidence: Evidence) -> Iterator[Finding]:
    """One contract has one account, with a name and a uid that no other has."""
    of_order = Counter(account["order"] for account in evidence.tables["accounts"])
    for cart_id in _carts(evidence, "confirmed"):
        count = of_order[_orders(evidence).get(cart_id, {}).get("id")]
        if count != 1:
            yield Finding("DOUBLE" if count else "LOST", f"order {cart_id} has {count} accounts")
    for column in ("name", "uid"):
        for value, count in Counter(account[column] for account in evidence.tables["accounts"]).items():
            if count > 1:
                yield Finding("DOUBLE", f"{count} accounts have the {column} {value}")


def strays(evidence: Evidence) -> Iterator[Finding]:
    """What is on a host is known to the database, belongs there, and is nowhere else."""
    accounts = {account["name"]: account for account in evidence.tables["accounts"]}
    for host, found in evidence.hosts.items():
        for name, there in found.items():
            account = accounts.get(name)
            if account is None:
                yield Finding("DOUBLE", f"{host} holds {name}, which no order has")
                continue
            if host not in {account[f"{service}_host"] for service in SERVICES}:
                yield Finding("DOUBLE", f"{host} holds {name}, whose place is {account['web_host']}")
            for service, marker in there.markers.items():
                if account["id"] not in marker.values():
                    yield Finding("DOUBLE", f"{host}: the {service} marker of {name} names another account")


def pieces(evidence: Evidence) -> Iterator[Finding]:
    """The account of an ACTIVE order is whole on its hosts."""
    domains = defaultdict(list)
    for row in evidence.tables["domains"]:
        domains[row["order"]].append(row["name"])
    for order, account in _active(evidence):
        on = {service: evidence.hosts.get(account[f"{service}_host"], {}).get(account["name"]) for service in SERVICES}
        web, database, mail = (on[service] for service in SERVICES)
        whole = {
            "user": web and web.uid == account["uid"],
            "database": database and database.database,
            "mailbox": mail and mail.mailboxes,
            **{f"site {name}": web and name in web.vhosts for name in domains[order["id"]]},
            **{f"{service} marker": there and service in there.markers for service, there in on.items()},
        }
        for piece, there in whole.items():
            if not there:
                yield Finding("LOST", f"order {order['cart_id']} is ACTIVE, but {account['name']} has no {piece}")


def stale_effects(evidence: Evidence) -> Iterator[Finding]:
    """A job is moved by its newest attempt alone, and succeeds once.

    Attempts are counted over all jobs of an account: the nth hand-out is attempt n.
    """
    account_of = {job["id"]: job["account"] for job in evidence.tables["jobs"]}
    handed_out: Counter[str] = Counter()
    succeeded: Counter[str] = Counter()
    for row in sorted(evidence.tables["journal"], key=lambda row: int(row["id"])):
        job, account = row["subject_id"], account_of.get(row["subject_id"], "")
        if row["event"] == "CLAIMED":
            handed_out[account] += 1
        elif row["event"] in {"SUCCEEDED", "FAILED", "ERRORED"} and row["state_after"]:
            succeeded[job] += row["event"] == "SUCCEEDED"
            if (attempt := _attempt(row)) < handed_out[account]:
                yield Finding("STALE", f"job {job}: attempt {attempt} moved it after {handed_out[account]} was out")
    for job, count in succeeded.items():
        if count > 1:
            yield Finding("DOUBLE", f"job {job} succeeded {count} times")


def unfinished(evidence: Evidence) -> Iterator[Finding]:
    """Every confirmed order is ACTIVE."""
    orders = _orders(evidence)
    for cart_id in _carts(evidence, "confirmed") | _carts(evidence, "answered"):
        state = orders.get(cart_id, {}).get("state")
        if state not in {None, "ACTIVE"}:
            yield Finding("NOT_ACTIVE", f"order {cart_id} is {state}")


def _orders(evidence: Evidence) -> dict[str, Row]:
    return {order["cart_id"]: order for order in evidence.tables["orders"]}


def _carts(evidence: Evidence, event: str) -> set[str]:
    return {entry["cart_id"] for entry in evidence.log if entry["event"] == event}


def _active(evidence: Evidence) -> Iterator[tuple[Row, Row]]:
    """Yield the ACTIVE orders of the log with their accounts."""
    accounts = {account["order"]: account for account in evidence.tables["accounts"]}
    orders = _orders(evidence)
    for cart_id in sorted(_carts(evidence, "answered")):
        order = orders.get(cart_id)
        if order and order["state"] == "ACTIVE" and order["id"] in accounts:
            yield order, accounts[order["id"]]


def _attempt(row: Row) -> int:
    facts = json.loads(row["facts"]) if isinstance(row["facts"], str) else row["facts"]
    return int(facts.get("attempt", 0))
