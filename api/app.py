"""The application: all routes, wired once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, get
from litestar.datastructures import MutableScopeHeaders, State
from litestar.types import ControllerRouterHandler, Message, Scope

from api import edge, health, problems
from api.console import billing_routes as billing
from api.console import customer_routes, domain_routes, doubles
from api.console import invoices as customer_invoices
from api.console import return_routes as returns
from api.console import routes as console
from api.described import described
from api.domains.availability import Availabilities
from api.engine import opened
from api.equipment import Equipment
from api.identity import Access, guard
from api.intake import names_on_offer
from api.intake import routes as intake
from api.openapi import Json, describe
from api.piccolo_conf import DB
from api.provisioning import routes as provisioning
from api.provisioning.bell import Bell
from api.shop import contract, further, invoices
from api.shop import domains as shop_domains
from api.shop import routes as shop

AGENT_TREE = "/agent/"

AGENTS_AT_ONCE = 8
"""Requests for work looked at together, so that a thousand couriers who come back at once keep no order waiting."""

PUBLIC: tuple[ControllerRouterHandler, ...] = (
    intake.list_tariffs,
    intake.place_order,
    names_on_offer.check_name,
    shop.show_order,
    shop.send_code,
    shop.confirm_code,
    shop.correct_phone,
    shop.withdraw_order,
    shop_domains.correct_auth_code,
    contract.show_contract,
    invoices.show_invoice,
    customer_invoices.show_invoice,
    customer_invoices.list_open_items,
    customer_invoices.list_unpaid,
    console.find_carts,
    console.show_cart,
    console.accept_cart,
    console.refuse_cart,
    console.offer_cart,
    console.reopen_cart,
    console.retry_cart,
    further.ask_for_link,
    doubles.list_doubles,
    doubles.merge_customers,
    doubles.part_customers,
    returns.list_returns,
    returns.hand_in,
    returns.hand_in_for_cart,
    returns.show_return,
    returns.show_page,
    returns.file_return,
    returns.approve_return,
    returns.reject_return,
    console.show_customer,
    customer_routes.change_customer,
    console.list_orders,
    console.list_domains,
    domain_routes.list_domains,
    domain_routes.show_domain,
    domain_routes.vouch_for_domain,
    domain_routes.resolve_domain,
    domain_routes.list_messages,
    domain_routes.note_message,
    billing.list_entries,
    billing.list_invoices,
    billing.find_invoices,
    health.live,
    health.ready,
    health.metrics,
)
"""The whole public tree. A route that is not listed here is not there."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class DebugError(RuntimeError):
    """The application would show tracebacks, and customers' data in them."""


@get("/openapi.json", **described(Access.ANYONE, {200: dict[str, Any]}))
async def public_description(request: Request[Any, Any, Any]) -> Json:
    """Show this description."""
    return describe("Ankunft", request.app.routes, but=AGENT_TREE)  # type: ignore[arg-type]  # all routes are HTTP


def build(equipment: Equipment) -> Litestar:
    """Return the application; its database is open while it runs.

    Raises:
        DebugError: something turned debugging on.
    """
    app = Litestar(
        route_handlers=[*PUBLIC, public_description, *provisioning.routes(equipment)],
        guards=[guard],
        exception_handlers={Exception: problems.tell},
        before_send=[_secure],
        lifespan=[_database, _bell],
        state=State(
            {
                "equipment": equipment,
                "bell": Bell(),
                "door": asyncio.Semaphore(AGENTS_AT_ONCE),
                "availabilities": Availabilities(equipment),
            }
        ),
        request_max_body_size=edge.MAX_BODY_BYTES,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    if app.debug:
        raise DebugError("debug is on; unset LITESTAR_DEBUG")
    return app


@asynccontextmanager
async def _database(app: Litestar) -> AsyncIterator[None]:
    async with opened(DB):
        await DB.check_integrity()
        yield
    await app.state.availabilities.close()


@asynccontextmanager
async def _bell(app: Litestar) -> AsyncIterator[None]:
    """Have couriers woken while the application runs, and all of them when it is about to end."""
    bell: Bell = app.state.bell
    attending = [asyncio.create_task(bell.attend()), asyncio.create_task(_ring_at_the_end(app))]
    try:
        yield
    finally:
        for task in attending:
            task.cancel()
        await asyncio.gather(*attending, return_exceptions=True)


async def _ring_at_the_end(app: Litestar) -> None:
    await app.state.equipment.closing.wait()
    app.state.bell.ring_all()


async def _secure(message: Message, _: Scope) -> None:
    """Add the headers to every answer, refusals among them."""
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        for name, value in HEADERS.items():
            headers[name] = value
