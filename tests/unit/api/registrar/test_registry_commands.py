"""The operator's commands for the registry, run as an operator runs them, against one that is there."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from api.domains.registrar import Done
from tests.unit.api.registrar.conftest import Lab
from tests.unit.api.registrar.trades import registration
from tests.unit.api.test_commands import ROOT
from tests.unit.api.test_settings import GOOD

pytestmark = pytest.mark.slow


@pytest.fixture
def config(tmp_path: Path, lab: Lab) -> Path:
    """Settings with the registry's account."""
    text = GOOD.replace("/var/lib/ankunft/", f"{tmp_path}/").replace("/etc/ankunft/keys", f"{tmp_path}/keys")
    text = text.replace("/opt/ankunft/catalogue", f"{ROOT}/inventory/catalogue")
    registry = f"""
[registry]
name = "lab"
host = "127.0.0.1"
port = {lab.port}
client_id = "ankunft"
ca_file = "{lab.folder}/ca.pem"
certificate = "{lab.folder}/ankunft.pem"
key = "{lab.folder}/ankunft.key"
"""
    file = tmp_path / "ankunft.toml"
    file.write_text(text.replace("/opt/ankunft/templates", f"{ROOT}/templates") + registry)
    return file


async def ankunft(config: Path, lab: Lab, *command: str, exit_code: int = 0) -> str:
    """Run a command; return what it printed, or what it complained of."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANKUNFT_")}
    environment["ANKUNFT_REGISTRY_PASSWORD_FILE"] = str(lab.folder / "ankunft.password")
    running = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("ankunft")), "--config", str(config), *command,
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complained = await asyncio.wait_for(running.communicate(), 60)
    assert running.returncode == exit_code, complained.decode()
    assert b"Traceback" not in complained
    return (said if exit_code == 0 else complained).decode()


async def test_it_says_whether_the_registry_lets_us_in(config: Path, lab: Lab) -> None:
    said = json.loads(await ankunft(config, lab, "registry", "try", "--json"))
    assert "urn:ietf:params:xml:ns:secDNS-1.1" in said["services"]
    assert abs(said["ahead_s"]) < 5
    (lab.folder / "ankunft.password").write_text("another-password")
    refused = await ankunft(config, lab, "registry", "try", exit_code=1)
    assert "refused the login with 2501" in refused
    assert "another-password" not in refused


async def test_a_code_for_a_transfer_away_is_set_shown_once_and_kept_nowhere(config: Path, lab: Lab) -> None:
    assert isinstance(await lab.driver().order(registration("unser.de")), Done)
    before = lab.store.row("domain", "name", "unser.de")
    assert before is not None
    await ankunft(config, lab, "init")
    code = (await ankunft(config, lab, "registry", "code", "unser.de")).strip()
    after = lab.store.row("domain", "name", "unser.de")
    assert after is not None
    assert after["code"] == code != before["code"]
    assert lab.registries["de"].auth_code.take(code)
    told = await ankunft(config, lab, "registry", "frames", "unser.de", "--json")
    assert "update domain" in told
    assert code not in told
    assert isinstance(await lab.driver().order(registration("xn--mller-kva.de")), Done)
    assert (await ankunft(config, lab, "registry", "code", "Müller.de")).strip()
    assert "update domain" in await ankunft(config, lab, "registry", "frames", "müller.de")
    refused = await ankunft(config, lab, "registry", "code", "fremd.de", exit_code=1)
    assert "2303" in refused
