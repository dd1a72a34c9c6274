"""What all action plugins of the lab share: they work in Ansible's own process, on this machine, and show progress."""

from __future__ import annotations

import json
import os
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from .errors import LabError
from .place import Fleet

_display = Display()


def say(text: str) -> None:
    """Show *text* below the running task."""
    _display.display(f"   {text}")


class LabAction(ActionBase):  # type: ignore[misc] # Ansible has no type information
    """Do one step on the fleet that `lab_kind` names in this checkout."""

    #: Options of the plugin, in the form of an argument_spec.
    options: ClassVar[dict[str, Any]] = {}
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; a lab's error becomes a failed task with its message."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        common = {"kind": {"type": "str", "required": True}}
        _, tagged = self.validate_argument_spec(common | self.options)
        # Ansible's strings know where they come from; ours are plain.
        arguments = json.loads(json.dumps(tagged))
        if os.geteuid() != 0:
            return result | {"failed": True, "msg": "The lab needs root: namespaces, mounts, a bridge."}
        checkout = Path(__file__).resolve().parents[3]
        try:
            done = self.act(Fleet(arguments["kind"], checkout), arguments, check=self._task.check_mode)
        except LabError as error:
            return result | {"failed": True, "msg": str(error)}
        return result | done

    @abstractmethod
    def act(self, fleet: Fleet, arguments: dict[str, Any], *, check: bool) -> dict[str, Any]:
        """Do the step, or say with *check* what it would do."""
