"""Commands for orders that wait for a person. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

import click

from api import orders, settings
from api.commands import AS_JSON, OPERATOR, order_of, reason_line, run, show
from api.console.search import search
from api.equipment import equip
from api.intake import review
from api.lifecycle import OrderEvent, OrderState
from api.piccolo_conf import DB


@click.group("review")
def review_group() -> None:
    """Orders that wait for a person: IN_REVIEW."""


@review_group.command("list")
@AS_JSON
def review_list(*, as_json: bool) -> None:
    """List them, the oldest first, with what the risk check found."""
    found = run(search("", OrderState.IN_REVIEW))
    lines = []
    for cart in found:
        lines.append(f"{cart.cart_id}  {cart.created_at:%d.%m. %H:%M}  {cart.name}  {', '.join(cart.domains)}")
        lines += [reason_line(reason) for reason in cart.reasons]
    show(found, as_json=as_json, line="\n".join(lines) or "no order waits for a person")


@review_group.command("offer")
@click.argument("cart_id")
@AS_JSON
def review_offer(cart_id: str, *, as_json: bool) -> None:
    """Let the customer go on: the contract is on offer, and SMS where one may go, whatever the rules said."""
    equipment = equip(settings.load())

    async def work() -> list[str]:
        return await review.offer(equipment, await order_of(cart_id), actor=OPERATOR)

    offered = run(work())
    show(
        {"cart_id": cart_id, "offered": offered}, as_json=as_json, line=f"{cart_id} is offered {' and '.join(offered)}"
    )


@review_group.command("refuse")
@click.argument("cart_id")
@AS_JSON
def review_refuse(cart_id: str, *, as_json: bool) -> None:
    """Refuse the order; it can be reopened."""
    _move(cart_id, OrderEvent.REFUSED, as_json=as_json)


@review_group.command("reopen")
@click.argument("cart_id")
@AS_JSON
def review_reopen(cart_id: str, *, as_json: bool) -> None:
    """Look again at an order that was refused or lapsed."""
    _move(cart_id, OrderEvent.REOPENED, as_json=as_json)


def _move(cart_id: str, event: OrderEvent, *, as_json: bool) -> None:
    async def work() -> OrderState:
        order_id = await order_of(cart_id)
        async with DB.transaction():
            await orders.move(order_id, event, actor=OPERATOR)
        return await orders.state_of(order_id)

    state = run(work())
    show({"cart_id": cart_id, "state": state}, as_json=as_json, line=f"{cart_id} is {state}")
