"""The contract, for whoever holds the order's token."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get

from api.activation.contracts.document import ContractNotOfferedError, contract_pdf, file_name
from api.described import described
from api.equipment import Equipment
from api.identity import Access, Caller
from api.intake.risk.verdict import CONTRACT
from api.shop.routes import order_of
from api.tables import Order

PDF = "application/pdf"


@get("/api/v1/orders/{cart_id:str}/contract.pdf", **described(Access.CUSTOMER_OR_STAFF, {200: PDF}, problems=(409,)))
async def show_contract(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Return the contract to sign: the same one as in the mail, with the order's mark on every page."""
    equipment: Equipment = request.app.state.equipment
    caller: Caller = request.state.caller
    order_id = order_of(request)
    (order,) = await Order.select().where(Order.id == order_id)
    if caller.staff is None and CONTRACT not in msgspec.json.decode(order["offered"]):
        raise ContractNotOfferedError("the order is still being checked, or was refused; there is nothing to sign")
    name = file_name(order)
    return Response(
        await contract_pdf(equipment, order_id),
        media_type=PDF,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
