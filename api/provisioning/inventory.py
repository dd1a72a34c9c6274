"""From the sysadmins' Ansible inventory to the placement file: names, services, pools, limits, weights, no more."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from agent.placement import Host, Placement, encode

SERVICES = ("database", "mail", "web")
POOL_PREFIX = "pool_"
NO_POOLS = frozenset({*SERVICES, "all", "ungrouped"})
READ_WITHIN_S = 60


class InventoryError(Exception):
    """The inventory cannot be read, or a host in it is described wrongly; the message names the host."""


def placement_file(inventory: Path) -> bytes:
    """Return the placement file that *inventory* describes; the same fleet gives the same bytes.

    Hosts are those of the groups web, database and mail; every other group is a pool, `pool_standard` and `standard`
    the same one.

    Raises:
        InventoryError: it cannot be read, or a value is not what it has to be.
    """
    listing = _listing(inventory)
    variables: Mapping[str, Mapping[str, Any]] = listing.get("_meta", {}).get("hostvars", {})
    groups = {name: _members(listing, name) for name in listing if name != "_meta"}
    serving = sorted({host for service in SERVICES for host in groups.get(service, ())})
    if not serving:
        raise InventoryError(f"{inventory} has no host in the groups web, database or mail")
    return encode(Placement(schema=1, hosts=[_host(name, groups, variables.get(name, {})) for name in serving]))


def _host(name: str, groups: Mapping[str, set[str]], variables: Mapping[str, Any]) -> Host:
    described = {
        "name": name,
        "services": [service for service in SERVICES if name in groups.get(service, ())],
        "pools": sorted(
            group.removeprefix(POOL_PREFIX)
            for group, hosts in groups.items()
            if name in hosts and group not in NO_POOLS
        ),
        "max_accounts": variables.get("max_accounts"),
        "accepts_new_accounts": variables.get("accepts_new_accounts", True),
        "weight": variables.get("weight", 1.0),
    }
    try:
        return msgspec.convert(described, Host)
    except msgspec.ValidationError as error:
        raise InventoryError(
            f"host {name}: {error}; max_accounts, weight and accepts_new_accounts are host vars"
        ) from error


def _members(listing: Mapping[str, Any], group: str) -> set[str]:
    """Return the hosts of *group* and of the groups below it."""
    found = set(listing.get(group, {}).get("hosts", ()))
    for child in listing.get(group, {}).get("children", ()):
        found |= _members(listing, child)
    return found


def _listing(inventory: Path) -> Mapping[str, Any]:
    program = Path(sys.executable).with_name("ansible-inventory")
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            [program, "--inventory", inventory, "--list"],
            capture_output=True, text=True, check=False, timeout=READ_WITHIN_S, env=environment,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InventoryError(f"{program} cannot be run: {error}") from error
    if done.returncode or not inventory.exists():
        raise InventoryError(f"{inventory} cannot be read: {done.stderr.strip()[-500:] or 'there is no such file'}")
    listing: Mapping[str, Any] = msgspec.json.decode(done.stdout)
    return listing
