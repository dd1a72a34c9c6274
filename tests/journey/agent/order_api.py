"""The agents' tree of the order API as the contract has it, small: a real HTTP server that checks real signatures."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from litestar import Litestar, Request, Response, Router, get, post
from litestar.params import FromPath

from agent.signing import Headers, SignatureRefusedError, fingerprint, verify_request

_Request = Request[Any, Any, Any]
_Answer = Response[dict[str, Any] | None]


@dataclass
class OrderApi:
    """What the double knows, is told to do, and was told."""

    port: int = 0
    token: str = "one-time"
    key: bytes | None = None
    state: str = "AWAITING_APPROVAL"
    work: list[dict[str, Any]] = field(default_factory=list)
    lease_s: float = 3.0
    report_status: list[int] = field(default_factory=list)
    lease_status: int = 200
    nonces: set[str] = field(default_factory=set)
    asked: list[dict[str, Any]] = field(default_factory=list)
    draws: dict[str, Any] = field(default_factory=dict)
    leases: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __deepcopy__(self, memo: object) -> OrderApi:
        """Stay the same: Litestar copies handlers, and with a method its object."""
        return self

    def app(self) -> Litestar:
        """Return the routes."""
        tree = [
            post("/enrol", status_code=202)(self.enrol),
            get("/self")(self.itself),
            post("/work", status_code=200)(self.give_work),
            post("/draws/{name:str}", status_code=200)(self.take_draw),
            post("/jobs/{name:str}/lease", status_code=200)(self.renew_lease),
            post("/jobs/{name:str}/report", status_code=200)(self.take_report),
        ]
        return Litestar([Router("/agent/v1", route_handlers=tree)], openapi_config=None)

    async def enrol(self, request: _Request) -> _Answer:
        body = await request.json()
        key = b64decode(body["public_key"])
        if body["token"] != self.token or self.key not in (None, key):
            return _problem(403, "this token was used by another key")
        self.key = key
        answer = {"host": body["host"], "fingerprint": fingerprint(key), "state": self.state}
        return Response(answer, status_code=202)

    async def itself(self, request: _Request) -> _Answer:
        if refused := await self._refuse(request, any_state=True):
            return refused
        return Response({"host": "web1", "state": self.state, "epoch": 1})

    async def give_work(self, request: _Request) -> _Answer:
        if refused := await self._refuse(request):
            return refused
        body = await request.json()
        self.asked.append(body)
        until = time.monotonic() + min(body["wait_s"], 1.0)
        while time.monotonic() < until:
            if self.work:
                return Response({"draws": [], "jobs": []} | self.work.pop(0))
            await asyncio.sleep(0.02)
        return Response(None, status_code=204)

    async def take_draw(self, request: _Request, name: FromPath[str]) -> _Answer:
        if refused := await self._refuse(request):
            return refused
        self.draws[name] = await request.json()
        return Response({"pinned": True})

    async def renew_lease(self, request: _Request, name: FromPath[str]) -> _Answer:
        if refused := await self._refuse(request):
            return refused
        if self.lease_status != 200:
            return _problem(self.lease_status, "another attempt has begun")
        self.leases.append((time.monotonic(), name, await request.json()))
        return Response({"lease_s": self.lease_s})

    async def take_report(self, request: _Request, name: FromPath[str]) -> _Answer:
        if refused := await self._refuse(request):
            return refused
        status = self.report_status.pop(0) if self.report_status else 200
        self.reports.append(await request.json() | {"answered": status, "path_job": name})
        return Response({"accepted": True}) if status == 200 else _problem(status, "no")

    async def _refuse(self, request: _Request, *, any_state: bool = False) -> _Answer | None:
        if self.key is None:
            return self._note(401, "this host is not known")
        message = _Message(
            request.method, f"{self.url}{request.scope['path']}", _Headers(list(request.headers.multi_items()))
        )
        try:
            signed = verify_request(message, await request.body(), Ed25519PublicKey.from_public_bytes(self.key))
        except SignatureRefusedError as error:
            return self._note(401, str(error))
        if signed.nonce in self.nonces:
            return self._note(401, "the nonce was used before")
        self.nonces.add(signed.nonce)
        if not any_state and self.state != "APPROVED":
            return self._note(403, "this host is not approved")
        return None

    def _note(self, status: int, detail: str) -> _Answer:
        self.refusals.append(detail)
        return _problem(status, detail)


@dataclass
class _Headers:
    lines: list[tuple[str, str]]

    def items(self) -> list[tuple[str, str]]:
        return self.lines


@dataclass
class _Message:
    method: str
    url: str
    headers: Headers


def _problem(status: int, detail: str) -> _Answer:
    return Response({"status": status, "detail": detail}, status_code=status, media_type="application/problem+json")


@contextmanager
def serving(api: OrderApi) -> Iterator[OrderApi]:
    """Serve *api* on a port of its own (the same one when it is served again)."""
    listener = socket.create_server(("127.0.0.1", api.port))
    api.port = listener.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(api.app(), log_level="error", timeout_graceful_shutdown=1, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield api
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
