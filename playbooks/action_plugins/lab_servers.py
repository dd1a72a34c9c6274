"""Boot the servers of a fleet, and write the inventory through which they are reached."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

# Ansible finds module_utils for modules only; in its own process the library is found like any package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from ankunft_lab.action import LabAction
from ankunft_lab.fleet import FIRST_ADDRESS, bring_up, lay_ground
from ankunft_lab.inventory import write_inventory
from ankunft_lab.place import Fleet


class ActionModule(LabAction):
    """The plugin that Ansible calls by its file's name."""

    options: ClassVar[dict[str, Any]] = {
        "servers": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {"name": {"type": "str", "required": True}, "release": {"type": "str", "required": True}},
        },
        "trees": {"type": "dict", "required": True},
        "zone": {"type": "str", "required": True},
        "variables": {"type": "dict", "required": True},
    }

    def act(self, fleet: Fleet, arguments: dict[str, Any], *, check: bool) -> dict[str, Any]:
        """Return each server's address and leader, the inventory's file, the key and the bridge's address."""
        if check:
            return {"changed": True, "servers": {}}
        ground = lay_ground(fleet, arguments["zone"])
        guests = [
            ground.guest(server["name"], number, [Path(tree) for tree in arguments["trees"][server["release"]]])
            for number, server in enumerate(arguments["servers"], FIRST_ADDRESS)
        ]
        bring_up(ground, guests)
        inventory = write_inventory(fleet.inventory, guests, fleet.key, arguments["variables"])
        return {
            "changed": True,
            "servers": {guest.name: {"address": guest.address, "leader_pid": guest.leader()} for guest in guests},
            "inventory": str(inventory),
            "ssh_key": str(fleet.key),
            "bridge_address": str(ground.network[1]),
            "bridge_network": str(ground.network),
        }
