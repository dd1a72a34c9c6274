"""The environment of every Ansible process that the runner starts: made here, inherited from nobody."""

from __future__ import annotations

import sys
from pathlib import Path

RUN_MARK = "ANKUNFT_RUN"
"""The variable that every process of a run carries, so that a later runner finds what an earlier one left."""

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def programs() -> Path:
    """Return the folder with ansible-playbook and its like: the one this Python runs from."""
    return Path(sys.executable).parent


def ansible_environment(project: Path, private: Path) -> dict[str, str]:
    """Return the environment for Ansible that works on *project* and keeps its own files in *private*."""
    return {
        "PATH": f"{programs()}:{SYSTEM_PATH}",
        "HOME": str(private),
        "TMPDIR": str(private),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(project / "ansible.cfg"),
        "ANSIBLE_HOME": str(private / "ansible"),
        "ANSIBLE_LOCAL_TEMP": str(private / "ansible"),
        "ANSIBLE_REMOTE_TEMP": str(private / "remote"),  # instead of ~root, which the unit cannot write
        "ANSIBLE_NO_TARGET_SYSLOG": "1",  # modules would write their arguments into the journal
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
