"""Frames over TLS (RFC 5734): four bytes of length, then that much. What is torn or too long ends the wire."""

from __future__ import annotations

import asyncio
import ssl
import struct
from pathlib import Path

HEADER = struct.Struct(">I")
#: A greeting or an answer has a few KiB; a registry that sends more is not understood but left.
LARGEST_FRAME = 256 * 1024
CLOSES_WITHIN_S = 2.0


class TornError(Exception):
    """The wire cannot be used any more; the message holds nothing that came over it."""


def trust(ca_file: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """Return how both sides prove who they are.

    Args:
        ca_file: whose certificates the registry has; None = those that this machine trusts.
        certificate: ours, with its chain (PEM).
        key: its private key (PEM).
    """
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context


class Wire:
    """One connection to a registry."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, host: str, port: int, context: ssl.SSLContext, *, within_s: float) -> Wire:
        """Connect, and check that the certificate names *host*.

        Raises:
            TornError: it cannot be reached, or is not who it should be.
        """
        try:
            async with asyncio.timeout(within_s):
                # One read more than a header is buffered; a frame is bounded below.
                return cls(*await asyncio.open_connection(host, port, ssl=context))
        except (OSError, TimeoutError) as error:
            raise TornError(f"no connection: {type(error).__name__}") from error

    @property
    def alive(self) -> bool:
        """Whether the other side has not hung up, as far as is known."""
        return not (self._reader.at_eof() or self._writer.is_closing())

    async def send(self, frame: bytes) -> None:
        """Send one frame in one write.

        Raises:
            TornError: it may or may not have arrived.
        """
        try:
            self._writer.write(HEADER.pack(len(frame) + HEADER.size) + frame)
            await self._writer.drain()
        except OSError as error:
            raise TornError(f"sending failed: {type(error).__name__}") from error

    async def receive(self) -> bytes:
        """Return the next frame.

        Raises:
            TornError: the wire ended before or within it, or its length cannot be.
        """
        try:
            (length,) = HEADER.unpack(await self._reader.readexactly(HEADER.size))
            if not HEADER.size < length <= LARGEST_FRAME + HEADER.size:
                raise TornError(f"a frame of {length} bytes is announced; {LARGEST_FRAME} are the most")
            return await self._reader.readexactly(length - HEADER.size)
        except asyncio.IncompleteReadError as error:
            raise TornError("the wire ended within a frame" if error.partial else "the wire ended") from error
        except OSError as error:
            raise TornError(f"receiving failed: {type(error).__name__}") from error

    async def close(self) -> None:
        """Hang up, whatever the other side does."""
        self._writer.close()
        try:
            async with asyncio.timeout(CLOSES_WITHIN_S):
                await self._writer.wait_closed()
        except TimeoutError:
            self._writer.transport.abort()
        except OSError:
            return  # it is closed
