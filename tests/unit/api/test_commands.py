"""The operator's command line: what it does is told, what it refuses is told with the repair, without a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.api.test_settings import GOOD

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings of an API that was never started."""
    text = GOOD.replace("/var/lib/ankunft/", f"{tmp_path}/").replace("/etc/ankunft/keys", f"{tmp_path}/keys")
    text = text.replace("/opt/ankunft/catalogue", f"{ROOT}/inventory/catalogue")
    file = tmp_path / "ankunft.toml"
    file.write_text(text.replace("/opt/ankunft/templates", f"{ROOT}/templates"))
    return file


def ankunft(config: Path, *command: str, exit_code: int = 0) -> str:
    """Run a command; return what it printed, or what it complained of."""
    program = [str(Path(sys.executable).with_name("ankunft")), "--config", str(config), *command]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANKUNFT_")}
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == exit_code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if exit_code == 0 else done.stderr


def test_from_nothing_to_a_person_with_a_token(config: Path) -> None:
    assert "master.key" in ankunft(config, "init")
    assert "made" not in ankunft(config, "init")
    assert "start" in ankunft(config, "check-config")
    made = json.loads(ankunft(config, "staff", "add", "Anna", "--json"))
    assert made["name"] == "Anna"
    assert made["token"].startswith("staff_")
    assert "revoke" in ankunft(config, "staff", "add", "Anna", exit_code=1)
    ankunft(config, "staff", "revoke", "Anna")
    assert json.loads(ankunft(config, "staff", "add", "Anna", "--json"))["token"] != made["token"]


def test_a_restore_raises_the_epoch_and_leaves_numbers_out(config: Path) -> None:
    ankunft(config, "init")
    assert "epoch is 2" in ankunft(config, "epoch", "raise")
    assert "502000" in ankunft(config, "epoch", "raise", "--gap", "1000")


def test_what_is_refused_is_said_with_the_repair(config: Path) -> None:
    assert "ankunft init" in ankunft(config, "check-config", exit_code=1)
    ankunft(config, "init")
    assert "cart ID" in ankunft(config, "order", "show", "2222-2222-2", exit_code=1)
    assert json.loads(ankunft(config, "order", "list", "--json")) == []
    assert "No such command" in ankunft(config, "dance", exit_code=2)
    config.write_text(config.read_text() + "[hotel]\n")
    assert "hotel" in ankunft(config, "check-config", exit_code=1)
    config.unlink()
    assert "--config" in ankunft(config, "migrate", exit_code=1)
