"""A runner that works on what is there and ends, and what it left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.journey.agent.process import ROOT
from tests.unit.agent.site_folder import Site


def once(site: Site, **environment: str) -> str:
    """Let the runner work on what is there; return its log."""
    command = [sys.executable, "-c", "from agent.runner import main; main()", "--config", str(site.config), "--once"]
    environment = os.environ | environment
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return done.stderr


def effect(site: Site, number: int = 1001) -> str | None:
    file = site.effects / f"a{number}"
    return file.read_text() if file.exists() else None


def tasks(site: Site, text: str) -> None:
    """Replace the playbook's tasks."""
    site.playbook.write_text(f"- name: An account\n  hosts: web\n  gather_facts: false\n  tasks:\n{text}")


def commands_with(word: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and word in (entry / "cmdline").read_text():
                found.append(int(entry.name))
        except OSError:
            continue
    return found
