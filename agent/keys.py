"""The two keys on a hosting server: the agent's own private one, and the API's public one for job files."""

from __future__ import annotations

from base64 import b64decode, b64encode
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from agent import durable

_OTHERS = 0o077


class KeyFileError(Exception):
    """A key file cannot be used; the message names the file and the repair."""


def own_key(file: Path) -> Ed25519PrivateKey:
    """Return the agent's private key; make it when there is none yet. It never leaves this server.

    Raises:
        KeyFileError: the file can be read by others, or holds no Ed25519 key.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        key = Ed25519PrivateKey.generate()
        durable.write(file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
        return key
    except OSError as error:
        raise KeyFileError(f"{file}: {error.strerror}; it has to be readable by the courier's user") from error
    if file.stat().st_mode & _OTHERS:
        raise KeyFileError(f"{file} can be read by others; chmod 600, and enrol anew when others could log in here")
    try:
        loaded = load_pem_private_key(content, password=None)
    except ValueError as error:
        raise KeyFileError(f"{file} holds no key; remove it and enrol anew") from error
    if not isinstance(loaded, Ed25519PrivateKey):
        raise KeyFileError(f"{file} is not an Ed25519 key; remove it and enrol anew")
    return loaded


def public_half(key: Ed25519PrivateKey) -> str:
    """Return the public key as the API takes it: base64 of the raw 32 bytes."""
    return b64encode(key.public_key().public_bytes_raw()).decode()


def api_key(file: Path) -> Ed25519PublicKey:
    """Return the key that job files are verified with.

    Raises:
        KeyFileError: missing, or not base64 of 32 bytes.
    """
    try:
        return Ed25519PublicKey.from_public_bytes(b64decode(file.read_bytes().strip(), validate=True))
    except OSError as error:
        raise KeyFileError(
            f"{file}: {error.strerror}; `ankunft keys show` prints the key that belongs there"
        ) from error
    except ValueError as error:
        raise KeyFileError(f"{file} holds no key; `ankunft keys show` prints the key that belongs there") from error
