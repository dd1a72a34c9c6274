"""A PowerDNS with its API and a validating resolver that asks it alone; both in one folder, ended with their parent."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import httpx

ROOT = Path(__file__).parents[2]
UNPACKED = ROOT / ".cache" / "nameservers"
SCHEMA = UNPACKED / "usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql"
WITHIN_S = 20


@dataclass(frozen=True, slots=True)
class NameServers:
    """Where they are."""

    folder: Path
    address: str
    #: PowerDNS: DNS and HTTP.
    port: int
    api_port: int
    #: The resolver.
    resolver_port: int
    api_key: str

    @property
    def api_url(self) -> str:
        """PowerDNS' webserver."""
        return f"http://{self.address}:{self.api_port}"


def have() -> None:
    """Unpack the programs where they are missing."""
    subprocess.run([sys.executable, ROOT / ".ci" / "nameservers.py", UNPACKED], check=True, timeout=300)


@contextmanager
def running(here: NameServers) -> Iterator[NameServers]:
    """Run both until the end of the block."""
    have()
    with ExitStack() as stack:
        for command in (_authority(here), _resolver(here)):
            stack.enter_context(_process(command, here.folder))
        _wait(here)
        yield here


def rec_control(here: NameServers, *words: str) -> str:
    """Tell the resolver something; return its answer."""
    command = [str(UNPACKED / "usr/bin/rec_control"), f"--socket-dir={here.folder}", *words]
    told = subprocess.run(command, env=_environment(), check=True, capture_output=True, text=True, timeout=10)
    return told.stdout


def _authority(here: NameServers) -> list[str]:
    database = here.folder / "zones.sqlite"
    if not database.exists():
        with closing(sqlite3.connect(database)) as made:
            made.executescript(SCHEMA.read_text(encoding="utf-8"))
    modules = next((UNPACKED / "usr/lib").glob("*/pdns"))
    _write(here.folder / "pdns.conf", f"""
launch=gsqlite3
gsqlite3-database={database}
gsqlite3-dnssec=yes
gsqlite3-pragma-synchronous=0
module-dir={modules}
socket-dir={here.folder}
local-address={here.address}
local-port={here.port}
api=yes
api-key={here.api_key}
webserver=yes
webserver-address={here.address}
webserver-port={here.api_port}
webserver-allow-from=127.0.0.0/8,{here.address}/24
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
version-string=anonymous
loglevel=4
""")  # fmt: skip
    return [str(UNPACKED / "usr/sbin/pdns_server"), f"--config-dir={here.folder}", "--guardian=no", "--daemon=no"]


def _resolver(here: NameServers) -> list[str]:
    """Ask PowerDNS alone: what it does not keep is SERVFAIL; validate below the trust anchors that are added."""
    _write(here.folder / "anchors.lua", 'clearTA(".")\n')
    _write(here.folder / "recursor.conf", f"""
local-address={here.address}
local-port={here.resolver_port}
allow-from=127.0.0.0/8,{here.address}/24
forward-zones-recurse=.={here.address}:{here.port}
dnssec=validate
lua-config-file={here.folder / "anchors.lua"}
socket-dir={here.folder}
dont-query=
hint-file=no
qname-minimization=no
max-cache-ttl=1
minimum-ttl-override=1
max-negative-ttl=1
packetcache-ttl=1
packetcache-servfail-ttl=0
server-down-max-fails=0
security-poll-suffix=
serve-rfc1918=no
webserver=no
threads=1
daemon=no
loglevel=4
""")  # fmt: skip
    return [str(UNPACKED / "usr/sbin/pdns_recursor"), f"--config-dir={here.folder}"]


@contextmanager
def _process(command: list[str], folder: Path) -> Iterator[None]:
    name = Path(command[0]).name
    with (folder / f"{name}.log").open("ab") as log:
        watched = ["setpriv", "--pdeathsig", "TERM", *command]
        running_one = subprocess.Popen(watched, env=_environment(), stdout=log, stderr=log, cwd=folder)
        try:
            yield
        finally:
            running_one.terminate()
            try:
                running_one.wait(timeout=5)
            except subprocess.TimeoutExpired:
                running_one.kill()
                running_one.wait()


def _environment() -> dict[str, str]:
    libraries = [str(path.parent) for path in (UNPACKED / "usr/lib").glob("*/pdns")]
    folders = [*libraries, *(str(path) for path in (UNPACKED / "lib").glob("*-linux-gnu"))]
    return os.environ | {"LD_LIBRARY_PATH": ":".join(folders)}


def _wait(here: NameServers) -> None:
    """Wait until both answer.

    Raises:
        TimeoutError: one of them does not; its log says why.
    """
    until = time.monotonic() + WITHIN_S
    while not (_has_api(here) and _resolves(here)):
        if time.monotonic() > until:
            raise TimeoutError(f"PowerDNS or its resolver does not answer; see the logs in {here.folder}")
        time.sleep(0.1)


def _has_api(here: NameServers) -> bool:
    url = f"{here.api_url}/api/v1/servers/localhost"
    try:
        return httpx.get(url, headers={"X-API-Key": here.api_key}, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _resolves(here: NameServers) -> bool:
    question = dns.message.make_query("ready.invalid", "A")
    try:
        dns.query.udp(question, here.address, port=here.resolver_port, timeout=1)
    except (dns.exception.DNSException, OSError):
        return False
    return True


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text.lstrip(), encoding="utf-8")
