"""What RDAP servers say of a name (RFC 9082): the one module that knows `whoisit`. The list of servers is our own."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import httpx
from whoisit.bootstrap import Bootstrap
from whoisit.errors import ResourceDoesNotExist, UnsupportedError, WhoisItError
from whoisit.query import QueryAsync, QueryBuilder

from api.catalogue import CatalogueError
from api.domains.registrar import Availability

WITHIN_S = 4.0
NOWHERE = "https://rdap.invalid/"

for noisy in ("httpx", "httpcore"):
    logging.getLogger(noisy).setLevel(logging.WARNING)


class Rdap:
    """Asks the server of a name's top-level domain."""

    def __init__(self, servers: Path, *, allow_http: bool = False) -> None:
        self._bootstrap = Bootstrap()
        try:
            domains = json.loads(servers.read_text(encoding="utf-8"))
            self._bootstrap.load_bootstrap_data(_all(domains), from_json=False, allow_insecure=allow_http)
        except (OSError, ValueError, WhoisItError) as error:
            raise CatalogueError(f"{servers}: {error}; it has the form of IANA's dns.json (RFC 9224)") from error
        self._client = httpx.AsyncClient(timeout=WITHIN_S, follow_redirects=True, trust_env=False, max_redirects=3)

    async def check(self, name: str) -> Availability:
        """Say whether somebody holds *name*; available only where its own registry's server answers 404."""
        try:
            method, url, _ = QueryBuilder(self._bootstrap).build("domain", name)
            async with asyncio.timeout(WITHIN_S):
                await QueryAsync(self._client, method, url).request()
        except ResourceDoesNotExist:
            return Availability.AVAILABLE
        except (UnsupportedError, WhoisItError, TimeoutError):
            return Availability.UNKNOWN
        return Availability.TAKEN

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _all(domains: dict[str, Any]) -> dict[str, Any]:
    """Return what `whoisit` wants: it insists on tables of networks too, which nobody here asks."""
    return {
        "timestamp": 0,
        "dns": domains,
        "asn": {"services": [[["0"], [NOWHERE]]]},
        "ipv4": {"services": [[["192.0.2.0/24"], [NOWHERE]]]},
        "ipv6": {"services": [[["2001:db8::/32"], [NOWHERE]]]},
        "object": {"services": [[["NONE"], [NOWHERE]]]},
    }
