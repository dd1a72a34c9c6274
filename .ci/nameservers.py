"""Unpack PowerDNS, its SQLite backend and its resolver into a folder, for the tests and the lab.

    python .ci/nameservers.py FOLDER

They are not installed: a package of a name server starts it, on port 53 of this machine. They are downloaded with
lists of apt's own for this call, together with the libraries that this machine lacks, and unpacked. A folder that holds
them is left alone.
"""

import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "playbooks" / "module_utils"))

from ankunft_lab import mirror  # noqa: E402 (its folder is no package of ours)
from ankunft_lab.errors import LabError  # noqa: E402

PACKAGES = ("pdns-server", "pdns-backend-sqlite3", "pdns-recursor")
WITHIN_S = 300


def release() -> str:
    """Return this machine's release by its code name."""
    return platform.freedesktop_os_release()["VERSION_CODENAME"]


def download(folder: Path) -> list[Path]:
    """Download the packages and what they need beside what is installed; return the files."""
    for name in ("sources", "lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    lines = "".join(f"{source.line}\n" for source in mirror.sources_for(release()))
    (folder / "sources" / "debian.list").write_text(lines, encoding="ascii")
    options = {
        "Dir::Etc::SourceList": folder / "sources" / "none",
        "Dir::Etc::SourceParts": folder / "sources",
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",
        "APT::Install-Recommends": "false",
        "Debug::NoLocking": "true",
    }
    apt = ["apt-get", "--quiet=2", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]
    for arguments in (["update"], ["install", "--yes", "--download-only", *PACKAGES]):
        subprocess.run([*apt, *arguments], check=True, timeout=WITHIN_S, stdout=subprocess.DEVNULL)
    return sorted((folder / "cache" / "archives").glob("*.deb"))


def unpack(target: Path) -> None:
    """Make *target*, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="nameservers-", dir=target.parent) as name:
        fresh = Path(name, "root")
        fresh.mkdir()
        for package in download(Path(name, "apt")):
            subprocess.run(["dpkg-deb", "--extract", package, fresh], check=True, timeout=WITHIN_S)
        fresh.rename(target)


def main(target: Path) -> int:
    """Unpack what is missing."""
    if (target / "usr" / "sbin" / "pdns_server").exists():
        return 0
    shutil.rmtree(target, ignore_errors=True)
    try:
        unpack(target)
    except (LabError, subprocess.SubprocessError, OSError) as error:
        print(f"PowerDNS cannot be had: {error}; it comes from this machine's Debian mirror", file=sys.stderr)
        return 1
    print(f"unpacked {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
