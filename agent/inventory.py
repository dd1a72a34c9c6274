"""The placement file on this server: what was published from the inventory, for the draw."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

import msgspec

from agent.placement import Placement, decode, digest

log = logging.getLogger(__name__)

MAX_BYTES = 16 * 1024 * 1024


class Published(NamedTuple):
    """A placement and the digest that it has to be approved under."""

    digest: str
    placement: Placement


def read(file: Path) -> Published | None:
    """Return what is published here, None when there is nothing usable: then this server draws nothing."""
    try:
        with file.open("rb") as source:
            content = source.read(MAX_BYTES)
        return Published(digest(content), decode(content))
    except OSError as error:
        log.warning("%s: %s; this server takes no part in draws until it is brought here", file, error.strerror)
    except msgspec.MsgspecError as error:
        log.warning("%s is no placement file (%s); publish it again with `ankunft inventory publish`", file, error)
    return None
