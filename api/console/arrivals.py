"""The documents of an order, as the order's own view lists them."""

from __future__ import annotations

import msgspec

from api.activation.contracts.tables import Returned
from api.lifecycle import ReturnState
from api.shop.page import Time


class CartReturn(msgspec.Struct, frozen=True):
    """A document of an order."""

    id: int
    #: email, fax or post.
    channel: str
    received_at: Time
    state: ReturnState


async def returns_of(order_id: int) -> list[CartReturn]:
    """Return the documents of an order, the oldest first."""
    rows = await Returned.select().where(Returned.order == order_id).order_by(Returned.id)
    return [CartReturn(row["id"], row["channel"], row["received_at"], ReturnState(row["state"])) for row in rows]
