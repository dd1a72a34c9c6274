"""Who signed a request of the agents' tree: RFC 9421, a key that staff approved, and never the same request twice."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from litestar import Request

from agent.signing import MAX_AGE, Headers, SignatureRefusedError, verify_request
from api.engine.conflicts import is_conflict
from api.equipment import Equipment
from api.provisioning import refusals
from api.provisioning.hosts import APPROVED, DRAINING
from api.provisioning.tables import AgentNonce, Host

KEY_ID = re.compile(r'^a=\(.*;keyid="([a-z0-9.-]{1,63})"')


class UnknownSignerError(Exception):
    """Not signed, or not as it has to be."""


class NotApprovedError(Exception):
    """The signature is good, but staff have not let the host in."""


class Signer(NamedTuple):
    """The host that signed."""

    name: str
    state: str


class _Headers:
    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]

    def items(self) -> Sequence[tuple[str, str]]:
        return self._lines


@dataclass
class _Message:
    method: str
    url: str
    headers: Headers


async def enrolled(request: Request[Any, Any, Any]) -> Signer:
    """Return the host whose key signed *request*, approved or not.

    Raises:
        UnknownSignerError: there is none, or the request was seen before. It is in the journal.
    """
    header = request.headers.get("signature-input", "")
    claimed = match[1] if (match := KEY_ID.match(header)) else ""
    row = await Host.select().where(Host.name == claimed, Host.public_key.is_not_null()).first() if claimed else None
    try:
        return await _verified(request, row)
    except SignatureRefusedError as error:
        await refusals.note(
            "SIGNATURE_REFUSED", row["name"] if row else "?", facts={"reason": str(error)[:200]}, is_proven=False
        )
        raise UnknownSignerError("this has to be signed by an enrolled host, freshly, for this very request") from error


async def approved(request: Request[Any, Any, Any]) -> Signer:
    """Return the approved host that signed *request*.

    Raises:
        UnknownSignerError: nobody we know did.
        NotApprovedError: it is known, but not let in.
    """
    signer = await enrolled(request)
    if signer.state not in {APPROVED, DRAINING}:
        raise NotApprovedError(f"`ankunft host approve {signer.name}` lets this host in")
    return signer


async def _verified(request: Request[Any, Any, Any], row: Mapping[str, Any] | None) -> Signer:
    if row is None:
        raise SignatureRefusedError("no enrolled host signed this")
    key = Ed25519PublicKey.from_public_bytes(b64decode(row["public_key"]))
    signed = verify_request(_message(request), await request.body(), key)
    await _once(row["name"], signed.nonce)
    return Signer(row["name"], row["state"])


async def _once(host: str, nonce: str) -> None:
    try:
        await AgentNonce.insert(AgentNonce(nonce=f"{host} {nonce}"[:160], seen_at=datetime.now(UTC)))
    except Exception as error:
        if is_conflict(error):
            raise SignatureRefusedError("this very request was seen before") from error
        raise


async def forget_old() -> None:
    """Forget nonces that are too old to come again in a valid signature."""
    await AgentNonce.delete().where(AgentNonce.seen_at < datetime.now(UTC) - 3 * MAX_AGE)


def _message(request: Request[Any, Any, Any]) -> _Message:
    """Return the request as its signature covers it: the origin is ours from the settings, never the Host header."""
    equipment: Equipment = request.app.state.equipment
    scope = request.scope
    path = (scope.get("raw_path") or scope["path"].encode()).decode("ascii", "replace")
    query = scope["query_string"].decode("ascii", "replace")
    url = equipment.settings.http.agent_url + path + (f"?{query}" if query else "")
    return _Message(scope["method"], url, _Headers(scope["headers"]))
