"""On each Debian release the agent's Ansible is warm, does the runs, and takes little while nothing is to be done."""

from __future__ import annotations

import pytest

from tests.customer.lab import Lab
from tests.demo.stage import Stage
from tests.sysadmin.ssh import Root

PROGRAMS = ("courier", "runner", "warm")
LOOK = """
import subprocess, sys
from pathlib import Path
for name in sys.argv[1:]:
    shown = subprocess.run(["systemctl", "show", "-P", "MainPID", f"ankunft-{name}"], capture_output=True, text=True)
    process = Path("/proc") / shown.stdout.strip()
    shares = (process / "smaps_rollup").read_text().splitlines()
    pss = sum(int(line.split()[1]) for line in shares if line[:4] == "Pss:")
    children = sum(map(int, (process / "stat").read_text().rsplit(")", 1)[1].split()[13:15]))
    print(pss, children)
"""


@pytest.fixture(params=[0, -1], ids=["bookworm", "trixie"])
def root(request: pytest.FixtureRequest, lab: Lab) -> Root:
    """Be root on the fleet's first server (Debian 12) and on its last (Debian 13)."""
    return Root(lab.hosts[sorted(lab.hosts)[request.param]].address, lab.ssh_key)


def test_it_is_warm_for_the_playbooks_in_use_and_all_three_take_less_than_120_mb(root: Root) -> None:
    version = root.run("cat", "/var/lib/ankunft-runner/good/current")[:12]
    assert root.run("systemctl", "show", "-P", "StatusText", "ankunft-warm").strip() == f"warm for version {version}"
    lines = root.run("python3", "-", *PROGRAMS, stdin=LOOK).splitlines()
    assert sum(int(line.split()[0]) for line in lines) < 120 * 1024, lines


def test_an_order_s_run_was_a_fork_of_it(stage: Stage) -> None:
    address = stage.first.account.hosts["web"]
    lines = Root(address, stage.lab.ssh_key).run("python3", "-", "warm", stdin=LOOK).splitlines()
    assert int(lines[0].split()[1]) > 0
