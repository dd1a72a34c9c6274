"""Settings say what is wrong with them, name the setting, and take secrets from files."""

from pathlib import Path

import msgspec
import pytest

from api import settings
from api.engine import DatabaseUrlError, engine_for
from api.engine.sqlite import NotOpenError
from api.settings import SettingsError

GOOD = """
[database]
url = "sqlite:////var/lib/ankunft/ankunft.sqlite"
[http]
public_url = "https://api.example"
agent_url = "https://agents.example"
trusted_proxies = ["10.0.0.0/24"]
[keys]
folder = "/etc/ankunft/keys"
[mail]
smtp_host = "mail.example"
sender = "service@example.net"
staff = "staff@example.net"
[hosting]
zone = "hosting.example"
[catalogue]
folder = "/opt/ankunft/catalogue"
[templates]
folder = "/opt/ankunft/templates"
"""


def environment(tmp_path: Path, text: str = GOOD, **more: str) -> dict[str, str]:
    file = tmp_path / "ankunft.toml"
    file.write_text(text)
    return {"ANKUNFT_CONFIG": str(file)} | more


def test_a_file_is_enough(tmp_path: Path) -> None:
    loaded = settings.load(environment(tmp_path))
    assert loaded.http.port == 8080
    assert loaded.hosting.registrar == "none"
    assert str(loaded.http.proxies[0]) == "10.0.0.0/24"


def test_a_variable_goes_before_the_file(tmp_path: Path) -> None:
    loaded = settings.load(environment(tmp_path, ANKUNFT_HTTP_PORT="9000", ANKUNFT_SMS_COUNTRIES='["DE"]'))
    assert loaded.http.port == 9000
    assert loaded.sms.countries == ("DE",)


def test_a_secret_comes_from_a_file_of_its_own(tmp_path: Path) -> None:
    secret = tmp_path / "sms-url"
    secret.write_text("json://user:secret@gateway.example/{phone}\n")
    loaded = settings.load(environment(tmp_path, ANKUNFT_SMS_URL_FILE=str(secret)))
    assert loaded.sms.url == "json://user:secret@gateway.example/{phone}"


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ('zone = "hosting.example"', 'zome = "hosting.example"', "zome"),
        ('zone = "hosting.example"', "", "zone"),
        ('zone = "hosting.example"', "zone = 7", "hosting.zone"),
        ('folder = "/etc/ankunft/keys"', 'folder = "keys"', "keys.folder"),
        ('public_url = "https://api.example"', 'public_url = "api.example"', "public_url"),
        ('["10.0.0.0/24"]', '["ten"]', "trusted_proxies"),
        ("[hosting]", '[sms]\nurl = "json://gateway"\n[hosting]', "[sms] url"),
        ("[hosting]", '[hosting]\nregistrar = "epp"', "[registry] host"),
        ("[hosting]", '[registry]\nkey = "/etc/ankunft/registry.key"\n[hosting]', "[registry] certificate"),
        ("[hosting]", '[registry]\nkey = "registry.key"\n[hosting]', "registry.key"),
        ("[hosting]", "[hosting", "TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, before: str, after: str, named: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load(environment(tmp_path, GOOD.replace(before, after)))
    assert named in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for more in ({"ANKUNFT_CONFIG": "/nowhere.toml"}, {"ANKUNFT_DATABASE_URL_FILE": "/nowhere"}):
        with pytest.raises(SettingsError, match="No such file"):
            settings.load(environment(tmp_path) | more)


def test_an_engine_needs_a_url_that_names_a_database() -> None:
    for url in ("mysql://x/y", "sqlite:relative.sqlite", "/var/lib/ankunft.sqlite"):
        with pytest.raises(DatabaseUrlError):
            engine_for(url)


async def test_without_settings_the_database_says_what_is_missing() -> None:
    with pytest.raises(NotOpenError, match="ANKUNFT_CONFIG"):
        await engine_for("").start_connection_pool()


def test_every_setting_is_in_the_operators_page() -> None:
    page = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
    for section in msgspec.structs.fields(settings.Settings):
        for setting in msgspec.structs.fields(section.type):
            assert f"`{section.name}.{setting.name}`" in page


def test_the_seller_s_numbers_at_the_bank_are_taken_as_paper_shows_them(tmp_path: Path) -> None:
    said = 'iban = "DE89 3704 0044 0532 0130 00"\nbic = "COBA DEFFXXX"\ncreditor_id = "DE98 ZZZ0 9999 9999 99"'
    seller = settings.load(environment(tmp_path, f"{GOOD}[seller]\n{said}\n")).seller
    assert (seller.iban, seller.bic, seller.creditor_id) == (
        "DE89370400440532013000", "COBADEFFXXX", "DE98ZZZ09999999999",
    )  # fmt: skip


@pytest.mark.parametrize(
    "said",
    ['iban = "DE89370400440532013001"', 'bic = "COBADEFFX"', 'creditor_id = "DE99ZZZ09999999999"', 'iban = "no"'],
)
def test_a_slip_in_them_is_named(tmp_path: Path, said: str) -> None:
    with pytest.raises(SettingsError, match=rf"\[seller\] {said.split(maxsplit=1)[0]} "):
        settings.load(environment(tmp_path, f"{GOOD}[seller]\n{said}\n"))
