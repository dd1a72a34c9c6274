"""A converged server is used again exactly as long as nothing changed that made it."""

from pathlib import Path

import pytest
from ankunft_lab.layers import hash_of_sources, layers_for


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in (
        "ansible.cfg",
        "agent/runner.py",
        "agent/requirements.lock",
        "playbooks/server.yml",
        "playbooks/lab.yml",
        "playbooks/roles/web_server/tasks/main.yml",
        "playbooks/roles/lab_guest/tasks/main.yml",
        "playbooks/module_utils/ankunft/web.py",
        "playbooks/module_utils/ankunft_lab/guest.py",
        "playbooks/action_plugins/lab_fleet.py",
        "templates/etc/nginx/nginx.conf",
        "templates/mail/accepted.de.txt",
        "wheels/agent.whl",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"content of {name}\n")
    return tmp_path


def digest(checkout: Path) -> str:
    return hash_of_sources(checkout, checkout / "wheels")


@pytest.mark.parametrize(
    "name",
    [
        "ansible.cfg",
        "agent/runner.py",
        "agent/requirements.lock",
        "playbooks/server.yml",
        "playbooks/roles/web_server/tasks/main.yml",
        "playbooks/module_utils/ankunft/web.py",
        "templates/etc/nginx/nginx.conf",
        "wheels/agent.whl",
    ],
)
def test_what_makes_a_server_makes_another_layer(checkout: Path, name: str) -> None:
    before = digest(checkout)
    (checkout / name).write_text("something else\n")
    assert digest(checkout) != before


@pytest.mark.parametrize(
    "name",
    [
        "playbooks/lab.yml",
        "playbooks/roles/lab_guest/tasks/main.yml",
        "playbooks/module_utils/ankunft_lab/guest.py",
        "playbooks/action_plugins/lab_fleet.py",
        "playbooks/module_utils/ankunft/__pycache__/web.cpython-311.pyc",
        "templates/mail/accepted.de.txt",
    ],
)
def test_what_only_lab_or_api_read_does_not(checkout: Path, name: str) -> None:
    before = digest(checkout)
    (checkout / name).parent.mkdir(exist_ok=True)
    (checkout / name).write_text("something else\n")
    assert digest(checkout) == before


def test_a_file_that_became_executable_makes_another_layer(checkout: Path) -> None:
    before = digest(checkout)
    (checkout / "agent" / "runner.py").chmod(0o755)
    assert digest(checkout) != before


def test_each_release_has_a_layer_of_its_own(checkout: Path) -> None:
    layers = layers_for(["trixie", "bookworm", "bookworm"], checkout, checkout / "wheels")
    assert [layer.image.release for layer in layers] == ["bookworm", "trixie"]
    assert layers[0].name != layers[1].name
