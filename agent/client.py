"""The order API as the courier sees it: the calls of the tree /agent/v1, each request signed anew."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.jobs import Progress
from agent.placement import Need
from agent.settings import Settings
from agent.signing import MAX_AGE, MAX_CLOCK_SKEW, sign_request
from agent.spool import Attempt

CALL_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 5.0

NOT_LET_IN = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
"""Refusals that mean this host, not what it brings: it may be let in again."""

_Answer = TypeVar("_Answer")


class ApiUnreachableError(Exception):
    """The API did not answer, or not sensibly; the same call is worth another try."""


class ApiRefusedError(Exception):
    """The API said no. *status* is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Itself(msgspec.Struct, frozen=True):
    """What the API knows of this host."""

    host: str
    state: str
    fingerprint: str = ""


class DrawTask(msgspec.Struct, frozen=True):
    """A draw to be made: for what, with which seed, among whom."""

    draw_id: str
    seed: str
    need: Need
    room: dict[str, int]
    alive: list[str]
    digest: str


class JobTask(msgspec.Struct, frozen=True):
    """A job for this host: the signed *file* (base64 on the wire) and how long it is leased."""

    job_id: str
    attempt: int
    file: bytes
    lease_s: float


class Work(msgspec.Struct, frozen=True):
    """What there is to do."""

    draws: list[DrawTask] = []
    jobs: list[JobTask] = []


class Lease(msgspec.Struct, frozen=True):
    """How long the API goes on waiting for a job."""

    lease_s: float


class _Signature(httpx.Auth):
    requires_request_body = True

    def __init__(self, host: str, key: Ed25519PrivateKey) -> None:
        self._host = host
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        sign_request(request, request.content, self._host, self._key)
        yield request


class Api:
    """The calls of one host, over kept connections.

    All raise ApiUnreachableError (try again) and ApiRefusedError (the API said no).
    """

    def __init__(self, http: httpx.AsyncClient, host: str, key: Ed25519PrivateKey) -> None:
        self._http = http
        self._signature = _Signature(host, key)
        self._host = host

    async def enrol(self, token: str, public_key: str) -> Itself:
        """Introduce this host with a one-time token; a person approves it afterwards."""
        body = {"token": token, "host": self._host, "public_key": public_key}
        return await self._call("POST", "enrol", body, Itself, is_signed=False)

    async def itself(self) -> Itself:
        """Ask how far the enrolment is."""
        return await self._call("GET", "self", None, Itself)

    async def work(self, digest: str | None, wait_s: int, capacity: int) -> Work:
        """Wait for work, *wait_s* at the most; nothing to do is an empty answer."""
        body = {"digest": digest, "wait_s": wait_s, "capacity": capacity}
        return await self._call("POST", "work", body, Work, timeout_s=wait_s + CALL_TIMEOUT_S)

    async def answer_draw(self, draw_id: str, digest: str, placement: dict[str, str] | None) -> None:
        """Tell who was drawn; None = nobody is eligible."""
        await self._call("POST", f"draws/{draw_id}", {"digest": digest, "placement": placement}, dict)

    async def renew(self, attempt: Attempt, progress: list[Progress]) -> Lease:
        """Keep the lease of a job and tell what happened since."""
        body = {"attempt": attempt.attempt, "epoch": attempt.epoch, "progress": progress}
        return await self._call("POST", f"jobs/{attempt.job_id}/lease", body, Lease)

    async def report(self, attempt: Attempt, report: bytes) -> None:
        """Hand over a report; the same again is accepted again."""
        await self._call("POST", f"jobs/{attempt.job_id}/report", msgspec.Raw(report), dict)

    async def _call(
        self,
        method: str,
        path: str,
        body: Any,
        answer: type[_Answer],
        *,
        is_signed: bool = True,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> _Answer:
        try:
            response = await self._http.request(
                method,
                f"/agent/v1/{path}",
                content=None if body is None else msgspec.json.encode(body),
                headers={} if body is None else {"content-type": "application/json"},
                auth=self._signature if is_signed else None,
                timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
            )
        except httpx.HTTPError as error:
            raise ApiUnreachableError(f"{self._http.base_url}: {error or type(error).__name__}") from error
        if response.is_success:
            try:
                return msgspec.json.decode(response.content or b"{}", type=answer)
            except msgspec.MsgspecError as error:
                raise ApiUnreachableError(f"/agent/v1/{path} answers in another form: {error}") from error
        raise _refusal(path, response)


@asynccontextmanager
async def connect(settings: Settings, key: Ed25519PrivateKey) -> AsyncGenerator[Api, None]:
    """Open the way to the API: its certificate is checked, no proxy and no redirect is followed."""
    context = ssl.create_default_context(cafile=settings.ca_file or None)
    async with httpx.AsyncClient(base_url=settings.api_url, verify=context, trust_env=False) as http:
        yield Api(http, settings.host, key)


def _refusal(path: str, response: httpx.Response) -> Exception:
    """Turn an answer that is no success into what the courier can act on."""
    try:
        problem = msgspec.json.decode(response.content, type=dict[str, Any])
        said = str(problem.get("detail") or problem.get("title") or "no reason given")
    except msgspec.MsgspecError:
        said = "no reason given"
    message = f"/agent/v1/{path}: {response.status_code} {said[:500]}"
    if response.is_server_error or response.status_code in (httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS):
        return ApiUnreachableError(message)
    if response.status_code == httpx.codes.UNAUTHORIZED:
        message += _clock_hint(response)
    return ApiRefusedError(response.status_code, message)


def _clock_hint(response: httpx.Response) -> str:
    """Return what the two clocks differ by, when that is why signatures are refused."""
    try:
        theirs = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return ""
    ahead_s = (datetime.now(UTC) - theirs).total_seconds()
    if -MAX_AGE.total_seconds() < ahead_s <= MAX_CLOCK_SKEW.total_seconds():
        return ""
    side = "ahead of" if ahead_s > 0 else "behind"
    return f"; this server's clock is {abs(ahead_s):.0f} s {side} the API's: set it (timedatectl, systemd-timesyncd)"
