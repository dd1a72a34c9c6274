"""Run PowerDNS and its resolver: `python -m tests.nameservers FOLDER --host ADDRESS [--registry FOLDER]`.

FOLDER receives zones, configuration, logs and the key of PowerDNS' API (`api.key`). The resolver answers at port 53,
knows the zones of this PowerDNS only (SERVFAIL for all else), and validates what the registry in --registry publishes
keys of.
"""

import argparse
import secrets
import signal
import sys
from pathlib import Path

from tests.nameservers.anchors import keep_following
from tests.nameservers.programs import NameServers, have, running


def prepare(folder: Path) -> str:
    """Have the programs, the folder and the key; return the key."""
    have()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = folder / "api.key"
    if not key.exists():
        key.touch(mode=0o600)
        key.write_text(secrets.token_urlsafe(24), encoding="ascii")
    return key.read_text(encoding="ascii")


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.nameservers", description="PowerDNS and a resolver")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=53, help="the resolver's")
    parser.add_argument("--authority-port", type=int, default=5300)
    parser.add_argument("--api-port", type=int, default=8082)
    parser.add_argument("--registry", type=Path, help="folder of the registry whose DS records are trusted")
    parser.add_argument("--prepare", action="store_true", help="only make what FOLDER receives")
    asked = parser.parse_args()
    key = prepare(asked.folder)
    if asked.prepare:
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    here = NameServers(asked.folder, asked.host, asked.authority_port, asked.api_port, asked.port, key)
    with running(here):
        print(f"resolver at {here.address}:{here.resolver_port}, PowerDNS at {here.api_url}", flush=True)
        book = asked.registry / "registry.sqlite" if asked.registry else asked.folder / "no-registry"
        keep_following(here, book)


if __name__ == "__main__":
    main()
