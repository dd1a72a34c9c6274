"""The operator's commands for billing: what they show before they do it, and what they refuse."""

import json
import shutil
from pathlib import Path

import pytest

from tests.unit.api.test_commands import ROOT, ankunft
from tests.unit.api.test_settings import GOOD

pytestmark = pytest.mark.slow

SELLER = """
[seller]
name = "Hoster"
street = "Laborweg 1"
postal_code = "10115"
city = "Berlin"
email = "rechnung@hosting.test"
vat_id = "DE136695976"
iban = "DE02120300000000202051"
bic = "BYLADEM1001"
contact = "Buchhaltung"
phone = "+49301234567"
creditor_id = "DE98ZZZ09999999999"
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """A catalogue of the test's own."""
    folder = tmp_path / "catalogue"
    shutil.copytree(ROOT / "inventory" / "catalogue", folder)
    return folder


@pytest.fixture
def config(tmp_path: Path, catalogue: Path) -> Path:
    """Settings of an API that was initialised."""
    text = GOOD.replace("/var/lib/ankunft/", f"{tmp_path}/").replace("/etc/ankunft/keys", f"{tmp_path}/keys")
    text = text.replace("/opt/ankunft/catalogue", str(catalogue)).replace("/opt/ankunft/templates", f"{ROOT}/templates")
    file = tmp_path / "ankunft.toml"
    file.write_text(text + SELLER)
    ankunft(file, "init")
    return file


def test_the_price_list_shows_what_changes_and_files_it_once(config: Path, catalogue: Path) -> None:
    first = json.loads(ankunft(config, "catalogue", "load", "--yes", "--json"))
    assert [(item["tariff"], item["version"]) for item in first] == [("plus", 1), ("start", 1)]
    assert "every version is filed" in ankunft(config, "catalogue", "load")
    file = catalogue / "tariffs" / "start.toml"
    dearer = file.read_text().replace("price_cents = 249", "price_cents = 299").replace("= 399", "= 449")
    file.write_text(dearer)
    refused = ankunft(config, "catalogue", "load", "--yes", exit_code=1)
    assert "addons.webspace.price_cents: 249 → 299" in refused
    assert "raise the version" in refused
    file.write_text(dearer.replace("version = 1", "version = 2"))
    assert "Aborted" in ankunft(config, "catalogue", "load", exit_code=1), "nobody is there to say yes"
    assert "price_cents: 399 → 449" in ankunft(config, "catalogue", "load", "--yes")
    assert "every version is filed" in ankunft(config, "catalogue", "load")
    file.write_text(dearer)
    assert "go on from there" in ankunft(config, "catalogue", "load", "--yes", exit_code=1)


def test_a_tariff_whose_parts_do_not_add_up_is_refused(config: Path, catalogue: Path) -> None:
    file = catalogue / "tariffs" / "start.toml"
    file.write_text(file.read_text().replace("price_cents = 249", "price_cents = 299"))
    assert "add up to 449" in ankunft(config, "catalogue", "load", "--yes", exit_code=1)


def test_without_contracts_there_is_nothing_to_bill_and_nothing_that_does_not_fit(config: Path) -> None:
    totals = json.loads(ankunft(config, "invoice-run", "--json"))
    assert (totals["invoices"], totals["gross_cents"], totals["failed"]) == (0, 0, {})
    assert "0 invoices" in ankunft(config, "invoice-run", "--dry-run", "--until", "2027-01-01")
    assert json.loads(ankunft(config, "billing", "reconcile", "--json")) == []
    assert "no invoice R1" in ankunft(config, "billing", "cancel", "R1", exit_code=1)
    assert "no invoices" in ankunft(config, "billing", "invoices", "R1")
    assert json.loads(ankunft(config, "billing", "invoices", "--json")) == {"items": [], "next_cursor": None}
    assert "no such customer" in ankunft(config, "billing", "entries", "7", exit_code=1)
    ankunft(config, "epoch", "raise")
    assert json.loads(ankunft(config, "billing", "reconcile", "--json")) == [], (
        "the journal accounts for what is left out"
    )
    assert "as they were archived" in ankunft(config, "invoice", "verify"), "the archive goes on where it stood"
    assert "no order 7" in ankunft(config, "billing", "end", "7", "--on", "2027-01-01", exit_code=1)
    assert "Invalid value" in ankunft(config, "invoice-run", "--until", "yesterday", exit_code=2)
    far = ("invoice-run", "--until", "2127-01-01")
    assert "add --yes" in ankunft(config, *far, exit_code=1), "a slip in the year would bill a century"
    assert "would be" in ankunft(config, *far, "--dry-run")
    assert "0 invoices" in ankunft(config, *far, "--yes")


def test_nothing_is_billed_for_a_seller_whom_nobody_named(config: Path) -> None:
    config.write_text(config.read_text().replace('vat_id = "DE136695976"', ""))
    assert "[seller] vat_id or tax_number" in ankunft(config, "invoice-run", exit_code=1)
