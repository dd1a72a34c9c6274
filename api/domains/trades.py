"""What is handed to a registrar for a domain: its holder, its auth code in clear for the moment, its transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.domains.registrar import Holder, Trade
from api.seal import Seal
from api.tables import Customer, Order

AUTH_CODE = "auth code"
"""The use under which `api.seal` seals auth codes."""


async def trade_of(row: Mapping[str, Any], seal: Seal) -> Trade:
    """Return the trade of an ordered domain; its transaction id is the same at every call."""
    sealed = row["auth_code_sealed"]
    return Trade(
        id=row["id"],
        name=row["name"],
        action=row["action"],
        auth_code=None if sealed is None else seal.unseal(AUTH_CODE, sealed),
        holder=await _holder(row["order"]),
        nameservers=(),
        transaction_id=f"ANK-{row['id']}",
        since=row["changed_at"],
    )


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
