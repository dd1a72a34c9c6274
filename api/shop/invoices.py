"""Invoices as documents, for whoever holds the token of an order that they bill."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from api.billing.documents import asked
from api.billing.documents.asked import Named
from api.described import described
from api.identity import Access
from api.shop.routes import order_of


@get("/api/v1/orders/{cart_id:str}/invoices/{file:str}", **described(Access.CUSTOMER_OR_STAFF, {200: asked.EITHER}))
async def show_invoice(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Return an invoice that bills the order: `<number>.pdf`, or `<number>.xml` for the data alone."""
    return handed_out(await asked.of_order(str(request.path_params["file"]), order_of(request)))


def handed_out(named: Named) -> Response[bytes]:
    """Return *named* as an answer that is saved under its name."""
    return Response(
        named.content,
        media_type=named.media_type,
        headers={"Content-Disposition": f'attachment; filename="{named.name}"'},
    )
