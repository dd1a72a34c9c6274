"""A customer's file: master data, orders, domains; lists in pages by cursor."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

import msgspec

from api.answers import wrong
from api.console.cart import PersonView, person_view
from api.console.search import CartLine, lines
from api.customers import numbers
from api.identity import NotThereError
from api.intake.names import spoken
from api.lifecycle import DomainState
from api.shop.page import Time
from api.tables import Customer, Order, OrderDomain

MOST = 100
LARGEST_ID = 2**31 - 1
LARGEST_NUMBER = 2**53


class OrderList(msgspec.Struct, frozen=True):
    """A page of orders, newest first."""

    items: Sequence[CartLine]
    #: For the next page; null on the last one.
    next_cursor: str | None


class OwnedDomain(msgspec.Struct, frozen=True):
    """A domain of a customer."""

    name: str
    unicode: str
    action: str
    state: DomainState
    changed_at: Time
    cart_id: str


class DomainList(msgspec.Struct, frozen=True):
    """A page of domains, newest first."""

    items: Sequence[OwnedDomain]
    #: For the next page; null on the last one.
    next_cursor: str | None


async def customer_view(number: int) -> PersonView:
    """Return the master data of customer *number*."""
    row = await Customer.select().where(Customer.id == await id_of(number)).first()
    return person_view(row or {})


async def orders_of(number: int, cursor: str | None, limit: int) -> OrderList:
    """Return a page of the customer's orders."""
    orders = (
        await Order.select()
        .where(Order.customer == await id_of(number), Order.id < before(cursor))
        .order_by(Order.id, ascending=False)
        .limit(limit + 1)
    )
    return OrderList(await lines(orders[:limit]), next_cursor(orders, limit))


async def domains_of(number: int, cursor: str | None, limit: int) -> DomainList:
    """Return a page of the customer's domains."""
    rows = (
        await OrderDomain.select(*OrderDomain.all_columns(), OrderDomain.order.cart_id)
        .where(OrderDomain.order.customer == await id_of(number), OrderDomain.id < before(cursor))
        .order_by(OrderDomain.id, ascending=False)
        .limit(limit + 1)
    )
    items = [
        OwnedDomain(
            row["name"], spoken(row["name"]), row["action"], DomainState(row["state"]), row["changed_at"],
            row["order.cart_id"],
        )
        for row in rows[:limit]
    ]  # fmt: skip
    return DomainList(items, next_cursor(rows, limit))


async def id_of(number: int) -> int:
    """Return the customer of *number*, also of one that was given up for another.

    Raises:
        NotThereError: there is none.
    """
    customer = await numbers.customer_of(number)
    if customer is None:
        raise NotThereError("there is no such customer")
    return customer


def next_cursor(rows: Sequence[dict[str, Any]], limit: int) -> str | None:
    """Return the cursor behind the *limit*th of *rows*, which were asked for with one more; None on the last page."""
    return _cursor(rows[limit - 1]["id"]) if len(rows) > limit else None


def _cursor(last: int) -> str:
    return urlsafe_b64encode(f"before {last}".encode()).decode().rstrip("=")


def before(cursor: str | None) -> int:
    """Return the id that a page stays below."""
    if cursor is None:
        return LARGEST_ID
    try:
        word, number = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split(" ")
        below = int(number)
    except (ValueError, UnicodeError):
        raise wrong("cursor", "is none that was given out") from None
    if word != "before" or not 0 < below <= LARGEST_ID:
        raise wrong("cursor", "is none that was given out")
    return below
