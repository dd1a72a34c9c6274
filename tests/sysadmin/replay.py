"""Running an account's job once more by hand, as a sysadmin does with the file that the agent kept."""

import re

from tests.sysadmin.ssh import Root

PROJECT = "/opt/ankunft"
DONE = "/var/spool/ankunft/done"

RECAP = re.compile(r"^(?P<host>[a-z0-9.-]+)\s*:\s*(?P<counts>(?:[a-z]+=[0-9]+\s*)+)$", re.ASCII | re.MULTILINE)


def run_again(root: Root, host: str, account: str) -> dict[str, int]:
    """Run the newest job of *account* again with `ansible-playbook`, and return Ansible's recap of *host*."""
    payload = newest_payload(root, account)
    file = f"/root/{account}.json"
    root.run("install", "-m", "0600", "/dev/stdin", file, stdin=payload)
    try:
        printed = root.run(
            *("env", "-C", PROJECT, "LC_ALL=C.UTF-8", "ANSIBLE_NOCOLOR=1", f"{PROJECT}/venv/bin/ansible-playbook"),
            *("playbooks/account.yml", "-e", f"account_job_file={file}", "-l", host),
        )
    finally:
        root.run("rm", "--force", file)
    recap = next(match for match in RECAP.finditer(printed) if match["host"] == host)
    counts = (pair.split("=") for pair in recap["counts"].split())
    return {name: int(count) for name, count in counts}


def newest_payload(root: Root, account: str) -> str:
    """Return the payload of the newest job for *account* that the agent finished: the file without its first line."""
    names = root.run("grep", "-l", f'"name":"{account}"', "-r", DONE).split()
    newest = root.run("ls", "-t", *names).split()[0]
    return root.run("tail", "--lines=+2", newest)
