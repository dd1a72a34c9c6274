"""Write the file through which tests, the demo and people find a running fleet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

# Ansible finds module_utils for modules only; in its own process the library is found like any package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from ankunft_lab.action import LabAction
from ankunft_lab.durable import write_json
from ankunft_lab.place import Fleet
from ankunft_lab.status import read


class ActionModule(LabAction):
    """The plugin that Ansible calls by its file's name."""

    options: ClassVar[dict[str, Any]] = {"content": {"type": "dict", "required": True}}

    def act(self, fleet: Fleet, arguments: dict[str, Any], *, check: bool) -> dict[str, Any]:
        """Return the file's path. It appears complete or not at all, and only root reads it."""
        changed = read(fleet) != arguments["content"]
        if changed and not check:
            write_json(fleet.description, arguments["content"])
        return {"changed": changed, "path": str(fleet.description)}
