"""One request from nginx: judge it, wake its account, pass the bytes in both directions."""

import asyncio
import logging
import math

from ankunft_waker.fastcgi import BadRequestError, Head, read_head, refusal
from ankunft_waker.units import is_account
from ankunft_waker.waker import AsleepError, Waker

HEAD_TIMEOUT_S = 30.0
CHUNK = 64 * 1024
#: What nginx reports for an upstream that it could not even connect to.
NOT_CONNECTED = "-"

log = logging.getLogger(__name__)


async def answer(waker: Waker, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one connection to its end. Whatever goes wrong stays with this connection."""
    try:
        async with asyncio.timeout(HEAD_TIMEOUT_S):
            head = await read_head(reader)
        await _answer(waker, head, reader, writer)
    except (BadRequestError, TimeoutError, ConnectionError) as error:
        log.info("a request was dropped: %s", error or "too slow")
    finally:
        writer.close()


async def _answer(waker: Waker, head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    account = head.params.get("ANKUNFT_ACCOUNT", "")
    if head.params.get("ANKUNFT_CONNECT_TIME") != NOT_CONNECTED or not is_account(account):
        # A script that got this request may have run: running it again could order or pay twice.
        writer.write(refusal(head.request_id, "502 Bad Gateway"))
        await writer.drain()
        return
    try:
        php_reader, php_writer = await waker.wake(account)
    except AsleepError as error:
        seconds = math.ceil(error.retry_after_s)
        writer.write(refusal(head.request_id, "503 Service Unavailable", retry_after_s=seconds))
        await writer.drain()
        return
    try:
        php_writer.write(head.raw)
        await _pass_on(reader, writer, php_reader, php_writer)
    finally:
        php_writer.close()


async def _pass_on(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    php_reader: asyncio.StreamReader,
    php_writer: asyncio.StreamWriter,
) -> None:
    """Pump both ways until PHP has answered; an upload that nobody reads any more ends with it."""
    upload = asyncio.create_task(_pump(reader, php_writer))
    try:
        await _pump(php_reader, writer)
    finally:
        upload.cancel()
        await asyncio.gather(upload, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()
