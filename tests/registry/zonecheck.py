"""Whether a zone answers where the registry's resolver looks, as DENIC asks before it registers."""

from __future__ import annotations

import dns.asyncresolver
import dns.exception

WITHIN_S = 3.0


class Zones:
    """Asks a resolver; without one every zone is taken to answer."""

    def __init__(self, host: str = "", port: int = 53) -> None:
        self._resolver: dns.asyncresolver.Resolver | None = None
        if host:
            self._resolver = dns.asyncresolver.Resolver(configure=False)
            self._resolver.nameservers = [host]
            self._resolver.port = port
            self._resolver.lifetime = WITHIN_S

    async def answer(self, name: str) -> bool:
        """Say whether the zone *name* has a start of authority and name servers."""
        if self._resolver is None:
            return True
        try:
            for kind in ("SOA", "NS"):
                await self._resolver.resolve(name, kind)
        except dns.exception.DNSException:
            return False
        return True
