"""Runs on the hosting server itself, so that no network is measured; takes requests on standard input, answers in JSON.

It is sent over SSH and run with the agent's own Python, which has the agent's modules; the library is in /opt/ankunft.
"""

from __future__ import annotations

import http.client
import json
import os
import smtplib
import statistics
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.jobs import Account, Domain, Job, Limits, Report, sign
from agent.spool import REPORT, Attempt, Spool

sys.path.insert(0, "/opt/ankunft/playbooks/module_utils")

from ankunft import batch, service, sql
from ankunft.dovecot import look_up

PASSWORD_HASH = "$6$ankunft$" + "h" * 86
PAGE = Path("/opt/ankunft/templates/srv/accounts/public/index.html")
SERVICES = ("web", "database", "mail", "verify")
SPOOL = Spool(Path("/var/spool/ankunft"))
PATIENCE_S = 900


def job_of(number: int, state: str, host: str) -> Job:
    now = datetime.now(UTC)
    account = Account(
        id=f"{number:032x}",
        name=f"a{number}",
        uid=1_900_000_000 + number,
        state=state,  # type: ignore[arg-type]
        services=["web", "database", "mail"],
        technical_name=f"a{number}.hosting.test",
        domains=[Domain(f"n{number}.example", mail=True)],
        password_hash=PASSWORD_HASH,
        limits=Limits(100, 5, 1, 128, 4),
    )
    return Job(1, uuid4().hex, time.time_ns() // 1000, 1, host, now, now + timedelta(hours=2), account)


def by_agent(numbers: Sequence[int], state: str, host: str, key: Ed25519PrivateKey) -> dict[str, Any]:
    """Put a job for each account into the spool, as the courier does, and wait for all reports."""
    jobs = [job_of(number, state, host) for number in numbers]
    files = {Attempt(job.job_id, job.epoch, job.attempt): sign(job, key) for job in jobs}
    began = time.monotonic()
    for attempt, file in files.items():
        SPOOL.hand_in(attempt, file)
    waiting, first_s = set(files), 0.0
    while waiting and time.monotonic() - began < PATIENCE_S:
        reported = {attempt for attempt in waiting if (SPOOL.done / (attempt.stem + REPORT)).exists()}
        if reported and not first_s:
            first_s = time.monotonic() - began
        waiting -= reported
        time.sleep(0.002 if len(waiting) < len(files) or len(files) == 1 else 0.02)
    taken_s = time.monotonic() - began
    reports = [
        msgspec.json.decode((SPOOL.done / (attempt.stem + REPORT)).read_bytes(), type=Report)
        for attempt in set(files) - waiting
    ]
    bad = [f"{report.outcome}: {report.problem}" for report in reports if report.outcome != "SUCCEEDED"]
    if waiting or bad:
        raise AssertionError(f"{len(waiting)} without a report; {bad[:3]}")
    alone = sum("PLAY RECAP" in report.log for report in reports)
    return {"s": taken_s, "first_s": first_s, "alone": alone}


def by_library(numbers: Sequence[int], state: str, host: str, services: Sequence[str] = SERVICES) -> dict[str, Any]:
    """Do the same with the library in this process, one account after the other."""
    page = PAGE.read_text()
    texts = [msgspec.json.encode(job_of(number, state, host)) for number in numbers]
    began = time.monotonic()
    for text in texts:
        for name in services:
            result = service.act(name, text, host_name=host, check=False, start_page=page)
            if result.get("failed"):
                raise AssertionError(f"{name}: {result['msg']}")
    return {"s": time.monotonic() - began}


def populate(numbers: Sequence[int], state: str, host: str) -> dict[str, Any]:
    """Have many accounts, or none of them, without trying any: as many threads as a batch has, each service at once."""
    page = PAGE.read_text()
    texts = {f"{number}": msgspec.json.encode(job_of(number, state, host)) for number in numbers}
    batch.PATIENCE_S = PATIENCE_S
    for name in SERVICES[:3] if state == "present" else SERVICES[2::-1]:
        act = partial(service.act, name, host_name=host, check=False, start_page=page)
        done = batch.act_on_all(act, texts, [])
        if left := done["ansible_facts"]["account_left_out"]:
            raise AssertionError(f"{name}: {len(left)} of {len(texts)} are not {state}: {done['jobs'][left[0]]}")
    return {"s": 0.0}


def look_ups(number: int) -> dict[str, Any]:
    """Return how long each daemon takes for one look at the account, in ms: the median of many."""
    name, domain = f"a{number}", f"n{number}.example"

    def page() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=30)
        connection.request("GET", "/", headers={"Host": domain})
        assert connection.getresponse().status == HTTPStatus.OK
        connection.close()

    def recipient() -> None:
        with smtplib.SMTP("127.0.0.1", 25, local_hostname="localhost", timeout=30) as session:
            session.helo()
            session.mail(f"{uuid4().hex}@verify.invalid")
            assert session.rcpt(f"postmaster@{domain}")[0] == HTTPStatus.OK + 50

    def table() -> None:
        with sql.connect(Path("/run/mysqld/mysqld.sock")) as connection:
            sql.rows(connection, f"SHOW GRANTS FOR {name}@localhost")

    looks: dict[str, Callable[[], object]] = {
        "nginx": page,
        "Postfix": recipient,
        "Dovecot": lambda: look_up(Path("/run/dovecot/auth-userdb"), f"postmaster@{domain}"),
        "MariaDB": table,
        "NSS": lambda: subprocess.run(["getent", "passwd", name], check=True, stdout=subprocess.DEVNULL),
        "systemd": lambda: subprocess.run(["systemctl", "show", "-p", "Id", "nginx"], check=True, capture_output=True),
    }
    return {what: median_ms(look) for what, look in looks.items()}


def median_ms(look: Callable[[], object], times: int = 21) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        look()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def first_page(number: int) -> dict[str, Any]:
    """Return how long the first page of PHP takes, PHP being asleep."""
    file = Path(f"/srv/accounts/a{number}/public/first.php")
    file.write_text("<?php echo posix_getpwuid(posix_geteuid())['name'];")
    subprocess.run(["systemctl", "stop", f"php-account@a{number}"], check=True)
    Path(f"/run/php/a{number}.sock").unlink(missing_ok=True)
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=60)
    connection.request("GET", "/first.php", headers={"Host": f"n{number}.example"})
    said = connection.getresponse().read().decode()
    taken_s = time.monotonic() - began
    file.unlink()
    assert said == f"a{number}", said
    return {"s": taken_s}


def used_mib() -> dict[str, Any]:
    """Return what the server's own processes use, in MiB: the sum of their shares."""
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                lines = (entry / "smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return {"mib": total / 1024}


def by_command(*command: str) -> dict[str, Any]:
    """Run a command and take its time."""
    began = time.monotonic()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return {"s": time.monotonic() - began}


def memory() -> dict[str, Any]:
    """Return the share of memory (PSS, MB) of each of the agent's processes, and what the server uses in all."""
    shares = {}
    for name in ("courier", "runner", "warm"):
        process = unit_process(f"ankunft-{name}.service")
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        shares[name] = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return shares


def ticks() -> dict[str, Any]:
    """Return the processor seconds that the agent's processes have used so far, those of ended children too."""
    total = 0
    for name in ("courier", "runner", "warm"):
        fields = Path(f"/proc/{unit_process(f'ankunft-{name}.service')}/stat").read_text().rsplit(")", 1)[1].split()
        total += sum(int(field) for field in fields[11:15])
    return {"s": total / os.sysconf("SC_CLK_TCK")}


def unit_process(unit: str) -> int:
    command = ["systemctl", "show", "--property=MainPID", "--value", unit]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    request = json.load(sys.stdin)
    host, key = request["host"], Ed25519PrivateKey.from_private_bytes(b64decode(request["key"]))
    doing: dict[str, Callable[..., dict[str, Any]]] = {
        "agent": lambda numbers, state: by_agent(numbers, state, host, key),
        "library": lambda numbers, state, *services: by_library(numbers, state, host, *services),
        "populate": lambda numbers, state: populate(numbers, state, host),
        "look_ups": look_ups,
        "first_page": first_page,
        "used_mib": used_mib,
        "command": by_command,
        "memory": memory,
        "ticks": ticks,
    }
    print(json.dumps([doing[name](*arguments) for name, *arguments in request["do"]]))


if __name__ == "__main__":
    main()
