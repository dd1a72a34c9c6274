"""One throw-away hosting server with its API, and what the benches do there."""

from __future__ import annotations

import json
import shlex
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.customer.lab import Lab
from tests.fleet import fleet, fleet_of
from tests.sysadmin.ssh import Root

KIND = "yard"
HERE = Path(__file__).parent
PYTHON = "/opt/ankunft/venv/bin/python"


@dataclass(frozen=True)
class HostSite:
    """The server *host* of *lab*."""

    lab: Lab
    host: str
    root: Root
    key: str

    @property
    def address(self) -> str:
        """Where the server answers."""
        return self.lab.hosts[self.host].address

    def do(self, *requests: Sequence[Any], timeout_s: float = 1200) -> list[dict[str, Any]]:
        """Have `on_host.py` do *requests* one after the other, and return what it answers."""
        asked = json.dumps({"host": self.host, "key": self.key, "do": requests})
        text = self.root.run(PYTHON, "-P", "/root/on_host.py", stdin=asked, timeout_s=timeout_s)
        answers: list[dict[str, Any]] = json.loads(text)
        return answers

    def seconds(self, *request: Any) -> float:
        """Do one request and return the seconds it took there."""
        return float(self.do(request)[0]["s"])

    def cpu_s(self) -> float:
        """Return the processor seconds that the whole server has used so far."""
        group = fleet_of(KIND).cgroup
        return int(Path(f"/sys/fs/cgroup/cpuacct/{group}/{self.host}/cpuacct.usage").read_text()) / 1e9

    def bring(self, name: str) -> str:
        """Put the file *name* of this folder on the server; return its path there."""
        file = f"/root/{shlex.quote(name)}"
        self.root.run("sh", "-c", f"cat > {file}; chmod 755 {file}", stdin=(HERE / name).read_text())
        return f"/root/{name}"


@contextmanager
def host_site() -> Iterator[HostSite]:
    """Have the server for the length of a block."""
    with fleet(KIND, ["bookworm"]) as lab:
        (host,) = lab.hosts
        pem = (lab.config.parent / "keys" / "job-signing.key").read_bytes()
        private = load_pem_private_key(pem, None)
        assert isinstance(private, Ed25519PrivateKey)
        key = b64encode(private.private_bytes_raw()).decode()
        site = HostSite(lab, host, Root(lab.hosts[host].address, lab.ssh_key), key)
        for name in ("on_host.py", "yardstick.sh", "classical.sh"):
            site.bring(name)
        yield site


def load(url: str, name: str, *, seconds: int, connections: int) -> dict[str, float]:
    """Load a page with wrk, as visitors who pause between two pages; return requests/s, failed ones and p99 in ms."""
    script = str(HERE / "visitors.lua")
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script, "-H", f"Host: {name}", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 60).stdout
    words = {line.split()[0]: line.split() for line in said.splitlines() if line.split()}
    units = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    amount = words["99%"][1]
    unit = next(unit for unit in units if amount.endswith(unit))
    failed = sum(int(word) for word in said.replace(",", " ").split("Socket errors:")[-1].split() if word.isdigit())
    failed = failed if "Socket errors" in said else 0
    if "Non-2xx" in said:
        failed += int(words["Non-2xx"][-1])
    return {
        "rate": float(words["Requests/sec:"][1]),
        "failed": float(failed),
        "p99_ms": float(amount.removesuffix(unit)) * units[unit],
    }
