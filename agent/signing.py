"""Signed requests between courier and API: RFC 9421 with Ed25519, the same rules on both sides."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)

TAG = "ankunft-agent"
LABEL = "a"
COVERED = ("@method", "@authority", "@target-uri")
MAX_AGE = timedelta(seconds=60)
MAX_CLOCK_SKEW = timedelta(seconds=5)
MIN_NONCE_CHARS = 16


class SignatureRefusedError(Exception):
    """A request is not signed as it has to be; the message says in which way."""


class Headers(Protocol):
    """What the library asks of headers: the field lines in order, repeated ones included."""

    def items(self) -> Sequence[tuple[str, str]]:
        """Return name and value of each field line."""


class Message(Protocol):
    """A request as the library reads it."""

    method: str
    url: str
    headers: Headers


class Signed(NamedTuple):
    """Who signed, and the nonce that must not be seen twice within MAX_AGE."""

    key_id: str
    nonce: str


class _Key(HTTPSignatureKeyResolver):
    def __init__(self, key: Ed25519PrivateKey | Ed25519PublicKey) -> None:
        self.key = key

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:  # noqa: ARG002
        assert isinstance(self.key, Ed25519PrivateKey)
        return self.key

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:  # noqa: ARG002
        assert isinstance(self.key, Ed25519PublicKey)
        return self.key


def sign_request(request: object, body: bytes, key_id: str, key: Ed25519PrivateKey) -> None:
    """Add Content-Digest, Signature-Input and Signature to an httpx *request*; call it anew for every retry."""
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_Key(key)).sign(
        request,
        key_id=key_id,
        nonce=secrets.token_urlsafe(24),
        tag=TAG,
        label=LABEL,
        covered_component_ids=COVERED,
        body=body,
    )


def verify_request(message: Message, body: bytes, key: Ed25519PublicKey) -> Signed:
    """Check a request against the sender's public *key* (found by the unverified key id first).

    The caller has to refuse a nonce that it has seen before.

    Raises:
        SignatureRefusedError: not signed, signed thinly, for another request, too old, or by another key.
    """
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=_Key(key))
    verifier.max_clock_skew = MAX_CLOCK_SKEW
    try:
        results = verifier.verify(message, max_age=MAX_AGE, expect_tag=TAG, require_components=COVERED, body=body)
    except (InvalidSignature, ValueError, KeyError) as error:
        raise SignatureRefusedError(str(error) or type(error).__name__) from error
    if len(results) != 1:
        raise SignatureRefusedError("exactly one signature is expected")
    parameters = results[0].parameters
    nonce = str(parameters.get("nonce") or "")
    if len(nonce) < MIN_NONCE_CHARS:
        raise SignatureRefusedError("the nonce is missing or too short")
    return Signed(str(parameters["keyid"]), nonce)


def fingerprint(public_key: bytes) -> str:
    """Return how a raw 32-byte public key is shown to people who compare it."""
    return "SHA256:" + b64encode(sha256(public_key).digest()).decode().rstrip("=")
