"""Bring many files to a host as one archive of those that differ there."""

from __future__ import annotations

import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

# Ansible finds module_utils for modules only; in its own process the library is found like any package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from ankunft import filetree

#: How often a source is looked at that changes while it is packed.
LOOKS = 3


class ActionModule(ActionBase):  # type: ignore[misc]
    """The plugin that Ansible calls by its file's name."""

    TRANSFERS_FILES = True
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask the host what differs; if anything does, send it."""
        super().run(tmp, task_vars)
        base, dest = Path(self._task.args["base"]), self._task.args["dest"]
        for _ in range(LOOKS):
            manifest = self._survey(base)
            wish = {"dest": dest, "manifest": {path: list(entry) for path, entry in manifest.items()}}
            first: dict[str, Any] = self._execute_module("file_tree", module_args=wish, task_vars=task_vars)
            if first.get("failed") or not first["missing"] or self._task.check_mode:
                return first
            with tempfile.NamedTemporaryFile(suffix=".tar.gz") as local:
                _pack(Path(local.name), base, first["missing"])
                if self._survey(base) == manifest:
                    return self._send(local.name, wish, task_vars)
        raise AnsibleActionFail(f"{base} is being edited; run again when that is done")

    def _survey(self, base: Path) -> dict[str, tuple[str, int]]:
        try:
            return filetree.survey(base, self._task.args["include"], self._task.args.get("exclude", []))
        except (filetree.TreeError, OSError) as error:
            raise AnsibleActionFail(str(error)) from error

    def _send(self, local: str, wish: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Bring the archive and let the host unpack it."""
        folder = self._make_tmp_path()
        try:
            archive = self._connection._shell.join_path(folder, "files.tar.gz")  # noqa: SLF001
            self._transfer_file(local, archive)
            self._fixup_perms2((folder, archive))
            done: dict[str, Any] = self._execute_module(
                "file_tree", module_args=wish | {"archive": archive}, task_vars=task_vars
            )
        finally:
            self._remove_tmp_path(folder)
        return done


def _pack(archive: Path, base: Path, files: Iterable[str]) -> None:
    """Write *files* into *archive*; what is packed already (wheels) is hardly worth the time to press."""
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for path in files:
            tar.add(base / path, arcname=path, recursive=False)
