"""Who calls, and what they may: every route says it, and a route that does not is closed.

Three kinds of callers of the public tree: anyone, the holder of an order's token, staff. Agents prove themselves by
signatures in their own tree, where the route's own guard looks.
"""

from __future__ import annotations

import hmac
import re
from enum import StrEnum
from ipaddress import ip_address
from typing import Any

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from api import staff
from api.customers import links
from api.customers.links import Link
from api.equipment import Equipment
from api.settings import Network
from api.tables import Order

Connection = ASGIConnection[Any, Any, Any, Any]

ORDER_TOKEN = re.compile(r"[0-9a-f]{32}\Z")
STAFF_TOKEN = re.compile(rf"{staff.PREFIX}[A-Za-z0-9_-]{{43}}\Z")


class Access(StrEnum):
    """Who may call a route."""

    ANYONE = "anyone"
    #: The holder of the order's token.
    CUSTOMER = "token"
    CUSTOMER_OR_STAFF = "token, staff"
    STAFF = "staff"
    #: Signed requests; checked by the agents' own guard.
    AGENT = "agent"


class Caller(msgspec.Struct, frozen=True):
    """Who was let in."""

    #: The person's name, for staff.
    staff: str | None = None
    #: The order that the route is about.
    order: int | None = None
    #: The link for a further order that the caller holds.
    link: Link | None = None

    @property
    def actor(self) -> str:
        """The caller as the journal writes it."""
        return "customer" if self.staff is None else f"staff:{self.staff}"


class UnknownCallerError(Exception):
    """No token, or none that could be one."""


class NotThereError(LookupError):
    """What is asked for is not there, or not for this caller: nobody learns which."""


async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let through whom the route names in `opt["access"]`; leave the caller in the connection's state."""
    access = handler.opt.get("access")
    if access is None:
        raise NotThereError("a route without `access` is closed")
    if access in {Access.ANYONE, Access.AGENT}:
        connection.state.caller = Caller()
        return
    equipment: Equipment = connection.app.state.equipment
    token = _bearer(connection)
    person = await staff.name_of(token) if STAFF_TOKEN.match(token) and access is not Access.CUSTOMER else None
    if access is Access.STAFF:
        if person is None:
            raise UnknownCallerError("this needs the token of a person of the staff")
        connection.state.caller = Caller(staff=person)
        return
    cart_id = str(connection.path_params.get("cart_id", ""))
    if person is None and not ORDER_TOKEN.match(token):
        raise UnknownCallerError("this needs the token that came with the order")
    known = person is not None or hmac.compare_digest(token, order_token(equipment, cart_id))
    order = await Order.select(Order.id).where(Order.cart_id == cart_id).first()
    if order is None or not known:
        raise NotThereError("there is no such order")
    connection.state.caller = Caller(staff=person, order=int(order["id"]))


async def caller_of_open_route(connection: Connection) -> Caller:
    """Return who calls a route that is open to anyone and does more for staff, and for who holds a customer's link.

    Raises:
        UnknownCallerError: a token came, but neither one of staff nor of a link.
    """
    if "authorization" not in connection.headers:
        return Caller()
    token = _bearer(connection)
    if links.TOKEN.match(token) and (link := await links.find(token)) is not None:
        return Caller(link=link)
    person = await staff.name_of(token) if STAFF_TOKEN.match(token) else None
    if person is None:
        raise UnknownCallerError("the token is not one of a person of the staff")
    return Caller(staff=person)


def order_token(equipment: Equipment, cart_id: str) -> str:
    """Return the customer's secret for an order: derived, so that no table holds it."""
    return equipment.seal.derive("order token", cart_id)[:16].hex()


def client_ip(connection: Connection, proxies: tuple[Network, ...]) -> str | None:
    """Return where the request came from: X-Forwarded-For counts only as far as trusted proxies wrote it."""
    peer = connection.client.host if connection.client else ""
    hops = [hop.strip() for hop in connection.headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    address = peer
    while hops and _is_within(address, proxies) and _is_address(hops[-1]):
        address = hops.pop()
    return address if _is_address(address) else None


def _is_within(text: str, networks: tuple[Network, ...]) -> bool:
    return _is_address(text) and any(ip_address(text) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _bearer(connection: Connection) -> str:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
