#!/usr/bin/python3
"""Make a folder on the host equal to a list of files; the action plugin of the same name brings them."""

from __future__ import annotations

DOCUMENTATION = """
module: file_tree
short_description: Copy many files to a host in one go
description:
  - Compares digests and modes on the host and brings what differs as one archive, however many files there are.
  - Files of somebody else in the folder are left alone.
  - A file that this module brought goes when it goes at the source.
  - Belongs to root, mode 0644 or 0755.
options:
  base:
    description: Folder on the controller that C(include) is relative to.
    type: path
    required: true
  include:
    description: Files and folders to bring. Hidden files and Python's caches stay behind.
    type: list
    elements: str
    required: true
  exclude:
    description: Patterns of paths that stay behind.
    type: list
    elements: str
  dest:
    description: Folder on the host.
    type: path
    required: true
  manifest:
    description: Set by the action plugin.
    type: dict
  archive:
    description: Set by the action plugin.
    type: path
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
author: Ankunft
"""

EXAMPLES = """
- name: Bring the playbooks
  file_tree:
    base: "{{ playbook_dir }}/.."
    include: [playbooks, templates, ansible.cfg]
    dest: /opt/ankunft
"""

RETURN = """
digest:
  description: One digest of all files.
  returned: success
  type: str
missing:
  description: Files that differ and are not brought yet.
  returned: success
  type: list
  elements: str
"""

from pathlib import Path

from ansible.module_utils.ankunft import filetree
from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Compare, bring what the archive holds, and say what is still missing."""
    module = AnsibleModule(
        argument_spec={
            "base": {"type": "path"},
            "include": {"type": "list", "elements": "str"},
            "exclude": {"type": "list", "elements": "str"},
            "dest": {"type": "path", "required": True},
            "manifest": {"type": "dict", "required": True},
            "archive": {"type": "path"},
        },
        supports_check_mode=True,
    )
    folder = Path(module.params["dest"])
    manifest = {path: (str(sha256), int(mode)) for path, (sha256, mode) in module.params["manifest"].items()}
    try:
        missing = filetree.differing(folder, manifest)
        gone = filetree.superfluous(folder, manifest)
        diff = {
            "before": "".join(f"{path}\n" for path in gone),
            "after": "".join(f"{path}\n" for path in missing),
        }
        changed = bool(missing or gone) or not filetree.remembered(folder, manifest)
        ready = not missing or module.params["archive"] is not None
        if changed and ready and not module.check_mode:
            if module.params["archive"] is None:
                filetree.bring(folder, manifest, None)
            else:
                with Path(module.params["archive"]).open("rb") as archive:
                    filetree.bring(folder, manifest, archive)
            missing = []
    except (filetree.TreeError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=changed, missing=missing, digest=filetree.digest(manifest), diff=diff)


if __name__ == "__main__":
    main()
