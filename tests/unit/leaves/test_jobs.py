"""A job file is the API's or it is refused."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.jobs import UID_OFFSET, Account, Domain, Job, JobRefusedError, Limits, open_signed, sign

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def job() -> Job:
    account = Account(
        id="0" * 32,
        name="a1001",
        uid=UID_OFFSET + 1001,
        state="present",
        services=["web", "database", "mail"],
        technical_name="a1001.hosting.test",
        domains=[Domain("xn--mller-kva.de", mail=False)],
        password_hash="$6$saltsalt$" + "x" * 86,
        limits=Limits(1_000, 5, 1, 256, 5),
    )
    return Job(1, "a" * 32, 1, 1, "web1", NOW, NOW + timedelta(minutes=10), account)


def test_a_signed_job_comes_back_as_it_was() -> None:
    opened, payload = open_signed(sign(job(), KEY), KEY.public_key())
    assert opened == job()
    assert msgspec.json.decode(payload)["account"]["domains"] == [{"name": "xn--mller-kva.de", "mail": False}]


def test_a_flipped_bit_anywhere_is_refused() -> None:
    file = sign(job(), KEY)
    for position in range(len(file)):
        bad = bytearray(file)
        bad[position] ^= 1
        with pytest.raises(JobRefusedError):
            open_signed(bytes(bad), KEY.public_key())


def test_a_job_torn_at_any_byte_is_refused() -> None:
    file = sign(job(), KEY)
    for length in range(len(file)):
        with pytest.raises(JobRefusedError):
            open_signed(file[:length], KEY.public_key())


def test_another_key_is_refused() -> None:
    with pytest.raises(JobRefusedError, match="signature"):
        open_signed(sign(job(), Ed25519PrivateKey.generate()), KEY.public_key())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a1001\n"),
        ("name", "root"),
        ("name", "../a1001"),
        ("uid", 0),
        ("uid", "1900001001"),
        ("technical_name", "a1001.hosting.test\n"),
        ("technical_name", "*"),
        ("password_hash", "$6$salt$x:0:0::/root:/bin/sh"),
        ("password_hash", "plain"),
        ("state", "owned"),
        ("extra", "field"),
    ],
)
def test_a_signed_job_with_an_impossible_value_is_refused(field: str, value: object) -> None:
    raw = msgspec.to_builtins(job())
    raw["account"][field] = value
    payload = msgspec.json.encode(raw)
    signature = KEY.sign(b"ankunft-job-v1\0" + payload)
    file = b"ankunft-job-v1 " + b64encode(signature) + b"\n" + payload
    with pytest.raises(JobRefusedError, match="schema 1"):
        open_signed(file, KEY.public_key())
