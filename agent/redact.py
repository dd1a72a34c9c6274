"""Take secrets out of texts that leave the server, by value and by shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

HIDDEN = "[hidden]"
_MIN_SECRET_CHARS = 6

_SHAPES = re.compile(
    r"\$(?:[0-9][a-z]?|y|gy|argon2[a-z]*)\$[^\s\"'\\,;)\]}]{8,}"  # what crypt(5) makes
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<=IDENTIFIED BY ')[^']+"
    r"|\*[0-9A-F]{40}\b",  # mysql_native_password
    re.DOTALL,
)


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return *text* without the *secrets*, plain or as JSON writes them, and without what looks like one."""
    for secret in sorted(filter(_is_long_enough, secrets), key=len, reverse=True):
        in_json = json.dumps(secret)[1:-1]
        for spelling in (in_json.replace("/", "\\/"), in_json, secret):
            text = text.replace(spelling, HIDDEN)
    return _SHAPES.sub(HIDDEN, text)


def _is_long_enough(secret: str) -> bool:
    return len(secret) >= _MIN_SECRET_CHARS
