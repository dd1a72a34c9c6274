"""Run the tag `agent` of server.yml on the servers of a fleet, with what each is told by the order API."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

# Ansible finds module_utils for modules only; in its own process the library is found like any package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from ankunft_lab.action import LabAction, say
from ankunft_lab.converge import converge
from ankunft_lab.inventory import write_group_variables, write_host_variables
from ankunft_lab.place import Fleet


class ActionModule(LabAction):
    """The plugin that Ansible calls by its file's name."""

    options: ClassVar[dict[str, Any]] = {
        "tokens": {"type": "dict", "required": True, "no_log": True},
        "variables": {"type": "dict", "required": True},
    }

    def act(self, fleet: Fleet, arguments: dict[str, Any], *, check: bool) -> dict[str, Any]:
        """Write the variables beside the fleet's inventory, then run the playbook on it."""
        if not check:
            write_group_variables(fleet.inventory, arguments["variables"])
            for host, token in arguments["tokens"].items():
                write_host_variables(fleet.inventory, host, {"agent_enrolment_token": token})
            converge(fleet, fleet.inventory, ["agent"], say)
        return {"changed": True}
