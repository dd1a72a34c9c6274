"""Several jobs in one task: each with its own result, so that none fails, or waits for, the others.

A job that failed, or takes long, is left out of the tasks that follow; whoever gave the batch runs it alone then,
where it has all the time and a log of its own. Everything here may be cut short, as everything in the library.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from .service import failure
from .sql import keeping

THREADS = 4
"""They overlap what waits for disk and MariaDB."""
PATIENCE_S = 3.0
"""How long the others wait when none comes to its end; longer on a server on which all take long."""
_TIMES_THE_USUAL = 8
_LOOK_S = 0.002

Act = Callable[[bytes], "dict[str, Any]"]


def act_on_all(act: Act, jobs: Mapping[str, bytes], left_out: Collection[str]) -> dict[str, Any]:
    """Let *act* work on each of *jobs* that is not *left_out* by an earlier task; return the task's result.

    `jobs` in it has a line for each job; `ansible_facts` carries on the names of those that are left out.
    """
    wanted = {name: text for name, text in jobs.items() if name not in left_out}
    done = _work(act, wanted)
    lines = {name: done.get(name) or failure("it takes longer than the others", could_not_try=True) for name in wanted}
    failed = [name for name, line in lines.items() if line.get("failed")]
    return {
        "changed": any(line.get("changed") for line in lines.values()),
        "jobs": {name: _short(line) for name, line in lines.items()},
        "diff": [part for line in lines.values() for part in line.get("diff", [])],
        "ansible_facts": {"account_left_out": sorted({*left_out, *failed})},
    }


def _short(line: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("changed", "changes", "failed", "could_not_try", "msg", "skipped", "facts", "tried")
    return {key: line[key] for key in kept if key in line}


def _work(act: Act, jobs: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    """Work on *jobs* in threads that nobody waits for: those that are still at work at the end die with the process."""
    waiting: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
    done: dict[str, dict[str, Any]] = {}
    for job in jobs.items():
        waiting.put(job)
    for _ in range(min(THREADS, len(jobs))):
        threading.Thread(target=_take_turns, args=(act, waiting, done), daemon=True).start()
    began = last = time.monotonic()
    seen, usual_s = 0, PATIENCE_S / 2
    while len(done) < len(jobs) and time.monotonic() - last < max(PATIENCE_S, _TIMES_THE_USUAL * usual_s):
        time.sleep(_LOOK_S)
        if len(done) > seen:
            seen, last = len(done), time.monotonic()
            usual_s = (last - began) / seen
    return dict(done)


def _take_turns(act: Act, waiting: queue.SimpleQueue[tuple[str, bytes]], done: dict[str, dict[str, Any]]) -> None:
    with keeping():
        while True:
            try:
                name, text = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done[name] = act(text)
            except Exception as error:  # noqa: BLE001 -- one job must not take the others along
                done[name] = failure(f"{type(error).__name__}: {error}", could_not_try=True)
