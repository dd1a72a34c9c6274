"""The inventory through which the servers of a lab are reached, in the form that sysadmins keep."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from .durable import write_text
from .guest import SSH_OPTIONS, Guest

#: The groups of `server.yml`, and the pool that the shipped tariffs name.
GROUPS = ("web", "database", "mail", "standard")


def write_inventory(folder: Path, guests: Iterable[Guest], key: Path, variables: Mapping[str, Any]) -> Path:
    """Write the inventory of *guests* below *folder*; *variables* hold for all of them. Return its file."""
    names = {guest.name: {"ansible_host": guest.address} for guest in guests}
    all_variables = {
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(key),
        "ansible_ssh_common_args": shlex.join(SSH_OPTIONS),
        **variables,
    }
    groups = {group: {"hosts": dict.fromkeys(names, None)} for group in GROUPS}
    tree = {"all": {"vars": all_variables, "hosts": names, "children": groups}}
    text = yaml.dump(tree, Dumper=_Plain, sort_keys=False)
    write_text(
        folder / "hosts.yml", f"---\n# Written by playbooks/lab.yml; a change here is lost at its next run.\n{text}"
    )
    return folder / "hosts.yml"


def write_host_variables(folder: Path, host: str, variables: Mapping[str, Any]) -> None:
    """Write what holds for *host* alone."""
    write_text(folder / "host_vars" / f"{host}.yml", f"---\n{yaml.dump(dict(variables), Dumper=_Plain)}")


def write_group_variables(folder: Path, variables: Mapping[str, Any]) -> None:
    """Write what holds for all hosts besides the inventory itself."""
    write_text(folder / "group_vars" / "all.yml", f"---\n{yaml.dump(dict(variables), Dumper=_Plain)}")


class _Plain(yaml.SafeDumper):
    """Writes every value out where it stands, without YAML's anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 # the parent's signature
        """Treat equal values as separate ones."""
        return True
