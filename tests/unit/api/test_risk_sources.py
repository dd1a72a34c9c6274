"""Sources outside our records say what they know, or are a note: never a refusal, never a wait."""

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.intake.risk.maildomains import split
from api.intake.risk.sources import Asking, Sources, few_at_once, sources
from api.settings import Risk, Settings, SettingsError
from tests.unit.api.playedsources import country_file, dns_server, vies_server

ZONE = {
    ("mail.example", "MX"): ("10 mx1.mail.example.", "20 mx2.mail.example."),
    ("plain.example", "A"): ("192.0.2.1",),
    ("six.example", "AAAA"): ("2001:db8::1",),
    ("null.example", "MX"): ("0 .",),
    ("text.example", "TXT"): ('"nothing"',),
}


def with_risk(settings: Settings, **changes: object) -> Sources:
    return sources(msgspec.structs.replace(settings, risk=Risk(**changes)))  # type: ignore[arg-type]  # checked there


@pytest.mark.parametrize(
    ("domain", "says"),
    [
        ("mail.example", "takes_mail"),
        ("plain.example", "takes_mail"),
        ("six.example", "takes_mail"),
        ("null.example", "takes_none"),
        ("text.example", "takes_none"),
        ("nowhere.example", "absent"),
    ],
)
async def test_a_resolver_says_whether_a_domain_takes_mail(settings: Settings, domain: str, says: str) -> None:
    async with dns_server(ZONE) as (address, _):
        asked = with_risk(settings, resolvers=(address,)).mail_domain
        assert asked is not None
        assert await asked(domain) == says


async def test_an_answer_is_remembered(settings: Settings) -> None:
    async with dns_server(ZONE) as (address, questions):
        asked = with_risk(settings, resolvers=(address,)).mail_domain
        assert asked is not None
        assert [await asked("mail.example") for _ in range(5)] == ["takes_mail"] * 5
    assert questions == [("mail.example", "MX")]


@pytest.mark.parametrize("domain", ["broken.example", "silent.example"])
async def test_a_resolver_that_cannot_say_is_a_note_in_time(settings: Settings, domain: str) -> None:
    async with dns_server(ZONE) as (address, _):
        made = with_risk(settings, resolvers=(address,), source_timeout_s=0.3)
        asking, began = Asking(made.timeout_s), time.monotonic()
        assert await asking.ask("mail_domain", made.mail_domain, domain) is None
    assert asking.notes == ["mail_domain: no answer"]
    assert time.monotonic() - began < 5


async def test_a_source_that_is_not_set_is_a_note_and_no_question_is_none() -> None:
    asking = Asking(1)
    await asking.ask("vat_id", None, "DE136695976")
    await asking.ask("mail_domain", None, None)
    assert asking.notes == ["vat_id: not set"]


async def test_a_registry_is_asked_a_few_questions_at_once_and_each_to_its_end() -> None:
    running, most, ended = 0, 0, 0

    async def slow(name: str) -> str:
        nonlocal running, most, ended
        running, most = running + 1, max(most, running + 1)
        await asyncio.sleep(0.05)
        running, ended = running - 1, ended + 1
        if name == "bad":
            raise ConnectionError
        return "taken"

    source = few_at_once(slow)
    asking = Asking(0.02)
    names = ["bad", *(f"n{number}" for number in range(20))]
    assert set(await asyncio.gather(*(asking.ask("availability", source, name) for name in names))) == {None}
    assert asking.notes == ["availability: no answer"]
    await asyncio.sleep(0.1)
    assert (most, running, ended) == (4, 0, 4)
    assert await Asking(5).ask("availability", source, "beispiel.de") == "taken"


def test_resolvers_are_written_with_and_without_port() -> None:
    assert split("192.0.2.1") == ("192.0.2.1", 53)
    assert split("192.0.2.1:5353") == ("192.0.2.1", 5353)
    assert split("2001:db8::1") == ("2001:db8::1", 53)
    assert split("[2001:db8::1]:5353") == ("2001:db8::1", 5353)
    assert split("[2001:db8::1]") == ("2001:db8::1", 53)


@pytest.mark.parametrize("changes", [{"resolvers": ("ns1.example",)}, {"resolvers": ("192.0.2.1:dns",)}])
def test_a_resolver_that_is_no_address_is_said_at_the_start(settings: Settings, changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="resolvers"):
        with_risk(settings, **changes)


def test_a_country_file_that_is_none_is_said_at_the_start(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "text.mmdb").write_text("countries")
    for name in ("missing.mmdb", "text.mmdb"):
        with pytest.raises(SettingsError, match=name):
            with_risk(settings, country_database=tmp_path / name)


async def test_vies_says_yes_or_no_and_everything_else_is_no_answer(settings: Settings) -> None:
    async with vies_server({"DE136695976": True, "DE129273398": False, "DE123456788": "maybe"}) as url:
        made = with_risk(settings, vies_url=url)
        asking = Asking(made.timeout_s)
        for number, says in (
            ("DE136695976", True), ("DE129273398", False), ("DE123456788", None), ("FR40303265045", None),
        ):  # fmt: skip
            assert await asking.ask("vat_id", made.vat_id, number) is says
    assert asking.notes == ["vat_id: no answer"]


def test_a_file_says_which_country_an_address_is_of(settings: Settings, tmp_path: Path) -> None:
    file = country_file(tmp_path / "countries.mmdb", {"198.51.100.0/24": "DE", "203.0.113.0/24": "BR"})
    country = with_risk(settings, country_database=file).ip_country
    assert country is not None
    assert [country(address) for address in ("198.51.100.7", "203.0.113.9", "192.0.2.1")] == ["DE", "BR", None]
