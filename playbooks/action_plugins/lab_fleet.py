"""Look at a fleet of throw-away servers, or remove every trace of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

# Ansible finds module_utils for modules only; in its own process the library is found like any package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from ankunft_lab.action import LabAction, say
from ankunft_lab.fleet import leftovers, take_down
from ankunft_lab.place import Fleet
from ankunft_lab.status import whole


class ActionModule(LabAction):
    """The plugin that Ansible calls by its file's name."""

    options: ClassVar[dict[str, Any]] = {"state": {"type": "str", "choices": ["probed", "absent"], "required": True}}

    def act(self, fleet: Fleet, arguments: dict[str, Any], *, check: bool) -> dict[str, Any]:
        """Return what is there of the fleet (`leftovers`, before `absent` removes it) and whether it is `running`."""
        found = leftovers(fleet)
        if arguments["state"] == "absent":
            if not found:
                say(f"nothing of {fleet.name} is here")
            changed = bool(found) if check else take_down(fleet, say)
            return {"changed": changed, "name": fleet.name, "leftovers": found}
        message = whole(fleet)
        if message:
            say(message)
        return {"changed": False, "name": fleet.name, "leftovers": found, "running": bool(message)}
