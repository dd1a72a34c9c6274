"""Which Debian packages a base image holds: what boots a server, and what the server roles ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

#: What a server needs before `server.yml` reaches it, and what the tests use inside.
ALWAYS = (
    "acl",
    "ca-certificates",
    "cron",
    "curl",
    "dbus",
    "iproute2",
    "iputils-ping",
    "libpam-systemd",
    "openssh-server",
    "procps",
    "python3",
    "python3-apt",
    "ssl-cert",
    "sudo",
    "systemd",
    "systemd-sysv",
    "tzdata",
)


def wanted_by_roles(roles: Path) -> list[str]:
    """Return the packages that the roles below *roles* name in their defaults as `<role>_packages`.

    With these in the image `server.yml` finds nothing to install, and a server needs no network.
    """
    found: set[str] = set()
    for file in sorted(roles.glob("*/defaults/main.yml")):
        defaults: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        found.update(defaults.get(f"{file.parents[1].name}_packages", []))
    return sorted(found)
