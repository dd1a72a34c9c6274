"""Have the key that this server signs mail with, and the tables that opendkim reads; run by root before it starts.

The selector comes from the key, so that another key has another name in DNS. What DNS has to say stands in
/etc/dkimkeys/ankunft.txt: the selector, a blank, the public key in base64.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

OWNER = "opendkim"
BITS = 2048
OPENSSL = "/usr/bin/openssl"


def have(root: Path, owner: str = OWNER) -> str:
    """Make what is missing below *root*; return the selector. A second time changes nothing."""
    keys, tables = root / "etc/dkimkeys", root / "etc/opendkim"
    for folder in (keys, tables):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.chown(folder, owner, owner)
    private = keys / "ankunft.private"
    if not private.exists():
        _make(private, owner)
    public = _public(private)
    selector = f"a{hashlib.sha256(public).hexdigest()[:8]}"
    # % = the sender's domain
    _write(tables / "key.table", f"ankunft %:{selector}:{private}\n", owner)
    _write(tables / "signing.table", "* ankunft\n", owner)
    _write(keys / "ankunft.txt", f"{selector} {base64.b64encode(public).decode()}\n", owner)
    return selector


def _make(private: Path, owner: str) -> None:
    """Make the key beside its place and move it there, whole."""
    fresh = private.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    subprocess.run([OPENSSL, "genrsa", "-out", fresh, str(BITS)], check=True, capture_output=True, timeout=60)
    fresh.chmod(0o600)
    shutil.chown(fresh, owner, owner)
    fresh.rename(private)


def _public(private: Path) -> bytes:
    command = [OPENSSL, "rsa", "-in", private, "-pubout", "-outform", "DER"]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


def _write(path: Path, text: str, owner: str) -> None:
    if path.exists() and path.read_text(encoding="ascii") == text:
        return
    path.write_text(text, encoding="ascii")
    path.chmod(0o640)
    shutil.chown(path, owner, owner)


if __name__ == "__main__":
    sys.stdout.write(f"signs as {have(Path('/'))}\n")
