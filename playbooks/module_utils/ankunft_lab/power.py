"""Take a server of a running fleet off the power and give it back, from its own files, as they were."""

from __future__ import annotations

import json
from pathlib import Path

from .durable import write_json
from .errors import LabError
from .guest import Guest
from .place import Fleet
from .status import read


def remember(guest: Guest) -> None:
    """Keep what is needed to start *guest* again."""
    write_json(
        guest.folder / "guest.json",
        {
            "name": guest.name,
            "machine": guest.machine,
            "address": guest.address,
            "lower": [str(tree) for tree in guest.lower],
            "upper": str(guest.upper),
            "cgroup": guest.cgroup,
            "bridge": guest.bridge,
        },
    )


def recall(fleet: Fleet, name: str) -> Guest:
    """Return the server *name* of *fleet*.

    Raises:
        LabError: it has no such server.
    """
    folder = fleet.folder / "servers" / name
    try:
        known = json.loads((folder / "guest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LabError(f"the fleet {fleet.name} has no server {name}") from None
    lower = tuple(Path(tree) for tree in known.pop("lower"))
    return Guest(folder=folder, lower=lower, upper=Path(known.pop("upper")), **known)


def cut_power(fleet: Fleet, name: str) -> None:
    """Kill the server *name* with everything on it, at once; its files stay as they are."""
    guest = recall(fleet, name)
    guest.cut_power()
    guest.clear()


def restore_power(fleet: Fleet, name: str) -> int:
    """Boot the server *name* again from its own files; return its new leader, which its description names too."""
    guest = recall(fleet, name)
    if guest.leader() is None:
        guest.clear()
        guest.mount()
        guest.start()
    guest.wait_until_up(fleet.key)
    leader = guest.leader()
    if leader is None:
        raise LabError(f"the server {name} died as soon as it was up; see {guest.console}")
    if (description := read(fleet)) is not None:
        description["hosts"][name]["leader_pid"] = leader
        write_json(fleet.description, description)
    return leader
