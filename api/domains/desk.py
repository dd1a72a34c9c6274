"""What everybody at the domains' desk needs: the registrar, the equipment, and the way up to a customer's account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from api.domains.registrar import Registrar
from api.equipment import Equipment

Refresh = Callable[[int], Awaitable[None]]
"""Brings the account of an order up to date, in the caller's transaction: mail of its domains goes on or off."""


class Desk(NamedTuple):
    """Built once by who works or decides, passed down."""

    registrar: Registrar
    equipment: Equipment
    refresh: Refresh
