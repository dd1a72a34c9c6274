"""What runs as the customer is ended, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from ankunft.change import perform
from ankunft.job import Account, parse_job
from ankunft.processes import no_processes, running

from tests.unit.account.conftest import JobMaker, as_text

FORKING = "import os, time\nfor _ in range(3): os.fork()\nos.write(1, b'ready\\n')\ntime.sleep(60)"


def started_as(uid: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", FORKING],
        user=uid,
        group=uid,
        extra_groups=[],
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
    )
    assert process.stdout is not None
    assert [process.stdout.readline().strip() for _ in range(8)] == ["ready"] * 8
    return process


def test_all_processes_of_the_customer_end_and_his_neighbour_s_do_not(job: JobMaker) -> None:
    account: Account = parse_job(as_text(job())).account
    neighbour = account.uid + 10_000_000
    his, other = started_as(account.uid), started_as(neighbour)
    try:
        assert len(running(account.uid)) == 8
        assert [change.thing for change in perform([lambda: no_processes(account)], check=True)]
        assert len(running(account.uid)) == 8
        perform([lambda: no_processes(account)], check=False)
        his.wait(10)
        assert running(account.uid) == []
        assert perform([lambda: no_processes(account)], check=False) == []
        assert len(running(neighbour)) == 8
    finally:
        for process in running(neighbour):
            os.kill(process, signal.SIGKILL)
        other.wait(10)
        for each in (his, other):
            assert each.stdout is not None
            each.stdout.close()


def test_a_process_that_ended_and_is_not_yet_forgotten_does_not_count(job: JobMaker) -> None:
    account = parse_job(as_text(job())).account
    with subprocess.Popen(["true"], user=account.uid, group=account.uid, extra_groups=[], cwd="/") as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert running(account.uid) == []
