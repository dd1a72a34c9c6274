"""What staff may change of a customer."""

from __future__ import annotations

from litestar import patch

from api import edge
from api.console import customers
from api.console.cart import PersonView
from api.console.routes import Req, number_of
from api.customers import changing
from api.described import described
from api.equipment import Equipment
from api.identity import Access, Caller


@patch(
    "/api/v1/customers/{number:str}",
    **described(Access.STAFF, {200: PersonView}, body=changing.Change, problems=(422,)),
)
async def change_customer(request: Req) -> PersonView:
    """Change a customer's master data, or the account that is debited; what is left out stays."""
    number = number_of(request)
    wanted = await edge.read(request, changing.Change)
    caller: Caller = request.state.caller
    equipment: Equipment = request.app.state.equipment
    await changing.change(equipment, number, wanted, actor=caller.actor)
    return await customers.customer_view(number)
