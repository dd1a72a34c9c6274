"""Whether a name can be ordered: our own orders, the registry, RDAP; never DNS' silence. Remembered for a moment."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from time import monotonic

from api.allowances import TooSoonError
from api.domains.drivers import DRIVERS
from api.domains.rdap import Rdap
from api.domains.registrar import Availability, Registrar
from api.equipment import Equipment
from api.tables import OrderDomain

KNOWN_FOR_S = {Availability.AVAILABLE: 30.0, Availability.TAKEN: 300.0, Availability.UNKNOWN: 5.0}
MOST_REMEMBERED = 10_000
AT_ONCE = 8
WITHIN_S = 8.0
MINUTE_S = 60

log = logging.getLogger("ankunft.domains")


class Availabilities:
    """Asks, and remembers for a moment; one per process."""

    def __init__(self, equipment: Equipment, registrar: Registrar | None = None, rdap: Rdap | None = None) -> None:
        settings = equipment.settings
        self.registrar = registrar or DRIVERS[settings.hosting.registrar](equipment)
        self._rdap = rdap or (Rdap(settings.catalogue.folder / "rdap.json") if settings.domains.rdap else None)
        self._most = settings.domains.checks_per_minute
        self._known: OrderedDict[str, tuple[Availability, float]] = OrderedDict()
        self._asked: dict[str, int] = {}
        self._minute = 0
        self._gate = asyncio.Semaphore(AT_ONCE)

    def admit(self, client: str) -> None:
        """Count a question of *client*, a minute at a time.

        Raises:
            TooSoonError: it has had its share.
        """
        now = monotonic()
        if now // MINUTE_S != self._minute:
            self._minute = int(now // MINUTE_S)
            self._asked.clear()
        self._asked[client] = self._asked.get(client, 0) + 1
        if self._asked[client] > self._most:
            message = "too many names were asked for from here; try again later"
            raise TooSoonError(message, max(1, round(MINUTE_S - now % MINUTE_S)))

    async def of(self, name: str) -> Availability:
        """Say whether *name* (A-label) can be ordered."""
        if await OrderDomain.exists().where(OrderDomain.held_name == name):
            return Availability.TAKEN
        known = self._known.get(name)
        if known is not None and known[1] > monotonic():
            return known[0]
        async with self._gate:
            found = await self._ask(name)
        self._known[name] = (found, monotonic() + KNOWN_FOR_S[found])
        self._known.move_to_end(name)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return found

    async def close(self) -> None:
        """End sessions and connections."""
        await self.registrar.close()
        if self._rdap is not None:
            await self._rdap.close()

    async def _ask(self, name: str) -> Availability:
        found = Availability.UNKNOWN
        try:
            async with asyncio.timeout(WITHIN_S):
                found = await self.registrar.check(name)
        except Exception as error:  # noqa: BLE001 (whatever is wrong with the registry, the name is not known to be free)
            log.warning("%s could not be asked for a name: %s", self.registrar.name, type(error).__name__)
        if found is Availability.UNKNOWN and self._rdap is not None:
            found = await self._rdap.check(name)
        return found
