"""Whether a domain can be ordered, for whoever asks, before they order."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
from litestar import Request, get

from api import edge
from api.answers import wrong
from api.described import described
from api.domains.availability import Availabilities
from api.domains.registrar import Availability
from api.equipment import Equipment
from api.identity import Access, client_ip
from api.intake.names import NameRefusedError, order_name, spoken

MOST_CHARACTERS = 253
#: Whoever has an IPv6 address mostly has the whole network.
OWN_NETWORK_BITS = {4: 32, 6: 64}


class NameOnOffer(msgspec.Struct, frozen=True):
    """A name in both spellings. What is taken can be transferred by whoever holds it."""

    name: str
    unicode: str
    availability: Availability


@get("/api/v1/domains/{name:str}", **described(Access.ANYONE, {200: NameOnOffer}, problems=(422, 429)))
async def check_name(request: Request[Any, Any, Any]) -> NameOnOffer:
    """Say whether a name is available, taken, or not known to be either."""
    equipment: Equipment = request.app.state.equipment
    known: Availabilities = request.app.state.availabilities
    known.admit(_network(client_ip(request, equipment.settings.http.proxies)))
    name = edge.path_text("name", str(request.path_params["name"]))
    if len(name) > MOST_CHARACTERS:
        raise wrong("name", "is too long for a domain name")
    try:
        label = order_name(name, equipment.catalogue.letters)
    except NameRefusedError as error:
        raise wrong("name", str(error)) from error
    return NameOnOffer(label, spoken(label), await known.of(label))


def _network(client: str | None) -> str:
    if client is None:
        return "unknown"
    address = ip_address(client)
    return str(ip_network((address, OWN_NETWORK_BITS[address.version]), strict=False))
