"""Each fleet has a network of its own, picked under a lock."""

from ipaddress import IPv4Network
from pathlib import Path

import pytest
from ankunft_lab import network
from ankunft_lab.errors import LabError
from ankunft_lab.place import Fleet


def test_two_kinds_and_two_checkouts_get_networks_that_do_not_overlap(tmp_path: Path) -> None:
    fleets = [Fleet(kind, Path(checkout)) for kind in ("lab", "demo", "test") for checkout in ("/srv/a", "/srv/b")]
    subnets = [network.reserve(fleet, tmp_path) for fleet in fleets]
    assert len(set(subnets)) == len(fleets)
    assert all(subnet.subnet_of(network.RANGE) and subnet.prefixlen == 24 for subnet in subnets)


def test_a_fleet_keeps_its_network_until_it_gives_it_back(tmp_path: Path) -> None:
    fleet = Fleet("lab", Path("/srv/a"))
    first = network.reserve(fleet, tmp_path)
    assert network.reserve(fleet, tmp_path) == first
    assert network.release(fleet, tmp_path)
    assert not network.release(fleet, tmp_path)


def test_a_network_in_use_is_passed_over() -> None:
    first = network.choose("lab-1234", [])
    assert network.choose("lab-1234", [first]) != first
    assert network.choose("lab-1234", [IPv4Network("192.0.2.0/24")]) == first


def test_a_full_range_says_what_to_do() -> None:
    with pytest.raises(LabError, match="lab-down"):
        network.choose("lab-1234", [network.RANGE])
