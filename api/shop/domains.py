"""What the holder of an order's token may do with its domains: correct the auth code of a refused transfer."""

from __future__ import annotations

from typing import Annotated, Any

import idna
import msgspec
from litestar import Request, post

from api import edge
from api.answers import wrong
from api.described import described
from api.domains import decisions
from api.equipment import Equipment
from api.identity import Access, Caller, NotThereError
from api.lifecycle import DomainState
from api.registries import registry_of
from api.shop.routes import order_of


class AuthCodeForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code that the present registrar gives out."""

    auth_code: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class TransferResumed(msgspec.Struct, frozen=True):
    """The transfer goes on."""

    name: str
    state: DomainState


@post(
    "/api/v1/orders/{cart_id:str}/domains/{name:str}/auth-code",
    **described(Access.CUSTOMER_OR_STAFF, {202: TransferResumed}, body=AuthCodeForm, problems=(409, 429)),
)
async def correct_auth_code(request: Request[Any, Any, Any]) -> TransferResumed:
    """Take another auth code for a transfer that was refused, and have it ordered again."""
    equipment: Equipment = request.app.state.equipment
    form = await edge.read(request, AuthCodeForm)
    try:
        label = idna.encode(str(request.path_params["name"]), uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise NotThereError("there is no such domain") from None
    codes = registry_of(label, equipment.catalogue.registries).auth_code
    if not codes.take(form.auth_code):
        raise wrong("auth_code", f"has to be {codes.said}")
    caller: Caller = request.state.caller
    resumed = await decisions.correct(equipment, order_of(request), label, form.auth_code, actor=caller.actor)
    return TransferResumed(label, resumed)
