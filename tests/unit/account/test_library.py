"""What the library must be to run on a server's own Python, and what never passes through Ansible's variables."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
import yaml
from ankunft.action import read_job_file
from ankunft.errors import RefusedError

PLAYBOOKS = Path(__file__).parents[3] / "playbooks"
LIBRARY = PLAYBOOKS / "module_utils/ankunft"
ROLES = ["web_account", "database_account", "mail_account", "account_verify"]
#: Ansible itself is there on the controller, and the module's own part of it travels with the module.
_ANSIBLE = {"action.py": {"ansible"}, "module.py": {"ansible"}}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.py")), ids=lambda path: path.stem)
def test_the_library_needs_the_standard_library_and_pymysql(path: Path) -> None:
    foreign = imports(path) - sys.stdlib_module_names - {"pymysql"} - _ANSIBLE.get(path.name, set())
    assert not foreign


def test_no_module_of_the_library_calls_a_shell() -> None:
    for path in LIBRARY.glob("*.py"):
        text = path.read_text()
        assert "shell=" not in text
        assert "os.system" not in text


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_given_the_path_of_the_job_and_nothing_of_its_content(role: str) -> None:
    specification = yaml.safe_load((PLAYBOOKS / f"roles/{role}/meta/argument_specs.yml").read_text())
    options = specification["argument_specs"]["main"]["options"]
    assert set(options) <= {f"{role}_job_file", "web_account_start_page"}
    assert options[f"{role}_job_file"]["required"] is True
    text = "".join(path.read_text() for path in (PLAYBOOKS / f"roles/{role}").rglob("*.yml"))
    assert "from_json" not in text
    assert "include_vars" not in text


@pytest.mark.parametrize(
    "path",
    [
        "job.json",
        "/tmp/../etc/job.json",
        "/tmp/{{ x }}.json",
        "/tmp/a b.json",
        "/tmp/job.yml",
        "/tmp//job.json",
        "/tmp/.hidden/job.json",
        "/tmp/job.json\n",
        "",
        "/dev/stdin",
    ],
)
def test_a_path_that_is_not_plain_is_refused(path: str) -> None:
    with pytest.raises(RefusedError, match="absolute, plain path"):
        read_job_file(path)


def test_a_job_file_that_is_missing_a_link_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="there is no job file"):
        read_job_file(f"{tmp_path}/job.json")
    (tmp_path / "link.json").symlink_to("/etc/shadow")
    with pytest.raises(RefusedError, match="cannot be read"):
        read_job_file(f"{tmp_path}/link.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff")
    with pytest.raises(RefusedError, match="not UTF-8"):
        read_job_file(f"{tmp_path}/bytes.json")
