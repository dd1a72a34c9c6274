"""One playbook run for one job, by ansible-runner; the only place that knows it.

Nothing of a job reaches Ansible but the path of a file that the action plugins read themselves: a variable's
value would be evaluated as a template.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ansible_runner
import msgspec
import ptyprocess

from agent import durable
from agent.environment import RUN_MARK, ansible_environment, programs
from agent.progress import Status

JOB_VARIABLE = "account_job_file"
BUSY_RC = 75
"""What the lock program answers when an earlier run for the account is still at work (EX_TEMPFAIL)."""

_LOOK_S = 1
_MAX_LOG_CHARS = 4 * 1024 * 1024
_STEPS: dict[str, Status] = {
    "runner_on_ok": "ok",
    "runner_on_skipped": "skipped",
    "runner_on_failed": "failed",
    "runner_on_unreachable": "failed",
}


class _Terminal(ptyprocess.PtyProcess):  # type: ignore[misc] # no type information
    """A terminal that is closed when its program has ended: the tenth of a second it waits then is for nothing."""

    def __init__(self, process: int, descriptor: int) -> None:
        super().__init__(process, descriptor)
        self.delayafterclose = 0


ptyprocess.PtyProcess = _Terminal  # the one that runner's pexpect takes


class Task(msgspec.Struct, frozen=True):
    """A task that failed on the host, and what it said; *could_not_try* if it says itself that repeating may help."""

    name: str
    message: str
    could_not_try: bool = False


class Run(msgspec.Struct):
    """What a playbook run left behind. *stats* is None when it never came to its recap."""

    status: str = "unstarted"
    rc: int | None = None
    stats: dict[str, Any] | None = None
    failures: list[Task] = msgspec.field(default_factory=list)
    last_task: str = ""
    log: list[str] = msgspec.field(default_factory=list)
    log_chars: int = 0
    #: Of a batch: each task's name and what it says of each job.
    lines: list[tuple[str, dict[str, Any]]] = msgspec.field(default_factory=list)


def play(
    *,
    project: Path,
    playbook: Path,
    inventory: Path,
    host: str,
    payloads: Mapping[str, bytes],
    private: Path,
    launcher: Path,
    locks: Sequence[Path],
    lock_wait_s: int,
    warm: Path | None,
    mark: str,
    timeout_s: int,
    on_step: Callable[[str, Status], None],
    is_cancelled: Callable[[], bool],
) -> Run:
    """Run *playbook* of *project* on *host* for the jobs in *payloads* and return what came of it.

    One job is handed over as a file, several (a batch, each by its name) as a folder of files.

    *private* is an empty folder that only root can read; the caller removes it. *locks* are taken by the program in
    the folder *launcher* and held by the run's own processes, so that they stay taken when the runner is killed.
    *lock_wait_s* is how long an earlier run for one of the accounts is waited for. The run goes over the warm Ansible
    at *warm* if it is there. *is_cancelled* is asked every second.

    Raises:
        OSError: the private folder cannot be filled.
    """
    jobs = _lay_out(payloads, private / "jobs")
    run = Run()
    process = ansible_runner.interface.init_runner(
        private_data_dir=str(private),
        project_dir=str(project),
        playbook=str(playbook),
        inventory=str(project / inventory),
        limit=host,
        extravars={JOB_VARIABLE: str(jobs)},
        settings={"pexpect_timeout": _LOOK_S, "suppress_ansible_output": True, "suppress_output_file": True},
        timeout=timeout_s,
        ident="run",
        event_handler=lambda event: _take_in(run, event, on_step),
        cancel_callback=is_cancelled,
    )
    process.config.env = _only_own(process.config.env) | ansible_environment(project, private)
    process.config.env |= {RUN_MARK: mark, "ANKUNFT_LOCKS": ":".join(str(lock) for lock in locks)}
    process.config.env |= {"ANKUNFT_PLAYBOOK": str(programs() / "ansible-playbook")}
    process.config.env |= {"ANKUNFT_LOCK_WAIT_S": str(lock_wait_s)}
    if warm is not None:
        process.config.env |= {"ANKUNFT_WARM": str(warm)}
    process.config.env["PATH"] = f"{launcher}:{process.config.env['PATH']}"
    process.run()
    run.status, run.rc = process.status, process.rc
    return run


def _lay_out(payloads: Mapping[str, bytes], folder: Path) -> Path:
    """Write the jobs into *folder*; return the file of the only one, else the folder."""
    folder.mkdir(mode=0o700)
    for name, payload in payloads.items():
        file = folder / f"{name}.json"
        file.touch(mode=0o600)
        file.write_bytes(payload)
    return file if len(payloads) == 1 else folder


def provide_launcher(folder: Path) -> None:
    """Put an ansible-playbook into *folder* that takes the accounts' locks and hands the run over.

    Runner closes all descriptors in its children, so a lock of ours would not be inherited. *folder* must not lie
    on /run, from which Debian runs nothing.
    """
    program = Path(__file__).with_name("ansible_playbook.py").read_bytes()
    python = Path(sys.executable).resolve()  # the system's own, which starts faster than the environment's
    durable.write(folder / "ansible-playbook", f"#!{python} -IS\n".encode() + program, mode=0o700)


def _only_own(environment: dict[str, str]) -> dict[str, str]:
    """Keep of runner's environment what runner itself put there, and nothing that this process inherited."""
    own = ("ANSIBLE_CALLBACK", "ANSIBLE_STDOUT_CALLBACK", "ANSIBLE_CACHE_PLUGIN", "ANSIBLE_RETRY", "AWX_", "RUNNER_")
    return {name: value for name, value in environment.items() if name.startswith(own)}


def _take_in(run: Run, event: dict[str, Any], on_step: Callable[[str, Status], None]) -> bool:
    """Note what an event tells. False: runner need not keep it in a file."""
    data = event.get("event_data") or {}
    kind = event.get("event", "")
    task = str(data.get("task") or "")
    if (said := str(event.get("stdout") or "")) and run.log_chars < _MAX_LOG_CHARS:
        run.log.append(said)
        run.log_chars += len(said)
    if kind == "playbook_on_task_start":
        run.last_task = task
        on_step(task, "started")
    elif kind in _STEPS and task:
        result = data.get("res") or {}
        if isinstance(lines := result.get("jobs"), dict):
            run.lines.append((task, lines))
        changed = kind == "runner_on_ok" and result.get("changed")
        on_step(task, "changed" if changed else _STEPS[kind])
        if _STEPS[kind] == "failed" and not data.get("ignore_errors"):
            run.failures.append(Task(task, _message(result), result.get("could_not_try") is True))
    elif kind == "playbook_on_stats":
        run.stats = data
    return False


def _message(result: dict[str, Any]) -> str:
    """Return what a failed task says for itself; an item's own words before the loop's."""
    for item in result.get("results") or []:
        if isinstance(item, dict) and item.get("failed"):
            result = item
            break
    if "censored" in result:
        return str(result.get("msg") or "its result is hidden; run the playbook by hand to see it")
    return str(result.get("msg") or result.get("stderr") or result.get("reason") or "no reason given")
