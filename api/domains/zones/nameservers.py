"""Name servers that keep zones for us: a small protocol, PowerDNS, and none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from api.domains.registrar import Ds
from api.domains.zones.content import Records
from api.domains.zones.powerdns import PowerDns
from api.settings import Dns


class NameServers(Protocol):
    """Who answers for zones."""

    #: Whether anybody keeps zones here; else domains are ordered without.
    keeps_zones: bool

    async def put(self, name: str, records: Sequence[Records]) -> tuple[Ds, ...]:
        """Let the zone *name* hold exactly *records*, made and signed if it is not there; return its DS records.

        Raises:
            NameServersError: it was not taken; try again.
        """

    async def answer(self, name: str) -> bool:
        """Say whether the world finds the zone *name*: each name server answers for it over DNS.

        Raises:
            NameServersError: they cannot be asked.
        """

    async def remove(self, name: str) -> None:
        """Let there be no zone *name*."""


class NoNameServers:
    """Leaves zones to staff."""

    keeps_zones = False

    async def put(self, name: str, records: Sequence[Records]) -> tuple[Ds, ...]:
        """Have no zone."""
        del name, records
        return ()

    async def answer(self, name: str) -> bool:
        """Have no zone that could be asked for."""
        del name
        return True

    async def remove(self, name: str) -> None:
        """Have no zone."""


DRIVERS: Mapping[str, Callable[[Dns], Any]] = MappingProxyType(
    {
        "none": lambda _: NoNameServers(),
        "powerdns": lambda dns: PowerDns(dns.api_url, dns.api_key, dns.answers_at or dns.nameservers),
    }
)
"""`dns.driver` in the settings → what makes the driver."""


def name_servers(dns: Dns) -> NameServers:
    """Return the name servers that the settings name."""
    made: NameServers = DRIVERS[dns.driver](dns)
    return made
