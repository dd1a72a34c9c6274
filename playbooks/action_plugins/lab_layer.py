"""Have converged servers of Debian releases as read-only trees, made by `server.yml` over SSH when they are missing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

# Ansible finds module_utils for modules only; in its own process the library is found like any package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from ankunft_lab.action import LabAction, say
from ankunft_lab.fleet import lay_ground
from ankunft_lab.layers import forge, layers_for
from ankunft_lab.place import Fleet
from ankunft_lab.pruning import mark_used, prune


class ActionModule(LabAction):
    """The plugin that Ansible calls by its file's name."""

    options: ClassVar[dict[str, Any]] = {
        "releases": {"type": "list", "elements": "str", "required": True},
        "zone": {"type": "str", "required": True},
        "wheelhouse": {"type": "path", "required": True},
        "variables": {"type": "dict", "required": True},
    }

    def act(self, fleet: Fleet, arguments: dict[str, Any], *, check: bool) -> dict[str, Any]:
        """Return each release's trees, the topmost first, and which layers had to be made."""
        layers = layers_for(arguments["releases"], fleet.checkout, Path(arguments["wheelhouse"]))
        made = [layer.name for layer in layers if not layer.tree.is_dir()]
        if made and not check:
            made = forge(lay_ground(fleet, arguments["zone"]), layers, arguments["variables"], say)
        if not check:
            for layer in layers:
                mark_used(layer.tree)
                mark_used(layer.image.tree)
            for folder in (layers[0].tree.parent, layers[0].image.tree.parent):
                prune(folder, say)
        trees = {layer.image.release: [str(layer.tree), str(layer.image.tree)] for layer in layers}
        return {"changed": bool(made), "made": made, "trees": trees}
