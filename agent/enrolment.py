"""How a server becomes one of the fleet: a key made here, a one-time token, a person's approval."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent import notify
from agent.client import Api, ApiRefusedError, Itself
from agent.keys import public_half
from agent.settings import Settings
from agent.signing import fingerprint

log = logging.getLogger(__name__)

AWAITING_APPROVAL = "AWAITING_APPROVAL"
ASK_AGAIN_S = 1.0
TELL_AGAIN_TURNS = 300


class NoTokenError(Exception):
    """The API does not know this server, and there is no token to introduce it with."""


class Enrolment:
    """The way of this server into the fleet."""

    def __init__(self, settings: Settings, key: Ed25519PrivateKey, api: Api) -> None:
        self._settings = settings
        self._key = key
        self._api = api
        self._turns = 0

    async def turn(self) -> bool:
        """Tell whether this server may work; enrol it where the API does not know it yet.

        Raises:
            NoTokenError: it is not known here and cannot introduce itself.
            ApiUnreachableError, ApiRefusedError: as every call.
        """
        itself = await self._ask_or_enrol()
        if itself.state != AWAITING_APPROVAL:
            log.info("%s is enrolled (%s)", self._settings.host, itself.state)
            return True
        shown = fingerprint(self._key.public_key().public_bytes_raw())
        notify.tell(f"STATUS=waiting for approval of {shown}")
        if self._turns % TELL_AGAIN_TURNS == 0:
            log.warning("waiting for approval of %s: `ankunft host approve %s`", shown, self._settings.host)
        self._turns += 1
        await asyncio.sleep(ASK_AGAIN_S)
        return False

    async def _ask_or_enrol(self) -> Itself:
        try:
            return await self._api.itself()
        except ApiRefusedError as error:
            if error.status not in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
                raise
            token = _token(self._settings.token_file)
            if not token:
                raise NoTokenError(
                    f"{error}; to enrol, put the token that `ankunft host add {self._settings.host}` prints into"
                    f" {self._settings.token_file}, readable by the courier"
                ) from error
            return await self._api.enrol(token, public_half(self._key))


def _token(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
