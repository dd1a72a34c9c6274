"""The API's two keys: made once by `ankunft init`, readable by the service's user alone."""

from __future__ import annotations

import os
from base64 import b64encode
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from api.seal import KEY_BYTES, KeyFileError
from api.settings import Keys


def make_missing(keys: Keys) -> list[Path]:
    """Make the keys that are not there yet, never another one in place of one; return which."""
    keys.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    signing = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    contents = {keys.master: os.urandom(KEY_BYTES), keys.job_signing: signing}
    return [path for path, content in contents.items() if _make(path, content)]


def job_signing_key(path: Path) -> Ed25519PrivateKey:
    """Read the key that signs job files.

    Raises:
        KeyFileError: there is none, or it is none.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}; `ankunft init` makes the keys once") from error
    except ValueError as error:
        raise KeyFileError(f"{path} holds no key; restore it from a backup") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} holds another kind of key than Ed25519; restore it from a backup")
    return key


def job_public_key(path: Path) -> str:
    """Return the half that hosting servers pin: the raw 32 bytes in base64."""
    return b64encode(job_signing_key(path).public_key().public_bytes_raw()).decode()


def _make(path: Path, content: bytes) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return True
