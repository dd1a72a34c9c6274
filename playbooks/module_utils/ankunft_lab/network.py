"""A network per fleet: a free /24 of 198.18.0.0/15 (RFC 2544, reserved for tests), and a bridge in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any

from .commands import run, succeeds
from .durable import write_json
from .errors import LabError
from .locks import locked
from .place import STATE, Fleet

RANGE = IPv4Network("198.18.0.0/15")
_SUBNETS = tuple(RANGE.subnets(new_prefix=24))


def reserve(fleet: Fleet, state: Path = STATE) -> IPv4Network:
    """Return the fleet's subnet; the first call picks a free one and records it.

    Raises:
        LabError: every subnet is taken.
    """
    with locked(state / "networks.lock"):
        taken = _read(state)
        if (mine := taken.get(fleet.name)) is None:
            mine = str(choose(fleet.name, _known_networks(taken)))
            write_json(state / "networks.json", taken | {fleet.name: mine})
        return IPv4Network(mine)


def release(fleet: Fleet, state: Path = STATE) -> bool:
    """Give the fleet's subnet back. Return whether it had one."""
    with locked(state / "networks.lock"):
        taken = _read(state)
        had = taken.pop(fleet.name, None) is not None
        if had:
            write_json(state / "networks.json", taken)
        return had


def choose(name: str, taken: Iterable[IPv4Network]) -> IPv4Network:
    """Return a subnet that overlaps none of *taken*; where to look first follows from *name*."""
    used = [network for network in taken if network.overlaps(RANGE)]
    start = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % len(_SUBNETS)
    for subnet in (*_SUBNETS[start:], *_SUBNETS[:start]):
        if not any(subnet.overlaps(network) for network in used):
            return subnet
    raise LabError(f"no subnet of {RANGE} is free; take fleets down that nobody needs (`make lab-down`)")


def _known_networks(taken: Mapping[str, str]) -> list[IPv4Network]:
    interfaces: list[dict[str, Any]] = json.loads(run("ip", "-json", "-4", "address"))
    in_use = [
        IPv4Interface(f"{address['local']}/{address['prefixlen']}").network
        for interface in interfaces
        for address in interface.get("addr_info", [])
    ]
    return in_use + [IPv4Network(network) for network in taken.values()]


def _read(state: Path) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads((state / "networks.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return known


def has_bridge(fleet: Fleet) -> bool:
    """Tell whether the fleet's bridge exists."""
    return succeeds(["ip", "link", "show", fleet.bridge])


def add_bridge(fleet: Fleet, network: IPv4Network) -> bool:
    """Have the bridge with the first address of *network*. Return whether it was made."""
    if has_bridge(fleet):
        return False
    run("ip", "link", "add", fleet.bridge, "type", "bridge")
    run("ip", "address", "add", f"{network[1]}/{network.prefixlen}", "dev", fleet.bridge)
    run("ip", "link", "set", fleet.bridge, "up")
    return True


def remove_bridge(fleet: Fleet) -> bool:
    """Remove the bridge. Return whether there was one."""
    if not has_bridge(fleet):
        return False
    run("ip", "link", "delete", fleet.bridge)
    return True
