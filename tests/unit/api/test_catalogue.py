"""The catalogue is data: what is wrong in it is named with its file."""

import shutil
from pathlib import Path

import pytest

from api.catalogue import CatalogueError, load
from api.registries import registry_of

EXAMPLE = Path(__file__).parents[3] / "inventory" / "catalogue"


def test_the_catalogue_that_comes_with_it_is_in_order() -> None:
    catalogue = load(EXAMPLE)
    assert catalogue.tariffs["start"].pool == "standard"
    assert catalogue.tariffs["start"].limits.databases == 1
    assert catalogue.terms_version == max(catalogue.terms)
    assert set(catalogue.terms[catalogue.terms_version]) == {"de", "en"}


@pytest.mark.parametrize(
    ("file", "before", "after", "named"),
    [
        ("tariffs/start.toml", "price_cents = 399", "price_cents = 3.99", "price_cents"),
        ("tariffs/start.toml", "price_cents = 399", "prize_cents = 399", "prize_cents"),
        ("tariffs/start.toml", "[1, 3, 6, 12]", "[1, 2]", "billing_intervals_months"),
        ("tariffs/plus.toml", "[limits]", "[limits", "plus.toml"),
        ("domains.toml", "scripts", "script", "script"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path: Path, file: str, before: str, after: str, named: str) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(EXAMPLE, folder)
    path = folder / file
    path.write_text(path.read_text().replace(before, after))
    with pytest.raises(CatalogueError) as caught:
        load(folder)
    assert str(path) in str(caught.value)
    assert named in str(caught.value)


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no tariffs"):
        load(tmp_path)
    (tmp_path / "tariffs").mkdir()
    shutil.copy(EXAMPLE / "tariffs" / "start.toml", tmp_path / "tariffs")
    (tmp_path / "terms" / "2027-01-01").mkdir(parents=True)
    with pytest.raises(CatalogueError, match="2027-01-01"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("file", "before", "after", "named"),
    [
        ("com.toml", '"com", "net"', '"com", "de"', "de stands in two files"),
        ("any.toml", '["*"]', '["test"]', "that none names"),
        ("any.toml", "low (account", "low ((account", "messages.low_balance"),
        ("de.toml", 'hosts = "attributes"', 'hosts = "none"', "hosts"),
    ],
)
def test_a_registry_that_cannot_be_is_named(tmp_path: Path, file: str, before: str, after: str, named: str) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(EXAMPLE, folder)
    path = folder / "registries" / file
    path.write_text(path.read_text().replace(before, after))
    with pytest.raises(CatalogueError, match=r"registries.*") as caught:
        load(folder)
    assert named in str(caught.value)


def test_the_longest_ending_that_is_named_decides_on_the_registry() -> None:
    registries = load(EXAMPLE).registries
    assert registry_of("beispiel.de", registries).name == "DENIC"
    assert registry_of("beispiel.co.at", registries).name == "nic.at"
    assert registry_of("beispiel.example", registries).tlds == ("*",)


@pytest.mark.parametrize("code", ["Abcdefgh", "aB2+/9x*-Kmnpqrs", "********"])
def test_codes_of_de_are_taken_as_denic_gives_them_out(code: str) -> None:
    assert load(EXAMPLE).registries["de"].auth_code.take(code)


@pytest.mark.parametrize(
    "code", ["Abcdefg", "aB2+/9x*-Kmnpqrst", "Abcdefg1", "Abcdefgl", "Abcdefgo", "Abcdef&h", "Äbcdefgh"]
)
def test_codes_of_de_that_cannot_be_are_refused(code: str) -> None:
    assert not load(EXAMPLE).registries["de"].auth_code.take(code)


@pytest.mark.parametrize(
    ("code", "can_be"), [("aB&<+/9x", True), ("short", False), ("with blank", False), ("naïve-one", False)]
)
def test_other_codes_are_printable_ascii(code: str, *, can_be: bool) -> None:
    assert load(EXAMPLE).registries["*"].auth_code.take(code) is can_be
