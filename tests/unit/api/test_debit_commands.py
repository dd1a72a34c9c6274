"""The operator's commands for debits: what is booked is written into the folder, whatever comes between."""

import json
from pathlib import Path

import pytest

from api.billing import corrections
from api.billing.receivables import open_items
from api.equipment import Equipment
from api.tables import Customer
from tests.unit.api.issued import FACTS, STAFF, TODAY, accepted, bill, hoster
from tests.unit.api.test_archive import unguarded
from tests.unit.api.test_billing_commands import SELLER
from tests.unit.api.test_commands import ankunft
from tests.unit.api.test_public_bodies import LEITWEG
from tests.unit.api.test_risk_commands import written_config

pytestmark = pytest.mark.slow


@pytest.fixture
def config(tmp_path: Path, database: str) -> Path:
    """Settings of an API whose database is the test's; the keys are those of `equipment`."""
    file = written_config(tmp_path, database)
    file.write_text(file.read_text() + SELLER)
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for the bank's files."""
    (tmp_path / "bank").mkdir()
    return tmp_path / "bank"


def names(folder: Path) -> list[str]:
    """Return what lies in *folder*."""
    return sorted(path.name for path in folder.iterdir())


async def test_a_file_in_the_way_is_left_alone_and_what_was_booked_is_written_by_the_next_run(
    config: Path, folder: Path, equipment: Equipment
) -> None:
    here = hoster(equipment)
    await accepted(here)
    await bill(here)
    run = ("debit-run", "--to", str(folder))
    file = folder / "ANKUNFT-1.xml"
    file.write_text("of another database")
    assert "another file is there" in ankunft(config, *run, exit_code=1)
    assert file.read_text() == "of another database"
    file.unlink()
    (said,) = json.loads(ankunft(config, *run, "--json"))
    assert (said["debits"], said["path"]) == (1, str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    written = file.read_bytes()
    assert "nothing is to be collected" in ankunft(config, *run)
    assert names(folder) == [file.name], "nothing half is left"
    ankunft(config, "debit", "file", "1", "--to", str(folder / "again.xml"))
    assert (folder / "again.xml").read_bytes() == written


async def test_what_was_written_before_the_run_was_killed_is_recognised(
    config: Path, folder: Path, equipment: Equipment
) -> None:
    here = hoster(equipment)
    await accepted(here)
    await bill(here)
    file = folder / "ANKUNFT-1.xml"
    file.write_text("in the way")
    ankunft(config, "debit-run", "--to", str(folder), exit_code=1)
    file.unlink()
    ankunft(config, "debit", "file", "1", "--to", str(file))
    (folder / f".{file.name}.part").write_text("the half that a full disk took")
    assert "nothing is to be collected" in ankunft(config, "debit-run", "--to", str(folder))
    assert json.loads(ankunft(config, "debit", "list", "--json"))[0]["sum_cents"] == 399


async def test_where_no_folder_is_nothing_is_booked(config: Path, folder: Path, equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await bill(here)
    assert "does not exist" in ankunft(config, "debit-run", "--to", str(folder / "gone"), exit_code=2)
    assert "none was made" in ankunft(config, "debit", "list")


async def test_a_debit_that_is_left_out_is_named_and_the_run_says_so(
    config: Path, folder: Path, equipment: Equipment
) -> None:
    here = hoster(equipment)
    await accepted(here)
    await accepted(here)
    bad, _ = await bill(here)
    await Customer.update({Customer.iban_sealed: here.seal.seal("iban", "none")}).where(Customer.number == 100_001)
    said = ankunft(config, "debit-run", "--to", str(folder), exit_code=1)
    assert f"{bad} is left out: the bank's schema refuses IBAN" in said
    assert (folder / "ANKUNFT-1.xml").exists()
    assert "1" in ankunft(config, "debit", "list")


async def test_a_debit_comes_back_by_hand(config: Path, folder: Path, equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    (number,) = await bill(here)
    back = ("debit", "returned", number, "--on", TODAY.isoformat(), "--reason", "AM04")
    assert number in ankunft(config, *back, exit_code=1), "it was not collected"
    ankunft(config, "debit-run", "--to", str(folder))
    assert "is owed again" in ankunft(config, *back)
    assert [(row.kind, row.reason) for row in await open_items.moved(number)] == [("debit", None), ("return", "AM04")]
    assert "there is no debit run 2" in ankunft(config, "debit", "file", "2", exit_code=1)


async def test_what_was_taken_back_is_not_collected(config: Path, folder: Path, equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    (number,) = await bill(here)
    await corrections.cancel(number, FACTS, TODAY, actor=STAFF, anew=False)
    assert "0 debits" in ankunft(config, "debit-run", "--dry-run")
    assert "nothing is to be collected" in ankunft(config, "debit-run", "--to", str(folder))


async def test_an_exchanged_document_is_refused_without_a_traceback(
    config: Path, folder: Path, equipment: Equipment
) -> None:
    here = hoster(equipment)
    await accepted(here)
    (number,) = await bill(here)
    ankunft(config, "invoice", "download", number, "--to", str(folder / "right.pdf"))
    await unguarded("UPDATE invoice_document SET pdf = xml")
    to = ("--to", str(folder / "wrong.pdf"))
    assert "restore it from a backup" in ankunft(config, "invoice", "download", number, *to, exit_code=1)


async def test_a_public_body_gets_its_reference(config: Path, equipment: Equipment) -> None:
    await accepted(hoster(equipment))
    assert f"name {LEITWEG}" in ankunft(config, "invoice", "leitweg", "100001", LEITWEG)
    assert "ordinary" in ankunft(config, "invoice", "leitweg", "100001")
    assert "Invalid value" in ankunft(config, "invoice", "leitweg", "100001", "0401", exit_code=2)
    assert "100009" in ankunft(config, "invoice", "leitweg", "100009", LEITWEG, exit_code=1)
