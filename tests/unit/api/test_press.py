"""Processes that make documents leave nothing behind, however whoever woke them ends."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from api.billing.documents.press import Press
from tests.customer.patience import wait_for
from tests.unit.api.conftest import ROOT
from tests.unit.api.statements import statement

WAKES_TWO = """
import asyncio, sys, time
from pathlib import Path
from api.billing.documents.press import Press
from tests.unit.api.statements import statement

async def main():
    async with Press(Path("templates").resolve(), 2) as press:
        made = await asyncio.gather(*(press.make(statement(number=f"R{number}")) for number in range(8)))
        assert not any(one.findings for one in made)
        print(*press._pool._processes, flush=True)
        time.sleep(60)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_when_the_run_is_killed_its_processes_end(tmp_path: Path) -> None:
    program = tmp_path / "wakes_two.py"
    program.write_text(WAKES_TWO)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, program],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as run:
        assert run.stdout is not None
        pids = [int(pid) for pid in run.stdout.readline().split()]
        assert 1 <= len(pids) <= 2
        run.send_signal(signal.SIGKILL)
        run.wait(timeout=10)
    wait_for("the processes are gone", lambda: not any(map(is_there, pids)), timeout_s=10)


async def test_a_fault_that_nobody_thought_of_holds_back_its_own_document_alone() -> None:
    unknown: Any = "fr"
    statements = [statement(number="R1"), statement(number="R2", language=unknown), statement(number="R3")]
    async with Press(ROOT / "templates", 1) as press:
        made = await asyncio.gather(*map(press.make, statements))
    assert [[finding.rule for finding in one.findings] for one in made] == [[], ["MAKING"], []]
    assert "KeyError" in made[1].findings[0].message


class Deadly:
    """A statement of which every process dies that unpacks it."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Let the process end."""
        return os._exit, (1,)


async def test_a_document_of_which_its_process_dies_is_held_back_alone() -> None:
    deadly: Any = Deadly()
    statements = [statement(number="R1"), deadly, statement(number="R3")]
    async with Press(ROOT / "templates", 2) as press:
        made = await asyncio.gather(*map(press.make, statements))
        after = await press.make(statement(number="R4"))
    assert [[finding.rule for finding in one.findings] for one in (*made, after)] == [[], ["MAKING"], [], []]


def is_there(pid: int) -> bool:
    """Return whether process *pid* runs; one that nobody waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
