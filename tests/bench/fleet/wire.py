"""One kept connection that speaks as much HTTP as a played host or customer needs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping


class Wire:
    """A connection to the API; opened at the first request, and again after the API closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, path: str, headers: Mapping[str, str], content: bytes) -> tuple[int, bytes]:
        """Send a request whose *headers* are complete; return status and body."""
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        raw = "\r\n".join(lines).encode() + content
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        assert self._reader is not None
        try:
            self._writer.write(raw)
            return await _answer(self._reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            self._writer.close()
            self._writer = None
            raise

    def close(self) -> None:
        """Drop the connection."""
        if self._writer is not None:
            self._writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status = int(head.split(" ", 2)[1])
    length = next(
        (int(line.partition(":")[2]) for line in head.split("\r\n") if line.lower().startswith("content-length:")), 0
    )
    return status, await reader.readexactly(length)
