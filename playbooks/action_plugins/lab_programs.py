"""Run API, worker and sinks of a fleet under supervisor, and wait until the API is ready."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

# Ansible finds module_utils for modules only; in its own process the library is found like any package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from ankunft_lab.action import LabAction
from ankunft_lab.place import Fleet
from ankunft_lab.programs import start, wait_until_ready


class ActionModule(LabAction):
    """The plugin that Ansible calls by its file's name."""

    options: ClassVar[dict[str, Any]] = {
        "configuration": {"type": "path", "required": True},
        "api": {"type": "str", "required": True},
    }

    def act(self, fleet: Fleet, arguments: dict[str, Any], *, check: bool) -> dict[str, Any]:
        """Return whether supervisor had to be started."""
        if check:
            return {"changed": True}
        changed = start(fleet, Path(arguments["configuration"]))
        wait_until_ready(fleet, arguments["api"])
        return {"changed": changed}
