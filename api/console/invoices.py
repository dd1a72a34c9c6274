"""Invoices as documents, for staff."""

from __future__ import annotations

from litestar import Response, get

from api.billing.documents import asked
from api.console.customers import id_of
from api.console.routes import Req, number_of
from api.customers import numbers
from api.described import described
from api.identity import Access
from api.shop.invoices import handed_out


@get("/api/v1/customers/{number:str}/invoices/{file:str}", **described(Access.STAFF, {200: asked.EITHER}))
async def show_invoice(request: Req) -> Response[bytes]:
    """Return a customer's invoice: `<number>.pdf`, or `<number>.xml` for the data alone."""
    customers = await numbers.all_of(await id_of(number_of(request)))
    return handed_out(await asked.of_customers(str(request.path_params["file"]), customers))
