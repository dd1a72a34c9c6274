"""What staff may look up of billing."""

from __future__ import annotations

from litestar import get

from api.console import billing
from api.console.routes import CURSOR, LIMIT, QUERY, Req, number_of, page_of, query_of
from api.described import described
from api.identity import Access


@get(
    "/api/v1/customers/{number:str}/service-entries",
    **described(Access.STAFF, {200: billing.EntryList}, query={"cursor": CURSOR, "limit": LIMIT}, problems=(422,)),
)
async def list_entries(request: Req) -> billing.EntryList:
    """List a customer's service entries."""
    return await billing.entries_of(number_of(request), *page_of(request))


@get(
    "/api/v1/customers/{number:str}/invoices",
    **described(Access.STAFF, {200: billing.InvoiceList}, query={"cursor": CURSOR, "limit": LIMIT}, problems=(422,)),
)
async def list_invoices(request: Req) -> billing.InvoiceList:
    """List a customer's invoices and credit notes."""
    return await billing.invoices_of(number_of(request), *page_of(request))


@get(
    "/api/v1/staff/invoices",
    **described(
        Access.STAFF,
        {200: billing.InvoiceList},
        query={"q": QUERY, "cursor": CURSOR, "limit": LIMIT},
        problems=(422,),
    ),
)
async def find_invoices(request: Req) -> billing.InvoiceList:
    """Find invoices by their number, the customer's, an order's, by name or mail address; all without a question."""
    return await billing.find(query_of(request), *page_of(request))
