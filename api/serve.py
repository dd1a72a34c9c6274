"""Serving the API: uvicorn in this process, which ends within seconds whoever waits."""

from __future__ import annotations

import asyncio
from types import FrameType

import uvicorn

from api.app import build
from api.equipment import equip
from api.settings import Settings

ENDS_WITHIN_S = 5
MAX_HEADER_BYTES = 32 * 1024


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
    try:
        await Server(config, equipment.closing).serve()
    finally:
        equipment.hashing.shutdown(wait=False, cancel_futures=True)
