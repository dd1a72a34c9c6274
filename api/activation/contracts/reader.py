"""Has documents and mails looked at by a process of its own, which can do nothing else (`scan`)."""

from __future__ import annotations

import asyncio
import sys
from typing import NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from api.activation.contracts.answers import Scanned, Unpacked

PROGRAM = (sys.executable, "-I", "-X", "utf8", "-m", "api.activation.contracts.scan")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
"""Nothing of ours: no setting, no secret."""

AT_ONCE = 2
LARGEST_ANSWER_BYTES = 64 << 20

A = TypeVar("A", Scanned, Unpacked)
_places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


class Bounds(NamedTuple):
    """How much of a document is looked at, and how long."""

    pages: int
    cpu_s: int
    wall_s: int


MAILED = Bounds(pages=30, cpu_s=15, wall_s=60)
SCANNED = Bounds(pages=200, cpu_s=300, wall_s=600)
"""A stack that staff put through the scanner at once."""


class LookError(Exception):
    """The process did not come to an end in its bounds; the text says how it ended, in words for staff."""


async def scan(content: bytes, bounds: Bounds) -> Scanned:
    """Return what is seen on the pages of the document.

    Raises:
        LookError: it took too long, too much memory, or crashed who looked at it.
    """
    return await _ask("scan", bounds.pages, content, bounds, Scanned)


async def show(content: bytes, page: int) -> bytes | None:
    """Return *page* of the document, from 0, as PNG; None if there is no such page.

    Raises:
        LookError: as for `scan`.
    """
    shown = await _ask("page", page, content, SCANNED, Scanned)
    return shown.pages[0].png if shown.pages else None


async def unpack(mail: bytes) -> Unpacked:
    """Return the documents in *mail*.

    Raises:
        LookError: as for `scan`.
    """
    return await _ask("unpack", 0, mail, MAILED, Unpacked)


async def _ask(task: str, number: int, content: bytes, bounds: Bounds, kind: type[A]) -> A:
    async with _places.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)):
        process = await asyncio.create_subprocess_exec(
            *PROGRAM, task, str(number), str(bounds.cpu_s), env=ENVIRONMENT, cwd="/",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            said, _ = await asyncio.wait_for(process.communicate(content), bounds.wall_s)
        except TimeoutError:
            raise LookError("it took too long to look at") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode != 0 or len(said) > LARGEST_ANSWER_BYTES:
        raise LookError(f"whoever looked at it was ended ({process.returncode})")
    return msgspec.msgpack.decode(said, type=kind)
