"""The units in the handbook are ones that systemd takes, and what they start are commands that exist."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest

from api.cli import COMMANDS
from tests.unit.api.conftest import ROOT

UNIT = re.compile(r"```ini\n# /etc/systemd/system/(?P<name>\S+)\n(?P<text>.*?)```", re.DOTALL)
PROGRAM = "/opt/ankunft/venv/bin/ankunft"


def units() -> dict[str, str]:
    """Return the units of the handbook: name → text."""
    text = (ROOT / "docs" / "operations.md").read_text()
    return {found["name"]: found["text"] for found in UNIT.finditer(text)}


def started() -> Iterator[str]:
    """Yield what the timers start: the instances of the template."""
    for name in units():
        if name.endswith(".timer"):
            yield name.partition("@")[2].removesuffix(".timer")


def test_each_timer_starts_a_command_of_ours_every_day_and_catches_up() -> None:
    assert list(started()) == ["invoice-run", "debit-run"]
    assert set(started()) <= COMMANDS.keys()
    for name, text in units().items():
        unit = ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        unit.read_string(text)
        if name.endswith(".timer"):
            assert unit["Timer"]["Persistent"] == "true"
            assert re.fullmatch(r"\*-\*-\* \d\d:\d\d", unit["Timer"]["OnCalendar"])
        else:
            assert unit["Service"]["ExecStart"] == f"{PROGRAM} %i"
            assert unit["Service"]["Type"] == "oneshot"


@pytest.mark.slow
def test_systemd_takes_them(tmp_path: Path) -> None:
    """Where the machine has systemd; what every machine can see of them, the test above looks at."""
    for name, text in units().items():
        program = Path(sys.executable).with_name("ankunft")
        (tmp_path / name).write_text(text.replace(PROGRAM, str(program)).replace("User=ankunft", "User=root"))
    names = [f"ankunft-daily@{command}.{kind}" for command in started() for kind in ("service", "timer")]
    if tool := shutil.which("systemd-analyze"):
        environment = {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
        verify = [tool, "verify", "--man=no", "--generators=no", *names]
        done = subprocess.run(verify, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
