"""The peers as processes with databases of their own, on one PostgreSQL or as SQLite files."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import asyncpg

from tests.contract.process import ROOT, SETTINGS, free_port
from tests.customer.patience import wait_for
from tests.unit.api.cluster import cluster

NONE: Mapping[str, str] = MappingProxyType({})
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Peer:
    """A server that takes orders."""

    kind: str
    url: str
    port: int
    config: Path
    process: subprocess.Popen[bytes]

    def cpu_s(self) -> float:
        """Return the processor seconds that the server used so far, all its threads included."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK_S


@contextmanager
def peers(database: str, *kinds: str, settings: Mapping[str, str] = NONE) -> Iterator[Mapping[str, Peer]]:
    """Run the peers *kinds* on *database* ("postgresql" or "sqlite") until the block ends; *settings* are variables."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="ankunft-bench-"))
        stack.callback(shutil.rmtree, folder)
        urls = stack.enter_context(cluster()) if database == "postgresql" else f"sqlite:///{folder}/{{name}}.sqlite"
        yield {kind: stack.enter_context(_running(kind, folder, urls, settings)) for kind in kinds}


@contextmanager
def _running(kind: str, folder: Path, urls: str, settings: Mapping[str, str]) -> Iterator[Peer]:
    url, port = urls.format(name=kind), free_port()
    if url.startswith("postgresql"):
        asyncio.run(_create(urls.format(name="postgres"), kind))
    own = folder / kind
    own.mkdir()
    config = own / "ankunft.toml"
    text = SETTINGS.format(
        folder=own, port=port, smtp_port=1, sms_url="json://127.0.0.1/{{phone}}", root=ROOT, lease_s=30
    )
    config.write_text(text)
    environment = os.environ | {"ANKUNFT_CONFIG": str(config), "ANKUNFT_DATABASE_URL": url, **settings}
    program = Path(sys.executable).with_name("ankunft")
    subprocess.run([program, "init"], env=environment, check=True, capture_output=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.twins", kind, str(port), url], env=environment, cwd=ROOT
    )
    try:
        wait_for(f"{kind} answers", lambda: _listens(port), timeout_s=30)
        yield Peer(kind, url, port, config, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


async def _create(url: str, name: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
