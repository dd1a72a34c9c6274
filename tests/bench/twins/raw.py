"""The least that can be done: msgspec decodes, the driver writes the same rows in one transaction. No framework."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from secrets import token_hex
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg
import msgspec

from api.intake.form import OrderForm

ORDER = (
    "INSERT INTO orders (cart_id, idempotency_key, body_digest, state, tariff, tariff_version, billing_interval_months,"
    " language, terms_version, terms_accepted_at, applicant, search_text, password_hash, offered, client_ip,"
    " created_at)"
    " VALUES ($1,$2,$3,'SUBMITTED',$4,1,$5,$6,'2026-11-01',$7,$8,$9,'$6$',$10,'127.0.0.1',$7) RETURNING id"
)
DOMAIN = (
    'INSERT INTO order_domain ("order", position, name, action, state, changed_at)'
    " VALUES ($1,$2,$3,$4,'REQUESTED',$5)"
)
JOURNAL = (
    'INSERT INTO journal (at, "order", subject, subject_id, event, state_after, actor, facts, public)'
    " VALUES ($1,$2,'order',$3,'SUBMITTED','SUBMITTED','customer',$4,true) RETURNING id"
)
OUTBOX = (
    'INSERT INTO outbox ("order", journal, channel, kind, recipient, language, message_id, context, state, tries,'
    " not_before, created_at) VALUES ($1,$2,'mail','order_received',$3,$4,$5,'{}','QUEUED',0,$6,$6)"
)
KNOWN = "SELECT cart_id, body_digest FROM orders WHERE idempotency_key = $1"

Place = Callable[[str, OrderForm], Awaitable[str]]


def app(url: str) -> Any:
    """Return an ASGI application for the database at *url*, whose tables are there."""
    store = _Sqlite(url) if url.startswith("sqlite") else _Postgres(url)
    decoder = msgspec.json.Decoder(OrderForm, strict=True)

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(store, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        key = next(value for name, value in scope["headers"] if name == b"idempotency-key").decode()
        cart = await store.place(key, decoder.decode(body))
        answer = msgspec.json.encode({"cart_id": cart, "token": token_hex(16), "state": "SUBMITTED", "status_url": "/"})
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 202, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return serve


async def _lifespan(store: _Postgres | _Sqlite, receive: Any, send: Any) -> None:
    await receive()
    await store.open()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


def order_values(key: str, form: OrderForm, now: Any) -> tuple[Any, ...]:
    """Return the values of the order's row, as `ORDER` wants them."""
    who = form.customer
    applicant = json.dumps(msgspec.structs.asdict(who) | msgspec.structs.asdict(form.payment))
    search = f"{who.given_name} {who.family_name} {who.email}".casefold()
    digest = sha256(applicant.encode()).hexdigest()
    return (
        token_hex(5), sha256(key.encode()).hexdigest(), digest, form.tariff, form.billing_interval_months,
        form.language, now, applicant, search, "[]",
    )  # fmt: skip


class _Postgres:
    def __init__(self, url: str) -> None:
        self.url = url

    async def open(self) -> None:
        self.pool = await asyncpg.create_pool(self.url, min_size=1, max_size=20)

    async def place(self, key: str, form: OrderForm) -> str:
        now = datetime.now(UTC)
        values = order_values(key, form, now)
        async with self.pool.acquire() as connection:
            if found := await connection.fetchrow(KNOWN, values[1]):
                return str(found["cart_id"])
            async with connection.transaction():
                order = await connection.fetchval(ORDER, *values)
                for position, domain in enumerate(form.domains):
                    await connection.execute(DOMAIN, order, position, domain.name, domain.action, now)
                row = await connection.fetchval(JOURNAL, now, order, str(order), '{"tariff": "start"}')
                await connection.execute(OUTBOX, order, row, form.customer.email, form.language, token_hex(16), now)
        return str(values[0])


class _Sqlite:
    """One writer in one thread, as SQLite wants it; synchronous=FULL as we have it."""

    def __init__(self, url: str) -> None:
        self.path = unquote(urlsplit(url).path[1:])
        self.thread = ThreadPoolExecutor(1)

    async def open(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self.thread, self._connect)

    def _connect(self) -> None:
        self.writer = sqlite3.connect(self.path, isolation_level=None, timeout=10, cached_statements=512)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = 1"):
            self.writer.execute(f"PRAGMA {pragma}")

    async def place(self, key: str, form: OrderForm) -> str:
        return await asyncio.get_running_loop().run_in_executor(self.thread, self._place, key, form)

    def _place(self, key: str, form: OrderForm) -> str:
        now, run = datetime.now(UTC).isoformat(" "), self.writer.execute
        values = order_values(key, form, now)
        if found := run(_numbered(KNOWN), (values[1],)).fetchone():
            return str(found[0])
        run("BEGIN IMMEDIATE")
        (order,) = run(_numbered(ORDER), values).fetchone()
        for position, domain in enumerate(form.domains):
            run(_numbered(DOMAIN), (order, position, domain.name, domain.action, now))
        (row,) = run(_numbered(JOURNAL), (now, order, str(order), '{"tariff": "start"}')).fetchone()
        run(_numbered(OUTBOX), (order, row, form.customer.email, form.language, token_hex(16), now))
        run("COMMIT")
        return str(values[0])


def _numbered(statement: str) -> str:
    """Return *statement* with SQLite's numbered parameters."""
    return statement.replace("$6$", "hash").replace("$", "?")
