"""What a transaction leaves in the place of its connection."""

from __future__ import annotations

from typing import NoReturn


class TransactionEndedError(RuntimeError):
    """A task that outlived the transaction it was started in asked it to run a query."""


class Ended:
    """Stand where the connection stood: whoever comes late is refused instead of writing into another's work."""

    def __getattr__(self, name: str) -> NoReturn:
        raise TransactionEndedError("the transaction has ended; start this task outside of it")


ENDED = Ended()
