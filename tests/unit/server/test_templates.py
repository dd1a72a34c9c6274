"""Every template of a server can be filled for each Debian, and the units stay as closed as they were made."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "templates"
ROLES = ("web_server", "database_server", "mail_server", "agent")
RELEASES = {"12": "bookworm", "13": "trixie"}
NAMES = sorted(
    path.relative_to(TEMPLATES).as_posix()
    for top in ("etc", "opt", "usr")
    for path in (TEMPLATES / top).rglob("*")
    if path.is_file()
)


def variables(major: str) -> dict[str, Any]:
    """Return what a host of the Debian *major* has: the roles' defaults and the facts they use."""
    found: dict[str, Any] = {
        "ansible_facts": {
            "distribution_major_version": major,
            "distribution_release": RELEASES[major],
            "fqdn": "web1.hosting.example",
        },
        "inventory_hostname": "web1",
        "group_names": ["database", "mail", "pool_standard", "web"],
        "playbook_dir": str(ROOT / "playbooks"),
        "agent_api_url": "https://agents.example",
        "agent_job_public_key": "3eWbFWwBGLr1kPXJ4DZtFJCs9H9kkUQ7zHI7OvAM0y4=",
    }
    for role in ROLES:
        for part in ("defaults", "vars"):
            file = ROOT / "playbooks/roles" / role / part / "main.yml"
            if file.exists():
                found = yaml.safe_load(file.read_text()) | found
    return found


def fill(name: str, major: str = "12") -> str:
    def difference(left: list[str], right: list[str]) -> list[str]:
        return [item for item in left if item not in right]

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701
    environment.filters |= {"to_json": json.dumps, "difference": difference}
    values = variables(major)
    for _ in range(3):  # variables are templates themselves
        values = {
            key: environment.from_string(value).render(values) if isinstance(value, str) and "{{" in value else value
            for key, value in values.items()
        }
    return environment.from_string((TEMPLATES / name).read_text()).render(values)


@pytest.mark.parametrize("major", RELEASES)
@pytest.mark.parametrize("name", NAMES)
def test_a_template_can_be_filled_from_the_roles_defaults(name: str, major: str) -> None:
    text = fill(name, major)
    assert text.strip()
    assert not re.search(r"\{\{(?! <>)|\{%", text)


def test_every_template_of_a_server_is_installed_by_a_role() -> None:
    tasks = "".join(path.read_text() for role in ROLES for path in (ROOT / "playbooks/roles" / role).rglob("*.yml"))
    forgotten = [
        name
        for name in NAMES
        if f"/{name}".removesuffix(".bookworm").removesuffix(".trixie") not in tasks and Path(name).name not in tasks
    ]
    assert not forgotten


@pytest.mark.parametrize(
    ("unit", "tenths"),
    [
        ("ankunft-courier.service", 15),
        ("ankunft-runner.service", 45),
        ("ankunft-warm.service", 45),
        ("ankunft-waker.service", 15),
        ("ankunft-post@.service", 15),
        ("php-account@.service", 16),
    ],
)
def test_a_unit_stays_closed(tmp_path: Path, unit: str, tenths: int) -> None:
    file = tmp_path / unit.replace("@", "@a1001")
    file.write_text(fill(f"etc/systemd/system/{unit}"))
    verdict = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={tenths}", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert verdict.returncode == 0, verdict.stdout[-300:] + verdict.stderr


@pytest.mark.parametrize("unit", ["ankunft-runner.service", "ankunft-warm.service"])
def test_root_is_not_named_as_the_user_of_what_makes_accounts(unit: str) -> None:
    """Systemd 257 then takes CAP_SETUID away, and nothing can be done as a customer."""
    assert not re.search(r"^User=", fill(f"etc/systemd/system/{unit}"), re.MULTILINE)


def test_the_warm_ansible_may_what_the_runner_may_and_no_more() -> None:
    runner, warm = (set(fill(f"etc/systemd/system/ankunft-{name}.service").splitlines()) for name in ("runner", "warm"))
    fences = ("Capability", "NoNew", "Protect", "Private", "Restrict", "Lock", "SystemCall", "MemoryMax", "TasksMax")
    assert {line for line in runner if line.startswith(fences)} == {line for line in warm if line.startswith(fences)}
