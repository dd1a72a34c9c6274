"""Base images: a Debian release with the packages of a hosting server, made once, shared read-only by all fleets."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .commands import tail
from .errors import LabError
from .identity import OWN, TRACES, strip
from .locks import locked
from .mirror import sources_for
from .packages import ALWAYS, wanted_by_roles
from .place import CACHE

#: Raised when the recipe below changes what an image is.
RECIPE = 1

_OPTIONS = (
    "--mode=root",
    "--variant=apt",
    '--aptopt=APT::Install-Recommends "false"',
    "--dpkgopt=force-unsafe-io",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
)


@dataclass(frozen=True, slots=True)
class Image:
    """The base image of *release* with *packages*; its name follows from both."""

    release: str
    packages: tuple[str, ...]

    @property
    def name(self) -> str:
        """Release and the hash of what went in."""
        recipe = "\n".join((str(RECIPE), *sorted(set(self.packages)), *_OPTIONS, *OWN))
        return f"{self.release}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"

    @property
    def tree(self) -> Path:
        """Where the finished tree lies."""
        return CACHE / "base" / self.name

    def is_there(self) -> bool:
        """Tell whether the image is made."""
        return self.tree.is_dir()


def build(image: Image, say: Callable[[str], None]) -> bool:
    """Have *image*. Return whether it had to be made; this takes minutes and says every ten seconds how far it is.

    Raises:
        LabError: mmdebstrap failed.
    """
    with locked(CACHE / "locks" / f"{image.name}.lock", say):
        if image.is_there():
            return False
        began = time.monotonic()
        fresh = image.tree.with_name(f".{image.name}.fresh")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.parent.mkdir(parents=True, exist_ok=True)
        say(f"{image.release}: making the base image, one to three minutes, once per machine")
        _debootstrap(image, fresh, say)
        strip(fresh, (*OWN, *TRACES, "var/cache/apt/archives/*.deb"))
        fresh.rename(image.tree)
        say(f"{image.release}: base image made in {time.monotonic() - began:.0f} s")
        return True


def _debootstrap(image: Image, target: Path, say: Callable[[str], None]) -> None:
    log = target.with_suffix(".log")
    sources = "\n".join(source.line for source in sources_for(image.release))
    wanted = ",".join(sorted(set(image.packages)))
    command = ["mmdebstrap", *_OPTIONS, f"--include={wanted}", image.release, str(target), "-"]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        with log.open("w") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, text=True, env=environment
            )
            assert process.stdin is not None
            with process.stdin as stdin:
                stdin.write(f"{sources}\n")
            _watch(process, log, image.release, say)
    except FileNotFoundError:
        raise LabError("mmdebstrap is not installed; `make setup` installs what the lab needs") from None
    if process.returncode:
        raise LabError(f"the base image of {image.release} cannot be made; mmdebstrap says: {tail(log.read_text())}")


def _watch(process: subprocess.Popen[str], log: Path, release: str, say: Callable[[str], None]) -> None:
    began = time.monotonic()
    try:
        while True:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                steps = [line[3:] for line in log.read_text().splitlines() if line.startswith("I: ")]
                doing = steps[-1] if steps else "starting"
                say(f"{release}: {time.monotonic() - began:.0f} s, {doing}")
            else:
                return
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def image_for(release: str, checkout: Path) -> Image:
    """Return the image of *release* with what the roles of *checkout* ask for, made or not."""
    return Image(release, tuple(sorted({*ALWAYS, *wanted_by_roles(checkout / "playbooks" / "roles")})))
