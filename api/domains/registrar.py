"""Registrars: who orders domains for us. One driver per way, behind one call; EPP becomes one more of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from api.lifecycle import DomainEvent


class Wanted(NamedTuple):
    """A domain that is ours to order."""

    #: A-label.
    name: str
    #: register or transfer.
    action: str


class Registrar(Protocol):
    """A way to have domains ordered."""

    async def settle(self, wanted: Wanted) -> DomainEvent | None:
        """Say how the order of a domain ended, None while it has not.

        Called again and again while the domain is PENDING, also after a crash: a driver that orders something looks
        first whether it did so already, so that a domain is ordered once.
        """


class Nobody:
    """Leaves domains to staff, who order them by hand and say so by `ankunft domain vouch`."""

    async def settle(self, wanted: Wanted) -> DomainEvent | None:
        """Know nothing, ever."""
        del wanted
        return None


class Sandbox:
    """Confirms at once, as a registry in a laboratory."""

    async def settle(self, wanted: Wanted) -> DomainEvent | None:
        """Confirm."""
        return confirmation(wanted.action)


DRIVERS: Mapping[str, type[Registrar]] = MappingProxyType({"none": Nobody, "sandbox": Sandbox})
"""`hosting.registrar` in the settings → driver."""


def confirmation(action: str) -> DomainEvent:
    """Return the event that ends an *action* well."""
    return DomainEvent.TRANSFERRED if action == "transfer" else DomainEvent.REGISTERED
