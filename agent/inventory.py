"""The placement file on this server: what was published from the inventory, for the draw."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from agent.placement import Placement, decode, digest

MAX_BYTES = 16 * 1024 * 1024


class NotPublishedError(Exception):
    """There is no placement file, or none that can be read; the message names the repair."""


class Published(NamedTuple):
    """A placement and the digest that it has to be approved under."""

    digest: str
    placement: Placement


def read(file: Path) -> Published:
    """Return what is published here.

    Raises:
        NotPublishedError: there is nothing usable; then this server draws nothing.
    """
    try:
        with file.open("rb") as source:
            content = source.read(MAX_BYTES)
        return Published(digest(content), decode(content))
    except OSError as error:
        raise NotPublishedError(
            f"{file}: {error.strerror}; this server takes no part in draws until the placement file is brought here"
        ) from error
    except msgspec.MsgspecError as error:
        raise NotPublishedError(
            f"{file} is no placement file ({error}); make it anew with `ankunft inventory publish`"
        ) from error
