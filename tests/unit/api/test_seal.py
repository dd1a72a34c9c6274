"""What is sealed opens for its use alone; what is derived fits nothing else."""

import stat
from pathlib import Path

import pytest

from api import keys
from api.seal import KeyFileError, Seal, UnsealError
from api.settings import Keys

SEAL = Seal(bytes(32))


def test_what_is_sealed_opens_again_and_never_looks_the_same() -> None:
    assert SEAL.unseal("iban", SEAL.seal("iban", "DE02…")) == "DE02…"
    assert SEAL.seal("iban", "same") != SEAL.seal("iban", "same")
    assert "same" not in SEAL.seal("iban", "same")


def test_another_use_another_key_or_a_changed_letter_open_nothing() -> None:
    sealed = SEAL.seal("iban", "DE02")
    changed = sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:]
    for seal, use, text in ((SEAL, "auth code", sealed), (Seal(b"x" * 32), "iban", sealed), (SEAL, "iban", changed)):
        with pytest.raises(UnsealError):
            seal.unseal(use, text)


def test_derivations_differ_by_use_part_and_key() -> None:
    made = [
        SEAL.derive("token", "ab", "c"),
        SEAL.derive("token", "a", "bc"),
        SEAL.derive("token", "abc"),
        SEAL.derive("code", "ab", "c"),
        Seal(b"x" * 32).derive("token", "ab", "c"),
    ]
    assert len(set(made)) == len(made)


def test_codes_are_six_digits_spread_evenly() -> None:
    codes = [SEAL.sms_code(order, 1) for order in range(3000)]
    assert all(len(code) == 6 and code.isascii() and code.isdigit() for code in codes)
    assert len(set(codes)) > 2980
    assert 240 < sum(code.startswith("0") for code in codes) < 360


def test_keys_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    where = Keys(folder=tmp_path / "keys")
    assert keys.make_missing(where) == [where.master, where.job_signing]
    before = where.master.read_bytes(), keys.job_public_key(where.job_signing)
    assert keys.make_missing(where) == []
    assert (where.master.read_bytes(), keys.job_public_key(where.job_signing)) == before
    assert {stat.S_IMODE(path.stat().st_mode) for path in (where.master, where.job_signing)} == {0o600}
    assert stat.S_IMODE(where.folder.stat().st_mode) == 0o700


def test_a_missing_or_broken_key_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="ankunft init"):
        Seal.from_file(tmp_path / "master.key")
    (tmp_path / "short").write_bytes(b"short")
    with pytest.raises(KeyFileError, match="5 bytes"):
        Seal.from_file(tmp_path / "short")
    (tmp_path / "job-signing.key").write_bytes(b"no key")
    with pytest.raises(KeyFileError, match="holds no key"):
        keys.job_signing_key(tmp_path / "job-signing.key")
