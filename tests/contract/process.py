"""An API of one's own: settings, keys, database and the two processes, in one folder, gone afterwards."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox

from tests.contract.gateway import sms_gateway
from tests.customer.patience import wait_for

ROOT = Path(__file__).parents[2]

SETTINGS = """
[database]
url = "sqlite:///{folder}/ankunft.sqlite"
[http]
bind = "127.0.0.1"
port = {port}
public_url = "http://127.0.0.1:{port}"
agent_url = "http://127.0.0.1:{port}"
trusted_proxies = ["127.0.0.0/8"]
[keys]
folder = "{folder}/keys"
[mail]
smtp_host = "127.0.0.1"
smtp_port = {smtp_port}
sender = "Ankunft <service@hosting.test>"
staff = "staff@hosting.test"
[sms]
url = "{sms_url}"
countries = ["DE", "AT", "CH"]
daily_budget = 10000
[hosting]
zone = "hosting.test"
registrar = "sandbox"
sftp_port = 22
[domains]
rdap = false
[risk]
limits_factor = 1000000

[catalogue]
folder = "{root}/inventory/catalogue"
[templates]
folder = "{root}/templates"
[orders]
hashing_rounds = 5000
per_place_hourly = 1000000
per_mailbox_daily = 1000000
[seller]
name = "Müller Hosting GmbH"
contact = "Buchhaltung"
street = "Laborweg 1"
postal_code = "10115"
city = "Berlin"
email = "rechnung@hosting.test"
phone = "+49301234567"
vat_id = "DE136695976"
iban = "DE89370400440532013000"
bic = "COBADEFFXXX"
creditor_id = "DE98ZZZ09999999999"
legal = "Amtsgericht Charlottenburg, HRB 12345 · Geschäftsführerin: Ada Müller"
[leases]
lease_s = {lease_s}
long_poll_s = 2
"""


REQUESTS_TABLES = ("orders", "order_domain", "customer", "account")
"""Where an order leaves rows before anything happens in the background."""


@dataclass(frozen=True, slots=True)
class Api:
    """A running API without any hosting server."""

    url: str
    staff_token: str
    folder: Path
    config: Path

    @property
    def sms_sink(self) -> Path:
        """Where the messages to telephones end up."""
        return self.folder / "sms.jsonl"

    def run(self, *command: str) -> str:
        """Run `ankunft` with *command* and return what it printed."""
        return _ankunft(self.config, *command)

    def database(self) -> sqlite3.Connection:
        """Open the API's database beside it."""
        return sqlite3.connect(self.folder / "ankunft.sqlite", timeout=10)

    def row_counts(self) -> dict[str, int]:
        """Return how many rows the tables have that a request writes and the worker does not, to see nothing half."""
        with closing(self.database()) as database:
            return {
                name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 (names from above)
                for name in REQUESTS_TABLES
            }


@contextmanager
def api_process(folder: Path, *, lease_s: int = 30, entry: Sequence[str] = ()) -> Iterator[Api]:
    """Run API and worker in *folder* until the block ends; *entry* is a program that stands for `ankunft`."""
    smtp = Controller(Mailbox(folder / "mail"), hostname="127.0.0.1", port=free_port())
    smtp.start()
    config, port = folder / "ankunft.toml", free_port()
    with sms_gateway(folder / "sms.jsonl") as sms_url:
        config.write_text(
            SETTINGS.format(folder=folder, root=ROOT, port=port, smtp_port=smtp.port, sms_url=sms_url, lease_s=lease_s),
            encoding="utf-8",
        )
        _ankunft(config, "init")
        staff: dict[str, Any] = json.loads(_ankunft(config, "staff", "add", "Tester", "--json"))
        processes = [_start(config, folder, [*(entry or [_program()]), name]) for name in ("serve", "work")]
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for("the API is ready", lambda: _ready(url), timeout_s=30, every_s=0.1)
            yield Api(url, staff["token"], folder, config)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(timeout=20)
            smtp.stop()


def free_port() -> int:
    """Return a TCP port on loopback that nobody uses now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _start(config: Path, folder: Path, command: Sequence[str]) -> subprocess.Popen[bytes]:
    with (folder / f"{command[-1]}.log").open("wb") as log:
        return subprocess.Popen(command, env=_environment(config), stdout=log, stderr=log, cwd=ROOT)


def _ankunft(config: Path, *command: str) -> str:
    done = subprocess.run([_program(), *command], env=_environment(config), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ankunft {' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}"
    return done.stdout


def _program() -> str:
    return str(Path(sys.executable).with_name("ankunft"))


def _environment(config: Path) -> dict[str, str]:
    return os.environ | {"ANKUNFT_CONFIG": str(config)}


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
