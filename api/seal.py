"""What the master key does: seal data at rest, derive tokens, codes and digests. Nothing derived is stored in clear.

Each use has its own key, made from the master key by HKDF (RFC 5869) under the name of the use.
"""

from __future__ import annotations

import hmac
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12


class KeyFileError(Exception):
    """The master key cannot be used; the message says what to do."""


class UnsealError(Exception):
    """What was sealed was changed, sealed for another use, or sealed with another master key."""


class Seal:
    """Seals and derives with one master key."""

    def __init__(self, master: bytes) -> None:
        if len(master) != KEY_BYTES:
            raise KeyFileError(
                f"the master key has {len(master)} bytes instead of {KEY_BYTES}; restore it from a backup"
            )
        self._master = master
        self._keys: dict[str, bytes] = {}

    @classmethod
    def from_file(cls, path: Path) -> Seal:
        """Read the master key.

        Raises:
            KeyFileError: there is none, or it is none.
        """
        try:
            return cls(path.read_bytes())
        except OSError as error:
            raise KeyFileError(f"{path}: {error.strerror}; `ankunft init` makes the keys once") from error

    def seal(self, use: str, text: str) -> str:
        """Encrypt *text* so that only the same *use* opens it (AES-256-GCM, random nonce)."""
        return b64encode(self.seal_bytes(use, text.encode())).decode()

    def seal_bytes(self, use: str, content: bytes) -> bytes:
        """Encrypt *content* so that only the same *use* opens it."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self._key(f"seal {use}")).encrypt(nonce, content, use.encode())

    def unseal(self, use: str, sealed: str) -> str:
        """Return what was sealed.

        Raises:
            UnsealError: it was changed or belongs elsewhere.
        """
        return self.unseal_bytes(use, b64decode(sealed)).decode()

    def unseal_bytes(self, use: str, sealed: bytes) -> bytes:
        """Return what was sealed.

        Raises:
            UnsealError: it was changed or belongs elsewhere.
        """
        try:
            return AESGCM(self._key(f"seal {use}")).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], use.encode())
        except InvalidTag as error:
            raise UnsealError(f"a sealed {use} does not open; is master.key the one it was sealed with?") from error

    def derive(self, use: str, *parts: str | int) -> bytes:
        """Return HMAC-SHA-256 over *parts*, each with its length, so that no two lists read the same."""
        return hmac.digest(self._key(f"derive {use}"), b"".join(_framed(parts)), sha256)

    def sms_code(self, order_id: int, generation: int) -> str:
        """Return the six digits that unlock an order; the next *generation* makes the former code worthless."""
        return f"{int.from_bytes(self.derive('sms code', order_id, generation)[:8]) % 1_000_000:06d}"

    def _key(self, use: str) -> bytes:
        """Return the key of *use*, one of this program's own few words; derived once (RFC 5869)."""
        if use not in self._keys:
            self._keys[use] = HKDF(SHA256(), KEY_BYTES, salt=None, info=f"ankunft {use}".encode()).derive(self._master)
        return self._keys[use]


def _framed(parts: Iterable[str | int]) -> Iterable[bytes]:
    for part in parts:
        raw = str(part).encode()
        yield len(raw).to_bytes(4) + raw
