"""A PostgreSQL of one's own: a cluster in a folder, reachable by its socket alone, gone with the tests."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

OWNER = "postgres"
FAST = "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60"


@contextmanager
def cluster() -> Iterator[str]:
    """Run a cluster until the block ends; yield the URL of its databases, with {name} for the name."""
    # Not below pytest's folder: the socket's path has to be short, and the cluster's user has to get there.
    folder = Path(tempfile.mkdtemp(prefix="ankunft-pg-"))
    try:
        shutil.chown(folder, OWNER, OWNER)
        data = folder / "data"
        _as_owner(_program("initdb"), "-D", str(data), "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"{FAST} -c unix_socket_directories={folder}"
        _as_owner(_program("pg_ctl"), "-D", str(data), "-w", "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql://{OWNER}@/{{name}}?host={quote(str(folder))}"
        finally:
            _as_owner(_program("pg_ctl"), "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _program(name: str) -> str:
    """Return the newest installed version's program."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    assert found, "PostgreSQL is not installed; `make setup` installs it"
    return str(found[-1])


def _as_owner(*command: str) -> None:
    """Run *command* as the cluster's user: PostgreSQL refuses to run as root."""
    identity: dict[str, Any] = {"user": OWNER, "group": OWNER, "extra_groups": []} if os.getuid() == 0 else {}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **identity)
