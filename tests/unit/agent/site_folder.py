"""A hosting server's agent in a folder: spool, keys, settings and a small project with a playbook of its own."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.jobs import Account, Domain, Job, Limits, Report, sign
from agent.settings import Settings, load
from agent.spool import JOB, REPORT, Attempt, Spool

HASH = "$6$" + "s" * 16 + "$" + "h" * 86

PLAYBOOK = """
- name: An account
  hosts: web
  gather_facts: false
  tasks:
    - name: Read the job
      ansible.builtin.set_fact:
        account: "{{ lookup('file', account_job_file) | from_json }}"
    - name: Write the account
      ansible.builtin.copy:
        content: "{{ account.account.name }} {{ account.epoch }}.{{ account.attempt }}\\n"
        dest: "{{ inventory_dir }}/../../../../effects/{{ account.account.name }}"
        mode: "0600"
    - name: Tell
      ansible.builtin.set_stats:
        data:
          database_host: localhost
"""


@dataclass
class Site:
    """One server: where its things are, and what the API would do."""

    root: Path
    api_key: Ed25519PrivateKey
    settings: Settings
    config: Path

    @property
    def spool(self) -> Spool:
        return Spool(self.settings.spool_dir)

    @property
    def playbook(self) -> Path:
        return self.settings.project_dir / "playbooks" / "account.yml"

    @property
    def effects(self) -> Path:
        return self.root / "effects"

    def set(self, **values: object) -> None:
        """Change settings in the file that the programs read."""
        lines = [line for line in self.config.read_text().splitlines() if line.split(" =")[0] not in values]
        lines += [f"{name} = {msgspec.json.encode(value).decode()}" for name, value in values.items()]
        self.config.write_text("\n".join(lines) + "\n")
        self.settings = load(self.config, {})

    def job(self, *, number: int = 1001, attempt: int = 1, epoch: int = 1, **changes: object) -> Job:
        """Return a job for an account; the same number is the same account."""
        now = datetime.now(UTC)
        account = Account(
            id=f"{number:032x}",
            name=f"a{number}",
            uid=1_900_000_000 + number,
            state="present",
            services=["web", "database", "mail"],
            technical_name=f"a{number}.hosting.test",
            domains=[Domain("example.org", mail=True)],
            password_hash=HASH,
            limits=Limits(100, 5, 1, 128, 4),
        )
        job = Job(1, uuid4().hex, attempt, epoch, "web1", now, now + timedelta(hours=1), account)
        return msgspec.structs.replace(job, **changes)

    def hand_in(self, job: Job, file: bytes | None = None) -> str:
        """Put the signed job into the spool as the courier does; return its name there."""
        attempt = Attempt(job.job_id, job.epoch, job.attempt)
        self.spool.hand_in(attempt, sign(job, self.api_key) if file is None else file)
        return attempt.stem + JOB

    def report(self, job: Job) -> Report:
        """Return the report that waits for the courier."""
        name = Attempt(job.job_id, job.epoch, job.attempt).stem + REPORT
        return msgspec.json.decode((self.spool.out / name).read_bytes(), type=Report)


def make_site(root: Path) -> Site:
    """Make a server with a spool, keys and a playbook that leaves a file in `effects`."""
    key = Ed25519PrivateKey.generate()
    for folder in ("tmp", "new", "cur", "done", "parked", "out"):
        (root / "spool" / folder).mkdir(parents=True)
    for folder in ("project/playbooks", "project/inventory", "project/templates", "state", "run", "effects"):
        (root / folder).mkdir(parents=True)
    for folder in ("fences", "good", "locks", "bin"):
        (root / "state" / folder).mkdir()
    (root / "job.pub").write_text(b64encode(key.public_key().public_bytes_raw()).decode())
    (root / "project/ansible.cfg").write_text("[defaults]\nretry_files_enabled = false\n")
    (root / "project/inventory/hosts.yml").write_text(
        "web:\n  hosts:\n    web1:\n      ansible_connection: local\n"
        "      ansible_python_interpreter: '{{ ansible_playbook_python }}'\n"
    )
    (root / "project/playbooks/account.yml").write_text(PLAYBOOK)
    config = root / "agent.toml"
    config.write_text(
        f"""
api_url = "http://127.0.0.1:9"
host = "web1"
allow_plain_http = true
key_file = "{root}/courier.key"
token_file = "{root}/token"
placement_file = "{root}/placement.json"
spool_dir = "{root}/spool"
job_public_key_file = "{root}/job.pub"
project_dir = "{root}/project"
state_dir = "{root}/state"
run_dir = "{root}/run"
warm_socket = "{root}/warm/s"
run_timeout_s = 60
rescan_s = 1.0
"""
    )
    return Site(root, key, load(config, {}), config)
