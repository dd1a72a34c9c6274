"""A domain on a staff member's screen: state, history, what was sent, what the registry said, zone; no auth code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from api.console.cart import Entry
from api.domains.registrar import Ds, News
from api.domains.tables import DomainTrade, RegistryMessage, Zone
from api.identity import NotThereError
from api.intake.names import spoken
from api.lifecycle import HELD_DOMAINS, DomainState
from api.registries import Registries, Registry, registry_of
from api.shop.page import Time
from api.tables import Journal, OrderDomain

MOST = 200
Result = Literal["APPLIED", "NOTED", "UNCLEAR"]
"""What became of a message; UNCLEAR = a person has to look."""


class DomainEntry(msgspec.Struct, frozen=True):
    """A domain in a list."""

    name: str
    unicode: str
    action: str
    state: DomainState
    changed_at: Time
    cart_id: str
    #: Why the registry refused it last.
    reason: str | None


class TradeView(msgspec.Struct, frozen=True):
    """What was sent to the registry, and how it ended."""

    transaction_id: str
    created_at: Time
    sent_at: Time | None
    #: Answers lost in a row.
    lost: int
    #: When the registry is asked next.
    look_at: Time | None
    reference: str | None
    outcome: str | None
    reason: str | None
    #: The registry's words.
    words: str
    registry_id: str | None
    expires_at: Time | None
    closed_at: Time | None


class MessageView(msgspec.Struct, frozen=True):
    """A message of a registry."""

    registry: str
    message_id: str
    kind: News
    name: str | None
    result: str
    words: str
    queued_at: Time
    taken_at: Time


class ZoneView(msgspec.Struct, frozen=True):
    """The zone as our name servers keep it."""

    ds: Sequence[Ds]
    is_written: bool
    is_delegated: bool
    failures: int
    problem: str | None
    changed_at: Time


class RegistryView(msgspec.Struct, frozen=True):
    """What the domain's registry wants: of whoever orders there again, in whose words, at what price."""

    name: str
    periods_years: Sequence[int]
    #: What its auth codes look like.
    auth_code: str
    #: Whether a right code moves a domain at once, or the other side is asked first.
    transfer: Literal["immediate", "pending"]
    #: Net, for one period.
    register_cents: int
    transfer_cents: int
    #: Net, a year.
    renew_cents: int


class DomainView(msgspec.Struct, frozen=True):
    """All of one domain."""

    domain: DomainEntry
    history: Sequence[Entry]
    trades: Sequence[TradeView]
    messages: Sequence[MessageView]
    zone: ZoneView | None
    registry: RegistryView


class DomainEntries(msgspec.Struct, frozen=True):
    """Domains of accepted orders, the longest in their state first; 200 at most."""

    domains: Sequence[DomainEntry]


class MessageViews(msgspec.Struct, frozen=True):
    """What registries said, the newest first; 200 at most."""

    messages: Sequence[MessageView]


async def entries(state: DomainState | None) -> DomainEntries:
    """Return the domains in *state*; without one those that are not with us yet."""
    rows = OrderDomain.select(*OrderDomain.all_columns(), OrderDomain.order.cart_id)
    if state is not None:
        rows = rows.where(OrderDomain.state == state.value)
    else:
        waits = OrderDomain.state.not_in([known.value for known in HELD_DOMAINS])
        rows = rows.where(OrderDomain.held_name.is_not_null(), waits)
    found = await rows.order_by(OrderDomain.changed_at, OrderDomain.id).limit(MOST)
    return DomainEntries([_entry(row, (await _trades(row["id"]))[:1]) for row in found])


async def view(name: str, registries: Registries) -> DomainView:
    """Return all of the domain *name* (A-label), of the order that holds it or held it last.

    Raises:
        NotThereError: no order names it.
    """
    rows = OrderDomain.select(*OrderDomain.all_columns(), OrderDomain.order.cart_id).where(OrderDomain.name == name)
    found = await rows.order_by(OrderDomain.id, ascending=False).limit(MOST)
    if not found:
        raise NotThereError("no order names this domain")
    row = next((one for one in found if one["held_name"]), found[0])
    trades = await _trades(row["id"])
    history = Journal.select().where(Journal.subject == "domain", Journal.subject_id == name)
    zone = await Zone.select().where(Zone.name == name).first()
    return DomainView(
        domain=_entry(row, trades[:1]),
        history=[_history(entry) for entry in await history.order_by(Journal.id)],
        trades=[_taken_over(TradeView, trade) for trade in trades],
        messages=(await messages(name)).messages,
        zone=None if zone is None else _zone(zone),
        registry=_registry(registry_of(name, registries)),
    )


async def messages(name: str | None = None, result: Result | None = None) -> MessageViews:
    """Return what registries said, of *name* or of all, with one *result* or any."""
    rows = RegistryMessage.select().order_by(RegistryMessage.id, ascending=False).limit(MOST)
    if name is not None:
        rows = rows.where(RegistryMessage.name == name)
    if result is not None:
        rows = rows.where(RegistryMessage.result == result)
    return MessageViews([_taken_over(MessageView, row) for row in await rows])


def _entry(row: Mapping[str, Any], last: Sequence[Mapping[str, Any]]) -> DomainEntry:
    return DomainEntry(
        name=row["name"],
        unicode=spoken(row["name"]),
        action=row["action"],
        state=DomainState(row["state"]),
        changed_at=row["changed_at"],
        cart_id=row["order.cart_id"],
        reason=last[0]["reason"] if last else None,
    )


def _registry(facts: Registry) -> RegistryView:
    prices = facts.prices
    return RegistryView(
        facts.name, facts.periods_years, facts.auth_code.said, facts.transfer,
        prices.register_cents, prices.transfer_cents, prices.renew_cents,
    )  # fmt: skip


def _history(row: Mapping[str, Any]) -> Entry:
    return Entry(
        row["at"], row["subject"], row["subject_id"], row["event"], row["state_before"], row["state_after"],
        row["actor"], msgspec.json.decode(row["facts"]),
    )  # fmt: skip


def _zone(row: Mapping[str, Any]) -> ZoneView:
    return ZoneView(
        ds=msgspec.json.decode(row["ds"], type=tuple[Ds, ...]),
        is_written=row["digest"] is not None,
        is_delegated=row["delegated"] is not None and row["delegate_at"] is None,
        failures=row["failures"],
        problem=row["problem"],
        changed_at=row["changed_at"],
    )


def _taken_over(kind: Any, row: Mapping[str, Any]) -> Any:
    """Return the columns of *row* that *kind* has."""
    return msgspec.convert({name: row[name] for name in kind.__struct_fields__}, kind)


async def _trades(domain_id: int) -> list[dict[str, Any]]:
    rows = DomainTrade.select().where(DomainTrade.domain == domain_id)
    return list(await rows.order_by(DomainTrade.id, ascending=False))
