"""Invoices as documents, and what is open of them, for staff."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from litestar import Response, get

from api.billing.documents import asked
from api.billing.receivables import open_items
from api.billing.receivables.open_items import OpenItem
from api.console.customers import id_of
from api.console.routes import Req, number_of
from api.customers import numbers
from api.described import described
from api.identity import Access
from api.shop.invoices import handed_out


class OpenItems(msgspec.Struct, frozen=True):
    """Open items, the longest due first; 500 at most."""

    items: Sequence[OpenItem]
    total_cents: int


@get("/api/v1/customers/{number:str}/invoices/{file:str}", **described(Access.STAFF, {200: asked.EITHER}))
async def show_invoice(request: Req) -> Response[bytes]:
    """Return a customer's invoice: `<number>.pdf`, or `<number>.xml` for the data alone."""
    customers = await numbers.all_of(await id_of(number_of(request)))
    return handed_out(await asked.of_customers(str(request.path_params["file"]), customers))


@get("/api/v1/customers/{number:str}/open-items", **described(Access.STAFF, {200: OpenItems}))
async def list_open_items(request: Req) -> OpenItems:
    """List what a customer owes, and what is owed to the customer."""
    found = await open_items.items(await numbers.all_of(await id_of(number_of(request))))
    return OpenItems(found, open_items.total(found))


@get("/api/v1/staff/open-items", **described(Access.STAFF, {200: OpenItems}))
async def list_unpaid() -> OpenItems:
    """List what should have been paid by now: debits that came back, transfers that did not come."""
    found = await open_items.items(only_unpaid=True)
    return OpenItems(found, open_items.total(found))
