"""`ankunft risk`, `ankunft blocklist` and the queue of reviews, as an operator types them, on both databases."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from api import settings as settings_module
from api.equipment import Equipment
from api.intake.screening import screen_waiting
from api.tables import Journal
from tests.unit.api.orderform import offered, placed, row_of
from tests.unit.api.test_settings import GOOD

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
RISK = ROOT / "inventory" / "catalogue" / "risk.toml"


@pytest.fixture
def config(tmp_path: Path, database: str) -> Path:
    """Settings of the test's database; the keys are those of `settings`."""
    return written_config(tmp_path, database)


def written_config(tmp_path: Path, database: str) -> Path:
    """Write settings of production for *database*, with the keys in *tmp_path*."""
    text = GOOD.replace("sqlite:////var/lib/ankunft/ankunft.sqlite", database)
    text = text.replace("/etc/ankunft/keys", f"{tmp_path}/keys")
    text = text.replace("/opt/ankunft/catalogue", f"{ROOT}/inventory/catalogue")
    file = tmp_path / "ankunft.toml"
    file.write_text(text.replace("/opt/ankunft/templates", f"{ROOT}/templates"))
    return file


async def ankunft(config: Path, *command: str, typed: str = "", exit_code: int = 0, **more: str) -> str:
    """Run a command, with *more* variables; return what it printed, or what it complained of."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANKUNFT_", "SUDO_"))}
    environment = kept | more
    program = str(Path(sys.executable).with_name("ankunft"))
    running = await asyncio.create_subprocess_exec(
        program, "--config", str(config), *command, env=environment, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await running.communicate(typed.encode())
    assert running.returncode == exit_code, err.decode()
    assert "Traceback" not in err.decode()
    return (out if exit_code == 0 else err).decode()


async def told(config: Path, *command: str, typed: str = "") -> Any:
    return json.loads(await ankunft(config, *command, "--json", typed=typed))


@pytest.mark.usefixtures("equipment")
async def test_the_rules_are_listed_and_a_bad_file_is_refused(config: Path, tmp_path: Path) -> None:
    assert "from 30 points contract" in await ankunft(config, "risk", "rules")
    assert (await told(config, "risk", "rules"))["rules"]["mail_disposable"]["is"] is True
    bad = tmp_path / "bad.toml"
    bad.write_text(RISK.read_text().replace('fact = "trap_filled"', 'fact = "trap_filed"'))
    assert "trap_filed" in await ankunft(config, "risk", "rules", "--rules", str(bad), exit_code=1)


def harsher_rules(tmp_path: Path) -> Path:
    """Write the rules with one changed: a disposable address waits for a person."""
    other = tmp_path / "harsher.toml"
    other.write_text(RISK.read_text().replace('points = 40\ntext.de = "Wegwerf', 'points = 70\ntext.de = "Wegwerf'))
    return other


async def test_a_replay_shows_what_other_rules_would_have_done(
    config: Path, tmp_path: Path, equipment: Equipment
) -> None:
    good = await offered(equipment)
    odd = await offered(equipment, customer__email="x@mailinator.com")
    assert await told(config, "risk", "replay") == {"orders": 2, "other_points": 0, "differing": []}
    other = harsher_rules(tmp_path)
    (one,) = (await told(config, "risk", "replay", "--rules", str(other)))["differing"]
    assert one["cart_id"] == (await row_of(odd))["cart_id"] != (await row_of(good))["cart_id"]
    assert (one["before"], one["after"], one["points_after"], one["gained"]) == (
        "contract", "review", 70, ["mail_disposable"],
    )  # fmt: skip
    assert "0 of 0" in await ankunft(config, "risk", "replay", "--since", "2999-01-01")


async def test_the_blocklist_is_kept_by_hand_or_from_an_order(config: Path, equipment: Equipment) -> None:
    order_id = await offered(equipment)
    cart_id = (await row_of(order_id))["cart_id"]
    row = await told(config, "blocklist", "add", "mail", "--reason", "spam", typed="bad@example.org\n")
    await ankunft(config, "blocklist", "add", "phone", "--order", cart_id, "--reason", "file 17")
    again = await ankunft(config, "blocklist", "add", "phone", "+4915112345678", "--reason", "x", exit_code=1)
    assert "already: line 2" in again
    assert "larger than a /24" in await ankunft(
        config, "blocklist", "add", "network", "10.0.0.0/8", "--reason", "x", exit_code=1
    )
    listed = await ankunft(config, "blocklist", "list")
    assert "file 17" in listed
    assert not [text for text in ("5678", "bad@") if text in listed]
    assert (await row_of(await offered(equipment)))["state"] == "REFUSED"
    await ankunft(config, "blocklist", "remove", str(row["number"]))
    assert "no line" in await ankunft(config, "blocklist", "remove", str(row["number"]), exit_code=1)


async def test_what_cannot_be_blocked_is_said(config: Path, equipment: Equipment) -> None:
    cart_id = (await row_of(await placed(equipment)))["cart_id"]
    assert "no IBAN" in await ankunft(config, "blocklist", "add", "iban", "DE00", "--reason", "x", exit_code=1)
    of_order = await ankunft(
        config, "blocklist", "add", "mail_domain", "--order", cart_id, "--reason", "x", exit_code=1
    )
    assert "no mail_domain" in of_order


async def test_the_operator_sees_the_queue_and_why(config: Path, equipment: Equipment) -> None:
    await ankunft(config, "blocklist", "add", "mail_domain", "example.org", "--reason", "trouble")
    first = await placed(equipment)
    second = await placed(equipment)
    await screen_waiting(equipment)
    queue = await told(config, "review", "list")
    assert queue == await told(config, "order", "list", "--state", "IN_REVIEW")
    assert {reason["rule"] for cart in queue for reason in cart["reasons"]} == {"blocked_mail_domain"}
    assert [cart["cart_id"] for cart in queue] == [(await row_of(order))["cart_id"] for order in (first, second)]
    shown = await ankunft(config, "order", "show", queue[0]["cart_id"])
    assert "risk: review by 60 points" in shown
    assert "The domain of the mail address is on the blocklist" in shown
    assert "not known  mail_domain: not set" in shown
    assert (await told(config, "review", "offer", queue[0]["cart_id"]))["offered"] == ["contract"]
    refuse = ("review", "refuse", queue[1]["cart_id"], "--reason", "mailed us twice")
    assert "IN_REVIEW" not in await ankunft(config, *refuse, SUDO_USER="anna")
    (entry,) = await Journal.select().where(Journal.event == "REFUSED")
    assert (entry["actor"], json.loads(entry["facts"])) == ("staff:console anna", {"reason": "mailed us twice"})
    assert [cart["cart_id"] for cart in await told(config, "review", "list")] == []
    assert (await told(config, "review", "reopen", queue[1]["cart_id"]))["state"] == "IN_REVIEW"
    assert "does not fit" in await ankunft(config, "review", "offer", queue[0]["cart_id"], exit_code=1)


@pytest.mark.parametrize("url", ["https://vies.example/{country}", "https://vies.example/{number}"])
def test_a_url_of_vies_says_where_country_and_number_go(tmp_path: Path, url: str) -> None:
    file = tmp_path / "ankunft.toml"
    file.write_text(f'{GOOD}[risk]\nvies_url = "{url}"\n')
    with pytest.raises(settings_module.SettingsError, match="vies_url"):
        settings_module.load({"ANKUNFT_CONFIG": str(file)})
