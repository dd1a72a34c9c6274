"""Ansible inside this process: imported ahead, and started in a fork of it. The only place that knows its insides.

What Ansible reads once, at its import, is read again in the fork for everything that the run's environment sets.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import random
import sys
import tempfile
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from agent.errand import Errand
from agent.inplace import run_in_place

_MODULES = (
    "ansible.cli.playbook",
    "ansible.executor.module_common",
    "ansible.executor.playbook_executor",
    "ansible.executor.process.worker",
    "ansible.executor.task_executor",
    "ansible.playbook.handler_task_include",
    "ansible.plugins.strategy.free",
    "ansible.plugins.strategy.linear",
    "multiprocessing.popen_fork",
    "multiprocessing.synchronize",
    "xml.dom.minidom",
)
_PLUGINS = {
    "action": ("normal", "assert", "command", "copy", "debug", "include_vars", "set_fact", "set_stats", "template"),
    "become": ("sudo",),
    "cache": ("memory", "jsonfile"),
    "callback": ("default",),
    "connection": ("local", "ssh"),
    "inventory": ("host_list", "script", "auto", "yaml", "ini", "toml"),
    "lookup": ("file", "template"),
    "shell": ("sh",),
    "strategy": ("linear", "free"),
}
_WHOLE = ("filter", "test", "become", "callback", "connection", "shell")
"""Kinds of which Ansible looks at every plugin."""
_FAILED = 250
_GARBAGE = 100_000
"""How much a run, which is short, leaves lying before it looks for garbage."""


def warm_up(project: Path) -> None:
    """Import what a run needs and find its plugins, with the configuration that the environment names.

    The action plugins of *project* are imported too, which bring the library below them, and its playbooks and roles
    are parsed: *project* never changes. Runner's own callback is not loaded: it takes hold of the output.
    """
    warnings.filterwarnings("ignore", message="AnsibleCollectionFinder has already been configured")
    for name in _MODULES:
        importlib.import_module(name)
    loader = importlib.import_module("ansible.plugins.loader")
    loader.init_plugin_loader([])
    for kind, names in _PLUGINS.items():
        for name in names:
            _loader(loader, kind).get(name, class_only=True)
    for kind in _WHOLE:
        with contextlib.suppress(Exception):  # what a run does not use need not be there
            list(_loader(loader, kind).all(class_only=kind not in {"filter", "test"}))
    importlib.import_module("ansible.vars.plugins")._prime_vars_loader()  # noqa: SLF001
    for plugin in (project / "playbooks/action_plugins").glob("*.py"):
        with contextlib.suppress(Exception):  # a broken one speaks in the run that uses it
            loader.action_loader.get(plugin.stem, class_only=True)
    _parse(project)
    _try_a_template()
    run_in_place()
    gc.collect()
    gc.freeze()


def _parse(project: Path) -> None:
    """Parse the playbooks and roles once, and let every DataLoader of a fork begin with what came of it."""
    module = importlib.import_module("ansible.parsing.dataloader")
    ahead = module.DataLoader()
    files = [*project.glob("playbooks/*.yml")]
    files += [
        file
        for part in ("defaults", "meta", "tasks", "vars")
        for file in project.glob(f"playbooks/roles/*/{part}/*.yml")
    ]
    for file in files:
        with contextlib.suppress(Exception):
            ahead.load_from_file(str(file), trusted_as_template=True)
    begin = module.DataLoader.__init__

    def begin_with_parsed(self: Any) -> None:
        begin(self)
        self._FILE_CACHE.update(ahead._FILE_CACHE)  # noqa: SLF001

    module.DataLoader.__init__ = begin_with_parsed


def become(errand: Errand) -> NoReturn:
    """Be the run, in a fork of the warm process: its session, its descriptors, its environment. Never returns."""
    code = _FAILED
    try:
        os.setsid()
        atexit._clear()  # noqa: SLF001 -- what the warm process cleans up is not ours
        for number, descriptor in enumerate(errand.descriptors[:3]):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.environ.clear()
        os.environ.update(errand.environment)
        os.chdir(errand.folder)
        sys.argv = errand.arguments
        tempfile.tempdir = None
        random.seed()
        gc.set_threshold(_GARBAGE)
        _read_configuration()
        code = _run(errand.arguments)
    except BaseException as error:  # noqa: BLE001 -- a fork must not return into the warm process's code
        with contextlib.suppress(BaseException):
            print(f"the warm Ansible failed: {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
    finally:
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()  # noqa: SLF001 -- Ansible's own: its temporary folder
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _run(arguments: list[str]) -> int:
    """Do what the program ansible-playbook does, and return its exit code."""
    cli = importlib.import_module("ansible.cli.playbook")
    try:
        cli.PlaybookCLI.cli_executor(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0


def _read_configuration() -> None:
    """Read again what the environment sets, and let plugins be found where it says."""
    constants = importlib.import_module("ansible.constants")
    display = importlib.import_module("ansible.utils.display").Display()
    changed = set()
    for name, definition in constants.config.get_configuration_definitions().items():
        if any(entry["name"] in os.environ for entry in definition.get("env") or ()):
            value = constants.config.get_config_value(name, variables=vars(constants))
            constants.set_constant(name, value)
            changed.add(name)
    display._set_column_width()  # noqa: SLF001 -- the warm process has no terminal
    loader = importlib.import_module("ansible.plugins.loader")
    if "DEFAULT_CALLBACK_PLUGIN_PATH" in changed:
        for folder in constants.DEFAULT_CALLBACK_PLUGIN_PATH:
            loader.callback_loader.add_directory(folder)


def _loader(loader: ModuleType, kind: str) -> Any:
    return getattr(loader, f"{kind}_loader")


def _try_a_template() -> None:
    """Have Jinja compile something, which loads the rest of it."""
    template = importlib.import_module("ansible.template")
    data_loader = importlib.import_module("ansible.parsing.dataloader").DataLoader()
    templar = template.Templar(loader=data_loader, variables={"a": "x"})
    templar.template(template.trust_as_template("{{ a | default('b') | length }}"))
