"""Serving the API: uvicorn in this process, which ends within seconds whoever waits."""

from __future__ import annotations

import asyncio
import gc
from types import FrameType

import uvicorn

from api.app import build
from api.equipment import equip
from api.settings import Settings

ENDS_WITHIN_S = 5
MAX_HEADER_BYTES = 32 * 1024
YOUNG, MIDDLE, NEVER = 5_000, 10, 1_000_000
"""Python's thresholds: a full collection looks at all that waits, half a second with five thousand couriers."""
COLLECT_S = 300.0
"""How often to take a full collection all the same; what it is for are requests that were cut off."""


class Server(uvicorn.Server):
    """A server that tells those who wait for something that it is about to end."""

    def __init__(self, config: uvicorn.Config, closing: asyncio.Event) -> None:
        super().__init__(config)
        self._closing = closing

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Wake all long polls, then let uvicorn end."""
        self._closing.set()
        super().handle_exit(sig, frame)


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    equipment = equip(settings)
    config = uvicorn.Config(
        build(equipment),
        host=settings.http.bind,
        port=settings.http.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        timeout_graceful_shutdown=ENDS_WITHIN_S,
    )
    collecting = asyncio.create_task(_collect_now_and_then())
    try:
        await Server(config, equipment.closing).serve()
    finally:
        collecting.cancel()
        equipment.hashing.shutdown(wait=False, cancel_futures=True)


async def _collect_now_and_then() -> None:
    """Take full garbage collections seldom, instead of whenever the number of those who wait has grown."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    while True:
        await asyncio.sleep(COLLECT_S)
        gc.collect()
