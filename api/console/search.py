"""Finding an order while the customer is on the phone: by cart ID, number, name, domain or mail address."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import idna
import msgspec
from piccolo.columns.combination import WhereRaw

from api.customers.numbers import customer_of
from api.intake.cart import heard
from api.intake.risk import assessments
from api.lifecycle import OrderState
from api.shop.page import Time
from api.tables import Customer, Order, OrderDomain

MOST = 50
LONGEST_NUMBER = 15


class CartLine(msgspec.Struct, frozen=True):
    """An order in a list."""

    cart_id: str
    number: int | None
    customer_number: int | None
    state: OrderState
    created_at: Time
    #: Who ordered.
    name: str
    email: str
    domains: Sequence[str]
    #: What the risk check found.
    reasons: Sequence[assessments.Reason]


async def search(query: str, state: OrderState | None = None) -> list[CartLine]:
    """Return the newest orders that fit *query*, or simply the newest for an empty one.

    Those of one *state* come the oldest first: as a queue that is worked off.
    """
    text = query.strip()
    orders = Order.select().order_by(Order.id, ascending=state is not None).limit(MOST)
    if state is not None:
        orders = orders.where(Order.state == state.value)
    if text:
        found = await _ids(text)
        if not found:
            return []
        orders = orders.where(Order.id.is_in(sorted(found)[-MOST:]))
    return await lines(await orders)


async def lines(orders: Iterable[dict[str, Any]]) -> list[CartLine]:
    """Return *orders* as lines of a list."""
    orders = list(orders)
    of_order: dict[int, list[str]] = {order["id"]: [] for order in orders}
    customers = {order["customer"] for order in orders if order["customer"] is not None}
    if of_order:
        for row in (
            await OrderDomain.select().where(OrderDomain.order.is_in(list(of_order))).order_by(OrderDomain.position)
        ):
            of_order[row["order"]].append(row["name"])
    known = (
        {row["id"]: row for row in await Customer.select().where(Customer.id.is_in(list(customers)))}
        if customers
        else {}
    )
    checks = await assessments.newest(of_order)
    return [_line(order, known.get(order["customer"]), of_order[order["id"]], checks) for order in orders]


def _line(
    order: dict[str, Any],
    customer: dict[str, Any] | None,
    domains: Sequence[str],
    checks: Mapping[int, assessments.RiskView],
) -> CartLine:
    who = customer or json.loads(order["applicant"])
    return CartLine(
        cart_id=order["cart_id"],
        number=order["number"],
        customer_number=customer["number"] if customer else None,
        state=OrderState(order["state"]),
        created_at=order["created_at"],
        name=f"{who['given_name']} {who['family_name']}",
        email=who["email"],
        domains=domains,
        reasons=checks[order["id"]].reasons if order["id"] in checks else [],
    )


async def _ids(text: str) -> set[int]:
    """Return the orders that anything about fits *text*; each question is answered by an index or a short list."""
    found: set[int] = set()
    if cart_id := heard(text):
        found |= set(await Order.select(Order.id).where(Order.cart_id == cart_id).output(as_list=True))
    if text.isdecimal() and text.isascii() and len(text) <= LONGEST_NUMBER:
        customer = await customer_of(int(text))
        found |= set(
            await Order.select(Order.id)
            .where((Order.number == int(text)) | ((Order.customer == customer) & Order.customer.is_not_null()))
            .order_by(Order.id, ascending=False)
            .limit(MOST)
            .output(as_list=True)
        )
    people = Order.select(Order.id).where(_contains("orders.search_text", text.casefold()))
    domains = OrderDomain.select(OrderDomain.order).where(_contains("order_domain.name", _a_label(text)))
    found |= set(await people.order_by(Order.id, ascending=False).limit(MOST).output(as_list=True))
    found |= set(await domains.order_by(OrderDomain.id, ascending=False).limit(MOST).output(as_list=True))
    return found


def _contains(column: str, text: str) -> WhereRaw:
    """Return the condition that *column*, a name of ours, holds *text* to the letter."""
    literal = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return WhereRaw(f"{column} LIKE {{}} ESCAPE '!'", f"%{literal}%")


def _a_label(text: str) -> str:
    try:
        return idna.encode(text, uts46=True, std3_rules=True).decode("ascii")
    except idna.IDNAError:
        return text.lower()
