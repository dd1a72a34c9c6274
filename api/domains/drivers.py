"""Which registrar the settings name: one line per driver, and the two that need no registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from types import MappingProxyType

from api.domains import trades
from api.domains.epp.access import account
from api.domains.epp.driver import EppRegistrar
from api.domains.epp.record import recorder
from api.domains.inwx.driver import InwxRegistrar
from api.domains.inwx.robot import Robot
from api.domains.registrar import (
    Availability,
    Done,
    Ds,
    Message,
    NotTakenError,
    Outcome,
    Pending,
    Reason,
    Refused,
    Registrar,
    Trade,
)
from api.equipment import Equipment


class Nobody:
    """Leaves domains to staff, who order them by hand and say so by `ankunft domain vouch`."""

    name = "none"
    by_hand = True

    async def check(self, name: str) -> Availability:
        """Know nothing."""
        del name
        return Availability.UNKNOWN

    async def order(self, trade: Trade) -> Outcome:
        """Leave it to staff."""
        del trade
        return Pending()

    async def look(self, trade: Trade) -> Outcome | None:
        """Leave it to staff."""
        del trade
        return Pending()

    async def cancel(self, trade: Trade) -> Outcome:
        """Hold nothing that could be taken back."""
        del trade
        return Refused(Reason.REJECTED)

    async def answer(self, name: str, *, agree: bool) -> None:
        """Leave it to staff."""
        del agree
        raise NotTakenError(f"nobody can answer for {name} here: do it by hand, then say kept or left")

    async def renew(self, name: str, before: datetime) -> datetime:
        """Leave it to staff."""
        del before
        raise NotTakenError(f"nobody can renew {name} here: do it by hand, then say released")

    async def delegate(self, name: str, nameservers: Sequence[str], ds: Sequence[Ds]) -> None:
        """Leave it to staff."""

    async def poll(self) -> Message | None:
        """Have no messages."""
        return None

    async def acknowledge(self, message_id: str) -> None:
        """Have no messages."""

    async def close(self) -> None:
        """Hold nothing."""


class Sandbox(Nobody):
    """Confirms at once, as a registry in a laboratory."""

    name = "sandbox"
    by_hand = False

    async def order(self, trade: Trade) -> Outcome:
        """Confirm."""
        del trade
        return Done()

    async def look(self, trade: Trade) -> Outcome | None:
        """Confirm."""
        del trade
        return Done()


def _epp(equipment: Equipment) -> Registrar:
    access = equipment.settings.registry
    record = recorder(access.name, partial(trades.code_of_name, equipment))
    return EppRegistrar(access.name, account(access), equipment.catalogue.registries, record)


DRIVERS: Mapping[str, Callable[[Equipment], Registrar]] = MappingProxyType(
    {
        "none": lambda _: Nobody(),
        "sandbox": lambda _: Sandbox(),
        "epp": _epp,
        "inwx": lambda equipment: InwxRegistrar(Robot(equipment.settings.inwx)),
    }
)
"""`hosting.registrar` in the settings → what makes the driver."""
