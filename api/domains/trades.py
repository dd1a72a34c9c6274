"""Trades with a registry: the intent that is stored before anything is sent, and how it ended."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from api.domains.registrar import Done, Holder, Outcome, Reason, Refused, Trade
from api.domains.tables import DomainTrade
from api.equipment import Equipment
from api.registries import registry_of
from api.tables import Customer, Order, OrderDomain

AUTH_CODE = "auth code"
"""The use under which `api.seal` seals auth codes."""

MOST_WORDS = 2000


async def intend(domain_id: int) -> None:
    """Store the intent to order domain *domain_id*, in the caller's transaction; a second open one is refused."""
    now = datetime.now(UTC)
    await DomainTrade.insert(
        DomainTrade(
            domain=domain_id,
            open_domain=domain_id,
            transaction_id=f"ANK-{secrets.token_hex(12).upper()}",
            look_at=now,
            created_at=now,
        )
    )


async def reopen(row: Mapping[str, Any]) -> None:
    """Take a trade up again that nobody could say the end of, under its transaction id; in the caller's transaction."""
    values: dict[Any, Any] = {
        DomainTrade.open_domain: row["domain"],
        DomainTrade.lost: 0,
        DomainTrade.failures: 0,
        DomainTrade.look_at: datetime.now(UTC),
        DomainTrade.outcome: None,
        DomainTrade.closed_at: None,
    }
    await DomainTrade.update(values).where(DomainTrade.id == row["id"])


async def due(most: int) -> list[dict[str, Any]]:
    """Return open trades whose turn it is, the longest waiting first: each look puts a trade behind the others."""
    is_due = DomainTrade.open_domain.is_not_null() & (DomainTrade.look_at <= datetime.now(UTC))
    return list(await DomainTrade.select().where(is_due).order_by(DomainTrade.look_at, DomainTrade.id).limit(most))


async def open_trade(domain_id: int) -> dict[str, Any] | None:
    """Return the open trade of a domain."""
    row = await DomainTrade.select().where(DomainTrade.open_domain == domain_id).first()
    return None if row is None else dict(row)


async def last(domain_id: int) -> dict[str, Any] | None:
    """Return the newest trade of a domain."""
    trades = DomainTrade.select().where(DomainTrade.domain == domain_id)
    row = await trades.order_by(DomainTrade.id, ascending=False).first()
    return None if row is None else dict(row)


async def mark_sent(row: Mapping[str, Any], *, sent: bool) -> bool:
    """Remember that the paid command of a trade leaves now, or certainly did not; False = the trade is closed."""
    values: dict[Any, Any] = {DomainTrade.sent_at: datetime.now(UTC) if sent else None}
    is_mine = (DomainTrade.id == row["id"]) & DomainTrade.open_domain.is_not_null()
    return bool(await DomainTrade.update(values).where(is_mine).returning(DomainTrade.id))


async def put_off(
    row: Mapping[str, Any], wait: timedelta, *, lost: int, failures: int = 0, reference: str | None = None
) -> None:
    """Have a trade looked at later; *lost* answers in a row so far, or *failures* to ask at all."""
    values: dict[Any, Any] = {
        DomainTrade.look_at: datetime.now(UTC) + wait,
        DomainTrade.lost: lost,
        DomainTrade.failures: failures,
    }
    if reference is not None:
        values[DomainTrade.reference] = reference[:64]
    await DomainTrade.update(values).where(DomainTrade.id == row["id"])


async def close(domain_id: int, how: str, outcome: Outcome | None = None) -> None:
    """Close the open trade of a domain, if there is one, in the caller's transaction."""
    values: dict[Any, Any] = {
        DomainTrade.open_domain: None,
        DomainTrade.look_at: None,
        DomainTrade.outcome: how,
        DomainTrade.closed_at: datetime.now(UTC),
    }
    if isinstance(outcome, Done):
        values |= {DomainTrade.expires_at: outcome.expires_at, DomainTrade.registry_id: outcome.registry_id}
    if isinstance(outcome, Refused):
        values |= {DomainTrade.reason: outcome.reason.value, DomainTrade.words: outcome.text[:MOST_WORDS]}
    await DomainTrade.update(values).where(DomainTrade.open_domain == domain_id)


async def is_repetition(domain_id: int) -> bool:
    """Return whether the newest trade of a domain ended as the one before it, for the same reason."""
    trades = DomainTrade.select(DomainTrade.outcome, DomainTrade.reason).where(DomainTrade.domain == domain_id)
    ends = await trades.order_by(DomainTrade.id, ascending=False).limit(2)
    return len(ends) > 1 and ends[0] == ends[1]


def code_of(domain: Mapping[str, Any], equipment: Equipment) -> str | None:
    """Return the auth code of a domain in clear, None where there is none (any more)."""
    sealed = domain.get("auth_code_sealed")
    return None if sealed is None else equipment.seal.unseal(AUTH_CODE, sealed)


async def code_of_name(equipment: Equipment, name: str) -> str | None:
    """Return the auth code that the order of *name* (A-label) waits with, None where there is none."""
    domain = await OrderDomain.select().where(OrderDomain.held_name == name).first()
    return None if domain is None else code_of(domain, equipment)


async def reason_of(domain_id: int) -> Reason | None:
    """Return why the registry refused a domain last."""
    row = await last(domain_id)
    return Reason(row["reason"]) if row is not None and row["reason"] else None


async def trade_of(row: Mapping[str, Any], domain: Mapping[str, Any], equipment: Equipment) -> Trade:
    """Return what a registrar gets of a stored trade: the auth code is in clear in it, for the moment."""
    return Trade(
        id=domain["id"],
        name=domain["name"],
        action=domain["action"],
        auth_code=code_of(domain, equipment),
        holder=await _holder(domain["order"]),
        nameservers=equipment.settings.dns.nameservers,
        years=registry_of(domain["name"], equipment.catalogue.registries).periods_years[0],
        transaction_id=row["transaction_id"],
        since=row["created_at"],
    )


async def domain_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the domain of a trade."""
    domain = await OrderDomain.select().where(OrderDomain.id == row["domain"]).first()
    assert domain is not None
    return dict(domain)


async def _holder(order_id: int) -> Holder:
    order = await Order.select(Order.customer).where(Order.id == order_id).first()
    assert order is not None
    customer = await Customer.select().where(Customer.id == order["customer"]).first()
    assert customer is not None
    return Holder(
        company=customer["company"],
        name=f"{customer['given_name']} {customer['family_name']}",
        street=customer["street"],
        postal_code=customer["postal_code"],
        city=customer["city"],
        country=customer["country"],
        phone=customer["phone"],
        email=customer["email"],
    )
