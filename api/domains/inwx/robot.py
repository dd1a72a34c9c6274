"""Calls to INWX, one at a time, in a thread: its client blocks and knows no time limit of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from INWX.Domrobot import ApiClient, ApiType

from api.domains.epp.backoff import Backoff
from api.domains.epp.markup import LONGEST_WORDS, UNSHOWABLE
from api.domains.epp.reply import Code
from api.registrar_access import InwxAccess

#: "Command use error": the session is over, nothing was carried out.
NOT_LOGGED_IN = frozenset({2002, 2200})


class UnreachableError(Exception):
    """The call was certainly not carried out."""


class LostError(Exception):
    """The call may have been carried out."""


class Said(NamedTuple):
    """An answer; its codes are EPP's."""

    code: int
    words: str
    data: Mapping[str, Any]
    reference: str

    @property
    def good(self) -> bool:
        """Whether it was carried out, or will be."""
        return self.code < 2000  # noqa: PLR2004 (the second thousand refuses, RFC 5730 §3)


class Robot:
    """A session with INWX."""

    def __init__(self, access: InwxAccess) -> None:
        self._access = access
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inwx")
        self._client: Any = None
        self._backoff = Backoff()

    async def call(self, method: str, transaction_id: str | None = None, /, **values: Any) -> Said:
        """Call *method* and return what is answered.

        Raises:
            UnreachableError: it was not carried out.
            LostError: nobody knows.
        """
        work = partial(self._call, method, transaction_id, values)
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """End the session."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _call(self, method: str, transaction_id: str | None, values: dict[str, Any]) -> Said:
        if self._client is None:
            self._log_in()
        answer = self._once(method, transaction_id, values)
        if answer.code in NOT_LOGGED_IN:
            self._log_in()
            answer = self._once(method, transaction_id, values)
        return answer

    def _once(self, method: str, transaction_id: str | None, values: dict[str, Any]) -> Said:
        self._client.client_transaction_id = transaction_id
        try:
            answer = said(self._client.call_api(method, dict(values)))
        except (OSError, ValueError) as error:  # its transport's errors are OSError, of its JSON ValueError
            self._client = None
            raise LostError(f"{method}: {type(error).__name__}") from error
        if answer.code >= Code.FAILED_AND_CLOSING:
            self._client = None
        return answer

    def _log_in(self) -> None:
        if left_s := self._backoff.left_s():
            raise UnreachableError(f"INWX is tried again in {left_s:.0f} s")
        access = self._access
        client = ApiClient(api_url=access.url, api_type=ApiType.JSON_RPC)
        client.api_session.post = partial(
            client.api_session.post, timeout=float(access.answer_within_s), allow_redirects=False
        )
        try:
            answer = said(client.login(access.user, access.password, access.shared_secret or None))
        except Exception as error:
            # Its own errors are of the class Exception itself.
            self._backoff.failed()
            raise UnreachableError(f"no session with INWX: {type(error).__name__}") from error
        if not answer.good:
            self._backoff.refused()
            raise UnreachableError(f"INWX refused the login with {answer.code}")
        self._backoff.reset()
        self._client = client


def said(body: Any) -> Said:
    """Return the answer in *body*.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(body, dict) or not isinstance(body.get("code"), int):
        raise ValueError("no answer of INWX")  # noqa: TRY004 (what the client raises of bad JSON)
    data = body.get("resData")
    told = [str(body.get(name) or "") for name in ("msg", "reason")]
    return Said(
        code=body["code"],
        words=words(": ".join(filter(None, told))),
        data=data if isinstance(data, dict) else {"list": data} if isinstance(data, list) else {},
        reference=words(body.get("svTRID"))[:64],
    )


def words(value: Any) -> str:
    """Return what INWX says, fit to be shown."""
    return UNSHOWABLE.sub(" ", str(value or ""))[:LONGEST_WORDS]


def time(value: Any) -> datetime | None:
    """Return a time (UTC), which comes as text or as an object with a timestamp; None where none can be read."""
    if isinstance(value, dict):
        value = value.get("timestamp") or value.get("scalar")
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(str(value))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):  # beyond what a calendar, or the machine, knows
        return None
