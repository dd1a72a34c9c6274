"""Servers come up with identities of their own, survive a loss of power, and leave nothing when they go."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ankunft_lab import cgroups, network
from ankunft_lab.mounts import mounts_below

from tests.fleet import down, fleet_of, kill_server, play, ssh, start_server

KIND = "spare"


@pytest.fixture(scope="module")
def spare() -> Iterator[str]:
    try:
        play(KIND, "present", bare=True)
        yield KIND
    finally:
        down(KIND)


def said(server: str, *command: str) -> str:
    return subprocess.run(ssh(KIND, server, command), capture_output=True, text=True, check=True).stdout.strip()


def test_no_two_servers_share_a_key_or_an_identity(spare: str) -> None:
    servers = [f"{spare}{number}" for number in (1, 2, 3)]
    own = ("cat", "/etc/machine-id", "/etc/ssh/ssh_host_ed25519_key.pub", "/etc/ssl/certs/ssl-cert-snakeoil.pem")
    assert len({said(server, *own) for server in servers}) == len(servers)


def test_the_third_server_is_of_the_newer_debian(spare: str) -> None:
    assert [said(f"{spare}{number}", "cut -d. -f1 /etc/debian_version") for number in (1, 2, 3)] == ["12", "12", "13"]


def test_a_server_comes_back_from_a_loss_of_power_with_its_own_files(spare: str) -> None:
    server = f"{spare}1"
    said(server, "echo still here > /srv/note; sync")
    kill_server(spare, server)
    assert not list(cgroups.processes(f"{fleet_of(spare).cgroup}/{server}"))
    leader = start_server(spare, server)
    assert said(server, "cat", "/srv/note") == "still here"
    assert Path(f"/proc/{leader}").exists()


def fits(server: str, limit: str) -> bool:
    """Tell whether a unit on *server* with the memory *limit* can fill 120 MiB."""
    fill = f"systemd-run --quiet --wait --pipe -p MemoryMax={limit} python3 -c 'len(b\"x\" * (120 << 20))'"
    return subprocess.run(ssh(KIND, server, [fill]), capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("number", [2, 3])
def test_a_unit_s_memory_limit_holds_on_both_debians(spare: str, number: int) -> None:
    assert fits(f"{spare}{number}", "400M")
    assert not fits(f"{spare}{number}", "40M")


def test_a_fleet_that_was_taken_down_leaves_nothing_and_can_be_taken_down_again(spare: str) -> None:
    fleet = fleet_of(spare)
    down(spare)
    assert not fleet.folder.exists()
    assert not fleet.description.exists()
    assert not fleet.inventory.exists()
    assert not network.has_bridge(fleet)
    assert not mounts_below(fleet.folder)
    assert not any((hierarchy / fleet.cgroup).exists() for hierarchy in cgroups.hierarchies())
    down(spare)
