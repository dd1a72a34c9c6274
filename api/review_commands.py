"""Commands for orders that wait for a person. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

import click

from api import journal, orders, settings
from api.activation import review
from api.commands import AS_JSON, OPERATOR, REASON, order_of, reason_line, run, show
from api.console.search import CartLine, search
from api.equipment import equip
from api.lifecycle import OrderEvent, OrderState
from api.piccolo_conf import DB
from api.tables import Order


@click.group("review")
def review_group() -> None:
    """Orders that wait for a person: IN_REVIEW."""


@review_group.command("list")
@AS_JSON
def review_list(*, as_json: bool) -> None:
    """List them, the oldest first, with what the risk check found."""

    async def work() -> tuple[list[CartLine], int]:
        return await search("", OrderState.IN_REVIEW), await Order.count().where(Order.state == OrderState.IN_REVIEW)

    found, waiting = run(work())
    lines = []
    for cart in found:
        lines.append(f"{cart.cart_id}  {cart.created_at:%d.%m. %H:%M}  {cart.name}  {', '.join(cart.domains)}")
        lines += [reason_line(reason) for reason in cart.reasons]
    if waiting > len(found):
        lines.append(f"the oldest {len(found)} of {waiting}")
    show(found, as_json=as_json, line="\n".join(lines) or "no order waits for a person")


@review_group.command("offer")
@click.argument("cart_id")
@REASON
@AS_JSON
def review_offer(cart_id: str, reason: str | None, *, as_json: bool) -> None:
    """Let the customer go on: the contract is on offer, and SMS where one may go, whatever the rules said."""
    equipment = equip(settings.load())

    async def work() -> list[str]:
        order_id = await order_of(cart_id)
        return await review.offer(equipment, order_id, actor=OPERATOR, facts=journal.because(reason))

    offered = run(work())
    show(
        {"cart_id": cart_id, "offered": offered}, as_json=as_json, line=f"{cart_id} is offered {' and '.join(offered)}"
    )


@review_group.command("refuse")
@click.argument("cart_id")
@REASON
@AS_JSON
def review_refuse(cart_id: str, reason: str | None, *, as_json: bool) -> None:
    """Refuse the order; it can be reopened."""
    _move(cart_id, OrderEvent.REFUSED, reason, as_json=as_json)


@review_group.command("reopen")
@click.argument("cart_id")
@REASON
@AS_JSON
def review_reopen(cart_id: str, reason: str | None, *, as_json: bool) -> None:
    """Look again at an order that was refused or lapsed."""
    _move(cart_id, OrderEvent.REOPENED, reason, as_json=as_json)


def _move(cart_id: str, event: OrderEvent, reason: str | None, *, as_json: bool) -> None:
    async def work() -> OrderState:
        order_id = await order_of(cart_id)
        async with DB.transaction():
            await orders.move(order_id, event, actor=OPERATOR, facts=journal.because(reason))
        return await orders.state_of(order_id)

    state = run(work())
    show({"cart_id": cart_id, "state": state}, as_json=as_json, line=f"{cart_id} is {state}")
