"""Tasks of a run in the run's own process: an action plugin that starts no module needs no process of its own.

Ansible forks for each task. A plugin that says of itself `is_in_place` is run without, and so is what only includes.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any


def run_in_place() -> None:
    """Have this process and its forks run such tasks in place from now on; needs Ansible imported."""
    strategy: Any = importlib.import_module("ansible.plugins.strategy")
    strategy.WorkerProcess = _worker(strategy.WorkerProcess)


def _worker(forking: Any) -> Any:
    """Return *forking*, Ansible's process for a task, with a start that forks only if it has to."""

    class Worker(forking):  # type: ignore[misc] # Ansible has no type information
        _task: Any
        _task_vars: dict[str, Any]

        def start(self) -> None:
            if not _is_in_place(self._task):
                super().start()
                return
            self._task, self._task_vars = self._task.copy(), dict(self._task_vars)  # as a fork has its own
            with _put_back(self._host), _without_output(), _context(self._task, self._task_vars, self._host.name):
                self._run()

    return Worker


def _is_in_place(task: Any) -> bool:
    constants = importlib.import_module("ansible.constants")
    if task.action in constants._ACTION_INCLUDE_ROLE:  # noqa: SLF001
        return True
    loader = importlib.import_module("ansible.plugins.loader").action_loader
    return bool(getattr(loader.get(task.action, class_only=True), "is_in_place", False))


@contextmanager
def _put_back(host: Any) -> Iterator[None]:
    """Give *host* its variables and groups again: a fork empties its own, so as not to send them."""
    variables, groups = host.vars, host.groups
    try:
        yield
    finally:
        host.vars, host.groups = variables, groups


@contextmanager
def _without_output() -> Iterator[None]:
    """Have Ansible find that the task wrote nothing itself: the output is the run's, not the task's."""
    worker: Any = importlib.import_module("ansible.executor.process.worker")
    own = worker.sys
    worker.sys = SimpleNamespace(stdout=io.StringIO(), stderr=io.StringIO())
    try:
        yield
    finally:
        worker.sys = own


def _context(task: Any, variables: dict[str, Any], host: str) -> Any:
    """Return what Ansible keeps of the task at hand, in the form of this version of it."""
    contexts = importlib.import_module("ansible._internal._task").TaskContext
    if hasattr(contexts, "create"):
        return contexts.create(task=task, task_vars=variables, host_name=host)
    return contexts(task)
