"""The worker without its mailer, registrar and bookkeeping: what an order needs on its way to a host."""

from __future__ import annotations

import asyncio

from api import settings, work

NEEDED = frozenset({"checks", "leases", "room", "nonces"})


def main() -> None:
    """Work until SIGTERM."""
    every = work.loops
    work.loops = lambda equipment: [loop for loop in every(equipment) if loop.name in NEEDED]
    asyncio.run(work.work(settings.load()))


if __name__ == "__main__":
    main()
