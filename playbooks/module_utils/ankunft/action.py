"""The controller's side of the account roles: read the job file, then act here, or send the job to the host.

Only a path ever passes through Ansible's variables. The job itself is read here and never templated, because
text in a variable is code to Ansible. For a host that is this very machine the library runs in this process;
for one that is reached over SSH the job is the (unlogged) argument of the module of the same name.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase

from .batch import act_on_all
from .errors import RefusedError
from .files import content_of
from .service import VERIFY, act, failure

_JOB_FILE = re.compile(r"/(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*\.json")


class AccountAction(ActionBase):  # type: ignore[misc] # Ansible has no type information
    """Act on one service of an account; a plugin is a subclass that names its service."""

    service: ClassVar[str]
    #: The warm Ansible need not fork for it.
    is_in_place: ClassVar[bool] = True
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result, the same from both ways."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        _, arguments = self.validate_argument_spec(
            {"job_file": {"type": "str", "required": True}, "start_page": {"type": "str", "default": ""}}
        )
        path = arguments["job_file"]
        try:
            page = read_start_page(arguments["start_page"])
            if Path(path).is_dir():
                done = self._act_on_all(read_batch(path), variables, page)
            else:
                done = self._act(read_job_file(path), variables, page)
        except RefusedError as error:
            return result | failure(str(error), could_not_try=False)
        if not self._task.diff:
            done.pop("diff", None)
        return result | done

    def _act(self, job: bytes, variables: dict[str, Any], page: str) -> dict[str, Any]:
        host_name = str(variables.get("inventory_hostname", ""))
        if self._is_this_machine():
            return act(self.service, job, host_name=host_name, check=self._task.check_mode, start_page=page)
        values = {"job": job.decode(), "host_name": host_name, "start_page": page}
        done: dict[str, Any] = self._execute_module(self._task.action, module_args=values, task_vars=variables)
        return done

    def _act_on_all(self, jobs: dict[str, bytes], variables: dict[str, Any], page: str) -> dict[str, Any]:
        """Act on each job of a batch; the last task of the play says which failed."""
        if variables.get("account_further_roles"):
            raise RefusedError("roles of the server's own (account_further_roles) take one job a run, not a folder")
        if not self._is_this_machine() and len(jobs) > 1:
            raise RefusedError("over SSH a run takes one job, not a folder")
        left_out = variables.get("ansible_facts", {}).get("account_left_out", [])
        done = act_on_all(lambda job: self._act(job, variables, page), jobs, left_out)
        failed = done["ansible_facts"]["account_left_out"]
        if self.service == VERIFY and failed:
            done |= failure(f"not done: {', '.join(failed)}; see jobs, or run each alone", could_not_try=False)
        return done

    def _is_this_machine(self) -> bool:
        return bool(self._connection.transport == "local") and os.geteuid() == 0


def read_job_file(path: str) -> bytes:
    """Read the job file at *path*, which we or a sysadmin chose.

    Raises:
        RefusedError: the path is not absolute and plain, or there is no such file.
    """
    if not _JOB_FILE.fullmatch(path):
        raise RefusedError("account_job_file is not an absolute, plain path that ends in .json")
    try:
        text = content_of(Path(path))
    except OSError as error:
        raise RefusedError(f"the job file {path} cannot be read: {error.strerror}") from None
    if text is None:
        raise RefusedError(f"there is no job file {path}")
    try:
        text.decode()
    except UnicodeDecodeError:
        raise RefusedError(f"the job file {path} is not UTF-8") from None
    return text


def read_batch(path: str) -> dict[str, bytes]:
    """Read all job files in the folder *path*, each by its name without .json.

    Raises:
        RefusedError: one cannot be read, or there is none.
    """
    files = sorted(Path(path).glob("*.json"))
    if not files:
        raise RefusedError(f"there is no job file in {path}")
    return {file.stem: read_job_file(str(file)) for file in files}


def read_start_page(path: str) -> str:
    """Read the start page's template; its path comes from a role's default or the inventory. Empty for no page.

    Raises:
        RefusedError: there is no such file.
    """
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise RefusedError(f"the start page's template {path} cannot be read; see web_account_start_page") from None
