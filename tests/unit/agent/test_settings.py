"""Wrong settings are told by name, with the repair."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from agent.settings import Settings, SettingsError, load

GOOD = 'api_url = "https://api.example"\nhost = "web1"\n'


def read(tmp_path: Path, text: str, **environment: str) -> Settings:
    file = tmp_path / "agent.toml"
    file.write_text(text)
    return load(file, environment)


def test_two_settings_are_enough(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD)
    assert (settings.api_url, settings.host) == ("https://api.example", "web1")
    assert settings.spool_dir == Path("/var/spool/ankunft")


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    environment = {"ANKUNFT_AGENT_HOST": "web2", "ANKUNFT_AGENT_CAPACITY": "7", "ANKUNFT_AGENT_STATE_DIR": "/state"}
    settings = read(tmp_path, GOOD, **environment)
    assert (settings.host, settings.capacity, settings.state_dir) == ("web2", 7, Path("/state"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('host = "web1"\n', "api_url"),
        (GOOD + "speed = 1\n", "speed"),
        (GOOD + 'capacity = "4"\n', "capacity"),
        (GOOD + "capacity = 0\n", "capacity"),
        (GOOD + "spool_dir = 7\n", "spool_dir"),
        (GOOD + 'playbook = "/etc/account.yml"\n', "playbook is relative"),
        (GOOD + 'inventory = "../hosts.yml"\n', "inventory is relative"),
        ('api_url = "http://api.example"\nhost = "web1"\n', "allow_plain_http"),
        ('api_url = "https://api.example"\nhost = "-web"\n', "host"),
        ("api_url = \n", "not TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--config"):
        load(tmp_path / "none.toml", {})


def test_the_docs_list_every_setting_and_no_other() -> None:
    page = (Path(__file__).parents[3] / "docs" / "agent.md").read_text().partition("## Settings")[2]
    listed = re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE)
    assert listed == [field.name for field in msgspec.structs.fields(Settings)]
