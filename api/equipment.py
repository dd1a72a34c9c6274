"""What every part of a running program needs and nobody builds twice: settings, keys, catalogue."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from api.allowances import Shares
from api.catalogue import Catalogue, load
from api.memory import keep_to_itself
from api.seal import Seal
from api.settings import Settings


@dataclass(frozen=True, slots=True)
class Equipment:
    """Built once at a program's entry, passed down."""

    settings: Settings
    seal: Seal
    catalogue: Catalogue
    #: Password hashing, bounded: a burst of orders queues here instead of starving everything else.
    hashing: ThreadPoolExecutor
    #: Set when the program is asked to end; who waits long for something waits for this too.
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    #: What this process took from whom.
    shares: Shares = field(default_factory=Shares)


def equip(settings: Settings) -> Equipment:
    """Read keys and catalogue; from then on the process keeps its memory to itself.

    Raises:
        KeyFileError: the master key is missing.
        CatalogueError: the catalogue cannot be used.
    """
    keep_to_itself()
    return Equipment(
        settings=settings,
        seal=Seal.from_file(settings.keys.master),
        catalogue=load(settings.catalogue.folder),
        hashing=ThreadPoolExecutor(settings.orders.hashing_threads, thread_name_prefix="hashing"),
    )
