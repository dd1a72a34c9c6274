#!/usr/bin/python3
"""Act on the database of an account on a host that is reached over SSH; all of it is in the library ankunft."""

from __future__ import annotations

DOCUMENTATION = """
module: database_account
short_description: Have a customer's MariaDB database on a hosting server
description:
  - Database, user and grant; the password is the one of the account's own .my.cnf, which web_account makes.
  - The job says which account shall be in which state (present, suspended, absent). It is read on the controller
    and never becomes a variable.
options:
  job_file:
    description: Absolute path of the job, as JSON, on the controller. It ends in .json.
    type: str
    required: true
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
author: Ankunft
"""

EXAMPLES = """
- name: As the job says
  database_account:
    job_file: "{{ account_job_file }}"
"""

RETURN = """
changes:
  description: What was changed, each thing by its name.
  returned: success
  type: list
  elements: str
could_not_try:
  description: Whether a repetition may help, because a daemon of the host did not answer.
  returned: failure
  type: bool
"""

from ansible.module_utils.ankunft.module import run

if __name__ == "__main__":
    run("database")
