"""What staff do with contracts that came back: hand scans in, look at them beside the order, decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post

from api import edge, orders
from api.activation.contracts import arrival, decisions
from api.activation.contracts.arrival import Envelope, File
from api.activation.contracts.headers import plain
from api.activation.contracts.kinds import kind_of
from api.activation.contracts.returns import NoReturnError
from api.answers import FieldError, FieldsError, wrong
from api.console.returned import Returns, ReturnView, return_page, return_view, waiting
from api.console.routes import CURSOR, LIMIT, page_of
from api.described import described
from api.equipment import Equipment
from api.identity import Access, Caller, NotThereError
from api.intake.cart import heard
from api.shop.routes import Moved
from api.tables import Order

Req = Request[Any, Any, Any]

PNG = "image/png"
LARGEST = 2**31 - 1
ALL = {"type": "string", "enum": ["yes", "no"], "default": "no"}


class HandedIn(msgspec.Struct, frozen=True):
    """The numbers of the documents; they are looked at within seconds."""

    numbers: Sequence[int]


class FileForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose a document is."""

    cart_id: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    #: Confirm the signature in the same step.
    approve: bool = False


class RejectForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a document is put aside."""

    #: In the customer's language, who reads it.
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    tell_customer: bool = True


@get(
    "/api/v1/staff/returns",
    **described(Access.STAFF, {200: Returns}, query={"all": ALL, "cursor": CURSOR, "limit": LIMIT}, problems=(422,)),
)
async def list_returns(request: Req) -> Returns:
    """List what waits for a person, documents before notes, each the oldest first; with `all=yes` the newest of all."""
    said = request.query_params.get("all", "no")
    if said not in ALL["enum"]:
        raise wrong("all", "is yes or no")
    return await waiting(*page_of(request), is_all=said == "yes")


@post(
    "/api/v1/staff/returns",
    request_max_body_size=edge.MAX_FILES_BYTES,
    **described(Access.STAFF, {202: HandedIn}, files=True),
)
async def hand_in(request: Req) -> HandedIn:
    """Hand in scans of what came by post, many at once; they file themselves by their marks."""
    return await _take(request, None)


@post(
    "/api/v1/staff/carts/{cart_id:str}/returns",
    request_max_body_size=edge.MAX_FILES_BYTES,
    **described(Access.STAFF, {202: HandedIn}, files=True),
)
async def hand_in_for_cart(request: Req) -> HandedIn:
    """Hand in scans of this order's contract; they are filed to it even where no mark can be read."""
    order_id = await _order_named(str(request.path_params["cart_id"]))
    if order_id is None:
        raise NotThereError("there is no such order")
    return await _take(request, order_id)


@get("/api/v1/staff/returns/{return_id:str}", **described(Access.STAFF, {200: ReturnView}))
async def show_return(request: Req) -> ReturnView:
    """Show a document's facts beside its order, or the one that it may belong to."""
    return await return_view(_number(request, "return_id"))


@get(
    "/api/v1/staff/returns/{return_id:str}/pages/{page:str}",
    **described(Access.STAFF, {200: PNG}, problems=(422,)),
)
async def show_page(request: Req) -> Response[bytes]:
    """Show a page, from 1, as a picture."""
    picture = await return_page(_equipment(request), _number(request, "return_id"), _number(request, "page"))
    return Response(picture, media_type=PNG)


@post(
    "/api/v1/staff/returns/{return_id:str}/file",
    **described(Access.STAFF, {200: Moved}, body=FileForm, problems=(409,)),
)
async def file_return(request: Req) -> Moved:
    """File a document to an order, and confirm its signature in the same step if you like."""
    form = await edge.read(request, FileForm)
    order_id = await _order_named(form.cart_id)
    if order_id is None:
        raise wrong("cart_id", "names no order")
    number = _number(request, "return_id")
    await decisions.assign(_equipment(request), number, order_id, actor=_actor(request), is_approved=form.approve)
    return Moved(await orders.state_of(order_id))


@post("/api/v1/staff/returns/{return_id:str}/approve", **described(Access.STAFF, {200: Moved}, problems=(409,)))
async def approve_return(request: Req) -> Moved:
    """Confirm the signature: the order is accepted at once."""
    number = _number(request, "return_id")
    return Moved(await orders.state_of(await decisions.approve(_equipment(request), number, actor=_actor(request))))


@post(
    "/api/v1/staff/returns/{return_id:str}/reject",
    **described(Access.STAFF, {200: ReturnView}, body=RejectForm, problems=(409,)),
)
async def reject_return(request: Req) -> ReturnView:
    """Put a document aside; the customer of its order is told why."""
    form = await edge.read(request, RejectForm)
    number = _number(request, "return_id")
    await decisions.reject(_equipment(request), number, form.reason, actor=_actor(request), is_told=form.tell_customer)
    return await return_view(number)


async def _take(request: Req, order_id: int | None) -> HandedIn:
    files = [File(plain(name), content) for name, content in await edge.read_files(request)]
    if foreign := [number for number, file in enumerate(files) if kind_of(file.content) is None]:
        raise FieldsError(*(FieldError(f"file.{number}", "is no PDF, TIFF, JPEG or PNG") for number in foreign))
    actor = _actor(request)
    return HandedIn(await arrival.take(_equipment(request), Envelope("post", actor, actor, order=order_id), files))


async def _order_named(said: str) -> int | None:
    cart_id = heard(said)
    row = await Order.select(Order.id).where(Order.cart_id == cart_id).first() if cart_id else None
    return int(row["id"]) if row else None


def _actor(request: Req) -> str:
    caller: Caller = request.state.caller
    return caller.actor


def _number(request: Req, name: str) -> int:
    text = str(request.path_params[name])
    if not text.isascii() or not text.isdecimal() or not 0 < int(text[:20]) <= LARGEST:
        raise NoReturnError("there is no such document or page")
    return int(text)


def _equipment(request: Req) -> Equipment:
    equipment: Equipment = request.app.state.equipment
    return equipment
