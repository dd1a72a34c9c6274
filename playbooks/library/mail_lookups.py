#!/usr/bin/python3
"""Make the tables that Postfix and Dovecot look mail up in."""

from __future__ import annotations

DOCUMENTATION = """
module: mail_lookups
short_description: Have the tables of mail look-ups in MariaDB
description:
  - The database ankunft_mail with its tables.
  - The users postfix and dovecot, which log in by unix_socket and may read.
  - Rows are not touched.
options:
  socket:
    description: MariaDB's socket, where root is let in as root.
    type: path
    required: true
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
author: Ankunft
"""

EXAMPLES = """
- name: Have the tables
  mail_lookups:
    socket: /run/mysqld/mysqld.sock
"""

RETURN = """
changes:
  description: What was made, each thing by its name.
  returned: success
  type: list
  elements: str
"""

from pathlib import Path

from ansible.module_utils.ankunft.change import perform, result
from ansible.module_utils.ankunft.errors import RefusedError, UnavailableError
from ansible.module_utils.ankunft.lookups import desired
from ansible.module_utils.ankunft.sql import connect
from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Do what the task asks for and print the result as Ansible wants it."""
    module = AnsibleModule(
        argument_spec={"socket": {"type": "path", "required": True}},
        supports_check_mode=True,
    )
    try:
        with connect(Path(module.params["socket"])) as connection:
            changes = perform(desired(connection), check=module.check_mode)
    except (RefusedError, UnavailableError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result(changes))


if __name__ == "__main__":
    main()
