"""Whether a mail bears a good signature of a domain (DKIM, RFC 6376), as whoever receives it checks: by DNS alone."""

import base64
import email
import hashlib
import re
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

BLANKS = re.compile(r"[ \t\r\n]+")

Text = Callable[[str], str]
"""Says the TXT record of a name."""


def signer(raw: bytes, text: Text) -> str | None:
    """Return the domain whose good signature the mail *raw* bears, None when it bears none (relaxed/relaxed only)."""
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    message = email.message_from_bytes(head + b"\n\n")
    header = message["DKIM-Signature"]
    if header is None:
        return None
    tags = dict(part.strip().split("=", 1) for part in str(header).split(";") if "=" in part)
    tags = {name: re.sub(r"\s", "", value) for name, value in tags.items()}
    if base64.b64encode(hashlib.sha256(_body(body)).digest()).decode() != tags["bh"]:
        return None
    left = {name: message.get_all(name, []) for name in {one.lower() for one in tags["h"].split(":")}}
    signed = [_header(name, left[name.lower()].pop()) for name in tags["h"].split(":") if left[name.lower()]]
    unsigned = re.sub(r"\bb=[A-Za-z0-9+/=\s]*\Z", "b=", str(header).rstrip().rstrip(";"))
    data = "".join(f"{line}\r\n" for line in signed) + _header("DKIM-Signature", unsigned)
    record = dict(part.strip().split("=", 1) for part in text(f"{tags['s']}._domainkey.{tags['d']}").split(";"))
    key = load_der_public_key(base64.b64decode(record["p"]))
    assert isinstance(key, RSAPublicKey)
    try:
        key.verify(base64.b64decode(tags["b"]), data.encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        return None
    return tags["d"]


def _header(name: str, value: str) -> str:
    return f"{name.lower()}:{BLANKS.sub(' ', value).strip()}"


def _body(body: bytes) -> bytes:
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)
