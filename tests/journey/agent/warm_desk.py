"""A warm Ansible for a folder of playbooks, and its client, called as the runner calls it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.environment import RUN_MARK, ansible_environment
from tests.journey.agent.by_hand import once
from tests.journey.agent.process import Program, eventually, running
from tests.unit.agent.site_folder import Site

REAL = str(Path(sys.executable).with_name("ansible-playbook"))


@dataclass
class WarmDesk:
    """A site whose playbooks were found good."""

    site: Site

    @property
    def version(self) -> Path:
        store = self.site.settings.state_dir / "good"
        return store / (store / "current").read_text()

    def adopt(self) -> None:
        """Have the runner take the playbooks as they are into use."""
        once(self.site)

    def environment(self, name: str, *, warm: bool = True) -> dict[str, str]:
        private = self.site.root / "private" / name
        private.mkdir(parents=True, exist_ok=True)
        (self.site.root / "locks").mkdir(exist_ok=True)
        given = {
            "ANKUNFT_PLAYBOOK": REAL,
            "ANKUNFT_LOCKS": f"{self.site.root}/locks/{name}",
            RUN_MARK: "of-this-test",
            "ANKUNFT_LOCK_WAIT_S": "1",
        }
        if warm:
            given["ANKUNFT_WARM"] = str(self.site.settings.warm_socket)
        return ansible_environment(self.version, private) | given

    def start(self, *arguments: str, name: str = "one", warm: bool = True) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.site.settings.state_dir / "bin" / "ansible-playbook"), "-i", "inventory/hosts.yml", *arguments],
            cwd=self.version,
            env=self.environment(name, warm=warm),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, name: str = "one", warm: bool = True) -> tuple[int, str]:
        """Return exit code and output."""
        process = self.start(*arguments, name=name, warm=warm)
        said, _ = process.communicate(timeout=90)
        return process.returncode, said


@contextmanager
def warm(site: Site) -> Iterator[Program]:
    """Have the warm Ansible listen for the length of a block."""
    with running("warm", site.config, site.root / "warm.log") as program:
        eventually(lambda: "warm for version" in program.said(), within_s=60)
        yield program
