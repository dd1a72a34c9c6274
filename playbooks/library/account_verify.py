#!/usr/bin/python3
"""Act on all services of an account on a host that is reached over SSH; all of it is in the library ankunft."""

from __future__ import annotations

DOCUMENTATION = """
module: account_verify
short_description: Try what a customer was given on a hosting server
description:
  - Page and PHP, database login, mailbox; leaves nothing behind and changes nothing.
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
  account_verify:
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
    run("verify")
