"""The lab's inventory is one that a sysadmin could have written."""

from pathlib import Path

import yaml
from ankunft_lab.guest import Guest
from ankunft_lab.inventory import GROUPS, write_host_variables, write_inventory


def guest(name: str, address: str) -> Guest:
    nowhere = Path("/nowhere")
    return Guest(name, f"1234-{name}", address, (nowhere,), nowhere, nowhere, f"ankunft-lab/{name}", "ank-123456")


def test_every_server_serves_everything_and_stands_in_the_pool(tmp_path: Path) -> None:
    file = write_inventory(tmp_path, [guest("web1", "198.18.7.11")], Path("/key"), {"weight": 1.0})
    everything = yaml.safe_load(file.read_text())["all"]
    assert everything["hosts"] == {"web1": {"ansible_host": "198.18.7.11"}}
    assert {name: list(group["hosts"]) for name, group in everything["children"].items()} == {
        key: ["web1"] for key in GROUPS
    }
    assert everything["vars"]["weight"] == 1.0


def test_a_server_s_token_is_readable_for_root_alone(tmp_path: Path) -> None:
    write_host_variables(tmp_path, "web1", {"agent_enrolment_token": "secret"})
    file = tmp_path / "host_vars" / "web1.yml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert yaml.safe_load(file.read_text()) == {"agent_enrolment_token": "secret"}
