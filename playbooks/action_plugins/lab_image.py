"""Have the base images of Debian releases, with the packages that the server roles ask for."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

# Ansible finds module_utils for modules only; in its own process the library is found like any package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from ankunft_lab.action import LabAction, say
from ankunft_lab.images import build, image_for
from ankunft_lab.place import Fleet


class ActionModule(LabAction):
    """The plugin that Ansible calls by its file's name."""

    options: ClassVar[dict[str, Any]] = {"releases": {"type": "list", "elements": "str", "required": True}}

    def act(self, fleet: Fleet, arguments: dict[str, Any], *, check: bool) -> dict[str, Any]:
        """Return each release's tree, and which images had to be made."""
        images = [image_for(release, fleet.checkout) for release in sorted(set(arguments["releases"]))]
        missing = [image for image in images if not image.is_there()]
        if not check:
            with ThreadPoolExecutor() as pool:
                list(pool.map(lambda image: build(image, say), missing))
        return {
            "changed": bool(missing),
            "made": [image.name for image in missing],
            "trees": {image.release: [str(image.tree)] for image in images},
        }
