"""What the holder of an order's token may do with it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post

from api import edge, orders
from api.activation import code, correction, endings
from api.described import described
from api.equipment import Equipment
from api.identity import Access, Caller, NotThereError
from api.lifecycle import OrderState
from api.shop.page import OrderPage, order_page

Req = Request[Any, Any, Any]


class CodeSent(msgspec.Struct, frozen=True):
    """A code is on its way."""

    valid_until: Annotated[datetime, msgspec.Meta(tz=True)]


class CodeForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code that was sent."""

    code: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{6}\Z")]


class PhoneForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The number as it should have been."""

    #: International, with a plus.
    phone: Annotated[str, msgspec.Meta(min_length=3, max_length=32)]


class Moved(msgspec.Struct, frozen=True):
    """Where the order stands now."""

    state: OrderState


@get("/api/v1/orders/{cart_id:str}", **described(Access.CUSTOMER_OR_STAFF, {200: OrderPage}))
async def show_order(request: Req) -> OrderPage:
    """Show the order's page."""
    return await order_page(_equipment(request).settings, order_of(request))


@post("/api/v1/orders/{cart_id:str}/sms", **described(Access.CUSTOMER, {202: CodeSent}, problems=(409, 410, 429)))
async def send_code(request: Req) -> CodeSent:
    """Have a code sent to the telephone of the order; nothing is sent before the first call."""
    until = await code.request(_equipment(request), order_of(request), actor=_caller(request).actor)
    return CodeSent(until)


@post(
    "/api/v1/orders/{cart_id:str}/sms/confirm",
    **described(Access.CUSTOMER, {200: Moved}, body=CodeForm, problems=(409, 410, 429)),
)
async def confirm_code(request: Req) -> Moved:
    """Unlock the order with the code: it is accepted at once."""
    form = await edge.read(request, CodeForm)
    order_id = order_of(request)
    await code.confirm(_equipment(request), order_id, form.code, actor=_caller(request).actor)
    return Moved(await orders.state_of(order_id))


@post(
    "/api/v1/orders/{cart_id:str}/sms/phone",
    **described(Access.CUSTOMER, {202: Moved}, body=PhoneForm, problems=(409, 410)),
)
async def correct_phone(request: Req) -> Moved:
    """Correct the number once: the order is checked again, and a new code goes to the new number if it may."""
    form = await edge.read(request, PhoneForm)
    order_id = order_of(request)
    await correction.correct(order_id, form.phone, actor=_caller(request).actor)
    return Moved(await orders.state_of(order_id))


@post("/api/v1/orders/{cart_id:str}/withdraw", **described(Access.CUSTOMER, {200: Moved}, problems=(409,)))
async def withdraw_order(request: Req) -> Moved:
    """Take the order back while nothing began."""
    order_id = order_of(request)
    await endings.withdraw(order_id, actor=_caller(request).actor)
    return Moved(await orders.state_of(order_id))


def order_of(request: Req) -> int:
    """Return the order that the guard found for the path."""
    order = _caller(request).order
    if order is None:
        raise NotThereError("there is no such order")
    return order


def _caller(request: Req) -> Caller:
    caller: Caller = request.state.caller
    return caller


def _equipment(request: Req) -> Equipment:
    equipment: Equipment = request.app.state.equipment
    return equipment
