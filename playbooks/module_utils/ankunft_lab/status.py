"""Whether a fleet runs whole, as its description says."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from . import cgroups
from .place import Fleet


def whole(fleet: Fleet) -> str:
    """Return a sentence about the fleet when all it is described with runs, and nothing otherwise."""
    description = read(fleet)
    if description is None:
        return ""
    alive = set(cgroups.processes(fleet.cgroup))
    servers: dict[str, dict[str, Any]] = description["hosts"]
    if not all(server["leader_pid"] in alive for server in servers.values()):
        return ""
    if (api := description.get("api")) and not is_ready(api):
        return ""
    names = ", ".join(f"{name} ({server['address']})" for name, server in servers.items())
    return f"The fleet {fleet.name} runs already: {names}; see {fleet.description}. Take it down to build it anew."


def read(fleet: Fleet) -> dict[str, Any] | None:
    """Return the fleet's description, or None when there is none."""
    try:
        description: dict[str, Any] = json.loads(fleet.description.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return description


def is_ready(api: str) -> bool:
    """Tell whether the *api* says that it can take orders."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{api}/health/ready", timeout=3) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 # HTTP's OK
    except (urllib.error.URLError, OSError):
        return False
