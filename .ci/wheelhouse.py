"""Gather everything that the agent is installed from: packages of its lock file for each Python, and its own wheel.

    python .ci/wheelhouse.py FOLDER

Hosting servers install from the folder without a network. It is made anew only when the lock file or the agent's
sources changed, and then with the same bytes everywhere.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

AGENT = Path(__file__).resolve().parents[1] / "agent"
LOCK = AGENT / "requirements.lock"
#: Debian 12's and Debian 13's.
PYTHONS = ("3.11", "3.13")
#: Published as source only; setuptools, which is in the lock file, builds it on the server.
SOURCE_ONLY = "pyinotify"
#: Wheels are zip archives, which begin in 1980.
EPOCH = "315532800"


def sources() -> list[Path]:
    """Return the files that the agent's wheel and the folder's content follow from."""
    return [Path(__file__), LOCK, AGENT / "pyproject.toml", *sorted(AGENT.glob("*.py"))]


def digest() -> str:
    """Return the hash of all sources."""
    total = hashlib.sha256()
    for file in sources():
        total.update(f"{file.name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def pinned(lock: str, python: str) -> Iterator[str]:
    """Yield the entries of *lock*, with their hashes, that count on *python*.

    pip asks markers of the Python that runs it, also when it downloads for another one.
    """
    for entry in re.split(r"\n(?=\S)", lock.replace("\\\n", " ")):
        text, *hashes = entry.split("--hash=")
        if not text.strip() or text.startswith("#"):
            continue
        requirement = Requirement(text)
        there = {"python_version": python, "python_full_version": f"{python}.0"}
        if requirement.marker is None or requirement.marker.evaluate(there):
            requirement.marker = None
            yield " ".join((str(requirement), *(f"--hash={value.strip()}" for value in hashes)))


def pip(*arguments: str, cwd: Path | None = None) -> None:
    """Run pip; its own words show when it fails."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run([sys.executable, "-m", "pip", *arguments], check=True, cwd=cwd, env=environment, umask=0o022)


def download(python: str, folder: Path) -> None:
    """Download the packages that *python* needs, none of them built here."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write("\n".join(pinned(LOCK.read_text(encoding="utf-8"), python)))
        requirements.flush()
        chosen = ["--only-binary=:all:", f"--no-binary={SOURCE_ONLY}", f"--python-version={python}"]
        quiet = ["-qq", "--no-deps", "--require-hashes", "--no-build-isolation"]
        pip("download", *quiet, *chosen, f"--dest={folder}", f"--requirement={requirements.name}")


def build_agent(folder: Path) -> None:
    """Build the agent's own wheel from a copy, so that nothing is left beside its sources."""
    with tempfile.TemporaryDirectory() as copy:
        for file in sources():
            if file.is_relative_to(AGENT):
                shutil.copyfile(file, Path(copy) / file.name)
        pip("wheel", "-qq", "--no-deps", "--no-build-isolation", f"--wheel-dir={folder}", ".", cwd=Path(copy))


def main() -> None:
    """Have the folder that the command line names."""
    wheelhouse = Path(sys.argv[1]).resolve()
    stamp = wheelhouse.with_name(f"{wheelhouse.name}.sha256")
    wanted = digest()
    if wheelhouse.is_dir() and stamp.exists() and stamp.read_text(encoding="ascii").strip() == wanted:
        return
    wheelhouse.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".wheelhouse-", dir=wheelhouse.parent))
    try:
        fresh.chmod(0o755)
        for python in PYTHONS:
            print(f"== wheels for Python {python}", flush=True)
            download(python, fresh)
        build_agent(fresh)
        shutil.rmtree(wheelhouse, ignore_errors=True)
        fresh.rename(wheelhouse)
        stamp.write_text(f"{wanted}\n", encoding="ascii")
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


if __name__ == "__main__":
    main()
