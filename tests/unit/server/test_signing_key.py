"""The key that a mail host signs with: made once, its selector from itself, its public half as DNS wants it."""

from __future__ import annotations

import base64
import getpass
import importlib.util
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

PROGRAM = Path(__file__).parents[3] / "playbooks/roles/mail_server/files/ankunft_signing_key.py"


@pytest.fixture
def have() -> Callable[[Path], str]:
    """The program's one function, for the user of the tests."""
    spec = importlib.util.spec_from_file_location("ankunft_signing_key", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda root: str(module.have(root, getpass.getuser()))


def test_a_second_time_changes_nothing(tmp_path: Path, have: Callable[[Path], str]) -> None:
    first = have(tmp_path)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert have(tmp_path) == first
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == files


def test_what_dns_says_is_the_public_half_and_nobody_else_reads_the_key(
    tmp_path: Path, have: Callable[[Path], str]
) -> None:
    selector = have(tmp_path)
    private = tmp_path / "etc/dkimkeys/ankunft.private"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    key = load_pem_private_key(private.read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    said, public = (tmp_path / "etc/dkimkeys/ankunft.txt").read_text().split()
    assert said == selector
    assert base64.b64decode(public) == key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert (tmp_path / "etc/opendkim/key.table").read_text() == f"ankunft %:{selector}:{private}\n"


def test_another_key_has_another_selector(tmp_path: Path, have: Callable[[Path], str]) -> None:
    assert have(tmp_path / "one") != have(tmp_path / "two")
