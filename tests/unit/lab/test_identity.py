"""Servers that share a tree share no secret."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from ankunft_lab.identity import dress, strip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "etc/ssh/ssh_host_ed25519_key",
        "etc/ssh/ssh_host_ed25519_key.pub",
        "etc/ssh/sshd_config",
        "etc/ssl/private/ssl-cert-snakeoil.key",
        "etc/machine-id",
        "var/lib/ankunft-courier/agent.key",
        "var/log/journal/1234/system.journal",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one server's own\n")
    return tmp_path


def test_a_shared_tree_holds_no_key_and_no_identity(tree: Path) -> None:
    strip(tree)
    left = {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}
    assert left == {"etc/ssh/sshd_config"}


def test_a_dressed_server_knows_its_own_name_and_address(tree: Path) -> None:
    dress(
        tree,
        name="web1",
        address=IPv4Address("198.18.7.11"),
        network=IPv4Network("198.18.7.0/24"),
        zone="hosting.test",
        public_key="ssh-ed25519 AAAA lab\n",
    )
    assert "198.18.7.11 web1.hosting.test web1" in (tree / "etc/hosts").read_text()
    assert "Address=198.18.7.11/24" in (tree / "etc/systemd/network/10-host0.network").read_text()
    assert (tree / "root/.ssh/authorized_keys").read_text() == "ssh-ed25519 AAAA lab\n"
    assert (tree / "etc/machine-id").read_text() != "one server's own\n"
    assert (tree / "etc/systemd/system/user@.service").readlink() == Path("/dev/null")
