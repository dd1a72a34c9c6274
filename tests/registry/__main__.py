"""Run the registry: `python -m tests.registry FOLDER [--host ADDRESS] [--port PORT] [--resolver ADDRESS:PORT]`.

FOLDER receives its book (registry.sqlite), its authority (ca.pem), and for each registrar a certificate, a key and a
password (ankunft.pem, ankunft.key, ankunft.password; other.…). Made at the first start, kept after.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import signal
from collections.abc import Sequence
from pathlib import Path

from tests.registry.certificates import make_missing
from tests.registry.schemas import Judge
from tests.registry.server import Registry, listen
from tests.registry.store import Store
from tests.registry.zonecheck import Zones

#: We, and the registrar that `tests.registry.other` plays.
REGISTRARS = ("ankunft", "other")
BALANCE_CENTS = 100_000_000


def prepare(folder: Path, addresses: Sequence[str]) -> Store:
    """Have certificates, accounts and the book in *folder*; return the book."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_missing(folder, addresses, REGISTRARS)
    store = Store(folder / "registry.sqlite")
    for name in REGISTRARS:
        if store.row("account", "id", name) is None:
            # RFC 5730 allows 6 to 16 characters.
            password = secrets.token_urlsafe(12)
            (folder / f"{name}.password").write_text(password, encoding="ascii")
            with store.change():
                store.put("account", id=name, password=password, balance_cents=BALANCE_CENTS)
    return store


async def serve(folder: Path, host: str, port: int, zones: Zones) -> None:
    """Serve until SIGTERM."""
    store = prepare(folder, [host, "localhost"])
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    server = await listen(folder, Registry(store, Judge(), zones), host, port)
    print(f"registry at {host}:{server.sockets[0].getsockname()[1]}", flush=True)
    await ended.wait()
    server.close()
    store.close()


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.registry", description="A registry that speaks EPP over TLS")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7700)
    parser.add_argument(
        "--resolver", default="", help="ADDRESS:PORT that is asked for a zone before a .de is registered"
    )
    parser.add_argument("--prepare", action="store_true", help="only make what FOLDER receives")
    asked = parser.parse_args()
    if asked.prepare:
        prepare(asked.folder, [asked.host, "localhost"]).close()
        return
    resolver, _, resolver_port = asked.resolver.partition(":")
    asyncio.run(serve(asked.folder, asked.host, asked.port, Zones(resolver, int(resolver_port or 53))))


if __name__ == "__main__":
    main()
