"""How a server becomes one of the fleet: a key made here, a one-time token, a person's approval."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent import notify
from agent.backoff import pause_s
from agent.client import Api, ApiRefusedError, ApiUnreachableError, Itself
from agent.keys import public_half
from agent.settings import Settings
from agent.signing import fingerprint

log = logging.getLogger(__name__)

AWAITING_APPROVAL = "AWAITING_APPROVAL"
ASK_AGAIN_S = 2.0
TELL_AGAIN_TURNS = 150


class NoTokenError(Exception):
    """The API does not know this server, and there is no token to introduce it with."""


async def be_approved(api: Api, settings: Settings, key: Ed25519PrivateKey) -> Itself:
    """Return once the API knows this server and a person approved it; enrol first where that is needed."""
    failures = turns = 0
    shown = fingerprint(key.public_key().public_bytes_raw())
    while True:
        try:
            itself = await _ask_or_enrol(api, settings, key)
        except (ApiUnreachableError, ApiRefusedError, NoTokenError) as error:
            failures += 1
            log.warning("%s is not enrolled: %s", settings.host, error)
            notify.tell(f"STATUS=not enrolled: {error}")
            await asyncio.sleep(pause_s(failures))
            continue
        if itself.state != AWAITING_APPROVAL:
            notify.tell("STATUS=enrolled")
            return itself
        if turns % TELL_AGAIN_TURNS == 0:
            log.warning("waiting for approval of %s: `ankunft host approve %s`", shown, settings.host)
        notify.tell(f"STATUS=waiting for approval of {shown}")
        failures, turns = 0, turns + 1
        await asyncio.sleep(ASK_AGAIN_S)


async def _ask_or_enrol(api: Api, settings: Settings, key: Ed25519PrivateKey) -> Itself:
    try:
        return await api.itself()
    except ApiRefusedError as error:
        if error.status not in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
            raise
        token = _token(settings.token_file)
        if not token:
            raise NoTokenError(
                f"{error}; to enrol, put the token that `ankunft host add {settings.host}` prints into"
                f" {settings.token_file}, readable by the courier"
            ) from error
        return await api.enrol(token, public_half(key))


def _token(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
