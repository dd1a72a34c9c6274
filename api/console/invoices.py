"""Invoices as documents, and what is open of them, for staff."""

from __future__ import annotations

from litestar import Response, get

from api.billing.documents import asked
from api.console import owed
from api.console.customers import id_of
from api.console.owed import OpenItems
from api.console.routes import CURSOR, LIMIT, QUERY, Req, number_of, page_of, query_of
from api.customers import numbers
from api.described import described
from api.identity import Access
from api.shop.invoices import handed_out


@get("/api/v1/customers/{number:str}/invoices/{file:str}", **described(Access.STAFF, {200: asked.EITHER}))
async def show_invoice(request: Req) -> Response[bytes]:
    """Return a customer's invoice: `<number>.pdf`, or `<number>.xml` for the data alone."""
    customers = await numbers.all_of(await id_of(number_of(request)))
    return handed_out(await asked.of_customers(str(request.path_params["file"]), customers))


@get(
    "/api/v1/customers/{number:str}/open-items",
    **described(Access.STAFF, {200: OpenItems}, query={"cursor": CURSOR, "limit": LIMIT}, problems=(422,)),
)
async def list_open_items(request: Req) -> OpenItems:
    """List what a customer owes, and what is owed to the customer."""
    return await owed.find("", *page_of(request), customer=number_of(request))


@get(
    "/api/v1/staff/open-items",
    **described(Access.STAFF, {200: OpenItems}, query={"q": QUERY, "cursor": CURSOR, "limit": LIMIT}, problems=(422,)),
)
async def list_unpaid(request: Req) -> OpenItems:
    """List what should have been paid by now: debits that came back, transfers that did not come.

    Or find those of an invoice, a customer, an order, by number, name or mail address.
    """
    return await owed.find(query_of(request), *page_of(request), only_unpaid=True)
