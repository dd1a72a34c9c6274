"""Asking for a link for a further order."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, post

from api import edge
from api.answers import wrong
from api.customers import asking
from api.described import described
from api.equipment import Equipment
from api.identity import Access, client_ip


class FurtherOrderQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants to order again: one of the two."""

    number: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None
    email: Annotated[str, msgspec.Meta(min_length=3, max_length=254)] | None = None


class Asked(msgspec.Struct, frozen=True):
    """The same answer for everybody."""

    #: Where a link goes to if there is such a customer.
    sent_to: Literal["the address on file"] = "the address on file"


@post(
    "/api/v1/customers/further-order",
    **described(Access.ANYONE, {202: Asked}, body=FurtherOrderQuestion, problems=(429,)),
)
async def ask_for_link(request: Request[Any, Any, Any]) -> Asked:
    """Have a link for a further order mailed to the address on file; nobody learns who is a customer."""
    question = await edge.read(request, FurtherOrderQuestion)
    if (question.number is None) == (question.email is None):
        raise wrong("body", "names either a customer number or a mail address")
    kind, text = (asking.EMAIL, question.email) if question.number is None else (asking.NUMBER, str(question.number))
    equipment: Equipment = request.app.state.equipment
    place = client_ip(request, equipment.settings.http.proxies)
    await asking.ask(equipment, kind, str(text), client_ip=place)
    return Asked()
