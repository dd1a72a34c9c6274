"""A PostgreSQL of one's own: a cluster in a folder, reachable by its socket alone, gone with the tests."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time
from urllib.parse import quote

from tests.customer.patience import wait_for

INITDB_TAKES_AT_MOST_S = 300
OWNER = "postgres"
PREFIX = "ankunft-pg-"
SETTINGS = ("listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=100")
FAST = tuple(word for setting in SETTINGS for word in ("-c", setting))


@contextmanager
def cluster() -> Iterator[str]:
    """Run a cluster until the block ends; yield the URL of its databases, with {name} for the name."""
    _forget_killed()
    # Not below pytest's folder: the cluster's user has to get there.
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        shutil.chown(folder, OWNER, OWNER)
        data = folder / "data"
        _as_owner(_program("initdb"), "-D", str(data), "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8")
        options = [*FAST, "-c", f"unix_socket_directories={folder}"]
        with (folder / "log").open("wb") as log:
            # Ends with the tests, even when they are killed.
            server = subprocess.Popen(
                ["setpriv", "--pdeathsig", "INT", *_owner(), _program("postgres"), "-D", str(data), *options],
                stdout=log,
                stderr=log,
                cwd="/",
            )
        try:
            ready = [_program("pg_isready"), "-q", "-h", str(folder)]
            wait_for("PostgreSQL is ready", lambda: subprocess.run(ready, check=False).returncode == 0, timeout_s=60)
            yield f"postgresql://{OWNER}@/{{name}}?host={quote(str(folder))}"
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(timeout=30)
    finally:
        shutil.rmtree(folder)


def _forget_killed() -> None:
    """Remove the folders of clusters whose tests were killed: nobody holds their server any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError, ValueError):
            file = folder / "data" / "postmaster.pid"
            # initdb, too, runs a server for a moment: a young file may belong to a cluster that is just being made
            is_old = time() - file.stat().st_mtime > INITDB_TAKES_AT_MOST_S
            if is_old and not Path(f"/proc/{int(file.read_text().partition(chr(10))[0])}").exists():
                shutil.rmtree(folder)


def _program(name: str) -> str:
    """Return the newest installed version's program."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    assert found, "PostgreSQL is not installed; `make setup` installs it"
    return str(found[-1])


def _as_owner(*command: str) -> None:
    """Run *command* as the cluster's user: PostgreSQL refuses to run as root."""
    subprocess.run(["setpriv", *_owner(), *command], check=True, stdout=subprocess.DEVNULL, cwd="/")


def _owner() -> list[str]:
    return [f"--reuid={OWNER}", f"--regid={OWNER}", "--clear-groups"] if os.getuid() == 0 else []
