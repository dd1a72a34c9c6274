"""Who stands before the desk, and what lies on it."""

from __future__ import annotations

from typing import NamedTuple

from api.domains.epp.markup import Element
from tests.registry.store import Store


class Counter(NamedTuple):
    """One command of one registrar."""

    store: Store
    account: str
    transaction_id: str
    #: The whole command, with its extension.
    command: Element

    @property
    def operation(self) -> str:
        """What a transfer or poll is about (`op`)."""
        return str(self.command[0].get("op", ""))
