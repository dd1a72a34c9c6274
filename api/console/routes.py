"""What staff may do: find an order, see all of it, decide about it; look a customer up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post

from api import edge, journal, orders
from api.activation import review
from api.activation.acceptance import accept
from api.answers import wrong
from api.console import customers
from api.console.cart import CartView, PersonView, cart_view
from api.console.search import CartLine, search
from api.described import described
from api.equipment import Equipment
from api.identity import Access, Caller, NotThereError
from api.intake.cart import heard
from api.lifecycle import OrderEvent, OrderState
from api.piccolo_conf import DB
from api.provisioning import jobs
from api.shop.routes import Moved
from api.tables import Order

Req = Request[Any, Any, Any]

LONGEST_REASON = 200
CURSOR = {"type": "string", "maxLength": 64}
LIMIT = {"type": "integer", "minimum": 1, "maximum": customers.MOST, "default": 20}
QUERY = {"type": "string", "maxLength": 200}
STATE = {"type": "string", "enum": [state.value for state in OrderState]}


class Carts(msgspec.Struct, frozen=True):
    """What was found, newest first, or of one state the oldest first; 50 at most."""

    carts: Sequence[CartLine]


@get(
    "/api/v1/staff/carts",
    **described(Access.STAFF, {200: Carts}, query={"q": QUERY, "state": STATE}, problems=(422,)),
)
async def find_carts(request: Req) -> Carts:
    """Find orders by cart ID, number, name, domain or mail address; the newest without a question.

    `state=IN_REVIEW` is the queue of what waits for a person, the oldest first, with the reasons of the risk check.
    """
    return Carts(await search(query_of(request), _state(request.query_params.get("state"))))


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person's decision; the body may be left out."""

    #: Why, for colleagues and the journal; without personal data.
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_REASON)] | None = None


DECIDED = described(Access.STAFF, {200: Moved}, body=Decision, body_is_optional=True, problems=(409,))


@get("/api/v1/staff/carts/{cart_id:str}", **described(Access.STAFF, {200: CartView}))
async def show_cart(request: Req) -> CartView:
    """Show all of an order: customer, journal, mails, draw, job and the playbook's steps."""
    return await cart_view(_equipment(request), await _order_id(request))


@post("/api/v1/staff/carts/{cart_id:str}/accept", **DECIDED)
async def accept_cart(request: Req) -> Moved:
    """Accept the order, as when the signed contract lies before you."""
    order_id = await _order_id(request)
    facts = await _because(request)
    await accept(_equipment(request), order_id, OrderEvent.STAFF_ACCEPTED, actor=_actor(request), facts=facts)
    return Moved(await orders.state_of(order_id))


@post("/api/v1/staff/carts/{cart_id:str}/refuse", **DECIDED)
async def refuse_cart(request: Req) -> Moved:
    """Refuse the order; it can be reopened."""
    return await _move(request, OrderEvent.REFUSED)


@post("/api/v1/staff/carts/{cart_id:str}/offer", **DECIDED)
async def offer_cart(request: Req) -> Moved:
    """End the review well: the contract is on offer, and SMS where one may go, whatever the rules said."""
    order_id = await _order_id(request)
    await review.offer(_equipment(request), order_id, actor=_actor(request), facts=await _because(request))
    return Moved(await orders.state_of(order_id))


@post("/api/v1/staff/carts/{cart_id:str}/reopen", **DECIDED)
async def reopen_cart(request: Req) -> Moved:
    """Look again at an order that was refused or lapsed."""
    return await _move(request, OrderEvent.REOPENED)


@post("/api/v1/staff/carts/{cart_id:str}/retry", **described(Access.STAFF, {200: Moved}, problems=(409,)))
async def retry_cart(request: Req) -> Moved:
    """Hand a parked account out again."""
    order_id = await _order_id(request)
    async with DB.transaction():
        await jobs.retry(order_id, actor=_actor(request))
    return Moved(await orders.state_of(order_id))


@get("/api/v1/customers/{number:str}", **described(Access.STAFF, {200: PersonView}))
async def show_customer(request: Req) -> PersonView:
    """Show a customer's master data."""
    return await customers.customer_view(number_of(request))


@get(
    "/api/v1/customers/{number:str}/orders",
    **described(Access.STAFF, {200: customers.OrderList}, query={"cursor": CURSOR, "limit": LIMIT}, problems=(422,)),
)
async def list_orders(request: Req) -> customers.OrderList:
    """List a customer's orders."""
    return await customers.orders_of(number_of(request), *page_of(request))


@get(
    "/api/v1/customers/{number:str}/domains",
    **described(Access.STAFF, {200: customers.DomainList}, query={"cursor": CURSOR, "limit": LIMIT}, problems=(422,)),
)
async def list_domains(request: Req) -> customers.DomainList:
    """List a customer's domains."""
    return await customers.domains_of(number_of(request), *page_of(request))


async def _move(request: Req, event: OrderEvent) -> Moved:
    order_id, facts = await _order_id(request), await _because(request)
    async with DB.transaction():
        await orders.move(order_id, event, actor=_actor(request), facts=facts)
    return Moved(await orders.state_of(order_id))


async def _because(request: Req) -> dict[str, str]:
    """Return why, if the person said it."""
    return journal.because((await edge.read(request, Decision)).reason) if await request.body() else {}


async def _order_id(request: Req) -> int:
    cart_id = heard(str(request.path_params["cart_id"]))
    row = await Order.select(Order.id).where(Order.cart_id == cart_id).first() if cart_id else None
    if row is None:
        raise NotThereError("there is no such order")
    return int(row["id"])


def _state(text: str | None) -> OrderState | None:
    try:
        return None if text is None else OrderState(text)
    except ValueError:
        raise wrong("state", "is no state of an order") from None


def number_of(request: Req) -> int:
    """Return the customer's number in the path."""
    text = str(request.path_params["number"])
    if not text.isascii() or not text.isdecimal() or not 0 < int(text[:20]) <= customers.LARGEST_NUMBER:
        raise NotThereError("there is no such customer")
    return int(text)


def query_of(request: Req) -> str:
    """Return what a list is searched for; empty without a question."""
    text = edge.path_text("q", request.query_params.get("q", ""))
    if len(text) > QUERY["maxLength"]:  # type: ignore[operator]  # a number
        raise wrong("q", "is too long")
    return text


def page_of(request: Req) -> tuple[str | None, int]:
    """Return cursor and limit of a list."""
    limit = request.query_params.get("limit", str(LIMIT["default"]))
    if not limit.isascii() or not limit.isdecimal() or not 1 <= int(limit[:9]) <= customers.MOST:
        raise wrong("limit", f"is a number from 1 to {customers.MOST}")
    return request.query_params.get("cursor"), int(limit)


def _actor(request: Req) -> str:
    caller: Caller = request.state.caller
    return caller.actor


def _equipment(request: Req) -> Equipment:
    equipment: Equipment = request.app.state.equipment
    return equipment
