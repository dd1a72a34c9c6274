"""One command and its answer, as they are handed to whoever keeps them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple

from api.domains.epp.markup import Element


class Exchange(NamedTuple):
    """A command and what came of it."""

    at: datetime
    command: Element
    #: None where no answer came that can be believed.
    answer: Element | None
    #: The result code, or what became of the session instead.
    result: int | str


Record = Callable[[Exchange], Awaitable[None]]
"""Keeps what was said, without secrets."""


async def forget(_: Exchange) -> None:
    """Keep nothing."""
