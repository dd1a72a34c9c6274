"""`playbooks/account.yml`, run by hand over SSH, and what an account left on a server."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from passlib.hash import sha512_crypt

from tests.sysadmin.ssh import Root

ROOT = Path(__file__).parents[2]
RECAP = re.compile(r"^(?P<host>[a-z0-9.-]+)\s*:\s*(?P<counts>(?:[a-z]+=[0-9]+\s*)+)$", re.ASCII | re.MULTILINE)

LOOK = r"""
import hashlib, json, os, re, stat, subprocess, sys
asleep = sys.argv[1] if len(sys.argv) > 1 else None
def describe(path):
    found = os.lstat(path)
    who = f"{found.st_uid}:{found.st_gid} {found.st_mode:o}"
    if stat.S_ISLNK(found.st_mode):
        return f"{who} -> {os.readlink(path)}"
    if stat.S_ISREG(found.st_mode):
        return f"{who} {hashlib.sha256(open(path, 'rb').read()).hexdigest()}"
    return who
seen = {}
for top in ("/srv", "/etc", "/var/lib/extrausers", "/var/lib/ankunft", "/var/lib/php-account", "/run/php"):
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            if top != "/run/php" or name.split(".")[0] == asleep:
                seen[path] = describe(path)
for query in (
    "SELECT user, host, priv FROM mysql.global_priv ORDER BY 1, 2",
    "SELECT * FROM mysql.db ORDER BY 1, 2, 3",
    "SHOW DATABASES",
    "SELECT * FROM ankunft_mail.domain ORDER BY 1",
    "SELECT * FROM ankunft_mail.mailbox ORDER BY 1",
    "SELECT * FROM ankunft_mail.credential ORDER BY 1",
):
    rows = subprocess.run(["mariadb", "-NBe", query], check=True, capture_output=True, text=True).stdout
    seen[query] = re.sub(r'"password_last_changed": ?[0-9]+', "", rows)
listing = ["systemctl", "list-units", "--all", "--plain", "--no-legend", f"php-account@{asleep}.*"]
seen["units"] = subprocess.run(listing, check=True, capture_output=True, text=True).stdout
print(json.dumps(seen))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """How a run of the playbook ended on one host."""

    #: ok, changed, failed … as the recap says.
    counts: Mapping[str, int]
    printed: str


@dataclass(frozen=True, slots=True)
class Desk:
    """A sysadmin's place: the fleet's inventory, and a folder for job files."""

    inventory: Path
    folder: Path

    def run(self, job: Mapping[str, Any], *flags: str) -> Run:
        """Run the playbook for *job* on its own host; the result says whether it went well.

        Roles of the sysadmin's own are found in the folder `roles` of this place.
        """
        file = self.folder / f"{job['account']['name']}.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(job))
        program = Path(sys.executable).with_name("ansible-playbook")
        command = [str(program), "--inventory", str(self.inventory), "playbooks/account.yml"]
        done = subprocess.run(
            [*command, "--extra-vars", f"account_job_file={file}", "--limit", job["host"], *flags],
            cwd=ROOT,
            env=os.environ
            | {
                "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
                "ANSIBLE_ROLES_PATH": f"{ROOT}/playbooks/roles:{self.folder}/roles",
                "ANSIBLE_NOCOLOR": "1",
                "LC_ALL": "C.UTF-8",
            },
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        printed = done.stdout + done.stderr
        recap = next((match for match in RECAP.finditer(printed) if match["host"] == job["host"]), None)
        if recap is None:
            raise AssertionError(f"the playbook did not come to its recap: {printed[-2000:]}")
        counts = (pair.split("=") for pair in recap["counts"].split())
        return Run({name: int(count) for name, count in counts}, printed)


@dataclass(frozen=True, slots=True)
class Order:
    """What an account's jobs have in common."""

    host: str
    number: int
    password: str
    domains: tuple[tuple[str, bool], ...] = ()
    services: tuple[str, ...] = ("web", "database", "mail")
    limits: Mapping[str, int] = field(
        default_factory=lambda: {
            "web_space_mib": 1000,
            "mailboxes": 10,
            "databases": 1,
            "php_memory_mib": 128,
            "php_processes": 3,
        }
    )

    @property
    def name(self) -> str:
        """The account's name."""
        return f"a{self.number}"

    @property
    def technical_name(self) -> str:
        """The account's name below the hoster's zone."""
        return f"{self.name}.hosting.test"

    def job(self, state: str, **changes: Any) -> dict[str, Any]:
        """Return the job that brings the account into *state*; *changes* replace fields of the account."""
        return {
            "schema": 1,
            "job_id": f"{self.number:032x}",
            "attempt": 1,
            "epoch": 1,
            "host": self.host,
            "issued_at": "2026-11-24T08:00:00Z",
            "not_after": "2026-11-24T09:00:00Z",
            "account": {
                "id": f"{self.number:032x}",
                "name": self.name,
                "uid": 1_900_000_000 + self.number,
                "state": state,
                "services": list(self.services),
                "technical_name": self.technical_name,
                "domains": [{"name": name, "mail": mail} for name, mail in self.domains],
                "password_hash": sha512_crypt.using(rounds=5000, salt="ankunft").hash(self.password),
                "limits": dict(self.limits),
            }
            | changes,
        }


def look_at(root: Root, *asleep: str) -> dict[str, str]:
    """Return all of a server that an account could leave something in, in a form that can be compared.

    Whether PHP is awake is looked at for the account *asleep* alone: that of others comes and goes by itself.
    """
    seen: dict[str, str] = json.loads(root.run("python3", "-", *asleep, stdin=LOOK))
    return seen
