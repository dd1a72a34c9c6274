"""What staff may do with domains: see all of one, vouch for it, say what became of it, have it tried again."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, get_args

import idna
import msgspec
from litestar import Request, get, post

from api import edge
from api.activation.changed import domains_changed
from api.answers import wrong
from api.console import domains
from api.console.domains import DomainEntries, DomainView, MessageViews
from api.described import described
from api.domains import decisions, instructions
from api.domains.desk import Desk, Refresh
from api.identity import Access, Caller, NotThereError
from api.lifecycle import DomainState

Req = Request[Any, Any, Any]

RESULT = {"type": "string", "enum": list(get_args(domains.Result))}
STATE = {"type": "string", "enum": [state.value for state in DomainState]}


class Resolution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of a domain, or what shall."""

    how: Literal[
        "retry", "refused", "give-up", "cancel", "released", "kept", "left", "reject", "approve", "renew"
    ]  # fmt: skip


class MessageNoted(msgspec.Struct, frozen=True):
    """The message waits for nobody any more."""

    message_id: str


class DomainMoved(msgspec.Struct, frozen=True):
    """Where the domain stands now."""

    name: str
    state: DomainState


@get("/api/v1/staff/domains", **described(Access.STAFF, {200: DomainEntries}, query={"state": STATE}, problems=(422,)))
async def list_domains(request: Req) -> DomainEntries:
    """List the domains in a state; without one those of accepted orders that are not with us yet."""
    said = request.query_params.get("state")
    if said is not None and said not in set(DomainState):
        raise wrong("state", "is no state of a domain")
    return await domains.entries(None if said is None else DomainState(said))


@get("/api/v1/staff/domains/{name:str}", **described(Access.STAFF, {200: DomainView}, problems=(422,)))
async def show_domain(request: Req) -> DomainView:
    """Show all of a domain: history, what was sent and what the registry said, its zone; never an auth code."""
    return await domains.view(_label(request), request.app.state.equipment.catalogue.registries)


@get(
    "/api/v1/staff/registry-messages",
    **described(Access.STAFF, {200: MessageViews}, query={"result": RESULT}, problems=(422,)),
)
async def list_messages(request: Req) -> MessageViews:
    """List what registries said, the newest first, redacted; `UNCLEAR` are those that wait for a person."""
    said = request.query_params.get("result")
    if said is not None and said not in RESULT["enum"]:
        raise wrong("result", "is nothing that becomes of a message")
    return await domains.messages(result=said)


@post(
    "/api/v1/staff/registry-messages/{message_id:str}/noted",
    **described(Access.STAFF, {200: MessageNoted}, problems=(404, 422)),
)
async def note_message(request: Req) -> MessageNoted:
    """Say that an unclear message of a registry is seen to."""
    message_id = edge.path_text("message_id", str(request.path_params["message_id"]))
    await decisions.note(message_id, actor=_actor(request))
    return MessageNoted(message_id)


@post("/api/v1/staff/domains/{name:str}/vouch", **described(Access.STAFF, {200: DomainMoved}, problems=(409, 422)))
async def vouch_for_domain(request: Req) -> DomainMoved:
    """Confirm in place of the registrar that the domain is with us: its mail is switched on."""
    label = _label(request)
    return DomainMoved(label, await decisions.vouch(label, _refresh(request), actor=_actor(request)))


@post(
    "/api/v1/staff/domains/{name:str}/resolve",
    **described(Access.STAFF, {200: DomainMoved}, body=Resolution, problems=(409,)),
)
async def resolve_domain(request: Req) -> DomainMoved:
    """Say what became of a domain, have it tried again, or have the registry do something with it.

    What is unclear is looked up before anything is sent. `reject` and `approve` answer a transfer away, `cancel`
    takes a pending transfer back, `renew` prolongs what expires; a registry that refuses that is a 409 with its words.
    """
    form, label = await edge.read(request, Resolution), _label(request)
    state = request.app.state
    desk = Desk(state.availabilities.registrar, state.equipment, _refresh(request))
    return DomainMoved(label, await instructions.carry_out(desk, label, form.how, actor=_actor(request)))


def _label(request: Req) -> str:
    """Return the A-label of the name in the path, in either spelling."""
    try:
        return idna.encode(str(request.path_params["name"]), uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise NotThereError("there is no such domain") from None


def _refresh(request: Req) -> Refresh:
    return partial(domains_changed, request.app.state.equipment)


def _actor(request: Req) -> str:
    caller: Caller = request.state.caller
    return caller.actor
