"""A request is signed by its sender for exactly this method, address and body, and only now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms

from agent.signing import COVERED, TAG, SignatureRefusedError, Signed, fingerprint, sign_request, verify_request

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
URL = "http://api.test/agent/v1/jobs/7/report?x=1"
BODY = b'{"a":1}'


def signed(body: bytes = BODY) -> httpx.Request:
    request = httpx.Request("POST", URL, content=body)
    sign_request(request, body, "web1", KEY)
    return request


def verify(request: httpx.Request, body: bytes = BODY) -> Signed:
    message = type("Message", (), {"method": request.method, "url": str(request.url), "headers": request.headers})()
    return verify_request(message, body, KEY.public_key())


def test_a_signed_request_names_its_sender_and_a_fresh_nonce() -> None:
    first, second = verify(signed()), verify(signed())
    assert first.key_id == second.key_id == "web1"
    assert first.nonce != second.nonce


def _with(**changes: Any) -> Callable[[httpx.Request], httpx.Request]:
    def change(request: httpx.Request) -> httpx.Request:
        parts: dict[str, Any] = {
            "method": request.method,
            "url": str(request.url),
            "headers": dict(request.headers),
            **changes,
        }
        return httpx.Request(parts["method"], parts["url"], headers=parts["headers"], content=BODY)

    return change


def _without(header: str) -> Callable[[httpx.Request], httpx.Request]:
    def change(request: httpx.Request) -> httpx.Request:
        del request.headers[header]
        return request

    return change


@pytest.mark.parametrize(
    "change",
    [
        _with(method="PUT"),
        _with(url="http://api.test/agent/v1/jobs/8/report?x=1"),
        _with(url="http://api.test/agent/v1/jobs/7/report?x=2"),
        _with(url="http://other.test/agent/v1/jobs/7/report?x=1"),
        _without("content-digest"),
        _without("signature"),
        _without("signature-input"),
    ],
)
def test_a_request_changed_on_its_way_is_refused(change: Callable[[httpx.Request], httpx.Request]) -> None:
    with pytest.raises(SignatureRefusedError):
        verify(change(signed()))


def test_a_changed_body_is_refused() -> None:
    with pytest.raises(SignatureRefusedError):
        verify(signed(), body=b'{"a":2}')


class _Resolver(HTTPSignatureKeyResolver):
    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:  # noqa: ARG002
        return KEY


@pytest.mark.parametrize(
    "changes",
    [
        {"age_s": 70},
        {"age_s": -30},
        {"nonce": None},
        {"nonce": "short"},
        {"tag": "something-else"},
        {"covered_component_ids": ("@method",)},
    ],
)
def test_a_thin_or_untimely_signature_is_refused(changes: dict[str, Any]) -> None:
    request = httpx.Request("POST", URL, content=BODY)
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_Resolver())
    how: dict[str, Any] = {"age_s": 0, "nonce": "n" * 24, "tag": TAG, "covered_component_ids": COVERED, **changes}
    created = datetime.now(UTC) - timedelta(seconds=how.pop("age_s"))
    signer.sign(request, key_id="web1", label="a", body=BODY, created=created, **how)
    with pytest.raises(SignatureRefusedError):
        verify(request)


def test_another_key_is_refused() -> None:
    request = httpx.Request("POST", URL, content=BODY)
    sign_request(request, BODY, "web1", Ed25519PrivateKey.generate())
    with pytest.raises(SignatureRefusedError):
        verify(request)


def test_a_fingerprint_is_short_enough_to_compare() -> None:
    assert fingerprint(b"k" * 32).startswith("SHA256:")
    assert len(fingerprint(b"k" * 32)) == len("SHA256:") + 43
