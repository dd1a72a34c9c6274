"""Many customers at once over kept connections, with as little work of the driver's own as can be."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from uuid import uuid4

from tests.customer.form import order_form, person


@dataclass
class Heard:
    """What the customers saw."""

    took_s: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)


def request(number: int, host: str) -> bytes:
    """Return the bytes of the order of customer *number*, as a client sends them."""
    body = json.dumps(order_form(person(number), f"messung-{number}.de")).encode()
    head = (
        f"POST /api/v1/orders HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: {uuid4().hex}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def send(port: int, requests: list[bytes], customers: int) -> Heard:
    """Send *requests* to 127.0.0.1:*port*, *customers* at once, each waiting for its answer."""
    waiting, heard = list(reversed(requests)), Heard()

    async def customer() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while waiting:
            began = time.perf_counter()
            writer.write(waiting.pop())
            status = await answer(reader)
            heard.took_s.append(time.perf_counter() - began)
            if status != 202:
                heard.refused.append(status)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(customer() for _ in range(customers)))
    return heard


async def answer(reader: asyncio.StreamReader) -> int:
    """Read one answer; return its status."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), 0)
    await reader.readexactly(length)
    return int(lines[0].split()[1])
