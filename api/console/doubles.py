"""Customers who may have been filed twice, and what staff decide of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post

from api import edge
from api.customers import deciding
from api.described import described
from api.identity import Access, Caller

Req = Request[Any, Any, Any]
Number = Annotated[int, msgspec.Meta(ge=1, le=2**53)]


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decision about two customers."""


class MergeForm(Form, frozen=True):
    """They are one."""

    #: The number that stays.
    keep: Number
    #: The number that leads to the other one from now on.
    give_up: Number


class DistinctForm(Form, frozen=True):
    """They are two."""

    one: Number
    other: Number


class Doubles(msgspec.Struct, frozen=True):
    """The pairs that wait for a decision, the oldest first."""

    pairs: Sequence[deciding.Pair]


class Merged(msgspec.Struct, frozen=True):
    """How many orders moved."""

    orders: int


@get("/api/v1/staff/duplicates", **described(Access.STAFF, {200: Doubles}))
async def list_doubles(request: Req) -> Doubles:  # noqa: ARG001 (the guard has looked at it)
    """List customers who may have been filed twice, with the reasons."""
    return Doubles(await deciding.undecided())


@post(
    "/api/v1/staff/duplicates/merge",
    **described(Access.STAFF, {200: Merged}, body=MergeForm, problems=(404, 409)),
)
async def merge_customers(request: Req) -> Merged:
    """Make two customers one: the orders move, both numbers stay accounted for."""
    form = await edge.read(request, MergeForm)
    return Merged(await deciding.merge(form.keep, form.give_up, actor=_actor(request)))


@post(
    "/api/v1/staff/duplicates/distinct",
    **described(Access.STAFF, {200: Doubles}, body=DistinctForm, problems=(404, 409)),
)
async def part_customers(request: Req) -> Doubles:
    """Decide that two customers are two; answer what still waits."""
    form = await edge.read(request, DistinctForm)
    await deciding.part(form.one, form.other, actor=_actor(request))
    return Doubles(await deciding.undecided())


def _actor(request: Req) -> str:
    caller: Caller = request.state.caller
    return caller.actor
