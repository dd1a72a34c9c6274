"""The ground that a fleet stands on: database, API, worker, the hosts let in, a person of the staff."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.placement import Host, Placement, digest, encode
from tests.bench.peers import TICK_S, Peer, peers
from tests.contract.process import ROOT

PROGRAM = Path(sys.executable).with_name("ankunft")


@dataclass(frozen=True)
class Ground:
    """What customers, staff and hosts speak to, and whose processor time counts."""

    peer: Peer
    worker: subprocess.Popen[bytes]
    staff_token: str
    placement: Placement
    key: Ed25519PrivateKey

    def cpu_s(self) -> float:
        """Return the processor seconds of API and worker so far; the database's are PostgreSQL's own."""
        return self.peer.cpu_s() + _cpu_s(self.worker.pid)


@contextmanager
def ground(hosts: int, places: int) -> Iterator[Ground]:
    """Have *hosts* hosts with *places* places each in a fleet, until the block ends."""
    fleet = Placement(1, [
        Host(f"host{number:04d}", ["database", "mail", "web"], ["standard"], places) for number in range(hosts)
    ])  # fmt: skip
    settings = {"ANKUNFT_LEASES_LONG_POLL_S": "20", "ANKUNFT_SMS_URL": ""}
    with peers("postgresql", "ours", settings=settings) as known:
        peer = known["ours"]
        environment = os.environ | {"ANKUNFT_CONFIG": str(peer.config), "ANKUNFT_DATABASE_URL": peer.url} | settings
        told = subprocess.run(
            [PROGRAM, "staff", "add", "Bench", "--json"], env=environment, check=True, capture_output=True
        )
        key = Ed25519PrivateKey.generate()
        asyncio.run(_let_in(peer.url, fleet, key))
        worker = subprocess.Popen([sys.executable, "-m", "tests.bench.fleet.worker"], env=environment, cwd=ROOT)
        try:
            yield Ground(peer, worker, json.loads(told.stdout)["token"], fleet, key)
        finally:
            worker.terminate()
            worker.wait(timeout=20)


async def _let_in(url: str, fleet: Placement, key: Ed25519PrivateKey) -> None:
    """Approve the placement file and its hosts, all with one key."""
    content, now = encode(fleet), datetime.now(UTC)
    public = b64encode(key.public_key().public_bytes_raw()).decode()
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO placement_file (digest, content, approved_by, approved_at) VALUES ($1, $2, 'staff:Bench', $3)",
        digest(content), content.decode(), now,
    )  # fmt: skip
    await connection.executemany(
        "INSERT INTO reservation (host, taken) VALUES ($1, 0)", [(host.name,) for host in fleet.hosts]
    )
    await connection.executemany(
        "INSERT INTO host (name, state, public_key, created_at) VALUES ($1, 'APPROVED', $2, $3)",
        [(host.name, public, now) for host in fleet.hosts],
    )
    await connection.close()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S
