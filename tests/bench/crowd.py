"""Thousands of couriers that wait at the agents' door, as plain connections; none has a hosting server."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import b64encode
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.signing import sign_request
from tests.bench.traffic import answer

AT_ONCE = 100
WAIT_S = 25
LIMITS = {"web_space_mib": 100, "mailboxes": 1, "databases": 1, "php_memory_mib": 64, "php_processes": 2}


class Courier:
    """One courier and its connection."""

    def __init__(self, name: str, port: int, key: Ed25519PrivateKey) -> None:
        self.name, self.port, self._key = name, port, key
        self.woken = asyncio.Event()
        self.woken_at = 0.0
        self._listening: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self) -> None:
        """Connect, sign and ask for work; what comes is noted when it comes."""
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writer.write(self._request())
        await self._writer.drain()
        self._listening = asyncio.create_task(self._listen(reader))

    async def leave(self) -> None:
        """Drop the connection, as a cut network does."""
        if self._listening is not None and self._writer is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
            self._writer.transport.abort()
        self.woken.clear()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Ask again whenever there was nothing, as couriers do, until there is a job or the API is gone."""
        assert self._writer is not None
        try:
            while (status := await answer(reader)) == 204:
                self._writer.write(self._request())
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        self.woken_at = time.perf_counter()
        assert status == 200, status
        self.woken.set()

    def _request(self) -> bytes:
        url = f"http://127.0.0.1:{self.port}/agent/v1/work"
        content = json.dumps({"digest": None, "wait_s": WAIT_S, "capacity": 4}).encode()
        request = httpx.Request("POST", url, content=content, headers={"Content-Type": "application/json"})
        sign_request(request, content, self.name, self._key)
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        return "\r\n".join(["POST /agent/v1/work HTTP/1.1", *lines, "", ""]).encode() + content


async def enrol(url: str, number: int, port: int) -> list[Courier]:
    """Let *number* hosts in at once, all with one key, and return their couriers."""
    key, now = Ed25519PrivateKey.generate(), datetime.now(UTC)
    public = b64encode(key.public_key().public_bytes_raw()).decode()
    names = [f"crowd{index}" for index in range(number)]
    connection = await asyncpg.connect(url)
    await connection.executemany(
        "INSERT INTO host (name, state, public_key, created_at) VALUES ($1, 'APPROVED', $2, $3)",
        [(name, public, now) for name in names],
    )
    await connection.close()
    return [Courier(name, port, key) for name in names]


async def gather_all(couriers: list[Courier]) -> None:
    """Have all *couriers* ask, some at once, as after a restart with jitter."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(courier: Courier) -> None:
        async with gate:
            await courier.ask()

    await asyncio.gather(*(one(courier) for courier in couriers))


async def job_for(connection: asyncpg.Connection, host: str, number: int) -> float:
    """Write an account with a job that is ready for *host*; return when it was committed."""
    now, account = datetime.now(UTC), uuid4().hex
    async with connection.transaction():
        order = await connection.fetchval(
            "INSERT INTO orders (cart_id, idempotency_key, body_digest, state, tariff, tariff_version,"
            " billing_interval_months, language, terms_version, terms_accepted_at, applicant, password_hash,"
            " created_at)"
            " VALUES ($1,$1,'x','ACCEPTED','start',1,1,'de','1',$2,'{}','$6$',$2) RETURNING id",
            f"crowd{number}", now,
        )  # fmt: skip
        await connection.execute(
            'INSERT INTO account (id, "order", number, name, uid, pool, password_hash, limits)'
            " VALUES ($1,$2,$3,$4,$5,'standard','$6$rounds=5000$x$y',$6)",
            account, order, 10_000 + number, f"a{10_000 + number}", 1_900_010_000 + number, json.dumps(LIMITS),
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO job (id, account, sequence, target, state, host, created_at)"
            " VALUES ($1,$2,1,'present','READY',$3,$4)",
            uuid4().hex, account, host, now,
        )  # fmt: skip
    return time.perf_counter()
