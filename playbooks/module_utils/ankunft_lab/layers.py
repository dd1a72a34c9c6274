"""Converged servers as read-only trees: what `server.yml` made of a base image, kept under the hash of what made it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .converge import converge
from .fleet import Ground, bring_up
from .guest import Guest
from .identity import strip
from .images import Image, image_for
from .inventory import write_inventory
from .locks import locked
from .place import CACHE

#: What turns a base image into a hosting server, relative to a checkout.
SOURCES = ("ansible.cfg", "agent", "playbooks", "templates")
#: Of these, what only the API or the lab itself reads.
ELSEWHERE = (
    "playbooks/lab.yml",
    "templates/mail",
    "templates/sms",
    "templates/contract",
    "templates/invoice",
    "templates/pages",
)
#: The address of the first server that is only there to become a layer.
FORGE_ADDRESS = 201


@dataclass(frozen=True, slots=True)
class Layer:
    """A converged server on *image*, made by what *sources* is the hash of."""

    image: Image
    sources: str

    @property
    def name(self) -> str:
        """Release and the hash of all that made it."""
        return f"{self.image.release}-{hashlib.sha256((self.image.name + self.sources).encode()).hexdigest()[:12]}"

    @property
    def tree(self) -> Path:
        """Where the finished tree lies; it holds only what differs from the image."""
        return CACHE / "converged" / self.name


def hash_of_sources(checkout: Path, wheelhouse: Path) -> str:
    """Return the hash of everything in *checkout* and *wheelhouse* that shapes a hosting server."""
    total = hashlib.sha256()
    for folder in (*(checkout / source for source in SOURCES), wheelhouse):
        root = checkout if folder.is_relative_to(checkout) else folder
        for file in _files(folder, checkout):
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            total.update(f"{file.relative_to(root)}\0{file.stat().st_mode & 0o777:o}\0{content}\n".encode())
    return total.hexdigest()


def layers_for(releases: Iterable[str], checkout: Path, wheelhouse: Path) -> list[Layer]:
    """Return the layer of each of *releases* as the present sources of *checkout* make it, made or not."""
    sources = hash_of_sources(checkout, wheelhouse)
    return [Layer(image_for(release, checkout), sources) for release in sorted(set(releases))]


def _files(folder: Path, checkout: Path) -> Iterator[Path]:
    elsewhere = tuple(checkout / path for path in ELSEWHERE)
    for file in sorted([folder] if folder.is_file() else folder.rglob("*")):
        lab = any(part.startswith(("lab_", "ankunft_lab")) for part in file.relative_to(folder).parts)
        made = "__pycache__" in file.parts or any(part.endswith(".egg-info") for part in file.parts)
        if file.is_file() and not lab and not made and not any(file.is_relative_to(path) for path in elsewhere):
            yield file


def forge(
    ground: Ground, layers: Sequence[Layer], variables: Mapping[str, object], say: Callable[[str], None]
) -> list[str]:
    """Have every one of *layers*; return the names of those that had to be made.

    A server per missing layer is booted from its bare image, converged over SSH by `server.yml` with
    *variables*, powered off, freed of what is its own, and kept.

    Raises:
        LabError: a server does not boot, or the playbook fails.
    """
    with ExitStack() as locks:
        for layer in sorted(layers, key=lambda layer: layer.name):
            locks.enter_context(locked(CACHE / "locks" / f"{layer.name}.lock", say))
        missing = [layer for layer in layers if not layer.tree.is_dir()]
        if missing:
            _forge(ground, missing, variables, say)
        return [layer.name for layer in missing]


def _forge(
    ground: Ground, layers: Sequence[Layer], variables: Mapping[str, object], say: Callable[[str], None]
) -> None:
    forges = {layer: _forge_guest(ground, layer, number) for number, layer in enumerate(layers, FORGE_ADDRESS)}
    fleet = ground.fleet
    try:
        for guest in forges.values():
            shutil.rmtree(guest.upper, ignore_errors=True)
        releases = " and ".join(layer.image.release for layer in layers)
        say(f"making hosting servers of bare {releases}, one to three minutes, once per change of what makes them")
        bring_up(ground, forges.values())
        inventory = write_inventory(fleet.folder / "forge", forges.values(), fleet.key, variables)
        converge(fleet, inventory, (), say)
        for layer, guest in forges.items():
            guest.power_off()
            guest.clear()
            strip(guest.upper)
            guest.upper.rename(layer.tree)
    finally:
        for guest in forges.values():
            guest.clear()
            for remains in (guest.folder, guest.upper, guest.upper.with_name(f"{guest.upper.name}.work")):
                shutil.rmtree(remains, ignore_errors=True)


def _forge_guest(ground: Ground, layer: Layer, number: int) -> Guest:
    upper = layer.tree.with_name(f".{layer.name}.fresh")
    return ground.guest(f"forge-{layer.image.release}", number, [layer.image.tree], upper)
