"""A server's folders below a temporary root, and jobs for accounts on it."""

from __future__ import annotations

import itertools
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ankunft.host import Host

#: Numbers far from those of any running server, and of another run: their uids must have no process on this machine.
_NUMBERS = itertools.count(200_000_001 + secrets.randbelow(30_000_000))

JobMaker = Callable[..., dict[str, Any]]


@pytest.fixture
def root() -> Iterator[Path]:
    """Return the root of a server as server.yml leaves it; customers come in, so it lies in no folder of root's own."""
    with tempfile.TemporaryDirectory(prefix="ankunft-account-") as folder:
        yield _furnished(Path(folder))


def _furnished(tmp_path: Path) -> Path:
    for folder in (
        "etc/php-account/conf.d",
        "srv/accounts",
        "srv/vhosts",
        "srv/tls",
        "srv/mail",
        "var/lib/extrausers",
        "var/lib/ankunft/accounts",
        "var/lib/php-account",
        "run/php",
    ):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/bash\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n")
    (tmp_path / "etc/group").write_text("root:x:0:\nwww-data:x:33:\nshadow:x:42:\n")
    for table in ("passwd", "group", "shadow"):
        (tmp_path / "var/lib/extrausers" / table).touch()
    os.chown(tmp_path / "var/lib/extrausers/shadow", 0, 42)
    (tmp_path / "var/lib/extrausers/shadow").chmod(0o640)
    (tmp_path / "srv/tls/.default.pem").write_text("a certificate\n")
    tmp_path.chmod(0o755)
    return tmp_path


@pytest.fixture
def stopped() -> list[str]:
    """Return the list of the units that were ended."""
    return []


@pytest.fixture
def host(root: Path, stopped: list[str]) -> Host:
    """Return the server of `root`; ending a unit is noted in `stopped`."""
    return Host(root, web_uid=33, web_gid=33, shadow_gid=42, stop_unit=stopped.append)


@pytest.fixture
def job() -> JobMaker:
    """Return a maker of jobs: the fields of the account can be given, all else is a good job's."""
    number = next(_NUMBERS)

    def make(**account: Any) -> dict[str, Any]:
        return {
            "schema": 1,
            "job_id": "0" * 32,
            "attempt": 1,
            "epoch": 1,
            "host": "web1",
            "issued_at": "2026-11-24T08:00:00Z",
            "not_after": "2026-11-24T09:00:00Z",
            "account": {
                "id": f"{number:032x}",
                "name": f"a{number}",
                "uid": 1_900_000_000 + number,
                "state": "present",
                "services": ["web", "database", "mail"],
                "technical_name": f"a{number}.hosting.test",
                "domains": [{"name": f"example-{number}.de", "mail": True}],
                "password_hash": "$6$saltsalt$" + "x" * 86,
                "limits": {
                    "web_space_mib": 1000,
                    "mailboxes": 10,
                    "databases": 1,
                    "php_memory_mib": 256,
                    "php_processes": 4,
                },
            }
            | account,
        }

    return make


def as_text(job: dict[str, Any]) -> bytes:
    """Return a job as its file's text."""
    return json.dumps(job).encode()
