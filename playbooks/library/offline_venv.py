#!/usr/bin/python3
"""Install a locked set of packages from a folder of wheels into a virtual environment of its own."""

from __future__ import annotations

DOCUMENTATION = """
module: offline_venv
short_description: Have a virtual environment made from a wheelhouse, without a network
description:
  - Each set of wheels gets an environment of its own, named by a digest; a link leads to the one in use.
  - So an upgrade is one rename, a half-made environment is never used, and the one before is kept to go back to.
options:
  link:
    description: The path that programs are started by.
    type: path
    required: true
  folder:
    description: Where the environments lie.
    type: path
    required: true
  wheelhouse:
    description: Folder of wheels and source archives.
    type: path
    required: true
  requirements:
    description: Lock file with hashes.
    type: path
    required: true
  distribution:
    description: The project's own distribution in the wheelhouse, installed without its dependencies.
    type: str
    required: true
  digest:
    description: Names the set; another digest is another environment.
    type: str
    required: true
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
author: Ankunft
"""

EXAMPLES = """
- name: Have the environment
  offline_venv:
    link: /opt/ankunft/venv
    folder: /opt/ankunft/venvs
    wheelhouse: /opt/ankunft/wheelhouse
    requirements: /opt/ankunft/agent/requirements.lock
    distribution: ankunft-agent
    digest: 3f6c…
"""

RETURN = """
path:
  description: The environment in use.
  returned: success
  type: str
"""

import shutil
import sys
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

COMPLETE = ".complete"


def build(module: AnsibleModule, path: Path) -> None:
    """Make the environment at *path* anew; only a complete one carries the mark."""
    if path.exists():
        shutil.rmtree(path)
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    offline = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-index"]
    pip = [str(path / "bin/pip"), "install", *offline, "--find-links", module.params["wheelhouse"]]
    module.run_command([sys.executable, "-m", "venv", str(path)], check_rc=True)
    module.run_command([*pip, "--require-hashes", "--requirement", module.params["requirements"]], check_rc=True)
    module.run_command([*pip, "--no-deps", module.params["distribution"]], check_rc=True)
    (path / COMPLETE).touch()


def use(link: Path, path: Path) -> None:
    """Let *link* lead to *path*, in one rename."""
    beside = link.with_name(f".{link.name}.new")
    beside.unlink(missing_ok=True)
    beside.symlink_to(path)
    beside.replace(link)


def main() -> None:
    """Have the environment and the link to it."""
    module = AnsibleModule(
        argument_spec={
            "link": {"type": "path", "required": True},
            "folder": {"type": "path", "required": True},
            "wheelhouse": {"type": "path", "required": True},
            "requirements": {"type": "path", "required": True},
            "distribution": {"type": "str", "required": True},
            "digest": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    link, folder = Path(module.params["link"]), Path(module.params["folder"])
    path = folder / module.params["digest"][:16]
    before = link.resolve()
    changed = before != path or not (path / COMPLETE).exists()
    if changed and not module.check_mode:
        if not (path / COMPLETE).exists():
            build(module, path)
        use(link, path)
        for old in folder.iterdir():
            if old not in {path, before}:
                shutil.rmtree(old)
    module.exit_json(changed=changed, path=str(path))


if __name__ == "__main__":
    main()
