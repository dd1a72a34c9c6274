"""Give a server its own identity before it boots, and take it away before its tree is shared."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from .commands import run
from .durable import write_text

#: What tells one server from another, or is a secret of one server. Removed from a tree before others stand on it.
OWN = (
    "etc/ssh/ssh_host_*_key*",
    "etc/ssl/private/ssl-cert-snakeoil.key",
    "etc/ssl/certs/ssl-cert-snakeoil.pem",
    "etc/dkimkeys/ankunft.*",
    "etc/machine-id",
    "var/lib/dbus/machine-id",
    "var/lib/systemd/random-seed",
    "var/lib/systemd/credential.secret",
    "var/lib/ankunft-courier/*",
    "var/lib/ankunft-runner/*",
    "etc/ankunft/enrolment-token",
)
#: What a server wrote while it ran and nobody misses.
TRACES = ("var/log/journal/*", "var/cache/apt/*.bin", "var/lib/apt/lists/*", "root/.ansible", "tmp/*", "var/tmp/*")


def strip(root: Path, patterns: Sequence[str] = (*OWN, *TRACES)) -> None:
    """Remove from the tree at *root* what belongs to one server only."""
    for pattern in patterns:
        for path in root.glob(pattern):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def dress(root: Path, *, name: str, address: IPv4Address, network: IPv4Network, zone: str, public_key: str) -> None:
    """Make the tree at *root* the server *name*: names, address, keys, and root's SSH for *public_key*."""
    gateway = network[1]
    _write(root / "etc/hostname", f"{name}\n")
    # Its own name has to resolve without a resolver: Dovecot otherwise waits 20 s for one.
    own_names = f"{address} {name}.{zone} {name}\n"
    _write(root / "etc/hosts", f"127.0.0.1 localhost\n{own_names}{gateway} api.{zone}\n")
    _write(root / "etc/resolv.conf", f"nameserver {gateway}\noptions timeout:1 attempts:1\n")
    _write(root / "etc/machine-id", f"{uuid.uuid4().hex}\n")
    # Sorts before systemd's own 80-container-host0.network.
    interface = f"[Match]\nName=host0\n\n[Network]\nAddress={address}/{network.prefixlen}\nGateway={gateway}\n"
    _write(root / "etc/systemd/network/10-host0.network", f"{interface}LinkLocalAddressing=no\n")
    _enable(root, "systemd-networkd.service")
    # A manager per login costs half a second of every SSH connection and nothing here uses it.
    _link(root / "etc/systemd/system/user@.service", "/dev/null")
    write_text(root / "root/.ssh/authorized_keys", public_key)
    (root / "root/.ssh").chmod(0o700)
    if not list(root.glob("etc/ssh/ssh_host_*_key")):
        run("ssh-keygen", "-q", "-A", "-f", str(root))
    if not (root / "etc/ssl/private/ssl-cert-snakeoil.key").exists():
        run("chroot", str(root), "make-ssl-cert", "generate-default-snakeoil", "--force-overwrite")


def _write(file: Path, text: str) -> None:
    if file.is_symlink():
        file.unlink()
    write_text(file, text, 0o644)


def _enable(root: Path, unit: str) -> None:
    wants = root / "etc/systemd/system/multi-user.target.wants"
    _link(wants / unit, f"/usr/lib/systemd/system/{unit}")


def _link(link: Path, target: str) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
